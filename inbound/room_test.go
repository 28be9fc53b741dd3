package inbound_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/inbound"
)

const (
	bounceDomain = "bounces.example.com"
	delivery     = "0192f0c1-7a4e-7c33-9d52-3f1d2a6b8e10"
)

var returnKey = []byte("0123456789abcdef0123456789abcdef")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger is the recorder of these tests: it keeps what it is given, or fails.
type ledger struct {
	mu        sync.Mutex
	reports   []inbound.Report
	unmatched []string
	digests   [][32]byte
	refuse    error
	wait      chan struct{} // when set, a commit waits for it to be closed
	asked     chan struct{} // when set, told that a commit was asked for
}

func (l *ledger) RecordReport(ctx context.Context, r inbound.Report) error {
	return l.record(ctx, func() { l.reports = append(l.reports, r); l.digests = append(l.digests, r.MessageDigest) })
}

func (l *ledger) RecordUnmatched(ctx context.Context, digest [32]byte, reason string) error {
	return l.record(ctx, func() { l.unmatched = append(l.unmatched, reason); l.digests = append(l.digests, digest) })
}

func (l *ledger) record(ctx context.Context, keep func()) error {
	if l.asked != nil {
		l.asked <- struct{}{}
	}
	if l.wait != nil {
		select {
		case <-l.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return l.refuse
	}
	keep()
	return nil
}

func (l *ledger) failWith(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = err
}

func (l *ledger) empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.reports)+len(l.unmatched) == 0
}

func listen(t testing.TB, sink *ledger, change func(*inbound.Config)) *inbound.Listener {
	t.Helper()
	cfg := inbound.Config{
		Addr: "127.0.0.1:0", Domain: bounceDomain, Key: returnKey,
		MaxPerHost: 10_000, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	l, err := inbound.Start(context.Background(), cfg, sink)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // idle connections of a test need no patience
		require.NoError(t, l.Close(ctx))
	})
	return l
}

// returnPath is the address that our delivery's mail goes out under.
func returnPath() string { return letters.ReturnAddress(returnKey, delivery, bounceDomain) }

func dial(t testing.TB, l *inbound.Listener) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// deliver sends one message as a mail server would, and returns the refusal.
func deliver(t testing.TB, l *inbound.Listener, from, to, message string) error {
	t.Helper()
	c := dial(t, l)
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	require.NoError(t, err)
	if _, err := w.Write([]byte(message)); err != nil {
		return err
	}
	return w.Close()
}

func refusal(t testing.TB, err error) *smtp.SMTPError {
	t.Helper()
	var refused *smtp.SMTPError
	require.ErrorAs(t, err, &refused)
	return refused
}

func crlf(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

func TestTheReplyWaitsForTheCommit(t *testing.T) {
	t.Parallel()
	sink := &ledger{wait: make(chan struct{}), asked: make(chan struct{}, 1)}
	l := listen(t, sink, nil)

	replied := make(chan error, 1)
	go func() { replied <- deliver(t, l, "", returnPath(), failedReport) }()
	<-sink.asked
	select {
	case <-replied:
		t.Fatal("answered before the recorder had committed")
	default:
	}
	require.True(t, sink.empty())
	close(sink.wait)
	require.NoError(t, <-replied)
	require.Len(t, sink.reports, 1)
}

func TestWhatCannotBeRecordedComesAgain(t *testing.T) {
	t.Parallel()
	sink := &ledger{}
	l := listen(t, sink, nil)
	sink.failWith(errors.New("database away"))

	refused := refusal(t, deliver(t, l, "", returnPath(), failedReport))
	require.Equal(t, 451, refused.Code)
	require.NotContains(t, refused.Message, "database", "internals stay inside")

	sink.failWith(nil)
	require.NoError(t, deliver(t, l, "", returnPath(), failedReport))
	require.Len(t, sink.reports, 1)
}

func TestARecorderThatHangsIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	sink := &ledger{wait: make(chan struct{})}
	l := listen(t, sink, func(c *inbound.Config) { c.CommitTimeout = 20 * time.Millisecond })
	require.Equal(t, 451, refusal(t, deliver(t, l, "", returnPath(), failedReport)).Code)
}

func TestOnlyASignedReturnPathMovesADelivery(t *testing.T) {
	t.Parallel()
	other := []byte("another key, just as long as it.")
	cases := map[string]struct {
		to, from, message string
		previous          [][]byte
		unmatched         string
		code              int
	}{
		"signed":                     {to: returnPath(), message: failedReport},
		"signed, upper case":         {to: strings.ToUpper(returnPath()), message: failedReport},
		"signed with a rotated key":  {to: letters.ReturnAddress(other, delivery, bounceDomain), previous: [][]byte{other}, message: failedReport},
		"signed with a foreign key":  {to: letters.ReturnAddress(other, delivery, bounceDomain), message: failedReport, unmatched: inbound.ReasonToken},
		"another delivery's digits":  {to: strings.Replace(returnPath(), "b+0", "b+1", 1), message: failedReport, unmatched: inbound.ReasonToken},
		"no token":                   {to: "b+@" + bounceDomain, message: failedReport, unmatched: inbound.ReasonToken},
		"a report without its part":  {to: returnPath(), message: strings.Replace(failedReport, "Action: failed", "Action: unheard-of", 1), unmatched: inbound.ReasonUnreadable},
		"a success from a person":    {to: returnPath(), from: "recipient@customer.example", message: deliveredReport, unmatched: inbound.ReasonSender},
		"a success that failed":      {to: returnPath(), message: strings.Replace(deliveredReport, "Status: 2.0.0", "Status: 5.1.1", 1), unmatched: inbound.ReasonUnreadable},
		"another domain (no relay)":  {to: "someone@customer.example", message: failedReport, code: 550},
		"another mailbox":            {to: "postmaster@" + bounceDomain, message: failedReport, code: 550},
		"a domain that contains it":  {to: strings.Replace(returnPath(), "@", "@evil.", 1), message: failedReport, code: 550},
		"a failure from a real host": {to: returnPath(), from: "MAILER-DAEMON@customer.example", message: failedReport},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &ledger{}
			l := listen(t, sink, func(cfg *inbound.Config) { cfg.PreviousKeys = c.previous })
			err := deliver(t, l, c.from, c.to, c.message)
			if c.code != 0 {
				require.Equal(t, c.code, refusal(t, err).Code)
				require.True(t, sink.empty())
				return
			}
			require.NoError(t, err)
			if c.unmatched != "" {
				require.Equal(t, []string{c.unmatched}, sink.unmatched)
				require.Empty(t, sink.reports, "no state may change")
			} else {
				require.Len(t, sink.reports, 1)
				require.Equal(t, delivery, sink.reports[0].DeliveryID)
			}
			require.Equal(t, sha256.Sum256([]byte(c.message)), sink.digests[0])
		})
	}
}

func TestWithoutAKeyNothingIsListenedTo(t *testing.T) {
	t.Parallel()
	for _, cfg := range []inbound.Config{
		{Addr: "127.0.0.1:0", Domain: bounceDomain, Key: []byte("short")},
		{Addr: "127.0.0.1:0", Key: returnKey},
		{Addr: "127.0.0.1:0", Domain: bounceDomain, Key: returnKey, PreviousKeys: [][]byte{nil}},
	} {
		_, err := inbound.Start(context.Background(), cfg, &ledger{})
		require.Error(t, err)
	}
}

func TestItEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	l, err := inbound.Start(ctx, inbound.Config{
		Addr: "127.0.0.1:0", Domain: bounceDomain, Key: returnKey, Log: slog.New(slog.DiscardHandler),
	}, &ledger{})
	require.NoError(t, err)
	idle, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer idle.Close()

	cancel()
	require.NoError(t, l.Close(ctx))
	requireCut(t, idle)
	_, err = net.Dial("tcp", l.Addr().String())
	require.Error(t, err)
}
