package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// unchanged wants every row of every table as it was.
func (c *counter) unchanged(name string, f func()) {
	c.t.Helper()
	before := rows(c.t, c.Database.Superuser)
	f()
	require.Equal(c.t, before, rows(c.t, c.Database.Superuser), "%s: a refusal changes nothing", name)
}

// Every command about a request in every status in which it is not possible is a conflict with its remedy, and not one row
// of any table is touched.
func TestACommandInAWrongStatusChangesNothing(t *testing.T) {
	t.Parallel()
	why := desk.ReasonInput{Reason: "because"}
	type command func(*counter) error
	drop := func(_ desk.Receipt, err error) error { return err }
	lead := func(c *counter) access.Actor { return c.As(access.PrivacyLead) }
	scope := command(func(c *counter) error { return drop(c.Desk.ScopeRequest(c.ctx, lead(c), "k", c.Case)) })
	approve := command(func(c *counter) error {
		return drop(c.Desk.ApprovePlan(c.ctx, lead(c), "k", c.Case, desk.DigestInput{Digest: strings.Repeat("0", 64)}))
	})
	cancel := command(func(c *counter) error { return drop(c.Desk.CancelRequest(c.ctx, lead(c), "k", c.Case, why)) })
	deny := command(func(c *counter) error {
		return drop(c.Desk.DenyRequest(c.ctx, lead(c), "k", c.Case, desk.DenyInput{Reason: "excessive", Words: "daily"}))
	})
	lapse := command(func(c *counter) error { return drop(c.Desk.LapseRequest(c.ctx, lead(c), "k", c.Case, why)) })
	done := command(func(c *counter) error {
		return drop(c.Desk.DoneRequest(c.ctx, lead(c), "k", c.Case, desk.DoneInput{Evidence: "x"}))
	})
	care := command(func(c *counter) error { return drop(c.Desk.CareRequest(c.ctx, lead(c), "k", c.Case, why)) })
	ask := command(func(c *counter) error {
		return drop(c.Desk.AskIdentity(c.ctx, lead(c), "k", c.Case, c.view().Identities[0].ID))
	})
	link := command(func(c *counter) error {
		return drop(c.Desk.LinkRequest(c.ctx, lead(c), "k", c.Case, desk.DuplicateInput{Of: c.Case.String()}))
	})
	retry := command(func(c *counter) error {
		target := uuid.New()
		if all := c.view().Targets; len(all) > 0 {
			target = all[0].ID
		}
		err := drop(c.Desk.RetryTarget(c.ctx, lead(c), "k", c.Case, target))
		if problem.CodeOf(err) == problem.NotFound { // There is none to retry yet.
			return problem.Blocked()
		}
		return err
	})
	denial := command(func(c *counter) error {
		return drop(c.Desk.DraftLetter(c.ctx, lead(c), "k", c.Case, desk.LetterInput{Kind: "denial", Words: "x"}))
	})
	shred := command(func(c *counter) error { return drop(c.shreds(access.PrivacyLead, "erasure_order")) })
	started := command(func(c *counter) error { _, err := c.Desk.MakePlan(c.ctx, c.Case); return err })
	commands := map[string]command{"scope": scope, "approve": approve, "cancel": cancel, "deny": deny, "lapse": lapse, "done": done, "care": care, "ask": ask,
		"link": link, "retry": retry, "denial letter": denial, "shred": shred, "plan made": started}
	refusedIn := map[string][]string{
		"verifying_identity":       {"scope", "approve", "lapse", "done", "care", "link", "retry", "denial letter", "shred", "plan made"},
		"scoping":                  {"approve", "lapse", "done", "care", "ask", "link", "retry", "denial letter", "shred", "plan made"},
		"awaiting_approval":        {"approve", "lapse", "done", "care", "ask", "link", "retry", "denial letter", "shred", "plan made"},
		"restricting":              {"scope", "approve", "lapse", "done", "care", "ask", "link", "retry", "denial letter", "shred", "plan made"},
		"completed_with_retention": {"scope", "approve", "cancel", "deny", "lapse", "done", "care", "ask", "link", "retry", "denial letter", "shred", "plan made"},
		"completed":                {"scope", "approve", "cancel", "deny", "lapse", "done", "care", "ask", "link", "retry", "denial letter", "plan made"},
		"cancelled":                {"scope", "approve", "cancel", "deny", "lapse", "done", "care", "ask", "link", "retry", "denial letter", "shred", "plan made"},
		"denied":                   {"scope", "approve", "cancel", "deny", "lapse", "done", "care", "ask", "link", "retry", "shred", "plan made"},
	}
	for status, names := range refusedIn {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			c.brings(status)
			require.Equal(t, status, c.view().Status)
			for _, name := range names {
				c.unchanged(name, func() { require.Equal(t, problem.Conflict, problem.CodeOf(commands[name](c)), name) })
			}
		})
	}
}

// brings brings a request of Ana's into a status.
func (c *counter) brings(status string) {
	c.t.Helper()
	c.asks("erasure", "ana@example.test")
	if status == "verifying_identity" {
		return
	}
	if status == "scoping" {
		c.proves()
		return
	}
	if c.planned(); status == "awaiting_approval" {
		return
	}
	c.approves()
	switch status {
	case "cancelled":
		_, err := c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "x"})
		require.NoError(c.t, err)
	case "denied":
		_, err := c.Desk.DenyRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DenyInput{Reason: "excessive", Words: "x"})
		require.NoError(c.t, err)
	case "completed", "completed_with_retention":
		c.advance(73 * time.Hour)
		c.runs()
		if status == "completed" {
			c.advance(9 * 365 * 24 * time.Hour)
			c.runs()
		}
	}
}

// What is not there, not understood, or not the actor's to do is refused before anything is written.
func TestNonsenseAboutARequestChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.brings("awaiting_approval")
	lead, digest := c.As(access.PrivacyLead), c.view().State.Plan.Digest
	late := time.Now().Add(time.Hour)
	for want, act := range map[problem.Code][]func() (desk.Receipt, error){
		problem.Invalid: {
			func() (desk.Receipt, error) {
				return c.Desk.OpenRequest(c.ctx, lead, "k", desk.RequestInput{Right: "oblivion", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}})
			},
			func() (desk.Receipt, error) {
				return c.Desk.OpenRequest(c.ctx, lead, "k", desk.RequestInput{Right: "erasure", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana"}}})
			},
			func() (desk.Receipt, error) {
				return c.Desk.OpenRequest(c.ctx, lead, "k", desk.RequestInput{Right: "erasure", ReceivedAt: &late, Evidence: "x", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}})
			},
			func() (desk.Receipt, error) {
				return c.Desk.OpenRequest(c.ctx, lead, "k", desk.RequestInput{Right: "erasure"})
			},
			func() (desk.Receipt, error) {
				return c.Desk.DenyRequest(c.ctx, lead, "k", c.Case, desk.DenyInput{Reason: "bored", Words: "x"})
			},
			func() (desk.Receipt, error) {
				return c.Desk.CancelRequest(c.ctx, lead, "k", c.Case, desk.ReasonInput{})
			},
			func() (desk.Receipt, error) {
				return c.Desk.AssignRequest(c.ctx, lead, "k", c.Case, desk.AssigneeInput{Assignee: "nobody"})
			},
			func() (desk.Receipt, error) {
				return c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "k", desk.RecordHoldInput{Address: "app/tickets", Ground: "because", Reason: "x", ReviewAt: late})
			},
		},
		problem.Forbidden: {
			func() (desk.Receipt, error) { // Whoever asked for the plan.
				return c.Desk.ApprovePlan(c.ctx, c.As(access.Responder), "k", c.Case, desk.DigestInput{Digest: digest})
			},
			func() (desk.Receipt, error) {
				return c.Desk.ScopeRequest(c.ctx, c.As(access.Auditor), "k", c.Case)
			},
			func() (desk.Receipt, error) {
				return c.Desk.PlaceRecordHold(c.ctx, c.As(access.Responder), "k", desk.RecordHoldInput{Address: "app/tickets", Ground: "legal_claims", Reason: "x", ReviewAt: late})
			},
		},
		problem.NotFound: {
			func() (desk.Receipt, error) { return c.Desk.AskIdentity(c.ctx, lead, "k", c.Case, uuid.New()) },
			func() (desk.Receipt, error) { return c.Desk.RetryTarget(c.ctx, lead, "k", c.Case, uuid.New()) },
			func() (desk.Receipt, error) {
				return c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", uuid.New(), desk.ReasonInput{Reason: "over"})
			},
			func() (desk.Receipt, error) { return c.Desk.ScopeRequest(c.ctx, lead, "k", uuid.New()) },
		},
	} {
		for _, do := range act {
			c.unchanged(string(want), func() { _, err := do(); code(t, want, err) })
		}
	}
}

// What a request names wrongly is told by its field, and not one row is written; what stands beside it in the clear is a code.
func TestAMalformedRequestIsToldByItsField(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	long := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	for field, change := range map[string]func(*desk.RequestInput){
		"care[1]":     func(in *desk.RequestInput) { in.Care = []string{"sole_owner", "Ana is a friend"} },
		"country":     func(in *desk.RequestInput) { in.Country = "Bayern" },
		"received_at": func(in *desk.RequestInput) { in.ReceivedAt, in.Evidence = &long, "a postmark" },
		"identities[1].value": func(in *desk.RequestInput) {
			in.Identities = append(in.Identities, desk.IdentityInput{Kind: "email", Value: "a, b"})
		},
		"identities[1].kind": func(in *desk.RequestInput) {
			in.Identities = append(in.Identities, desk.IdentityInput{Kind: "e-mail", Value: "a@example.test"})
		},
	} {
		in := desk.RequestInput{Right: "erasure", Channel: "letter", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}, Drill: true}
		change(&in)
		c.unchanged(field, func() {
			_, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", in)
			names(t, field, err)
		})
	}
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{Right: "erasure", Country: " us-ca", Drill: true,
		Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "email", Value: "Ana@Example.test"}}})
	require.NoError(t, err)
	c.Case = done.Case
	require.Len(t, c.view().Identities, 1, "one mailbox is asked once")
	require.Equal(t, "ccpa", c.view().Regime)
}
