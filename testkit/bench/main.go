// Command bench measures what Docket adds to work that has to be done in any case: floor and product in turn, in one
// run, on one machine. Only their ratio counts. It is run by `make bench`, between the servers of the stack.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/testkit"
)

// busy is the load for each processor above which nothing is judged.
const busy = 0.5

func main() {
	rounds := flag.Int("rounds", 5, "rounds of floor and product in turn")
	only := flag.String("only", "", "measure only those whose names contain this, e.g. R1")
	profile := flag.String("cpuprofile", "", "write a CPU profile of everything measured to this file")
	flag.Parse()

	load, err := loadAverage()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	judge := load <= busy*float64(runtime.NumCPU())
	fmt.Printf("%d processors, load average %.2f before the run, %s\n", runtime.NumCPU(), load, runtime.Version())
	fmt.Println("PostgreSQL of this run's own, with fsync; Temporal of the stack, in memory")
	if !judge {
		fmt.Printf("NOT JUDGED: the machine was busy before the run (load above %.1f for each processor)\n", busy)
	}
	s := &stand{ctx: context.Background()}
	if !s.run(func() { bench(s, *rounds, *only, *profile, judge) }) {
		os.Exit(1)
	}
}

func bench(t *stand, rounds int, only, profile string, judge bool) {
	superuser := honest(t)
	var results []result
	for _, each := range []struct {
		name    string
		prepare func(*stand, *testkit.House, int) ratio
	}{{"R1", mailPath}, {"R3 read", reads}, {"R3 write", writes}, {"R5", wakes}, {"clock due", clockDue}, {"R11 rows", rowsErased}, {"R11 rows seen gone", rowsSeenGone},
		{"R11 objects", objectsErased}, {"R11 objects seen gone", objectsSeenGone}} {
		if !strings.Contains(each.name, only) {
			continue
		}
		r := each.prepare(t, testkit.NewHouseIn(t, superuser), rounds)
		stop := profiled(t, profile)
		results = append(results, r.measure(rounds, os.Stderr))
		stop()
	}
	print(os.Stdout, results, judge)
}

// honest starts a PostgreSQL that writes down what it commits: that of the stack does not.
func honest(t *stand) string {
	dir, err := os.MkdirTemp("", "docket-bench-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cluster, err := local.StartPostgres(t.ctx, local.PostgresOptions{Dir: filepath.Join(dir, "postgres"), DieWithParent: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Discard()) })
	return cluster.DSN("postgres")
}

func profiled(t *stand, path string) (stop func()) {
	if path == "" {
		return func() {}
	}
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, pprof.StartCPUProfile(file))
	return func() {
		pprof.StopCPUProfile()
		require.NoError(t, file.Close())
	}
}

// loadAverage is that of the last minute (proc(5)).
func loadAverage() (load float64, err error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, fmt.Errorf("cannot read the load average: %w", err)
	}
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return 0, fmt.Errorf("cannot read the load average: %w", err)
	}
	return load, nil
}
