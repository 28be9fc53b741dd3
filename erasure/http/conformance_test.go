package httpstore_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/conformance"
	httpstore "github.com/atlascloudai/docket/erasure/http"
	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/erasure/http/example"
)

func secretOf(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// open serves a handler and opens the store on it.
func open(t testing.TB, handler http.Handler, change ...func(*httpstore.Config)) *httpstore.Store {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := httpstore.Config{URL: server.URL, Secret: secretOf("a")}
	for _, change := range change {
		change(&cfg)
	}
	store, err := httpstore.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

func newsletter(t testing.TB) (*example.Newsletter, string) {
	path := filepath.Join(t.TempDir(), "subscribers.json")
	service, err := example.Open(path)
	require.NoError(t, err)
	return service, path
}

func serve(t testing.TB, service contract.Service) http.Handler {
	handler, err := contract.Handler(example.Collections(), service, secretOf("a"))
	require.NoError(t, err)
	return handler
}

// subscribers is the newsletter as an estate says it.
func subscribers() estate.Collection {
	return estate.Collection{
		Name: example.Collection, Class: estate.Account, Key: []string{"id"},
		Fields: []estate.Field{{Name: "email", Identity: "email"}, {Name: "account_id", Identity: "account_id"}, {Name: "name"}},
	}
}

func masked() *estate.Collection {
	collection := subscribers()
	collection.Strategy = estate.MaskFields
	collection.Fields[0].Mask = &estate.Mask{With: estate.Fixed, Value: "masked"}
	collection.Fields[2].Mask = &estate.Mask{With: estate.Null}
	return &collection
}

func bench(t *testing.T, through func(contract.Service) contract.Service) conformance.Bench {
	service, path := newsletter(t)
	store := open(t, serve(t, through(service)))
	put := func(t testing.TB, n int, key, email string) {
		for i := range n {
			require.NoError(t, service.Put(fmt.Sprintf(key, i), example.Subscriber{"email": email, "account_id": fmt.Sprint("a-", i), "name": "Ana"}))
		}
	}
	lost := estate.Store{ID: "newsletter", Kind: estate.HTTP, Collections: []estate.Collection{subscribers()}}
	lost.Collections[0].Name = "gone"
	return conformance.Bench{
		Store:    store,
		Declared: estate.Store{ID: "newsletter", Kind: estate.HTTP, Collections: []estate.Collection{subscribers()}},
		Person:   []erasure.Match{{Field: "email", Values: []string{"ana@example.test"}}},
		Fields:   []string{"account_id", "name"},
		Plant:    func(t testing.TB, n int) { put(t, n, "s-1/%03d", "ana@example.test") },
		Others:   func(t testing.TB, n int) { put(t, n, "s-1%03d", "ana@example.testing") },
		Truth: func(t testing.TB) map[string]string {
			var file struct{ Subscribers map[string]json.RawMessage }
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &file))
			truth := map[string]string{}
			for key, record := range file.Subscribers {
				truth[key] = string(record)
			}
			return truth
		},
		Missing: func(testing.TB) (erasure.Store, estate.Store) { return store, lost },
		Forged:  []string{strings.Repeat("k", contract.MaxKey+1), "s-\xff"},
		Masked:  masked(),
	}
}

func TestAServiceKeepsThePromisesOfEveryKind(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) conformance.Bench {
		return bench(t, func(s contract.Service) contract.Service { return s })
	})
}

func TestAServiceThatAcceptsAndErasesLaterKeepsThemToo(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) conformance.Bench {
		var q *queue
		b := bench(t, func(s contract.Service) contract.Service {
			q = &queue{Service: s}
			return q
		})
		b.Settle = q.settle
		return b
	})
}

// queue accepts orders and carries them out when it is told to.
type queue struct {
	contract.Service
	mu     sync.Mutex
	orders []contract.Order
}

func (q *queue) Erase(_ context.Context, order contract.Order) ([]contract.Result, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.orders = append(q.orders, order)
	results := make([]contract.Result, len(order.Keys))
	for i, key := range order.Keys {
		results[i] = contract.Result{Key: key, Outcome: erasure.Accepted}
	}
	return results, nil
}

func (q *queue) Verify(ctx context.Context, order contract.Order) ([]contract.Finding, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	findings, err := q.Service.Verify(ctx, order)
	for i := range findings {
		if findings[i].State == erasure.Residue && len(q.orders) > 0 {
			findings[i].State = erasure.Pending
		}
	}
	return findings, err
}

func (q *queue) settle(t testing.TB) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, order := range q.orders {
		_, err := q.Service.Erase(t.Context(), order)
		require.NoError(t, err)
	}
	q.orders = nil
}
