package change

import (
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// Customer is where one customer stands in a change.
type Customer struct {
	Dates
	Answer     Answer
	AnsweredAt *time.Time
	// ResolveBy is by when both sides look for a way after an objection.
	ResolveBy *time.Time
	// TakenAt is when the change took effect for the customer.
	TakenAt *time.Time
}

// Object records that the customer objects, in its window and before the change takes effect for it.
func (c Customer) Object(now time.Time) (Customer, error) {
	switch {
	case c.SentAt == nil:
		return c, problem.Blocked(problem.Blocker{Code: "not_told", Detail: "the customer was not told of the change yet"})
	case c.WindowCloses == nil:
		return c, problem.Blocked(problem.Blocker{Code: "no_window", Detail: "no agreement of the customer gives a right to object; record what it says as a message, and let counsel look"})
	case now.After(*c.WindowCloses):
		return c, problem.Blocked(problem.Blocker{Code: "window_over", Detail: "the window to object closed at " + c.WindowCloses.Format(time.RFC3339) + "; counsel decides about a late word"})
	case c.Answer != "" && c.Answer != TakenBack:
		return c, problem.Blocked(problem.Blocker{Code: "answered", Detail: "the customer objected before; its objection is " + string(c.Answer)})
	}
	c.Answer, c.AnsweredAt = Objected, &now
	return c, nil
}

// End ends an objection. What the window still protects nobody waives: that takes the window's end.
func (c Customer) End(end Answer, now time.Time) (Customer, error) {
	switch {
	case !slices.Contains(Ends(), end):
		return c, problem.InvalidField("end", "must be one of %v", Ends())
	case c.Answer != Objected:
		return c, problem.Blocked(problem.Blocker{Code: "no_objection", Detail: "no objection of this customer is open"})
	case end == Waived && c.WindowCloses != nil && !now.After(*c.WindowCloses):
		return c, problem.Blocked(problem.Blocker{Code: "window_open", Detail: "the window is the customer's until " + c.WindowCloses.Format(time.RFC3339) + "; until then only the customer takes its objection back"})
	}
	if end == Waived && c.ResolveBy != nil && now.Before(*c.ResolveBy) {
		return c, problem.Blocked(problem.Blocker{Code: "resolution_open", Detail: "a way is looked for until " + c.ResolveBy.Format(time.RFC3339) + "; until then nobody waives the objection"})
	}
	c.Answer, c.AnsweredAt = end, &now
	return c, nil
}

// Verdict is a gateway's answer: whether a change may be used for a customer, since or from when, and why.
type Verdict struct {
	May bool
	// From is since when it may, or from when it is expected to; nil where nothing says so.
	From *time.Time
	Why  string
}

// May says whether the change may be used for the customer. It never opens by itself: what opens it is that the change was taken to
// have taken effect, after every window, and an answer that blocks closes it again.
func (c Customer) May(mode Mode) Verdict {
	switch {
	case c.Answer == Objected:
		return Verdict{Why: "the customer objected, and its objection has no end yet"}
	case c.Answer.Blocks():
		return Verdict{Why: "the customer is spared the change: " + strings.ReplaceAll(string(c.Answer), "_", " ")}
	case c.SentAt == nil:
		return Verdict{Why: "the customer was not told of the change yet"}
	case c.TakenAt != nil:
		return Verdict{May: true, From: c.TakenAt, Why: "the customer was told, and its notice period and window are over"}
	case c.Provisional:
		return Verdict{Why: "the customer's dates rest on a calendar that does not reach far enough: a person decides"}
	case mode == AtOnce:
		return Verdict{Why: "the change takes effect for all at once, after the last window"}
	}
	return Verdict{From: &c.Effective, Why: "the customer's notice period or window is not over, or was not found to be over yet"}
}

// Ready says whether the change may be taken to take effect for the customer now. all is everybody's state in a change at once,
// where one customer's window holds back all; nil for one that is switchable.
func (c Customer) Ready(now time.Time, all *Together) bool {
	if c.TakenAt != nil || c.SentAt == nil || c.Answer.Blocks() || c.Provisional || now.Before(c.Effective) {
		return false
	}
	return all == nil || all.Untold+all.Objected+all.Provisional == 0 && !now.Before(all.Latest)
}

// Together is what a change at once waits for.
type Together struct {
	Untold, Objected, Provisional int
	// Latest is the last of all customers' own effective dates.
	Latest time.Time
}
