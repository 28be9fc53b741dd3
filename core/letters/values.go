package letters

import "time"

// Contract is the agreement's clause under which a notice is owed.
type Contract struct {
	// Document names the executed document.
	Document string `json:"document"`
	// Clause is the clause in it.
	Clause string `json:"clause"`
}

// Values is what one recipient's letter says that no other's does. None of it is
// taken from another recipient, and none of it is ever read as a template.
type Values struct {
	// Customer is the customer's name as on the agreement.
	Customer string `json:"customer"`
	// Reference is the customer's own reference of the matter; never the case's code.
	Reference string `json:"reference"`
	// Contract is the clause that the notice carries out.
	Contract Contract `json:"contract"`
	// Aware is when the company became aware; zero leaves it out of the letter.
	Aware time.Time `json:"aware"`
	// Confirmed is when the incident was confirmed; zero leaves it out.
	Confirmed time.Time `json:"confirmed"`
	// Zone is the IANA name of the zone in which the customer reads instants.
	Zone string `json:"zone"`
	// Location is the data of Zone. It is not part of the stored values.
	Location *time.Location `json:"-"`
	// Language is the language that the contact asked for as a BCP 47 tag; ""
	// where none is on record.
	Language string `json:"language"`
	// Resources are this customer's affected resources or tenants.
	Resources []string `json:"resources,omitempty"`
	// DataSubjects is the approximate number of this customer's data subjects; nil
	// where the common text says what there is to say.
	DataSubjects *int64 `json:"data_subjects,omitempty"`
	// Records is the approximate number of this customer's records; nil likewise.
	Records *int64 `json:"records,omitempty"`
	// Drill marks the letter, its subject included, as an exercise.
	Drill bool `json:"drill,omitempty"`
	// LateAfter is the legal limit of what this recipient is owed: a letter made after it prints the notice's
	// DelayReason. Zero where nothing is late, or where the approver has no reason printed.
	LateAfter time.Time `json:"late_after,omitzero"`
	// Change are the customer's own dates in a notice of change; nil in any other letter.
	Change *ChangeDates `json:"change,omitempty"`
}

// ChangeDates are one customer's own dates in a notice of change, as its letter says them: counted from SendBy. Who is reached
// later has later ones.
type ChangeDates struct {
	// SendBy is the last instant at which the letter may leave.
	SendBy time.Time `json:"send_by"`
	// Effective is the first instant at which the change may take effect for the customer.
	Effective time.Time `json:"effective"`
	// WindowCloses is the last instant at which it may object, TerminationUntil the last at which it may terminate because of the
	// change; zero where no agreement gives such a window.
	WindowCloses     time.Time `json:"window_closes,omitzero"`
	TerminationUntil time.Time `json:"termination_until,omitzero"`
	// Page is the address of the customer's own page.
	Page string `json:"page"`
	// Corrects is when the notice was sent that this one takes the place of; zero for none.
	Corrects time.Time `json:"corrects,omitzero"`
}

// Letter is the rendered message to one recipient.
type Letter struct {
	// Subject is one line of plain text.
	Subject string `json:"subject" doc:"One line of plain text"`
	// Text is the letter in plain text with LF line ends.
	Text string `json:"text" doc:"The letter in plain text"`
	// HTML is the letter as a complete document without remote parts.
	HTML string `json:"html" doc:"The letter as a complete document without remote parts"`
	// Language is the language it is written in.
	Language string `json:"language" doc:"The language it is written in"`
	// FallbackUsed says that the recipient asked for another language; the letter
	// says so too.
	FallbackUsed bool `json:"fallback_used" doc:"The recipient asked for another language"`
}
