package inbound

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRead: whatever a stranger sends, reading it ends, stays within its limits
// and makes no kind that does not exist.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "\r\n", " folded\r\n\r\n", "Subject: x\r\n\r\nhello",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n",
		"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\nContent-Transfer-Encoding: base64\r\n\r\nRmVlZGJhY2stVHlwZTogYWJ1c2U=\r\n--b--\r\n",
		"Content-Type: multipart/mixed; boundary=" + strings.Repeat("b", 300) + "\r\n\r\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	known := map[Kind]bool{
		Delivered: true, Relayed: true, Bounced: true, Delayed: true,
		AutoReply: true, HumanReply: true, Complaint: true,
	}
	f.Fuzz(func(t *testing.T, raw []byte, nullSender bool) {
		report, err := read(raw, nullSender)
		if err != nil {
			return
		}
		if !known[report.Kind] {
			t.Fatalf("kind %q", report.Kind)
		}
		if nullSender && report.Kind == HumanReply {
			t.Fatal("a person has an address")
		}
		for _, value := range []string{report.Diagnostic, report.From, report.Subject, report.FinalRecipient, report.ReportingMTA, report.EnvelopeID} {
			if len(value) > maxValueBytes || !utf8.ValidString(value) {
				t.Fatalf("value %q", value)
			}
		}
		if len(report.Text) > maxTextBytes || !utf8.ValidString(report.Text) {
			t.Fatal("text over its limit or not UTF-8")
		}
	})
}
