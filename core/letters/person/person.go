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

// Wait is what keeps data that is still being removed.
type Wait string

// The waits.
const (
	// WaitsForOwner: people who run the system remove it; Until is when they are to be done.
	WaitsForOwner Wait = "owner"
	// WaitsForSystem: the system failed, and is asked again.
	WaitsForSystem Wait = "failed"
	// WaitsForNothing: it is under way.
	WaitsForNothing Wait = "running"
)

// Search is how far the company looked.
type Search string

// The three.
const (
	// Searched: everywhere where the person's identifiers lead.
	Searched Search = ""
	// Searching: some places have not answered yet.
	Searching Search = "searching"
	// NotShown: nowhere, because nobody has shown that the data is theirs.
	NotShown Search = "not_shown"
)

// Line is one kind of data and what became of it.
type Line struct {
	// Class is a data class of core/estate, e.g. "account"; Where is the system.
	Class, Where string
	// Count is how many records; zero says nothing about how many.
	Count int64
	// Ground is the ground of what is kept, one of core/estate's or "store_lock"; Why is the provision, or for what cannot be
	// searched what is done instead.
	Ground, Why string
	// Wait is what keeps what is still being removed.
	Wait Wait
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
	// Right and Regime are of core/cases/request, e.g. "erasure" under "gdpr"; the regime says where the person may complain.
	Right, Regime string
	// Instructed says that the letter goes to the controller who instructed the request, and not to the person.
	Instructed bool
	// ReceivedAt is when the request arrived; DueAt when the answer is owed; ExpiresAt when a code or an export ends.
	ReceivedAt       time.Time
	DueAt, ExpiresAt *time.Time
	// Zone is in which instants are shown.
	Zone *time.Location
	// Code and Link show that a mailbox is the person's.
	Code, Link string
	// Customer is the company whose service was used, where it may be named.
	Customer string
	// Search says what the absence of lines means.
	Search Search
	// Gone was seen to be gone, Going is still being removed (or, for access and portability, held), Kept stays on a ground,
	// Unsearched cannot be searched by an identifier: Why says what is done instead. Unreached could be, and nothing that was shown
	// leads there.
	Gone, Going, Kept, Unsearched, Unreached []Line
	// Words are a person's own: why it takes longer, why it is denied.
	Words string
}
