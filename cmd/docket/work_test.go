package main

import (
	"context"
	"log/slog"
	"net/smtp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/inbound"
	"github.com/atlascloudai/docket/testkit"
)

// What a person mails to the privacy address opens a request, also with a scan of five megabytes attached.
func TestALetterWithAScanOpensARequest(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	l, err := inbound.Start(context.Background(), inbound.Config{
		Addr: "127.0.0.1:0", Domain: "bounces.example.test", Key: []byte(strings.Repeat("k", 32)), Log: slog.New(slog.DiscardHandler),
		Intake: []string{"privacy@example.test"}, Letters: recorder{h.Desk, true},
	}, recorder{h.Desk, true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	letter := "From: Ann <ann@example.test>\r\nSubject: My data\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nPlease delete my data.\r\n" +
		"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("A", 76)+"\r\n", 65_000) + "--b--\r\n"
	require.Greater(t, len(letter), 5_000_000)
	require.NoError(t, smtp.SendMail(l.Addr().String(), nil, "ann@example.test", []string{"privacy@example.test"}, []byte(letter)))
	page, err := h.Desk.Requests(context.Background(), h.As(access.PrivacyLead), desk.WorklistInput{Limit: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Equal(t, "erasure", page.Items[0].Right, "its words were read")
}
