package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/erasure"
)

// witness is the other path: what is the same for all that it answers in one transaction. Instant and snapshot keep a short
// key from being guessed from the evidence.
type witness struct{ Database, Table, Instant, Snapshot string }

// witnessed is what the other path answered about one item.
type witnessed struct{ found, masked bool }

// evidence digests an answer: the witness as JSON, the item's key, and what was seen.
func (w witnessed) evidence(by []byte, key string) []byte {
	text := append(by[:len(by):len(by)], key...)
	text = strconv.AppendBool(append(text, " found="...), w.found)
	text = strconv.AppendBool(append(text, " masked="...), w.masked)
	sum := sha256.Sum256(text)
	return sum[:]
}

// Verify looks for the rows in a transaction of its own, by a connection that can only read and that nothing was ever
// written by: at Options.VerifyDSN as another role or on a standby. So it sees what other sessions see, and not what a
// writing session believes; a record that came back under another key is found by locating again.
func (s *Store) Verify(ctx context.Context, order erasure.Order) (findings []erasure.Finding, err error) {
	err = inTransaction(ctx, s.witness, snapshot, func(tx pgx.Tx) error {
		t, err := s.table(ctx, tx, order.Collection)
		if err != nil {
			return err
		}
		k, err := t.named(order.Items)
		if err != nil {
			return err
		}
		by, seen, err := s.seen(ctx, tx, k, order)
		if err != nil {
			return err
		}
		findings = make([]erasure.Finding, len(order.Items))
		for i, item := range order.Items {
			findings[i] = erasure.Finding{State: erasure.Gone, Evidence: seen[i].evidence(by, item.Key)}
			if seen[i].found && !(order.Masks() && seen[i].masked) {
				findings[i].State = erasure.Residue
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return findings, nil
}

func (s *Store) seen(ctx context.Context, tx pgx.Tx, k named, order erasure.Order) (by []byte, seen []witnessed, err error) {
	path := witness{Table: k.table.String()}
	if err := tx.QueryRow(ctx, "SELECT current_database(), now()::text, pg_current_snapshot()::text").
		Scan(&path.Database, &path.Instant, &path.Snapshot); err != nil {
		return nil, nil, err
	}
	if by, err = json.Marshal(path); err != nil {
		return nil, nil, err
	}
	seen = make([]witnessed, len(order.Items))
	var masks []mask
	if order.Masks() {
		if masks, err = k.table.masks(order.Collection); err != nil {
			return nil, nil, err
		}
	}
	var args arguments
	holding := list(masks, "", func(_ int, m mask) string { return " AND " + m.holds(&args) })
	statement := fmt.Sprintf("SELECT k.n, true%s FROM %s JOIN %s ON %s", holding, k.table.rows(), k.relation(&args), k.joins())
	rows, err := tx.Query(ctx, statement, args...)
	if err != nil {
		return nil, nil, err
	}
	var n int64
	var holds bool
	_, err = pgx.ForEachRow(rows, []any{&n, &holds}, func() error {
		seen[k.item[n-1]] = witnessed{found: true, masked: holds && order.Masks()}
		return nil
	})
	return by, seen, err
}
