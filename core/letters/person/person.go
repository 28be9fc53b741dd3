// Package person writes the letters that a data subject receives: short, plain, without legal advice, in the language that
// they wrote in. It is pure: what a letter says is given to it.
package person

import (
	"time"
)

// Kind is what a letter is for.
type Kind string

// The letters.
const (
	// Acknowledgement: the request arrived, and what happens now (11 CCR 7021(a)).
	Acknowledgement Kind = "acknowledgement"
	// Identity asks the reader of a mailbox to show that it is theirs, with a link and a code.
	Identity Kind = "identity"
	// ContactTold tells another verified contact of the account that it is about to be erased, and how to object.
	ContactTold Kind = "contact_told"
	// Answer says what was done: what is gone and seen to be gone, what is still being removed, what is kept and why.
	Answer Kind = "answer"
	// Supplement follows an answer when something became different.
	Supplement Kind = "supplement"
	// Denial says that the request is not carried out, and why (GDPR art 12(4)).
	Denial Kind = "denial"
	// Extension says that the answer takes longer, and why (GDPR art 12(3)): DueAt is the new date.
	Extension Kind = "extension"
	// Forwarded says that the request went to the company whose service was used.
	Forwarded Kind = "forwarded"
	// AskController says that the company is a processor, and whom to ask.
	AskController Kind = "ask_controller"
	// ToCustomer hands a person's request to the customer who is the controller: Words are the person's, Contact where the
	// customer answers to.
	ToCustomer Kind = "to_customer"
	// ExportReady says that an export can be fetched once.
	ExportReady Kind = "export_ready"
	// Task tells a system's owner of a task, without any identifier of the person: Going names the system, Link where to sign in.
	Task Kind = "task"
)

// Line is one kind of data and what became of it.
type Line struct {
	// What is the data class in plain words, Where the system.
	What, Where string
	// Count is how many records; zero says nothing about how many.
	Count int64
	// Why is the ground of what is kept, in words.
	Why string
	// Until is when it goes; nil where nothing says so.
	Until *time.Time
	// At is when it was seen to be gone.
	At *time.Time
	// Attested says that a person's word stands for it, not what was seen.
	Attested bool
}

// Values is all that a letter may show.
type Values struct {
	// Company is the company's name, Contact its privacy address.
	Company, Contact string
	// Name is how the person calls themselves; Reference what they may quote.
	Name, Reference string
	// Right is a right of core/cases/request, e.g. "erasure".
	Right string
	// ReceivedAt is when the request arrived; DueAt when the answer is owed; ExpiresAt when a code or an export ends.
	ReceivedAt       time.Time
	DueAt, ExpiresAt *time.Time
	// Zone is in which instants are shown.
	Zone *time.Location
	// Code and Link show that a mailbox is the person's.
	Code, Link string
	// Customer is the company whose service was used, where it may be named.
	Customer string
	// Gone was seen to be gone, Going is still being removed (or, for access and portability, held), Kept stays on a ground,
	// Unsearched cannot be searched by an identifier: Why says what is done instead.
	Gone, Going, Kept, Unsearched []Line
	// Words are a person's own: why it takes longer, why it is denied.
	Words string
	// Remedies are where the person may complain or appeal.
	Remedies string
}
