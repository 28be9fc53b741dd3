package testkit

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local"
)

// namespace is the one in which all tests' processes run; each engine has task queues of its own.
const namespace = "docket"

// SharedTemporal is where the Temporal server that tests share answers: the one that the environment names
// (`make test` starts it), else one of this test binary's own, which ends with it.
func SharedTemporal(t testing.TB) string {
	t.Helper()
	if shared := os.Getenv("DOCKET_TEST_TEMPORAL"); shared != "" {
		return shared
	}
	hostPort, err := ownTemporal()
	require.NoError(t, err)
	return hostPort
}

var ownTemporal = sync.OnceValues(func() (string, error) {
	server, err := local.StartTemporal(context.Background(), local.TemporalOptions{DB: local.TemporalInMemory, Namespace: namespace, UIPort: -1})
	if err != nil {
		return "", err
	}
	return server.HostPort, nil
})

// Temporal is a server of one test's own, at an address that stays, for tests that hurt it. It keeps its data
// in memory: killed, it has forgotten everything.
type Temporal struct {
	// HostPort is where it answers while it runs.
	HostPort string

	port   int
	server *local.Temporal
}

// NewTemporal reserves an address. No server runs there yet.
func NewTemporal(t testing.TB) *Temporal {
	t.Helper()
	ports, err := local.FreePorts(1)
	require.NoError(t, err)
	s := &Temporal{HostPort: net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0])), port: ports[0]}
	t.Cleanup(s.Kill)
	return s
}

// Start starts a server that knows nothing.
func (s *Temporal) Start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	s.server, err = local.StartTemporal(ctx, local.TemporalOptions{DB: local.TemporalInMemory, Namespace: namespace, Port: s.port, UIPort: -1})
	require.NoError(t, err)
}

// Kill ends the server by SIGKILL, if one runs, and with it all that it knew.
func (s *Temporal) Kill() {
	if s.server != nil {
		s.server.Kill()
		s.server = nil
	}
}
