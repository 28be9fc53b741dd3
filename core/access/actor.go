// Package access says who may do what: actors, roles, scopes, and one table
// with a row for every action. It decides by the table alone; what depends on
// the case's state (a second person, an open duty) is decided in core/cases.
package access

import (
	"slices"

	"github.com/atlascloudai/docket/core/problem"
)

// Kind is what sort of actor acts.
type Kind string

// The kinds.
const (
	// Person: a named person, by their own token or session.
	Person Kind = "person"
	// Machine: another system with a token of its own (monitoring, ticketing, a pager).
	Machine Kind = "machine"
	// Worker: Docket itself, carrying out what people decided. It holds no role and no scope.
	Worker Kind = "worker"
)

// Role is a function in the response team, in the field's own words.
type Role string

// The roles.
const (
	// Responder: a security engineer who works on the incident.
	Responder Role = "responder"
	// IncidentCommander leads one incident; exactly one at a time.
	IncidentCommander Role = "incident_commander"
	// SecurityLead answers for the security team.
	SecurityLead Role = "security_lead"
	// PrivacyLead is the data protection officer or who acts for them.
	PrivacyLead Role = "privacy_lead"
	// LegalCounsel reads the agreements and the law for the company.
	LegalCounsel Role = "legal_counsel"
	// CommsLead is the customer liaison: texts, sending, what customers answer.
	CommsLead Role = "comms_lead"
	// ExecutiveSponsor is who is told when a deadline is about to be missed.
	ExecutiveSponsor Role = "executive_sponsor"
	// Auditor reads and verifies, and changes nothing.
	Auditor Role = "auditor"
	// Observer reads cases, and changes nothing.
	Observer Role = "observer"
	// Admin runs the installation: tokens, assignments, quarantine. Being admin
	// gives no say over a case.
	Admin Role = "admin"
	// Integration is the role of machines.
	Integration Role = "integration"
)

// Roles are all roles, in the order of the documentation.
func Roles() []Role {
	return []Role{
		Responder, IncidentCommander, SecurityLead, PrivacyLead, LegalCounsel, CommsLead,
		ExecutiveSponsor, Auditor, Observer, Admin, Integration,
	}
}

// Valid tells whether the role is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Actor is whoever asks for something to be done or shown.
type Actor struct {
	// ID is the actor's UUID; the only thing about them that chains and logs carry.
	ID string
	// Kind is what sort of actor this is.
	Kind Kind
	// Handle is what staff call the actor. It is personal data: never in logs or chains.
	Handle string
	// Roles are the roles held, those assigned on the case in hand included (see With).
	Roles []Role
	// Scopes bound what the token may be used for, whatever the roles allow.
	Scopes []Scope
	// TokenID is the id of the token that authenticated the request, empty for the worker.
	TokenID string
}

// With is the actor with further roles, such as those assigned on one case.
func (a Actor) With(roles ...Role) Actor {
	all := slices.Concat(a.Roles, roles)
	slices.Sort(all)
	a.Roles = slices.Compact(all)
	return a
}

// Has tells whether the actor holds the role or deputises for it.
func (a Actor) Has(role Role) bool {
	if slices.Contains(a.Roles, role) {
		return true
	}
	return slices.ContainsFunc(deputies[role], func(deputy Role) bool { return slices.Contains(a.Roles, deputy) })
}

// CanSee tells whether a case exists for the actor. A restricted case exists
// for its members and for the worker, which must carry it out; no role opens
// it, admin and auditor included. A person or machine also needs CaseRead, which
// May decides.
func CanSee(actor Actor, restricted, isMember bool) bool {
	if actor.ID == "" {
		return false
	}
	return !restricted || isMember || actor.Kind == Worker
}

// See is CanSee as an answer: a case that the actor may not see is not found, in
// the words used for a case that does not exist.
func See(actor Actor, restricted, isMember bool) error {
	if CanSee(actor, restricted, isMember) {
		return nil
	}
	return NoCase()
}

// NoCase is the one answer for a case that does not exist or may not be seen.
func NoCase() error { return problem.Missing("case") }
