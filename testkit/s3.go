package testkit

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local"
)

// The accounts of the S3 servers that tests use: S3Root may do everything, S3User what a bucket's policy permits.
var (
	S3Root = S3Account{AccessKey: "root", SecretKey: "not-secret-root"}
	S3User = S3Account{AccessKey: "user", SecretKey: "not-secret-user"}
)

// S3Account is a pair of keys.
type S3Account struct{ AccessKey, SecretKey string }

// SharedS3 is the URL of the S3 server that the tests of this binary share; each takes a bucket of its own. It ends with
// the binary.
func SharedS3(t testing.TB) string {
	t.Helper()
	url, err := ownS3()
	require.NoError(t, err)
	return url
}

var ownS3 = sync.OnceValues(func() (string, error) {
	server, err := startS3(context.Background(), "", 0)
	if err != nil {
		return "", err
	}
	return server.URL, nil
})

func startS3(ctx context.Context, dir string, port int) (*local.S3, error) {
	return local.StartS3(ctx, local.S3Options{
		Dir: dir, Port: port,
		AccessKey: S3Root.AccessKey, SecretKey: S3Root.SecretKey,
		UserAccessKey: S3User.AccessKey, UserSecretKey: S3User.SecretKey,
	})
}

// S3 is a server of one test's own, for tests that hurt it. Its buckets survive a kill.
type S3 struct {
	// URL is where it answers while it runs.
	URL string

	dir    string
	port   int
	server *local.S3
}

// NewS3 starts a server.
func NewS3(t testing.TB) *S3 {
	t.Helper()
	ports, err := local.FreePorts(1)
	require.NoError(t, err)
	s := &S3{dir: t.TempDir(), port: ports[0]}
	s.Start(t)
	t.Cleanup(s.Kill)
	return s
}

// Start starts the server again, with what it held.
func (s *S3) Start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	s.server, err = startS3(ctx, s.dir, s.port)
	require.NoError(t, err)
	s.URL = s.server.URL
}

// Kill ends the server by SIGKILL, if one runs.
func (s *S3) Kill() {
	if s.server != nil {
		s.server.Kill()
		s.server = nil
	}
}
