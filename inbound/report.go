// Package inbound listens for the mail that comes back: delivery reports
// (RFC 3464), complaints (RFC 5965), automatic and human replies to the return
// path of a delivery. It authenticates each by the return path's HMAC, says what
// it is, and hands it to a Recorder; the sender gets its 250 only after the
// recorder has committed. Letters of people to the intake addresses come in by the
// same door and go to an IntakeRecorder. It never sends mail, so it cannot take part in a loop.
package inbound

import (
	"context"
	"time"
)

// Kind says what a message to a return path is evidence of.
type Kind string

// The kinds of report. None of them is more than the other side said.
const (
	// Delivered: the recipient's own server says that it put the message into the mailbox (RFC 3464 action "delivered").
	Delivered Kind = "delivered"
	// Relayed: it was handed to a system that sends no reports, or expanded to other addresses (actions "relayed", "expanded").
	Relayed Kind = "relayed"
	// Bounced: it will not be delivered (action "failed").
	Bounced Kind = "bounced"
	// Delayed: it is not delivered yet, and still being tried (action "delayed").
	Delayed Kind = "delayed"
	// AutoReply: a machine answered (RFC 3834), or a display notice came (RFC 8098). No evidence that anybody read it.
	AutoReply Kind = "auto_reply"
	// HumanReply: an answer without any mark of a machine. A person must read it.
	HumanReply Kind = "human_reply"
	// Complaint: the recipient's provider reports the message as unwanted (RFC 5965).
	Complaint Kind = "complaint"
)

// Report is one authenticated message to the return path of one delivery.
// From, Subject, Text, FinalRecipient and Diagnostic may hold personal data: they
// belong in sealed columns and in no log.
type Report struct {
	// DeliveryID is the delivery whose return path it came to, as UUID text.
	DeliveryID string
	Kind       Kind
	// Status is the enhanced status code (RFC 3463), e.g. "5.1.1"; "" if none was given.
	Status string
	// At is when this listener had received the message.
	At time.Time
	// Diagnostic is the reporting server's own words, at most 1,000 bytes.
	Diagnostic string
	// MessageDigest is the SHA-256 of the message as received. The same report may
	// arrive twice: a recorder ignores a digest it has for this delivery.
	MessageDigest [32]byte
	// EnvelopeID is the ENVID that we gave (RFC 3461) as the report repeats it, or "".
	EnvelopeID string
	// ReportingMTA is the host that reports, or "".
	ReportingMTA string
	// FinalRecipient is the address that the report is about, or "".
	FinalRecipient string
	// From is the address in the From header, and Subject the decoded subject, at most 1,000 bytes each.
	From, Subject string
	// Text is the beginning of the plain text of a reply, at most 16 KiB; "" for reports.
	Text string
}

// Recorder keeps what came back. A nil error says that it is committed; after any
// other the sender is told to come again (451), so both methods must ignore what
// they have recorded before.
type Recorder interface {
	// RecordReport records one authenticated report. It answers nil, too, for a
	// delivery that does not exist (any more) after recording it as unmatched.
	RecordReport(ctx context.Context, report Report) error
	// RecordUnmatched records that a message came which no delivery can be held
	// against: its SHA-256 and one of the Reason constants. It changes no delivery.
	RecordUnmatched(ctx context.Context, digest [32]byte, reason string) error
}

// Reasons why a message is recorded as unmatched.
const (
	// ReasonToken: the return path is not one that we signed.
	ReasonToken = "return path not signed by us"
	// ReasonUnreadable: the return path is ours, the report in it cannot be read.
	ReasonUnreadable = "report cannot be read"
	// ReasonSender: it claims a success and has a sender. Delivery reports have a
	// null return path (RFC 3464 section 2); this one could be the recipient's own work.
	ReasonSender = "success report with a return path"
)
