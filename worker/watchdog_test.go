package worker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/worker"
)

// watched is a town with an overdue case that the watchdog alone sees.
type watched struct {
	*town
	err error
}

func (w *watched) Overdue(context.Context, time.Duration) ([]uuid.UUID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || len(w.milestones) == 0 {
		return nil, w.err
	}
	return []uuid.UUID{w.caseID}, nil
}

func watch(t *testing.T, w *watched, ping func(context.Context) error) {
	dog := worker.Watchdog{
		Desk: w, Pages: &activities.Pages{Desk: w, Real: &activities.Line{Pager: sink{}}, Log: silent()}, Ping: ping, Log: silent(),
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- dog.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

// Without any Temporal, what passed is raised once and paged, by the watchdog alone.
func TestWatchdogRaisesWithoutTemporal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{town: newTown()}
		w.milestones = []time.Time{time.Now().Add(-time.Minute)}
		watch(t, w, nil)
		<-time.After(5 * time.Minute)
		require.Len(t, w.raised, 1)
		require.Zero(t, w.pages)
	})
}

// The dead man's switch hears from us once a minute, and not while the database cannot be seen.
func TestDeadMansSwitchFallsSilentWithTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, pings := &watched{town: newTown()}, 0
		watch(t, w, func(context.Context) error {
			pings++
			return nil
		})
		<-time.After(10*time.Minute + time.Second)
		require.Equal(t, 10, pings)
		w.mu.Lock()
		w.err = errors.New("away")
		w.mu.Unlock()
		<-time.After(10 * time.Minute)
		require.Equal(t, 10, pings)
		w.mu.Lock()
		w.err = nil
		w.mu.Unlock()
		<-time.After(10 * time.Minute)
		require.Equal(t, 20, pings)
	})
}
