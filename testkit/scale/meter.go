package scale

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/testkit"
)

// Cost is what a piece of work took from the database and from this process.
type Cost struct {
	// Commits of transactions, and Buffers: pages of 8 KiB looked at, wherever they were found. No statement that
	// walks over too much can hide from them.
	Commits, Buffers float64
	// Allocations of this process.
	Allocations float64
	Seconds     float64
	// Peak is the largest live heap, Resident the largest resident memory of this process, in bytes.
	Peak, Resident uint64
}

// and is the cost of two pieces of work, one after the other.
func (c Cost) and(other Cost) Cost {
	return Cost{
		Commits: c.Commits + other.Commits, Buffers: c.Buffers + other.Buffers, Allocations: c.Allocations + other.Allocations, Seconds: c.Seconds + other.Seconds,
		Peak: max(c.Peak, other.Peak), Resident: max(c.Resident, other.Resident),
	}
}

// Per is the cost of one of n pieces; the peak stays.
func (c Cost) Per(n int) Cost {
	c.Commits /= float64(n)
	c.Buffers /= float64(n)
	c.Allocations /= float64(n)
	c.Seconds /= float64(n)
	return c
}

// measure does the work and says what it took. The database counts what a connection did when it ends at the latest,
// so nobody else may be connected, and the work closes what it opens.
func measure(t testing.TB, database testkit.Database, work func()) Cost {
	t.Helper()
	var before, after runtime.MemStats
	commits, buffers := counters(t, database)
	debug.FreeOSMemory()
	forgetResident(t)
	runtime.ReadMemStats(&before)
	peak := watchHeap()
	begin := time.Now()
	work()
	cost := Cost{Seconds: time.Since(begin).Seconds(), Peak: peak(), Resident: resident(t)}
	runtime.ReadMemStats(&after)
	cost.Allocations = float64(after.Mallocs - before.Mallocs)
	commitsAfter, buffersAfter := counters(t, database)
	cost.Commits, cost.Buffers = commitsAfter-commits, buffersAfter-buffers
	return cost
}

// forgetResident lets the largest resident memory count from now on (proc_pid_clear_refs(5)).
func forgetResident(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	require.NoError(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
}

// resident is the largest resident memory since then; zero where the kernel does not say.
func resident(t testing.TB) (bytes uint64) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscan(after, &bytes)
	require.NoError(t, err)
	return bytes << 10
}

// counters reads them from another database, where asking costs the measured one nothing.
func counters(t testing.TB, database testkit.Database) (commits, buffers float64) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testkit.Superuser(t))
	require.NoError(t, err)
	defer conn.Close(ctx)
	require.Eventually(t, func() bool {
		var connected int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, database.Name).Scan(&connected)
		return err == nil && connected == 0
	}, 30*time.Second, 5*time.Millisecond, "somebody is still connected to the measured database")
	err = conn.QueryRow(ctx, `SELECT xact_commit, blks_hit + blks_read FROM pg_stat_database WHERE datname = $1`, database.Name).Scan(&commits, &buffers)
	require.NoError(t, err)
	return commits, buffers
}

// watchHeap follows the live heap, as each garbage collection finds it, until the returned function is called.
func watchHeap() (stop func() uint64) {
	var done sync.WaitGroup
	ended := make(chan struct{})
	var peak uint64
	done.Go(func() {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-ticker.C:
			case <-ended:
				return
			}
		}
	})
	return func() uint64 {
		close(ended)
		done.Wait()
		return peak
	}
}
