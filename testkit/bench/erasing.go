package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/testkit/scale"
)

const (
	rowsARound = 100_000
	// pageOfRows is how many rows one step is about (desk.pageOfRows).
	pageOfRows = 5000
)

// rowsErased is R11 for rows: an approved plan carried out until all is erased (claims, sealed locators, holds, ledger) over
// a bare loop that pages through keys and deletes.
func rowsErased(t *stand, h *testkit.House, _ int) ratio {
	return rowsOver(t, h, ratio{name: "R11 rows erased", unit: "rows/s", target: 0.7}, false)
}

// rowsSeenGone carries the plan to its end (verifying by another path, a last look) over a loop that asks for each page again.
func rowsSeenGone(t *stand, h *testkit.House, _ int) ratio {
	return rowsOver(t, h, ratio{name: "rows erased, seen gone", unit: "rows/s"}, true)
}

func rowsOver(t *stand, h *testkit.House, r ratio, seen bool) ratio {
	live := scale.NewLive(t, h.Database.Superuser)
	place, err := postgres.Open(t.ctx, live.DSN, scale.Application, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(place.Close)
	watched := &watched{Store: place}
	worker := scale.Worker{Desk: desk.New(scale.Eraser(h, scale.Application)), Place: scale.Place{Store: watched}}
	witness, err := pgx.Connect(t.ctx, live.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = witness.Close(t.ctx) })
	account := int64(0)
	r.floor = func() float64 {
		account++
		live.Account(t, account, rowsARound)
		return perSecond(rowsARound, func() { bareRows(t, live.Conn, witness, account, seen) })
	}
	r.product = func() float64 {
		account++
		live.Account(t, account, rowsARound)
		speed := watched.carry(t, h, worker, account, rowsARound, seen)
		require.Zero(t, live.Prompts(t, account))
		return speed
	}
	return r
}

// watched is a place that notes when the first page is asked for again: all was erased by then, and written down.
type watched struct {
	erasure.Store
	erased time.Time
}

// carry carries out the erasure of an account's n records, and answers how many a second: until all were erased or, seen, until
// all were seen to be gone and the request ended.
func (w *watched) carry(t *stand, h *testkit.House, worker scale.Worker, account int64, n int, seen bool) float64 {
	asked := worker.Ask(t, h, account)
	require.NoError(t, worker.Carry(t, asked, "plan"))
	worker.Begin(t, h, asked)
	w.erased = time.Time{}
	begun := time.Now()
	require.NoError(t, worker.Carry(t, asked, ""))
	ended := time.Now()
	worker.Gone(t, h, asked)
	if !seen {
		ended = w.erased
	}
	return float64(n) / ended.Sub(begun).Seconds()
}

// Verify implements erasure.Store.
func (w *watched) Verify(ctx context.Context, order erasure.Order) ([]erasure.Finding, error) {
	if w.erased.IsZero() {
		w.erased = time.Now()
	}
	return w.Store.Verify(ctx, order)
}

// bareRows pages through an account's keys and deletes each page in a transaction of its own; witness then looks for the
// page on another connection.
func bareRows(t *stand, conn, witness *pgx.Conn, account int64, reread bool) {
	for last := int64(0); ; {
		rows, err := conn.Query(t.ctx, `SELECT id FROM live.prompts WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3`, account, last, pageOfRows)
		require.NoError(t, err)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		require.NoError(t, err)
		if len(ids) == 0 {
			return
		}
		_, err = conn.Exec(t.ctx, `DELETE FROM live.prompts WHERE id = ANY($1)`, ids)
		require.NoError(t, err)
		if last = ids[len(ids)-1]; reread {
			var left int
			require.NoError(t, witness.QueryRow(t.ctx, `SELECT count(*) FROM live.prompts WHERE id = ANY($1)`, ids).Scan(&left))
			require.Zero(t, left, fmt.Sprint("rows of account ", account))
		}
	}
}
