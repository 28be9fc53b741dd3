package notifications

import (
	"context"
	"time"
)

// Outbound is one message to one recipient. There is one To by type: a second
// recipient, a Cc or a Bcc cannot be expressed.
type Outbound struct {
	// ID is stable over all attempts and becomes the Message-ID (or the webhook's
	// id). One to 64 characters of A-Z a-z 0-9 . _ -
	ID string
	// To is the bare address of the one recipient.
	To string
	// Subject is plain text on one line.
	Subject string
	// Text is the message in plain text. It is required.
	Text string
	// HTML is the same message as a complete HTML document, or "" for none.
	HTML string
	// Language is the language of the message as a BCP 47 tag, such as "en".
	Language string
	// Instant is the instant of the first attempt, on every attempt: it becomes
	// the Date, so that a resend has the same bytes.
	Instant time.Time
	// ReturnToken is the local part's token of the return path, by which what
	// comes back is matched (see letters.ReturnToken).
	ReturnToken string
	// Headers are further fields, such as In-Reply-To. A channel refuses those
	// that it sets itself.
	Headers map[string]string
}

// Prepared is a message as it goes over the wire.
type Prepared struct {
	// Outbound is what it was made of; its To and ReturnToken are the envelope.
	Outbound Outbound
	// Bytes are the complete message, signature included.
	Bytes []byte
	// Digest is the SHA-256 of Bytes. A resend whose digest differs from the
	// first attempt's must not be sent.
	Digest [32]byte
}

// Answer is what one attempt came to, and the evidence for it.
type Answer struct {
	// Outcome is what is known.
	Outcome Outcome
	// Class is why.
	Class Class
	// Code is the other side's own status code (SMTP reply code, HTTP status), or
	// 0 when no reply came.
	Code int
	// Enhanced is the enhanced status code (RFC 3463), such as "5.1.1", or "".
	Enhanced string
	// Reply is the other side's text, cleaned of control characters and cut to
	// MaxReply. It may repeat the recipient's address: it is stored sealed and
	// never logged.
	Reply string
	// Reason says in our words what failed. It carries no address and no secret.
	Reason string
	// Host is the server that answered or was last tried.
	Host string
	// TLS is the version and cipher of the connection, or "" for none.
	TLS string
	// QueueID is the other side's own id of the message where its reply names one.
	QueueID string
	// DSNRequested says that a delivery status notification was asked for and the
	// server had said that it gives them (RFC 3461). Where it is false, no
	// evidence above this answer will come by itself.
	DSNRequested bool
	// At is when the answer came, or when waiting for it was given up.
	At time.Time
	// RetryAfter is the delay that the other side asked for, or 0.
	RetryAfter time.Duration
}

// MaxReply is how many bytes of the other side's text an Answer keeps.
const MaxReply = 1000

// Channel is one way to reach one recipient.
type Channel interface {
	// Name is the channel's name as agreements and ledgers know it, such as "email".
	Name() string
	// Prepare makes the bytes. It is pure: the same Outbound under the same
	// configuration gives the same bytes. What cannot be sent safely is refused
	// with a *problem.Error that names the field.
	Prepare(Outbound) (Prepared, error)
	// Send makes one attempt and reports what is known. It never repeats what may
	// have had an effect, and has no error beside the Answer.
	// A cancelled ctx ends the attempt as Deferred while nothing can have had an
	// effect; after that the attempt runs to its own time limits, so that an
	// orderly stop makes no Unknown.
	Send(ctx context.Context, p Prepared) Answer
}
