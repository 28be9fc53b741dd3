package duty

import (
	"fmt"
	"strings"
	"time"
)

// Question is what Explain answers: one customer's agreements, one subject.
type Question struct {
	Customer   Customer
	Set        Set
	Subject    Subject
	Resolution Resolution
	// Clock is nil where no incident is in hand.
	Clock *Clock
	// Contacts are the customer's own, of all roles.
	Contacts []Contact
}

// Explain says in plain text who is owed what, by when, under which clause and
// why. It names the customer by its reference and contacts by their ids, so that
// the text may stand in a log or a ticket.
func Explain(q Question) string {
	var b strings.Builder
	say := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-12s%s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "%s  %s  as of %s\n", q.Customer.Ref, q.Subject.Kind, q.Subject.At.UTC().Format(time.RFC3339))
	if q.Resolution.Owed {
		q.explainTerm(say)
	} else {
		say("owed", "nothing")
	}
	for _, o := range q.Resolution.Overrode {
		say("overrode", "%s: %s; %s", cite(o.Term, o.Document), promise(o.Term), o.Why)
	}
	for _, why := range q.Resolution.Why {
		say("why", "%s", why)
	}
	if q.Clock != nil {
		for _, step := range q.Clock.Why {
			say("clock", "%s", step.Text)
		}
	}
	return b.String()
}

func (q Question) explainTerm(say func(label, format string, args ...any)) {
	r := q.Resolution
	say("governs", "%s", cite(r.Term, r.Document))
	if at, known := q.Set.Accepted[r.Document.ID]; known {
		say("accepted", "%s", at.UTC().Format(time.DateOnly))
	}
	say("promises", "%s (start word %s, rule %s)", promise(r.Term), r.Term.Start, r.Term.Rule)
	services := "all services"
	if len(r.Term.Scope.Services) > 0 {
		services = strings.Join(r.Term.Scope.Services, ", ")
	}
	touched := "anything"
	if len(r.Term.Scope.Touched) > 0 {
		touched = join(r.Term.Scope.Touched)
	}
	say("covers", "%s; %s", touched, services)
	say("met by", "%s on %s, by %s of the contacts", r.Term.Meets, join(r.Term.Channels), r.Term.Contacts)
	if len(r.Term.Content) > 0 {
		say("must say", "%s", join(r.Term.Content))
	}
	for _, role := range r.Term.Notify {
		q.explainContacts(role, say)
	}
	if r.Disputed {
		say("disputed", "terms of equal rank differ; the earlier target governs until counsel chooses with a reason")
	}
	if q.Clock != nil {
		say("due", "%s", q.Clock.sentence())
	}
}

func (q Question) explainContacts(role ContactRole, say func(label, format string, args ...any)) {
	found := false
	for _, contact := range q.Contacts {
		if contact.Role != role {
			continue
		}
		found = true
		proven := "never proven"
		if contact.LastProven != nil {
			proven = "last proven " + contact.LastProven.UTC().Format(time.DateOnly)
		}
		language := contact.Language
		if language == "" {
			language = q.Customer.Language
		}
		if language == "" {
			language = "no language"
		}
		say("contact", "%s: %s (%s, %s)", role, contact.ID, language, proven)
	}
	if !found {
		say("contact", "%s: none; add one", role)
	}
}

// sentence says where the clock stands.
func (c Clock) sentence() string {
	switch {
	case c.Waiting != "":
		return "not yet: the clock waits for the word " + string(c.Waiting)
	case c.Internal:
		return fmt.Sprintf("%s, the company's own target; the clause gives no number", c.Target.Format(time.RFC3339))
	case c.Limit == nil || c.Limit.Equal(c.Target):
		return c.Target.Format(time.RFC3339)
	default:
		return fmt.Sprintf("target %s, limit %s", c.Target.Format(time.RFC3339), c.Limit.Format(time.RFC3339))
	}
}
