package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Erase deletes or masks all rows of an order in one transaction. A row that another still refers to is a Mismatch that
// names the constraint.
func (s *Store) Erase(ctx context.Context, order erasure.Order) (results []erasure.Result, err error) {
	err = inTransaction(ctx, s.work, pgx.TxOptions{}, func(tx pgx.Tx) error {
		t, err := s.table(ctx, tx, order.Collection)
		if err != nil {
			return err
		}
		k, err := t.named(order.Items)
		if err != nil {
			return err
		}
		outcome, carryOut := erasure.Erased, s.delete
		switch strategy := order.Collection.Strategy; {
		case order.Masks():
			outcome, carryOut = erasure.Masked, s.mask
		case strategy != "" && strategy != estate.Delete:
			return mismatch("the estate names a strategy for table %s that does not exist: use delete or mask", t)
		}
		done, err := carryOut(ctx, tx, k, order.Collection)
		if err != nil {
			return err
		}
		results = make([]erasure.Result, len(order.Items))
		for i := range results {
			results[i].Outcome = erasure.Absent
		}
		for _, n := range done {
			results[k.item[n-1]].Outcome = outcome
		}
		if len(done) < len(order.Items) {
			return k.absent(ctx, tx, done)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (s *Store) delete(ctx context.Context, tx pgx.Tx, k named, _ estate.Collection) ([]int64, error) {
	var args arguments
	statement := fmt.Sprintf("DELETE FROM %s USING %s WHERE %s RETURNING k.n", k.table.rows(), k.relation(&args), k.joins())
	return numbers(ctx, tx, statement, args)
}

func (s *Store) mask(ctx context.Context, tx pgx.Tx, k named, c estate.Collection) ([]int64, error) {
	masks, err := k.table.masks(c)
	if err != nil {
		return nil, err
	}
	digests, err := s.digests(ctx, tx, k, masks)
	if err != nil {
		return nil, err
	}
	var args arguments
	relation := k.relation(&args, digests...)
	if len(masks) == 0 { // The whole record is kept.
		return numbers(ctx, tx, fmt.Sprintf("SELECT k.n FROM %s JOIN %s ON %s", k.table.rows(), relation, k.joins()), args)
	}
	digest := 0
	set := list(masks, ", ", func(_ int, m mask) string {
		value := "NULL"
		if m.With == estate.Fixed {
			value = args.add(m.Value) + "::text::" + m.exact
		} else if m.isDigest() {
			value = fmt.Sprintf("k.v%d::%s", digest, m.kind)
			digest++
		}
		return quote(m.name) + " = " + value
	})
	statement := fmt.Sprintf("UPDATE %s SET %s FROM %s WHERE %s RETURNING k.n", k.table.rows(), set, relation, k.joins())
	return numbers(ctx, tx, statement, args)
}

// digests are the values that stand in after masking by a digest, per such mask in the order of k. They are computed here,
// so that the masking key stays out of the database and its logs; the rows are locked until they are written.
func (s *Store) digests(ctx context.Context, tx pgx.Tx, k named, masks []mask) (digests [][]*string, err error) {
	var columns []mask
	for _, m := range masks {
		if m.With == estate.HMAC && len(s.maskingKey) == 0 {
			return nil, mismatch("the estate masks column %s with hmac and there is no masking key", quote(m.name))
		}
		if m.isDigest() {
			columns = append(columns, m)
			digests = append(digests, make([]*string, len(k.item)))
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	var args arguments
	read := list(columns, ", ", func(_ int, m mask) string { return m.quoted() + "::text" })
	statement := fmt.Sprintf("SELECT k.n, %s FROM %s JOIN %s ON %s FOR UPDATE OF t", read, k.table.rows(), k.relation(&args), k.joins())
	rows, err := tx.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	var n int64
	values := make([]*string, len(columns))
	into := []any{&n}
	for i := range values {
		into = append(into, &values[i])
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		for i, m := range columns {
			digests[i][n-1] = m.digest(values[i], s.maskingKey)
		}
		return nil
	})
	return digests, err
}

// absent looks again for the items that a statement did not touch: a trigger or a rule may have kept their rows.
func (k named) absent(ctx context.Context, tx pgx.Tx, done []int64) error {
	var args arguments
	statement := fmt.Sprintf("SELECT k.n FROM %s JOIN %s ON %s WHERE k.n <> ALL(%s::bigint[])", k.table.rows(), k.relation(&args), k.joins(), args.add(done))
	kept, err := numbers(ctx, tx, statement, args)
	if err == nil && len(kept) > 0 {
		return mismatch("a trigger or a rule keeps rows of table %s: let it pass the erasing role", k.table)
	}
	return err
}

// numbers runs a statement that answers the numbers of items.
func numbers(ctx context.Context, tx pgx.Tx, statement string, args arguments) ([]int64, error) {
	rows, err := tx.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
