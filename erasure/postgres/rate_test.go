package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/testkit"
)

// BenchmarkErase is locating and erasing in pages; BenchmarkBare a loop that deletes as many rows in bare statements.
func BenchmarkErase(b *testing.B) {
	s := openShop(b, testkit.NewDatabase(b), ddlTickets)
	store := s.open(b)
	benchmarkRows(b, s, func() {
		query := erasure.Query{Collection: tickets(), Matches: []erasure.Match{{Field: "email", Values: []string{ana}}}}
		for cursor := ""; ; {
			page, err := store.Locate(b.Context(), query, cursor, 1000)
			require.NoError(b, err)
			if page.End {
				return
			}
			_, err = store.Erase(b.Context(), erasure.Order{ID: "1", Collection: tickets(), Items: page.Items})
			require.NoError(b, err)
			cursor = page.Next
		}
	})
}

func BenchmarkBare(b *testing.B) {
	s := openShop(b, testkit.NewDatabase(b), ddlTickets)
	benchmarkRows(b, s, func() {
		for {
			done, err := s.conn.Exec(b.Context(), `DELETE FROM "Support ""Tickets" WHERE id IN (SELECT id FROM "Support ""Tickets" WHERE email = $1 LIMIT 1000)`, ana)
			require.NoError(b, err)
			if done.RowsAffected() == 0 {
				return
			}
		}
	})
}

func benchmarkRows(b *testing.B, s shop, erase func()) {
	const rows = 20_000
	for b.Loop() {
		b.StopTimer()
		s.run(b, fmt.Sprintf(`INSERT INTO "Support ""Tickets" SELECT n, CASE WHEN n %% 2 = 0 THEN $1 ELSE 'other@example.test' END, NULL, 'help' FROM generate_series(1, %d) n ON CONFLICT DO NOTHING`, 2*rows), ana)
		s.run(b, `VACUUM ANALYZE "Support ""Tickets"`)
		b.StartTimer()
		erase()
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
