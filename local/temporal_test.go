package local

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

// startTemporal starts a server that is gone at the end of the test. Without the
// binary the test fails, and the error says how to build it.
func startTemporal(t *testing.T, opt TemporalOptions) *Temporal {
	t.Helper()
	srv, err := StartTemporal(within(t, time.Minute), opt)
	require.NoError(t, err)
	t.Cleanup(srv.Kill)
	return srv
}

func dial(t *testing.T, srv *Temporal, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(within(t, 20*time.Second), client.Options{
		HostPort:  srv.HostPort,
		Namespace: namespace,
		Logger:    log.NewStructuredLogger(quiet()),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// runWorkflow starts, works and ends one workflow.
func runWorkflow(t *testing.T, c client.Client, id string) {
	t.Helper()
	const queue = "greetings"
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(workflow.Context) (string, error) { return "done", nil }, workflow.RegisterOptions{Name: "greet"})
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(within(t, 20*time.Second), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, "greet")
	require.NoError(t, err)
	var answer string
	require.NoError(t, run.Get(within(t, 30*time.Second), &answer))
	require.Equal(t, "done", answer)
}

func TestTemporalRunsWorkflowsInAnyNamespace(t *testing.T) {
	t.Parallel()
	srv := startTemporal(t, TemporalOptions{DB: TemporalInMemory, UIPort: -1})
	require.Empty(t, srv.UIURL)
	runWorkflow(t, dial(t, srv, srv.Namespace), "in the namespace it made")

	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: srv.HostPort, Logger: log.NewStructuredLogger(quiet())})
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(within(t, 20*time.Second), &workflowservice.RegisterNamespaceRequest{
		Namespace:                        "a-test-of-its-own",
		WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	runWorkflow(t, dial(t, srv, "a-test-of-its-own"), "in one registered a moment ago")
	require.NoError(t, srv.Stop(within(t, 10*time.Second)))
	requireEnds(t, srv.PID())
}

func TestTemporalKeepsItsFileAndServesItsPages(t *testing.T) {
	t.Parallel()
	file := TemporalFile(filepath.Join(t.TempDir(), "not made yet"))
	srv := startTemporal(t, TemporalOptions{DB: file, Namespace: "kept"})
	runWorkflow(t, dial(t, srv, "kept"), "once")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	namespace, err := dial(t, srv, "kept").WorkflowService().DescribeNamespace(within(t, 10*time.Second), &workflowservice.DescribeNamespaceRequest{Namespace: "kept"})
	require.NoError(t, err)
	require.Equal(t, 7*24*time.Hour, namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())

	request, err := http.NewRequestWithContext(within(t, 10*time.Second), http.MethodGet, srv.UIURL, nil)
	require.NoError(t, err)
	page, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.NoError(t, srv.Stop(within(t, 10*time.Second)))

	again := startTemporal(t, TemporalOptions{DB: file, Namespace: "kept", UIPort: -1})
	var answer string
	require.NoError(t, dial(t, again, "kept").GetWorkflow(t.Context(), "once", "").Get(within(t, 20*time.Second), &answer))
	require.Equal(t, "done", answer)
}

func TestTemporalEndsWithAKilledParentAndItsFileIsFreeAgain(t *testing.T) {
	t.Parallel()
	file := TemporalFile(t.TempDir())
	parent, pid := startParent(t, "temporal", file)
	kill(t, parent)
	// The one before may still be ending; the next waits for it.
	srv := startTemporal(t, TemporalOptions{DB: file, UIPort: -1})
	requireEnds(t, pid)
	runWorkflow(t, dial(t, srv, srv.Namespace), "afterwards")
}

func TestTemporalFileThatCannotBeUsedMayBeDeleted(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty":          "",
		"not a database": "this was never a database, and it is long enough to be looked at as one: 0123456789 0123456789 0123456789",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := TemporalFile(t.TempDir())
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			_, err := StartTemporal(within(t, time.Minute), TemporalOptions{DB: file, UIPort: -1})
			require.ErrorContains(t, err, file)
			require.ErrorContains(t, err, "it may be deleted")

			require.NoError(t, os.Remove(file))
			srv := startTemporal(t, TemporalOptions{DB: file, UIPort: -1})
			require.NoError(t, srv.Stop(within(t, 10*time.Second)))
		})
	}
}

func TestTemporalDeletedFileTakesItsJournalWithIt(t *testing.T) {
	t.Parallel()
	file := TemporalFile(t.TempDir())
	srv := startTemporal(t, TemporalOptions{DB: file, UIPort: -1})
	runWorkflow(t, dial(t, srv, srv.Namespace), "forgotten")
	srv.Kill() // SQLite's write-ahead log stays beside the file
	require.FileExists(t, file+"-wal")
	require.NoError(t, os.Remove(file))

	again := startTemporal(t, TemporalOptions{DB: file, UIPort: -1})
	err := dial(t, again, again.Namespace).GetWorkflow(t.Context(), "forgotten", "").Get(within(t, 20*time.Second), nil)
	require.ErrorContains(t, err, "not found")
	runWorkflow(t, dial(t, again, again.Namespace), "begun anew")
}

func TestTemporalStartThatIsCutLeavesNoProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := StartTemporal(ctx, TemporalOptions{DB: TemporalInMemory, UIPort: -1})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTemporalFileIsNamedByTheVersionOfTheBinary(t *testing.T) {
	t.Parallel()
	binary, err := FindTemporal()
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), binary, "--version").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "(Temporal "+TemporalVersion+")")
	require.Equal(t, "temporal-"+TemporalVersion+".db", filepath.Base(TemporalFile("dir")))
}
