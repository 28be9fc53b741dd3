package duty

import (
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/clock"
)

// The kinds of terms that speak of a change, beside IncidentNotice.
const (
	// ChangeNotice is a period that lies between a notice of change and the change: a sub-processor clause, a change clause.
	ChangeNotice = "change-notice"
	// ObjectionWindow is how long the customer may object, counted from the notice. It is the customer's: nobody closes it early.
	ObjectionWindow = "objection-window"
	// ObjectionResolution is how long both sides look for a way after an objection came in.
	ObjectionResolution = "objection-resolution"
	// TerminationWindow is how long the customer may terminate because of the change.
	TerminationWindow = "termination-window"
)

// TermKinds lists every kind of term.
var TermKinds = []string{IncidentNotice, ChangeNotice, ObjectionWindow, ObjectionResolution, TerminationWindow}

// ChangeKind is what changes for customers.
type ChangeKind string

// The kinds of changes.
const (
	// PolicyChange is another text of a published document (policy, section 13).
	PolicyChange ChangeKind = "policy"
	// SubprocessorChange is a new or replaced sub-processor (GDPR art 28(2)).
	SubprocessorChange ChangeKind = "subprocessor"
	// ProviderChange is a new or replaced model provider.
	ProviderChange ChangeKind = "provider"
	// RetentionChange is another period for which something is kept.
	RetentionChange ChangeKind = "retention"
	// RegionChange is another place where data is processed.
	RegionChange ChangeKind = "region"
)

// ChangeKinds lists every ChangeKind.
var ChangeKinds = []ChangeKind{PolicyChange, SubprocessorChange, ProviderChange, RetentionChange, RegionChange}

// ClockOf is the rule that counts a kind of term, and the word that starts it, where the term names none of its own;
// empty for a kind whose clause always says.
func ClockOf(kind string) (rule string, start clock.StartWord) {
	switch kind {
	case ChangeNotice:
		return "dpa-subprocessor-notice", clock.StartChangeEffective
	case ObjectionWindow:
		return "dpa-objection-window", clock.StartNoticeSent
	case ObjectionResolution:
		return "dpa-objection-resolution", clock.StartComplaintReceived
	case TerminationWindow:
		return "dpa-termination-window", clock.StartNoticeSent
	}
	return "", ""
}

// About is a change, as far as agreements and audiences look at it.
type About struct {
	Kind ChangeKind
	// Services are those that change, Providers and Regions those that are replaced or changed; empty for all.
	Services, Providers, Regions []string
	// Emergency asks for the terms of an emergency clause, where the customer's agreements have one.
	Emergency bool
}

// Reaches says whether a change reaches a customer, by what it uses. What is not recorded of either is no reason to leave the
// customer out.
func (a About) Reaches(c Customer) bool {
	shares := func(changed, used []string) bool {
		return len(changed) == 0 || len(used) == 0 || slices.ContainsFunc(changed, func(one string) bool { return slices.Contains(used, one) })
	}
	return shares(a.Services, c.Services) && shares(a.Providers, c.Providers) && shares(a.Regions, c.Regions)
}

// ChangeTerms are what one customer's agreements say about a change, each kind in the order of the terms' ids. Every term in
// force counts, whichever document prevails: whoever waits for the longest period breaks none of them.
type ChangeTerms struct {
	Notice, Objection, Resolution, Termination []Term
}

// TermsAbout are the terms in force at an instant that speak of a change. On the emergency path the notice of an emergency
// clause stands in for the ordinary ones; where there is no such clause they stay.
func TermsAbout(set Set, about About, at time.Time) ChangeTerms {
	var found ChangeTerms
	var emergency []Term
	for _, term := range set.InForce(at).Terms {
		if !term.Scope.speaksOf(about) {
			continue
		}
		switch {
		case term.Kind == ChangeNotice && term.Scope.Emergency:
			emergency = append(emergency, term)
		case term.Kind == ChangeNotice:
			found.Notice = append(found.Notice, term)
		case term.Kind == ObjectionWindow:
			found.Objection = append(found.Objection, term)
		case term.Kind == ObjectionResolution:
			found.Resolution = append(found.Resolution, term)
		case term.Kind == TerminationWindow:
			found.Termination = append(found.Termination, term)
		}
	}
	if about.Emergency && len(emergency) > 0 {
		found.Notice = emergency
	}
	return found
}

// speaksOf says whether a scope covers a change. What is not recorded of the change is no reason to apply less.
func (s Scope) speaksOf(about About) bool {
	shares := func(service string) bool { return slices.Contains(s.Services, service) }
	return (len(s.Changes) == 0 || slices.Contains(s.Changes, about.Kind)) &&
		(len(s.Services) == 0 || len(about.Services) == 0 || slices.ContainsFunc(about.Services, shares))
}
