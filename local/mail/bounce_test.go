package mail_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/dsn"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
)

// report is what came to the listener for return paths, read by a parser that is not ours.
func report(t *testing.T, bounces *mail.Server, id int64) *dsn.Report {
	t.Helper()
	data, err := bounces.Data(id)
	require.NoError(t, err)
	envelope, err := enmime.ReadEnvelope(bytes.NewReader(data))
	require.NoError(t, err)
	require.Empty(t, envelope.Errors)
	require.Equal(t, "auto-replied", envelope.GetHeader("Auto-Submitted"))
	found, err := dsn.ParseReport(envelope.Root)
	require.NoError(t, err)
	require.NotNil(t, found)
	return found
}

func TestItSendsReportsAboutWhatItKept(t *testing.T) {
	t.Parallel()
	bounces := start(t, nil)
	s := start(t, func(o *mail.Options) { o.BounceTo, o.DSN = bounces.Addr(), true })
	c, err := smtp.Dial(s.Addr())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Mail(sender, &smtp.MailOptions{EnvelopeID: "delivery-1"}))
	require.NoError(t, c.Rcpt(recipient, nil))
	w, err := c.Data()
	require.NoError(t, err)
	_, err = w.Write([]byte(letter))
	require.NoError(t, err)
	require.NoError(t, w.Close())

	require.NoError(t, s.Bounce(context.Background(), 1, "5.1.1"))
	require.NoError(t, s.Delivered(context.Background(), 1))
	for i, m := range received(t, bounces, 2) {
		require.Empty(t, m.From, "a report has a null return path (RFC 3464 section 2)")
		require.Equal(t, []string{sender}, m.To)
		got := report(t, bounces, m.ID)
		about := got.DeliveryStatus.MessageDSNs[0]
		require.Equal(t, "dns; mx.docket.test", about.Get("Reporting-MTA"))
		require.Equal(t, "delivery-1", about.Get("Original-Envelope-Id"))
		require.Len(t, got.DeliveryStatus.RecipientDSNs, 1)
		of := got.DeliveryStatus.RecipientDSNs[0]
		require.Equal(t, "rfc822; "+recipient, of.Get("Final-Recipient"))
		require.Equal(t, []string{"failed", "delivered"}[i], of.Get("Action"))
		require.Equal(t, []string{"5.1.1", "2.0.0"}[i], of.Get("Status"))
		require.Equal(t, i == 0, dsn.IsFailed(of))
	}
}

func TestAReportThatCannotBeSentIsSaidSo(t *testing.T) {
	t.Parallel()
	bounces := start(t, nil)
	s := start(t, func(o *mail.Options) { o.BounceTo = bounces.Addr() })
	require.NoError(t, deliver(s, recipient, letter))
	ctx := context.Background()
	require.Error(t, s.Bounce(ctx, 9, "5.1.1"), "no such message")
	require.Error(t, s.Bounce(ctx, 1, "2.0.0"), "a failure has no status of success")
	require.Error(t, s.Bounce(ctx, 1, "5.1.1\r\nBcc: x"))

	require.NoError(t, bounces.Rules(mail.Rule{To: "*", Answers: []string{"451 4.3.0 not now"}}))
	var refused *smtp.SMTPError
	require.ErrorAs(t, s.Bounce(ctx, 1, "5.1.1"), &refused)
	require.Equal(t, 451, refused.Code)
	require.Empty(t, bounces.Messages())

	nowhere := start(t, nil)
	require.NoError(t, deliver(nowhere, recipient, letter))
	require.Error(t, nowhere.Delivered(ctx, 1), "no listener is configured")
	require.Equal(t, http.StatusConflict, call(t, nowhere, "POST", "messages/1/delivered", "", nil))
}

func TestNobodyIsToldAboutAMessageWithoutAReturnPath(t *testing.T) {
	t.Parallel()
	bounces := start(t, nil)
	s := start(t, func(o *mail.Options) { o.BounceTo = bounces.Addr() })
	c, err := smtp.Dial(s.Addr())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Mail("", nil))
	require.NoError(t, c.Rcpt(recipient, nil))
	w, err := c.Data()
	require.NoError(t, err)
	_, err = w.Write([]byte(letter))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Error(t, s.Bounce(context.Background(), 1, "5.1.1"))
	require.Empty(t, bounces.Messages())
}
