package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/testkit"
)

const (
	// clients ask at the same time, each for a case of its own.
	clients = 32
	// requestsARound are made by all of them together.
	requestsARound = 3200
)

// asked is one request of a round.
type asked struct {
	method, path, body string
	header             http.Header
}

// caller makes requests over connections that are kept.
type caller struct {
	client *http.Client
	base   string
	status int
}

// round makes the requests and answers with how many a second were answered as they should.
func (c *caller) round(t *stand, ask func(client, n int) asked) float64 {
	var next atomic.Int64
	return perSecond(requestsARound, func() {
		var calling errgroup.Group
		for client := range clients {
			calling.Go(func() error {
				for n := next.Add(1); n <= requestsARound; n = next.Add(1) {
					if err := c.call(t.ctx, ask(client, int(n))); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, calling.Wait())
	})
}

func (c *caller) call(ctx context.Context, a asked) error {
	request, err := http.NewRequestWithContext(ctx, a.method, c.base+a.path, bytes.NewReader([]byte(a.body)))
	if err != nil {
		return err
	}
	request.Header = a.header
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != c.status {
		err = fmt.Errorf("%s %s: %d %s", a.method, a.path, response.StatusCode, said)
	}
	return err
}

// reads is R3 for reading: a case with its sealed title, by a token, over one row by its key.
func reads(t *stand, h *testkit.House, _ int) ratio {
	product, header, cases := endpoints(t, h)
	floor := plainEndpoints(t, h)
	none := http.Header{}
	return ratio{
		name: "R3 API read", unit: "answers/s", target: 0.6,
		floor: func() float64 {
			c := caller{client: newClient(t), base: floor, status: http.StatusOK}
			return c.round(t, func(_, n int) asked {
				return asked{method: http.MethodGet, path: fmt.Sprint("/rows/", n%1000), header: none}
			})
		},
		product: func() float64 {
			c := caller{client: newClient(t), base: product, status: http.StatusOK}
			return c.round(t, func(client, _ int) asked {
				return asked{method: http.MethodGet, path: "/v1/cases/" + cases[client].String(), header: header}
			})
		},
	}
}

// writes is R3 for writing: a decision with its Idempotency-Key, its entry in the chain and a sealed note, over the
// insertion of one row.
func writes(t *stand, h *testkit.House, _ int) ratio {
	product, header, cases := endpoints(t, h)
	floor := plainEndpoints(t, h)
	plain := http.Header{"Content-Type": {"application/json"}}
	return ratio{
		name: "R3 API write", unit: "answers/s", target: 0.5,
		floor: func() float64 {
			c := caller{client: newClient(t), base: floor, status: http.StatusCreated}
			return c.round(t, func(int, int) asked {
				return asked{method: http.MethodPost, path: "/rows", body: `{"text":"the bucket was closed at the edge"}`, header: plain}
			})
		},
		product: func() float64 {
			c := caller{client: newClient(t), base: product, status: http.StatusOK}
			return c.round(t, func(client, _ int) asked {
				keyed := header.Clone()
				keyed.Set("Content-Type", "application/json")
				keyed.Set("Idempotency-Key", uuid.NewString())
				return asked{
					method: http.MethodPost, path: "/v1/cases/" + cases[client].String() + "/technical",
					body: `{"milestone":"contained","note":"the bucket was closed at the edge"}`, header: keyed,
				}
			})
		},
	}
}

// endpoints serves the product, with one case for each client.
func endpoints(t *stand, h *testkit.House) (base string, header http.Header, cases []uuid.UUID) {
	token, err := h.Desk.Enroll(t.ctx, "bench", "person", access.Roles())
	require.NoError(t, err)
	for range clients {
		cases = append(cases, h.Declared(t).Case)
	}
	log := slog.New(slog.DiscardHandler)
	base = serve(t, api.Server("", api.New(api.Options{Desk: h.Desk, Logger: log}), 30*time.Second, log))
	return base, http.Header{"Authorization": {"Bearer " + token}}, cases
}

// plainEndpoints serves the floor: gin and pgx, one statement each.
func plainEndpoints(t *stand, h *testkit.House) (base string) {
	pool, err := pgxpool.New(t.ctx, h.Database.Owner+"&pool_max_conns=10")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	_, err = pool.Exec(t.ctx, `CREATE TABLE floor_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())`)
	require.NoError(t, err)
	_, err = pool.Exec(t.ctx, `INSERT INTO floor_row (text) SELECT repeat('a case is about as long as this ', 20) FROM generate_series(0, 1000)`)
	require.NoError(t, err)
	type row struct {
		ID   int64     `json:"id"`
		Text string    `json:"text" binding:"required"`
		At   time.Time `json:"at"`
	}
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.GET("/rows/:id", func(c *gin.Context) {
		var r row
		if err := pool.QueryRow(c, `SELECT id, text, at FROM floor_row WHERE id = $1::bigint + 1`, c.Param("id")).Scan(&r.ID, &r.Text, &r.At); err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, r)
	})
	e.POST("/rows", func(c *gin.Context) {
		var r row
		if err := c.ShouldBindJSON(&r); err != nil {
			c.AbortWithStatus(http.StatusBadRequest)
			return
		}
		if err := pool.QueryRow(c, `INSERT INTO floor_row (text) VALUES ($1) RETURNING id, at`, r.Text).Scan(&r.ID, &r.At); err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusCreated, r)
	})
	return serve(t, &http.Server{Handler: e, ReadHeaderTimeout: 5 * time.Second})
}

func serve(t *stand, server *http.Server) (base string) {
	listener, err := new(net.ListenConfig).Listen(t.ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

func newClient(t *stand) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
