package scale

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	stdmail "net/mail"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/notifications/email"
)

// outside marks the process that is the recipients' mail server.
const outside = "DOCKET_SCALE_OUTSIDE"

// Outside is the recipients' mail server in a process of its own, so that what it keeps does not count as
// the sender's memory.
type Outside struct {
	Addr, URL string
	CA        []byte
}

// ServeOutside is called first by whatever main function starts an Outside: in that process it serves and does not return.
func ServeOutside() {
	if os.Getenv(outside) == "" {
		return
	}
	server, err := mail.Start(context.Background(), mail.Options{DigestOnly: true, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(Outside{Addr: server.Addr(), URL: server.URL(), CA: server.CertificatePEM()})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Whoever started us holds the other end, and lets go of it however it ends.
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// StartOutside starts this program once more as the mail server, until the test ends.
func StartOutside(t testing.TB) *Outside {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), outside+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	var o Outside
	require.NoError(t, json.NewDecoder(stdout).Decode(&o))
	return &o
}

// Received counts the messages and the distinct Message-IDs among them.
func (o *Outside) Received(t testing.TB) (messages, distinct int) {
	t.Helper()
	seen := map[string]bool{}
	o.each(t, func(m mail.Message) {
		messages++
		seen[m.MessageID] = true
	})
	return messages, len(seen)
}

// each calls f for every message, in the order in which they came in.
func (o *Outside) each(t testing.TB, f func(mail.Message)) {
	t.Helper()
	for after := int64(0); ; {
		var page struct {
			Messages []mail.Message `json:"messages"`
			After    int64          `json:"after"`
		}
		answer, err := http.Get(fmt.Sprintf("%smessages?limit=1000&after=%d", o.URL, after))
		require.NoError(t, err)
		err = json.NewDecoder(answer.Body).Decode(&page)
		answer.Body.Close()
		require.NoError(t, err)
		if len(page.Messages) == 0 {
			return
		}
		for _, m := range page.Messages {
			f(m)
		}
		after = page.After
	}
}

// Channel is mail as a production worker sends it, to one mail server that everybody's domain leads to: encrypted,
// signed, over connections that are kept.
func Channel(t testing.TB, addr string, ca []byte, conns int) *email.Channel {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	channel, err := email.New(email.Config{
		Transport: email.Direct, From: stdmail.Address{Name: "Incident Response", Address: "incident@notices.example.com"},
		BounceDomain: "bounces.example.com", HeloName: "out.notices.example.com", Port: port, Resolver: everywhere{}, OnlyHosts: []string{addr},
		TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxConnsPerHost: conns,
		DKIM: []email.DKIMKey{{Domain: "notices.example.com", Selector: "s1", Signer: Signer}},
	})
	require.NoError(t, err)
	t.Cleanup(channel.Close)
	return channel
}

// everywhere leads every domain to the one mail server on this machine.
type everywhere struct{}

// LookupMX implements email.Resolver.
func (everywhere) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mx.docket.test.", Pref: 10}}, nil
}

// LookupHost implements email.Resolver.
func (everywhere) LookupHost(context.Context, string) ([]string, error) {
	return []string{"127.0.0.1"}, nil
}
