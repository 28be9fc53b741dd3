package desk

import (
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Next is what a process does now: the stages that are due, in order, and when to look again.
type Next struct {
	// Heard is the newest fact that this answer takes into account; the process says it back when it has acted.
	Heard int64
	// Stages are names from core/cases/incident or core/cases/campaign.
	Stages []string
	// WakeAt is the real instant (drill offset taken off) to look again without a bell; nil: only when the bell rings.
	WakeAt *time.Time
}

// Job is one recipient that a sender has claimed: everything its message is made from.
type Job struct {
	Delivery, Campaign, Case uuid.UUID
	// Page is the claim's token; every write of the sender is refused once somebody else holds the row.
	Page uuid.UUID
	// Attempt counts from 1.
	Attempt int
	Channel string
	// ID is stable over attempts: it becomes the Message-ID.
	ID string
	// To is the recipient's address.
	To     string
	Letter letters.Letter
	// Instant is that of the first attempt, in case time; a resend carries the same.
	Instant time.Time
	// Digest is that of the first attempt's bytes; zero on the first.
	Digest [32]byte
	// Poison is why the message cannot be made; the job is then to be finished as refused.
	Poison string

	// row is the delivery as it was claimed, key its case's: they need not be read again for the outcome.
	row store.Delivery
	key seal.Key
}

// Answer is what the other side said to one attempt, as far as it could be seen.
type Answer struct {
	// Outcome is accepted, handed_on, refused, deferred or unknown.
	Outcome  string
	Class    string
	Code     int
	Enhanced string
	Reply    string
	// Reason is our own word for what happened where the other side said nothing.
	Reason     string
	Host       string
	TLS        string
	QueueID    string
	RetryAfter time.Duration
}

// PageJob is one page that is to be sent to one channel.
type PageJob struct {
	ID, Raise, Case uuid.UUID
	// Code is the case's short code.
	Code    string
	Channel string // "pager" or "mail"
	Kind    string
	DueAt   time.Time
	Count   int
	Step    int
	Roles   []string
	Drill   bool
	// Restricted says that only a named circle may know of the case: the page then does not name it.
	Restricted bool
	Attempt    int
}

// PageAnswer is what a pager or mail server said to a page.
type PageAnswer struct {
	Taken bool
	Code  int
	Class string
}
