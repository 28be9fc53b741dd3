package duty_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// The incident of these tests is in November 2026; every document is older unless it says otherwise.
var incident = time.Date(2026, time.November, 9, 14, 30, 0, 0, time.UTC)

func document(id string, kind duty.Kind, signed string) duty.Document {
	date, err := clock.ParseDate(signed)
	if err != nil {
		panic(err)
	}
	return duty.Document{
		ID: id, Kind: kind, Title: id, Version: "1.0", Executed: date,
		EffectiveFrom: time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, time.UTC),
	}
}

func amendment(id, amends, signed string) duty.Document {
	d := document(id, duty.Amendment, signed)
	d.Amends = amends
	return d
}

// term promises a number of hours after awareness, with 0 for "without undue delay".
func term(in string, hours int, services ...string) duty.Term {
	t := duty.Term{
		ID: in + "-term", Document: in, Kind: duty.IncidentNotice, Start: clock.StartAwareProcessor,
		Scope: duty.Scope{Touched: []duty.Touch{duty.CustomerContent, duty.CustomerPersonalData}, Services: services},
		Rule:  "dpa-incident", Notify: []duty.ContactRole{duty.RoleIncidentNotice},
		Channels: []duty.Channel{duty.Email}, Contacts: duty.AnyContact, Meets: duty.Acceptance, Clause: "7.2", Page: 4,
	}
	if hours == 0 {
		t.Rule, t.Words = "dpa-incident-no-number", "without undue delay"
		return t
	}
	period := clock.Hours(hours)
	t.Period = &period
	return t
}

func set(parts ...any) duty.Set {
	var s duty.Set
	for _, part := range parts {
		switch part := part.(type) {
		case duty.Document:
			s.Documents = append(s.Documents, part)
		case duty.Term:
			s.Terms = append(s.Terms, part)
		}
	}
	return s
}

func content(service string) duty.Subject {
	return duty.Subject{Kind: duty.IncidentNotice, Service: service, Touched: []duty.Touch{duty.CustomerPersonalData}, At: incident}
}

func TestTheStrongerDocumentGoverns(t *testing.T) {
	t.Parallel()
	agreement := document("ea", duty.EnterpriseAgreement, "2025-01-10")
	order := document("order", duty.OrderForm, "2025-02-10")
	dpa := document("dpa", duty.DPA, "2025-01-10")
	zdr := document("zdr", duty.ZDRAddendum, "2025-06-01")
	scc := document("scc", duty.SCC, "2025-01-10")
	standard := document("standard", duty.StandardTerms, "2024-01-01")
	docs := document("docs", duty.ServiceDocumentation, "2024-01-01")
	reversed := agreement
	reversed.Precedence = []duty.Kind{duty.EnterpriseAgreement, duty.OrderForm, duty.DPA}
	reversed.PrecedenceClause = "14.2"

	cases := map[string]struct {
		set      duty.Set
		service  string
		governs  string
		overrode int
		why      string
	}{
		"DPA over order form and Enterprise Agreement": {
			set(agreement, term("ea", 72), order, term("order", 12), dpa, term("dpa", 48)), "chat", "dpa", 3, "default order"},
		"order form over Enterprise Agreement": {
			set(agreement, term("ea", 12), order, term("order", 72)), "chat", "order", 2, "default order"},
		"standard contractual clauses over everything": {
			set(scc, term("scc", 0), dpa, term("dpa", 24), zdr, term("zdr", 24, "chat")), "chat", "scc", 3, "clause 5"},
		"ZDR Addendum for the service it names": {
			set(zdr, term("zdr", 24, "video"), dpa, term("dpa", 48)), "video", "zdr", 2, "ZDR Addendum"},
		"ZDR Addendum not for another service": {
			set(zdr, term("zdr", 24, "video"), dpa, term("dpa", 48)), "chat", "dpa", 1, "policy"},
		"negotiated agreement over standard terms": {
			set(standard, term("standard", 24), agreement, term("ea", 72)), "chat", "ea", 2, "standard terms"},
		"standard terms over service documentation, and that over the policy": {
			set(standard, term("standard", 48), docs, term("docs", 24)), "chat", "standard", 2, "service documentation"},
		"an amendment over what it amends": {
			set(dpa, term("dpa", 24), amendment("a1", "dpa", "2026-01-01"), term("a1", 36)), "chat", "a1", 2, "amendment prevails"},
		"the later amendment over the earlier, also over one of its own": {
			set(dpa, amendment("a2", "a1", "2026-03-01"), term("a2", 60), amendment("a1", "dpa", "2026-01-01"), term("a1", 36)), "chat", "a2", 2, "later amendment"},
		"an amended DPA stands where the DPA stands": {
			set(dpa, amendment("a1", "dpa", "2026-01-01"), term("a1", 72), order, term("order", 12)), "chat", "a1", 2, "the DPA prevails over the order form"},
		"an amended order form does not": {
			set(dpa, term("dpa", 48), order, amendment("a1", "order", "2026-01-01"), term("a1", 12)), "chat", "dpa", 2, "the order form"},
		"a precedence clause over the default order": {
			set(reversed, term("ea", 36), dpa, term("dpa", 48)), "chat", "ea", 2, "section 14.2 of ea, version 1.0 puts the Enterprise Agreement before the DPA"},
		"a precedence clause does not reach mandatory clauses": {
			set(reversed, term("ea", 36), scc, term("scc", 48)), "chat", "scc", 2, "clause 5"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := duty.Resolve(c.set, content(c.service))
			require.True(t, got.Owed)
			require.False(t, got.Disputed, got.Why)
			require.Equal(t, c.governs, got.Document.ID)
			require.Equal(t, c.governs, got.Term.Document)
			require.Len(t, got.Candidates, 1)
			require.Len(t, got.Overrode, c.overrode, "the policy's section 12 gives way too")
			var whys string
			for _, o := range got.Overrode {
				require.NotEmpty(t, o.Why)
				whys += o.Why + "\n"
			}
			require.Contains(t, whys, c.why)
		})
	}
}

func TestEqualRankThatDiffersIsDisputedAndTheStricterIsNamed(t *testing.T) {
	t.Parallel()
	first, second := document("dpa-1", duty.DPA, "2025-01-10"), document("dpa-2", duty.DPA, "2025-09-10")
	clauseA := document("order", duty.OrderForm, "2025-02-10")
	clauseA.Precedence, clauseA.PrecedenceClause = []duty.Kind{duty.OrderForm, duty.DPA}, "3"
	clauseB := first
	clauseB.Precedence, clauseB.PrecedenceClause = []duty.Kind{duty.DPA, duty.OrderForm}, "12"
	ring := document("ea", duty.EnterpriseAgreement, "2025-01-10")
	ring.Precedence = []duty.Kind{duty.EnterpriseAgreement, duty.ZDRAddendum}

	cases := map[string]struct {
		set     duty.Set
		service string
		governs string
		among   int
	}{
		"two DPAs that know nothing of each other": {
			set(first, term("dpa-1", 36), second, term("dpa-2", 48)), "chat", "dpa-1", 2},
		"a number is stricter than none": {
			set(first, term("dpa-1", 0), second, term("dpa-2", 48)), "chat", "dpa-2", 2},
		"two clauses that contradict each other": {
			set(clauseA, term("order", 72), clauseB, term("dpa-1", 48)), "chat", "dpa-1", 2},
		"a ring of clause and default order": {
			set(ring, term("ea", 30), document("zdr", duty.ZDRAddendum, "2025-02-01"), term("zdr", 40, "chat"), first, term("dpa-1", 50)), "chat", "ea", 3},
		"amendments of one day": {
			set(first, amendment("a1", "dpa-1", "2026-01-01"), term("a1", 36), amendment("a2", "dpa-1", "2026-01-01"), term("a2", 24)), "chat", "a2", 2},
		"an amendment of a document that nobody has": {
			set(amendment("a1", "lost", "2026-01-01"), term("a1", 36), first, term("dpa-1", 48)), "chat", "a1", 2},
		"a laxer ZDR Addendum while the service is not known": {
			set(document("zdr", duty.ZDRAddendum, "2025-02-01"), term("zdr", 72, "video"), first, term("dpa-1", 48)), "", "dpa-1", 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := duty.Resolve(c.set, content(c.service))
			require.True(t, got.Disputed)
			require.Equal(t, c.governs, got.Document.ID)
			require.Equal(t, got.Term, got.Candidates[0])
			require.Len(t, got.Candidates, c.among)
			require.Contains(t, fmt.Sprint(got.Why), "until counsel chooses with a reason")
		})
	}
}

func TestTwoTermsThatSayTheSameAreNoDispute(t *testing.T) {
	t.Parallel()
	got := duty.Resolve(set(
		document("dpa-1", duty.DPA, "2025-01-10"), term("dpa-1", 48),
		document("dpa-2", duty.DPA, "2025-09-10"), term("dpa-2", 48),
	), content("chat"))
	require.False(t, got.Disputed)
	require.Equal(t, "dpa-2", got.Document.ID, "the later document is cited")
	require.Contains(t, got.Overrode[0].Why, "promises the same")
}

func TestPromisesAboutDifferentThingsAreAllOwedWithoutDispute(t *testing.T) {
	t.Parallel()
	outage := func(in string, hours int) duty.Term {
		promised := term(in, hours)
		promised.ID, promised.Scope.Touched = in+"-outage", []duty.Touch{duty.Availability}
		return promised
	}
	agreement, dpa := document("ea", duty.EnterpriseAgreement, "2025-01-10"), document("dpa", duty.DPA, "2025-01-10")
	subject := content("chat")
	subject.Touched = []duty.Touch{duty.Availability, duty.CustomerPersonalData}

	got := duty.Resolve(set(dpa, term("dpa", 24), outage("dpa", 72)), subject)
	require.False(t, got.Disputed)
	require.Equal(t, "dpa-term", got.Term.ID)
	require.Len(t, got.Candidates, 2)

	got = duty.Resolve(set(dpa, term("dpa", 48), agreement, outage("ea", 12)), subject)
	require.False(t, got.Disputed, "the DPA prevails where both speak, and it does not speak of outages")
	require.Equal(t, "ea-outage", got.Term.ID)
	require.Len(t, got.Candidates, 2)
	require.Contains(t, fmt.Sprint(got.Why), "is owed as well")
	require.Len(t, got.Overrode, 1, "the policy alone gave way")

	subject.Touched = []duty.Touch{duty.CustomerPersonalData}
	require.Equal(t, "dpa-term", duty.Resolve(set(dpa, term("dpa", 48), agreement, outage("ea", 12)), subject).Term.ID)
}

func TestWhatIsNotRecordedYetIsNoReasonToOweLess(t *testing.T) {
	t.Parallel()
	subject := content("")
	subject.Touched = nil
	got := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), term("dpa", 48, "video")), subject)
	require.Equal(t, "dpa-term", got.Term.ID)
	require.Contains(t, fmt.Sprint(got.Why), "what was touched is not recorded")
	require.Contains(t, fmt.Sprint(got.Why), "the affected service is not recorded")
}

func TestThePolicyIsTheLastResort(t *testing.T) {
	t.Parallel()
	got := duty.Resolve(duty.Set{}, content("chat"))
	require.True(t, got.Owed)
	require.True(t, got.LastResort)
	require.Nil(t, got.Term.Period, "the policy gives no number")
	require.Equal(t, clock.StartConfirmedProcessor, got.Term.Start)
	require.Equal(t, "12", got.Term.Clause)
	require.Contains(t, fmt.Sprint(got.Why), "last resort")

	own := document("policy-2027", duty.Policy, "2026-01-01")
	got = duty.Resolve(set(own, term("policy-2027", 0)), content("chat"))
	require.Equal(t, "policy-2027", got.Document.ID, "a policy in the set takes the place of the published one")
	require.Empty(t, got.Overrode)
}

func TestOutsideEveryScopeNothingIsOwedAndTheReasonIsNamed(t *testing.T) {
	t.Parallel()
	subject := content("chat")
	subject.Touched = []duty.Touch{duty.OperationalMetadata}
	got := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), term("dpa", 48)), subject)
	require.False(t, got.Owed)
	require.Contains(t, fmt.Sprint(got.Why), "it speaks of customer content, customer personal data, and the incident touched operational metadata")
	require.Contains(t, fmt.Sprint(got.Why), "no incident-notice is owed under any agreement in force")

	subject.Kind = "subprocessor-change"
	require.False(t, duty.Resolve(duty.Set{}, subject).Owed)
}

func TestOnlyWhatIsInForceAtTheInstantBinds(t *testing.T) {
	t.Parallel()
	at := func(hours int) *time.Time { i := incident.Add(time.Duration(hours) * time.Hour); return &i }
	cases := map[string]struct {
		change func(*duty.Set)
		binds  bool
	}{
		"as it is":                       {func(*duty.Set) {}, true},
		"begins at this very instant":    {func(s *duty.Set) { s.Documents[0].EffectiveFrom = incident }, true},
		"begins later":                   {func(s *duty.Set) { s.Documents[0].EffectiveFrom = *at(1) }, false},
		"ended at this very instant":     {func(s *duty.Set) { s.Documents[0].EffectiveTo = &incident }, false},
		"ends later":                     {func(s *duty.Set) { s.Documents[0].EffectiveTo = at(1) }, true},
		"accepted before":                {func(s *duty.Set) { s.Accepted = map[string]time.Time{"dpa": *at(-1)} }, true},
		"accepted later":                 {func(s *duty.Set) { s.Accepted = map[string]time.Time{"dpa": *at(1)} }, false},
		"the term begins later":          {func(s *duty.Set) { s.Terms[0].EffectiveFrom = at(1) }, false},
		"the term ended":                 {func(s *duty.Set) { s.Terms[0].EffectiveTo = at(0) }, false},
		"the term of another document":   {func(s *duty.Set) { s.Terms[0].Document = "other" }, false},
		"the term is of another promise": {func(s *duty.Set) { s.Terms[0].Kind = "deletion" }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := set(document("dpa", duty.DPA, "2025-01-10"), term("dpa", 48))
			c.change(&s)
			require.Equal(t, !c.binds, duty.Resolve(s, content("chat")).LastResort)
		})
	}
}

// anySet draws a set over a few documents of every kind, amendments included.
func anySet(t *rapid.T) duty.Set {
	var s duty.Set
	for i := range rapid.IntRange(0, 5).Draw(t, "documents") {
		id := fmt.Sprintf("d%d", i)
		d := document(id, rapid.SampledFrom(duty.Kinds).Draw(t, "kind"), rapid.SampledFrom([]string{"2025-01-01", "2025-06-01", "2027-01-01"}).Draw(t, "signed"))
		if d.Kind == duty.Amendment {
			d.Amends = fmt.Sprintf("d%d", rapid.IntRange(0, 5).Draw(t, "amends"))
		}
		d.Precedence = rapid.SliceOfNDistinct(rapid.SampledFrom(duty.Kinds), 0, 3, rapid.ID[duty.Kind]).Draw(t, "precedence")
		s.Documents = append(s.Documents, d)
		promise := term(id, rapid.SampledFrom([]int{0, 24, 48}).Draw(t, "hours"), rapid.SampledFrom([][]string{nil, {"chat"}, {"video"}}).Draw(t, "services")...)
		s.Terms = append(s.Terms, promise)
	}
	return s
}

func anySubject(t *rapid.T) duty.Subject {
	return duty.Subject{
		Kind: duty.IncidentNotice, At: incident,
		Service: rapid.SampledFrom([]string{"", "chat", "video"}).Draw(t, "service"),
		Touched: rapid.SliceOfDistinct(rapid.SampledFrom(duty.Touches), rapid.ID[duty.Touch]).Draw(t, "touched"),
	}
}

// Whatever the agreements say: an applicable term is never lost, a dispute always leaves one
// term that governs, every other applicable term is accounted for, and no row order matters.
func TestNoApplicableTermIsEverLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, subject := anySet(t), anySubject(t)
		got := duty.Resolve(s, subject)
		again := duty.Resolve(duty.Set{Documents: reversed(s.Documents), Terms: reversed(s.Terms)}, subject)
		require.Equal(t, got, again)
		if !got.Owed {
			require.Empty(t, got.Candidates)
			return
		}
		seen := map[string]bool{}
		for _, c := range got.Candidates {
			seen[c.ID] = true
		}
		for _, o := range got.Overrode {
			require.False(t, seen[o.Term.ID], "a term either governs or gave way")
			require.NotEmpty(t, o.Why)
			seen[o.Term.ID] = true
		}
		require.Contains(t, seen, got.Term.ID)
		for _, promised := range s.InForce(incident).Terms {
			applies := (len(subject.Touched) == 0 || slices.ContainsFunc(subject.Touched, func(touch duty.Touch) bool { return slices.Contains(promised.Scope.Touched, touch) })) &&
				(subject.Service == "" || len(promised.Scope.Services) == 0 || slices.Contains(promised.Scope.Services, subject.Service))
			require.Equal(t, applies, seen[promised.ID], promised.ID)
		}
		if len(subject.Touched) == 1 {
			require.Equal(t, len(got.Candidates) > 1, got.Disputed, "about one thing there are several only where nothing decides")
		}
	})
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
