package main

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/testkit/scale"
)

const (
	rowsARound = 100_000
	// pageOfRows is how many rows one step is about (desk.pageOfRows).
	pageOfRows = 5000
)

// rowsErased is R11 for rows: an approved plan carried to its end (claims, sealed locators, erasing, ledger, verifying by
// another path, a last look) over a bare loop that pages through keys and deletes. Docket reads everything again before it
// calls it gone, and the loop that R11 means does not; rowsReread holds it against one that does.
func rowsErased(t *stand, h *testkit.House, _ int) ratio {
	return rowsOver(t, h, "R11 rows", false)
}

func rowsReread(t *stand, h *testkit.House, _ int) ratio {
	return rowsOver(t, h, "R11 rows, floor re-reads", true)
}

func rowsOver(t *stand, h *testkit.House, name string, reread bool) ratio {
	live := scale.NewLive(t, h.Database.Superuser)
	place, err := postgres.Open(t.ctx, live.DSN, scale.Application, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(place.Close)
	worker := scale.Worker{Desk: desk.New(scale.Eraser(h, scale.Application)), Place: scale.Place{Store: place}}
	witness, err := pgx.Connect(t.ctx, live.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = witness.Close(t.ctx) })
	account := int64(0)
	return ratio{
		name: name, unit: "rows/s", target: 0.7,
		floor: func() float64 {
			account++
			live.Account(t, account, rowsARound)
			return perSecond(rowsARound, func() { bareRows(t, live.Conn, witness, account, reread) })
		},
		product: func() float64 {
			account++
			live.Account(t, account, rowsARound)
			asked := worker.Ask(t, h, account)
			require.NoError(t, worker.Carry(t, asked, "plan"))
			worker.Begin(t, h, asked)
			speed := perSecond(rowsARound, func() { require.NoError(t, worker.Carry(t, asked, "")) })
			worker.Gone(t, h, asked)
			require.Zero(t, live.Prompts(t, account))
			return speed
		},
	}
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
