package manual_test

import (
	"context"
	"crypto/sha256"
	"maps"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/conformance"
	"github.com/atlascloudai/docket/erasure/manual"
)

// office is a system that only people reach: a cabinet of papers by the subject they are about, and the tasks of those who
// go through it.
type office struct {
	mu      sync.Mutex
	cabinet map[string]string
	tasks   map[string]manual.Task
	states  map[string]manual.Status
	// settled are the subjects whose papers an attested task took away, or found not to be there.
	settled map[string]bool
	opened  int
}

func newOffice() *office {
	return &office{
		cabinet: map[string]string{}, tasks: map[string]manual.Task{}, states: map[string]manual.Status{}, settled: map[string]bool{},
	}
}

func (o *office) Open(ctx context.Context, task manual.Task) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, there := o.tasks[task.Order]; !there && ctx.Err() == nil {
		o.tasks[task.Order], o.states[task.Order] = task, manual.Status{State: manual.Open}
		o.opened++
	}
	return ctx.Err()
}

func (o *office) Status(ctx context.Context, order string) (manual.Status, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if status, there := o.states[order]; there {
		return status, ctx.Err()
	}
	return manual.Status{State: manual.NotAsked}, ctx.Err()
}

func (o *office) Settled(ctx context.Context, _, _, subject string) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.settled[subject], ctx.Err()
}

// work lets the owner go to the cabinet with every open task, and a second person check.
func (o *office) work(testing.TB) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for order, task := range o.tasks {
		if o.states[order].State == manual.Open {
			if o.settled[task.Subject] = len(task.Masks) == 0; o.settled[task.Subject] {
				delete(o.cabinet, task.Subject)
			}
			evidence := sha256.Sum256([]byte("photograph of the empty folder"))
			o.states[order] = manual.Status{State: manual.Attested, Evidence: evidence[:]}
		}
	}
}

// put files papers about a subject; n of 0 is the owner's checked word that there are none.
func (o *office) put(subject string, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.settled[subject] = n == 0; n > 0 {
		o.cabinet[subject] = "papers"
	}
}

// archive is the office as an estate says it.
func archive() estate.Store {
	return estate.Store{ID: "archive", Kind: estate.Manual, Owner: "olga", Collections: []estate.Collection{{
		Name: "letters", Class: estate.Account,
		Fields: []estate.Field{{Name: "sender", Identity: "email"}, {Name: "phone", Identity: "phone"}},
	}}}
}

var ana = []erasure.Match{{Field: "email", Values: []string{"ana@example.test"}}}

func query(matches ...erasure.Match) erasure.Query {
	return erasure.Query{Collection: archive().Collections[0], Matches: matches}
}

// located is the one item about some people.
func located(t testing.TB, matches ...erasure.Match) erasure.Item {
	page, err := manual.New(archive(), newOffice()).Locate(t.Context(), query(matches...), "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	return page.Items[0]
}

func TestAnOfficeKeepsThePromisesOfEveryKind(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) conformance.Bench {
		o := newOffice()
		return conformance.Bench{
			Store: manual.New(archive(), o), Declared: archive(), Person: ana,
			Plant: func(t testing.TB, n int) { o.put(located(t, ana...).Key, min(n, 1)) },
			Others: func(t testing.TB, _ int) {
				o.put(located(t, erasure.Match{Field: "email", Values: []string{"ana@example.testing"}}).Key, 1)
				o.put(located(t, erasure.Match{Field: "phone", Values: []string{"ana@example.test"}}).Key, 1)
			},
			Truth: func(testing.TB) map[string]string {
				o.mu.Lock()
				defer o.mu.Unlock()
				return maps.Clone(o.cabinet)
			},
			Missing: func(testing.TB) (erasure.Store, estate.Store) {
				lost := archive()
				lost.Owner, lost.Collections[0].Name = "", "no_such_part"
				return manual.New(archive(), o), lost
			},
			Forged: []string{"forged", located(t, erasure.Match{Field: "email", Values: []string{"bob@example.test"}}).Key},
			Most:   1, Settle: o.work, Attested: true,
		}
	})
}
