package local

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The S3 server answers when it has started, and is gone when it was stopped.
func TestS3StartsAndStops(t *testing.T) {
	t.Parallel()
	server, err := StartS3(t.Context(), S3Options{AccessKey: "root", SecretKey: "not-secret"})
	require.NoError(t, err)
	answer, err := http.Get(server.URL + "/healthz")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NoError(t, server.Stop(t.Context()))
	_, err = http.Get(server.URL + "/healthz")
	require.Error(t, err)
}

// A server that cannot start says why.
func TestS3SaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := StartS3(t.Context(), S3Options{})
	require.ErrorContains(t, err, "S3_ACCESS_KEY")
}
