package mail_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/atlascloudai/docket/local/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds how long a test waits for what must happen.
const patience = 20 * time.Second

const (
	sender    = "b+token@bounces.example.com"
	recipient = "security@customer.example"
	letter    = "From: incidents@docket.example\r\nTo: security@customer.example\r\n" +
		"Subject: =?utf-8?q?Vorfall_=C3=BC?=\r\nMessage-ID: <notice-1@docket.example>\r\n\r\nSomething happened.\r\n"
)

func start(t testing.TB, change func(*mail.Options)) *mail.Server {
	t.Helper()
	options := mail.Options{Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&options)
	}
	s, err := mail.Start(context.Background(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// deliver makes one attempt, as a mail client does, and returns what went wrong.
func deliver(s *mail.Server, to, message string) error {
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	c.CommandTimeout, c.SubmissionTimeout = patience, patience
	return transact(c, to, message)
}

func transact(c *smtp.Client, to, message string) error {
	if err := c.Mail(sender, nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, message); err != nil {
		return err
	}
	return w.Close()
}

func received(t testing.TB, s *mail.Server, n int) []mail.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	messages, err := s.WaitFor(ctx, n)
	require.NoError(t, err)
	require.Len(t, messages, n)
	return messages
}

func TestItKeepsWhatItReceives(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mail.Options) { o.DSN = true })
	c, err := smtp.Dial(s.Addr())
	require.NoError(t, err)
	defer c.Close()
	before := time.Now()
	require.NoError(t, c.Mail(sender, &smtp.MailOptions{EnvelopeID: "delivery-1"}))
	require.NoError(t, c.Rcpt(recipient, nil))
	require.NoError(t, c.Rcpt("second@customer.example", nil))
	w, err := c.Data()
	require.NoError(t, err)
	_, err = io.WriteString(w, letter)
	require.NoError(t, err)
	require.NoError(t, w.Close())

	m := received(t, s, 1)[0]
	require.Equal(t, int64(1), m.ID)
	require.Equal(t, sender, m.From)
	require.Equal(t, []string{recipient, "second@customer.example"}, m.To)
	require.Equal(t, "Vorfall ü", m.Subject)
	require.Equal(t, "notice-1@docket.example", m.MessageID)
	require.Equal(t, "delivery-1", m.EnvelopeID)
	require.Equal(t, int64(len(letter)), m.Size)
	require.Equal(t, "615c8c8e20bdfd553a257a8900ded89c", m.Digest.String()[:32])
	require.True(t, m.Answered)
	require.Empty(t, m.TLS)
	require.WithinRange(t, m.ReceivedAt, before, time.Now())
	data, err := s.Data(1)
	require.NoError(t, err)
	require.Equal(t, letter, string(data))
	_, err = s.Data(2)
	require.Error(t, err)
}

func TestItOffersAnEncryptedConnectionThatCanBeVerified(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mail.Options) { o.Hosts = []string{"mx.customer.example"} })
	for _, name := range []string{"mx.docket.test", "mx.customer.example", "localhost", "127.0.0.1"} {
		c, err := smtp.DialStartTLS(s.Addr(), &tls.Config{RootCAs: s.CAPool(), ServerName: name})
		require.NoError(t, err, name)
		require.NoError(t, transact(c, recipient, letter))
		require.NoError(t, c.Quit())
	}
	for _, m := range received(t, s, 4) {
		require.Equal(t, "TLS 1.3", m.TLS)
	}
	c, err := smtp.DialStartTLS(s.Addr(), &tls.Config{RootCAs: s.CAPool(), ServerName: "mx.other.example"})
	if err == nil {
		err = c.Noop()
	}
	require.Error(t, err, "a name that is not on the certificate")

	plain := start(t, func(o *mail.Options) { o.NoTLS = true })
	_, err = smtp.DialStartTLS(plain.Addr(), &tls.Config{RootCAs: s.CAPool(), ServerName: "localhost"})
	require.Error(t, err)
	require.Nil(t, plain.CAPool())

	config, pool, err := mail.SelfSigned("mx.given.example")
	require.NoError(t, err)
	given := start(t, func(o *mail.Options) { o.TLS = config })
	c, err = smtp.DialStartTLS(given.Addr(), &tls.Config{RootCAs: pool, ServerName: "mx.given.example"})
	require.NoError(t, err)
	require.NoError(t, c.Noop())
	require.NoError(t, c.Close())
}

func TestItsLimitsHold(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mail.Options) { o.MaxMessageBytes = 4096 })
	var refused *smtp.SMTPError
	big := letter
	for len(big) <= 4096 {
		big += "More of the same, line after line.\r\n"
	}
	require.ErrorAs(t, deliver(s, recipient, big), &refused)
	require.Equal(t, 552, refused.Code)
	require.Error(t, deliver(s, recipient, "Subject: "+string(make([]byte, 2001))+"\r\n"))

	c, err := smtp.Dial(s.Addr())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Mail(sender, nil))
	for range 100 {
		require.NoError(t, c.Rcpt(recipient, nil))
	}
	require.ErrorAs(t, c.Rcpt(recipient, nil), &refused)
	require.Equal(t, 452, refused.Code)
	require.Empty(t, s.Messages())
}

func TestAClientThatStopsInTheMiddleIsCutOff(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mail.Options) { o.Timeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<"+recipient+">\r\nDATA\r\nSubject: half\r\n")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, conn)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection is still open")
	require.Empty(t, s.Messages())
}

func TestWaitingEndsWithTheServerOrTheCaller(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.WaitFor(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)

	waited := make(chan error, 1)
	go func() {
		_, err := s.WaitFor(context.Background(), 1)
		waited <- err
	}()
	require.NoError(t, s.Close())
	require.Error(t, <-waited)
}

func TestItEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := mail.Start(ctx, mail.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	c, err := smtp.Dial(s.Addr())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Noop())
	cancel()
	require.NoError(t, s.Close())
	require.Error(t, c.Noop())
	require.Error(t, deliver(s, recipient, letter))
}
