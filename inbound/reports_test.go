package inbound_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/inbound"
)

// reportOf is a delivery report as a mail server writes it (RFC 3464, RFC 6522).
func reportOf(action, status, more string) string {
	return crlf(`From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>
Subject: Delivery report
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="9B095B5ADSN=_01"

This is a MIME-encapsulated message.

--9B095B5ADSN=_01
Content-Type: text/plain; charset=us-ascii

The machine-readable part follows.

--9B095B5ADSN=_01
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
Original-Envelope-Id: ` + delivery + `
Arrival-Date: Mon, 2 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822; security@customer.example
Action: ` + action + `
Status: ` + status + `
` + more + `
--9B095B5ADSN=_01
Content-Type: text/rfc822-headers

Subject: Notice of a security incident

--9B095B5ADSN=_01--
`)
}

var (
	failedReport = reportOf("failed", "5.1.1 (bad destination mailbox)",
		"Diagnostic-Code: smtp; 550 5.1.1 <security@customer.example>\n  no such user\n")
	deliveredReport = reportOf("delivered", "2.0.0", "")
)

const complaintReport = `From: <abuse@provider.example>
Subject: FW: Notice
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1"

--part1
Content-Type: text/plain

This is an email abuse report.

--part1
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: <security@customer.example>
Reporting-MTA: dns; mail.provider.example

--part1
Content-Type: message/rfc822

Subject: Notice of a security incident

--part1--
`

func TestWhatComesBackIsNamedForWhatItIs(t *testing.T) {
	t.Parallel()
	plain := func(headers string) string {
		return crlf("From: Security Desk <security@customer.example>\nSubject: Re: =?utf-8?q?Vorfall_=C3=BC?=\n" +
			headers + "\nWe have read it.\n")
	}
	person := "security@customer.example"
	cases := map[string]struct {
		from    string
		message string
		want    inbound.Report
	}{
		"failed": {"", failedReport, inbound.Report{
			Kind: inbound.Bounced, Status: "5.1.1", Diagnostic: "550 5.1.1 <security@customer.example> no such user",
		}},
		"delayed":                        {"", reportOf("delayed", "4.4.1", ""), inbound.Report{Kind: inbound.Delayed, Status: "4.4.1"}},
		"delivered":                      {"", deliveredReport, inbound.Report{Kind: inbound.Delivered, Status: "2.0.0"}},
		"relayed":                        {"", reportOf("relayed", "2.0.0", ""), inbound.Report{Kind: inbound.Relayed, Status: "2.0.0"}},
		"expanded":                       {"", reportOf("Expanded", "2.0.0", ""), inbound.Report{Kind: inbound.Relayed, Status: "2.0.0"}},
		"failed without a usable status": {"", reportOf("failed", "permanent", ""), inbound.Report{Kind: inbound.Bounced}},
		"the worst of several recipients counts": {"", reportOf("delivered", "2.0.0",
			"\nFinal-Recipient: rfc822; second@customer.example\nAction: failed\nStatus: 5.2.2\n"+
				"\nFinal-Recipient: rfc822; third@customer.example\nAction: delivered\nStatus: 2.0.0\n"),
			inbound.Report{Kind: inbound.Bounced, Status: "5.2.2"}},
		"Exim's older form":        {"", plain("X-Failed-Recipients: security@customer.example\n"), inbound.Report{Kind: inbound.Bounced, Status: "5.0.0"}},
		"complaint":                {"abuse@provider.example", crlf(complaintReport), inbound.Report{Kind: inbound.Complaint, Diagnostic: "abuse"}},
		"complaint taken back":     {"abuse@provider.example", crlf(strings.Replace(complaintReport, ": abuse\n", ": not-spam\n", 1)), inbound.Report{Kind: inbound.AutoReply, Diagnostic: "not-spam"}},
		"vacation":                 {person, plain("Auto-Submitted: auto-replied (vacation)\n"), inbound.Report{Kind: inbound.AutoReply}},
		"precedence":               {person, plain("Precedence: Bulk\n"), inbound.Report{Kind: inbound.AutoReply}},
		"mailing list":             {person, plain("List-Id: <all.customer.example>\n"), inbound.Report{Kind: inbound.AutoReply}},
		"older auto-reply mark":    {person, plain("X-Autoreply: yes\n"), inbound.Report{Kind: inbound.AutoReply}},
		"null return path":         {"", plain(""), inbound.Report{Kind: inbound.AutoReply}},
		"display notice":           {person, crlf(strings.Replace(complaintReport, "feedback-report;", "disposition-notification;", 1)), inbound.Report{Kind: inbound.AutoReply}},
		"a person":                 {person, plain("Auto-Submitted: no\n"), inbound.Report{Kind: inbound.HumanReply}},
		"a person, without a mark": {person, plain(""), inbound.Report{Kind: inbound.HumanReply}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &ledger{}
			before := time.Now()
			require.NoError(t, deliver(t, listen(t, sink, nil), c.from, returnPath(), c.message))
			require.Empty(t, sink.unmatched)
			require.Len(t, sink.reports, 1)
			got := sink.reports[0]
			require.Equal(t, c.want.Kind, got.Kind)
			require.Equal(t, c.want.Status, got.Status)
			require.Equal(t, c.want.Diagnostic, got.Diagnostic)
			require.WithinRange(t, got.At, before, time.Now())
		})
	}
}

func TestAReportTellsWhatItIsAbout(t *testing.T) {
	t.Parallel()
	sink := &ledger{}
	require.NoError(t, deliver(t, listen(t, sink, nil), "", returnPath(), failedReport))
	got := sink.reports[0]
	require.Equal(t, delivery, got.EnvelopeID)
	require.Equal(t, "mx.customer.example", got.ReportingMTA)
	require.Equal(t, "security@customer.example", got.FinalRecipient)
	require.Equal(t, "MAILER-DAEMON@mx.customer.example", got.From)
	require.Empty(t, got.Text)
}

func TestAReplyIsKeptForAPersonToRead(t *testing.T) {
	t.Parallel()
	message := crlf(`From: "Security Desk" <security@customer.example>
Subject: =?utf-8?b?UsO8Y2tmcmFnZQ==?=
Content-Type: multipart/alternative; boundary=outer

--outer
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Which systems, and who is f=C3=BCr us?

--outer
Content-Type: text/html

<script>alert(1)</script>
--outer--
`)
	sink := &ledger{}
	l := listen(t, sink, nil)
	require.NoError(t, deliver(t, l, "security@customer.example", returnPath(), message))
	got := sink.reports[0]
	require.Equal(t, "security@customer.example", got.From)
	require.Equal(t, "Rückfrage", got.Subject)
	require.Equal(t, "Which systems, and who is für us?\n", got.Text)

	odd := "From: a@customer.example\r\nContent-Type: text/plain; charset=hz-gb-2312\r\n\r\n~{<:Ky\xe9\x1b[31m" + strings.Repeat("x", 1500) + "\r\n"
	require.NoError(t, deliver(t, l, "a@customer.example", returnPath(), odd))
	text := sink.reports[1].Text
	require.NotContains(t, text, "\x1b", "terminal codes are dropped")
	require.Contains(t, text, "\uFFFD", "character sets are not converted")

	long := "From: a@customer.example\r\n\r\n" + strings.Repeat(strings.Repeat("long ", 100)+"\r\n", 100)
	require.NoError(t, deliver(t, l, "a@customer.example", returnPath(), long))
	require.LessOrEqual(t, len(sink.reports[2].Text), 16<<10)
}

func TestTheSameReportTwiceHasTheSameDigest(t *testing.T) {
	t.Parallel()
	sink := &ledger{}
	l := listen(t, sink, nil)
	for range 2 {
		require.NoError(t, deliver(t, l, "", returnPath(), failedReport))
	}
	require.Equal(t, sink.reports[0].MessageDigest, sink.reports[1].MessageDigest)
	require.NoError(t, deliver(t, l, "", returnPath(), deliveredReport))
	require.NotEqual(t, sink.reports[0].MessageDigest, sink.reports[2].MessageDigest)
}

func TestOneConnectionMayBringSeveralReports(t *testing.T) {
	t.Parallel()
	sink := &ledger{}
	c := dial(t, listen(t, sink, nil))
	for i, message := range []string{failedReport, deliveredReport} {
		require.NoError(t, c.Mail("", nil))
		require.NoError(t, c.Rcpt(returnPath(), nil))
		w, err := c.Data()
		require.NoError(t, err)
		_, err = fmt.Fprint(w, message)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.Len(t, sink.reports, i+1)
	}
}
