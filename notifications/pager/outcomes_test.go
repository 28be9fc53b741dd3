package pager_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
)

func TestEveryStatusHasItsOutcome(t *testing.T) {
	t.Parallel()
	special := map[int]notifications.Outcome{
		401: notifications.Deferred, 403: notifications.Deferred, 404: notifications.Deferred, 405: notifications.Deferred,
		408: notifications.Deferred, 425: notifications.Deferred, 429: notifications.Deferred,
	}
	var code atomic.Int32
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(code.Load()))
	})
	p := pagerTo(t, r.URL, nil)
	for status := 200; status < 600; status++ {
		if http.StatusText(status) == "" {
			continue
		}
		want, ok := special[status]
		switch {
		case ok:
		case status < 300:
			want = notifications.Accepted
		case status < 500:
			want = notifications.Refused
		default:
			want = notifications.Deferred
		}
		code.Store(int32(status))
		answer := p.Page(context.Background(), sampleEvent())
		require.Equal(t, want, answer.Outcome, status)
		require.Equal(t, status, answer.Code)
		require.Equal(t, want == notifications.Accepted, answer.Class == notifications.OK, status)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	inside := receive(t, status(http.StatusOK))
	for _, code := range []int{301, 302, 303, 307, 308} {
		outside := receive(t, func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, inside.URL, code) })
		require.Equal(t, notifications.Refused, pagerTo(t, outside.URL, nil).Page(context.Background(), sampleEvent()).Outcome)
	}
	require.Empty(t, inside.seen)
}

func TestTheReceiverMayNameADelay(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-5": 0, "soon": 0, "99999999999": 24 * time.Hour, "1e400": 0,
		"Mon, 02 Nov 1998 08:00:00 GMT": 0, "Mon, 02 Nov 2299 08:00:00 GMT": 24 * time.Hour,
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		answer := pagerTo(t, r.URL, nil).Page(context.Background(), sampleEvent())
		require.Equal(t, notifications.RateLimited, answer.Class)
		require.Equal(t, want, answer.RetryAfter, value)
	}
	at := time.Now().Add(time.Minute).UTC().Truncate(time.Second)
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", at.Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	answer := pagerTo(t, r.URL, nil).Page(context.Background(), sampleEvent())
	require.WithinDuration(t, at, answer.At.Add(answer.RetryAfter), time.Second)
}

// rawServer accepts connections and does with each what it is told.
func rawServer(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

func readRequest(conn net.Conn) {
	if q, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		_, _ = io.Copy(io.Discard, q.Body)
	}
}

func TestALostAnswerIsUnknownAndALostConnectionIsNot(t *testing.T) {
	t.Parallel()
	untilClosed := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	closed := rawServer(t, func(net.Conn) {})
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	wrongCertificate := httptest.NewTLSServer(status(http.StatusOK))
	t.Cleanup(wrongCertificate.Close)

	cases := map[string]struct {
		address string
		outcome notifications.Outcome
		class   []notifications.Class
	}{
		"cut after the request": {"http://" + rawServer(t, readRequest),
			notifications.Unknown, []notifications.Class{notifications.Cut}},
		"silent after the request": {"http://" + rawServer(t, func(c net.Conn) { readRequest(c); untilClosed(c) }),
			notifications.Unknown, []notifications.Class{notifications.Timeout}},
		"half a status line": {"http://" + rawServer(t, func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, "HTTP/1.1 2") }),
			notifications.Unknown, []notifications.Class{notifications.Cut, notifications.Protocol}},
		"another protocol": {"http://" + rawServer(t, func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, "250 OK\r\n\r\n") }),
			notifications.Unknown, []notifications.Class{notifications.Protocol}},
		"endless header": {"http://" + rawServer(t, func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for err := error(nil); err == nil; {
				_, err = fmt.Fprintf(c, "X-Filler: %0512d\r\n", 0)
			}
		}), notifications.Unknown, []notifications.Class{notifications.Protocol, notifications.Cut}},
		"nobody listens": {"http://" + nobody.Addr().String(),
			notifications.Deferred, []notifications.Class{notifications.Connect}},
		"no such name": {"http://pager.invalid/",
			notifications.Deferred, []notifications.Class{notifications.DNS}},
		"unknown authority": {wrongCertificate.URL,
			notifications.Deferred, []notifications.Class{notifications.TLS}},
		"no TLS at all": {"https://" + rawServer(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }),
			notifications.Deferred, []notifications.Class{notifications.TLS, notifications.Connect}},
		"hangs in the handshake": {"https://" + rawServer(t, untilClosed),
			notifications.Deferred, []notifications.Class{notifications.Timeout}},
		"cut in the handshake": {"https://" + closed,
			notifications.Deferred, []notifications.Class{notifications.Cut}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pagerTo(t, c.address+"/hook-key-5f3a", func(cfg *pager.Config) { cfg.Timeout = 3 * time.Second })
			answer := p.Page(context.Background(), sampleEvent())
			require.Equal(t, c.outcome, answer.Outcome, answer.Reason)
			require.Contains(t, c.class, answer.Class)
			require.NotEmpty(t, answer.Reason)
			require.NotContains(t, fmt.Sprintf("%+v", answer), "5f3a", "the address is a secret")
		})
	}
}

func TestATrustedCertificateIsNamedInTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(status(http.StatusOK))
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	answer := pagerTo(t, server.URL, func(c *pager.Config) { c.RootCAs = trusted }).Page(context.Background(), sampleEvent())
	require.Equal(t, notifications.Accepted, answer.Outcome, answer.Reason)
	require.Contains(t, answer.TLS, "TLS 1.3")
}

func TestAnEndlessAnswerIsNotRead(t *testing.T) {
	t.Parallel()
	r := receive(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusOK)
		for block := make([]byte, 64<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	answer := pagerTo(t, r.URL, nil).Page(context.Background(), sampleEvent())
	require.Equal(t, notifications.Accepted, answer.Outcome)
	require.Equal(t, "200 OK", answer.Reply, "the body is nobody's business")
}

func TestWithdrawingStopsWhatHasNotBegun(t *testing.T) {
	t.Parallel()
	r := receive(t, status(http.StatusOK))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	answer := pagerTo(t, r.URL, nil).Page(ctx, sampleEvent())
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.Cancelled, answer.Class)
	for _, seen := range r.seen {
		require.Empty(t, seen.body)
	}
}

func TestWithdrawingDoesNotBreakOffWhatHasBegun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel() // the body has arrived; the answer is still to come
		w.WriteHeader(http.StatusOK)
	})
	require.Equal(t, notifications.Accepted, pagerTo(t, r.URL, nil).Page(ctx, sampleEvent()).Outcome)
}
