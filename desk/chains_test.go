package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// adopt adopts rules that ship unadopted.
func (r *room) adopt(rules ...string) {
	r.t.Helper()
	for _, rule := range rules {
		require.NoError(r.t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), rule, desk.AdoptInput{Adopted: true, Reason: "the law was read"}))
	}
}

// stage is the only duty under a rule, which started at this instant as the stage that follows another.
func (r *room) stage(rule, after string, started time.Time) desk.DutyView {
	r.t.Helper()
	found := r.byRule(rule)
	require.Len(r.t, found, 1, rule)
	require.Equal(r.t, r.byRule(after)[0].ID, *found[0].Follows)
	require.Equal(r.t, started.UTC(), *found[0].StartedAt)
	return found[0]
}

// lastDay is the civil date in a zone on which the duty's target ends.
func (r *room) lastDay(one desk.DutyView, zone string) clock.Date {
	r.t.Helper()
	place, err := time.LoadLocation(zone)
	require.NoError(r.t, err)
	return clock.DateIn(*one.Target, place)
}

func dateIn(t *testing.T, at time.Time, zone string) clock.Date {
	t.Helper()
	place, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return clock.DateIn(at, place)
}

// DORA: 72 hours from the submission of the initial notification, one month from that of the intermediate report.
func TestDORAsReportsChainBySubmission(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.DORAEntity)
	r.start("aware_significant", r.ago(10*time.Hour), "")
	classified := r.ago(3 * time.Hour)
	r.start("classified_major", classified, "")
	r.Parties(t, r.Case, "C-1001")
	initial := r.byRule("dora-initial")
	require.Len(t, initial, 1)
	require.Equal(t, classified.Add(4*time.Hour).UTC(), *initial[0].Limit)
	require.Empty(t, r.byRule("dora-intermediate"), "nothing was submitted")

	first := r.ago(2 * time.Hour)
	r.file(initial[0], first)
	intermediate := r.stage("dora-intermediate", "dora-initial", first)
	require.Equal(t, first.Add(72*time.Hour).UTC(), *intermediate.Target)
	require.Empty(t, r.byRule("dora-final"), "the intermediate report was not submitted")

	second := r.ago(time.Hour)
	r.file(intermediate, second)
	final := r.stage("dora-final", "dora-intermediate", second)
	require.Equal(t, dateIn(t, second, "Europe/Dublin").AddMonths(1), r.lastDay(final, "Europe/Dublin"))
	r.verified()
}

// Cyber Resilience Act: 24 and 72 hours from awareness, one month from the submission of the notification, and fourteen
// days from the fix.
func TestTheCyberResilienceActsReportsChainBySubmission(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.CRAManufacturer)
	r.adopt("cra-14-early-warning", "cra-14-notification", "cra-14-incident-final-report", "cra-14-final-report")
	aware := r.ago(5 * time.Hour)
	r.start("aware_significant", aware, "")
	r.Parties(t, r.Case, "C-1001")
	require.Equal(t, aware.Add(24*time.Hour).UTC(), *r.byRule("cra-14-early-warning")[0].Target)
	notification := r.byRule("cra-14-notification")
	require.Equal(t, aware.Add(72*time.Hour).UTC(), *notification[0].Target)
	r.file(r.byRule("cra-14-early-warning")[0], r.ago(4*time.Hour))
	require.Empty(t, r.byRule("cra-14-incident-final-report"), "the early warning starts nothing")
	require.Empty(t, r.byRule("cra-14-final-report"), "there is no fix yet")

	submitted := r.ago(2 * time.Hour)
	r.file(notification[0], submitted)
	final := r.stage("cra-14-incident-final-report", "cra-14-notification", submitted)
	require.Equal(t, dateIn(t, submitted, "Europe/Dublin").AddMonths(1), r.lastDay(final, "Europe/Dublin"))

	fixed := r.ago(time.Hour)
	r.start("fix_available", fixed, "")
	ofFix := r.byRule("cra-14-final-report")
	require.Len(t, ofFix, 1)
	require.Equal(t, dateIn(t, fixed, "Europe/Dublin").AddDays(14), r.lastDay(ofFix[0], "Europe/Dublin"))
	r.verified()
}

// California: residents within 30 days, and the Attorney General within 15 days of the notice to them.
func TestCaliforniasAttorneyGeneralIsToldAfterTheResidents(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.CaliforniaBusiness)
	r.adopt("ca-1798-82-residents", "ca-1798-82-attorney-general")
	noticed := r.ago(5 * time.Hour)
	r.start("noticed", noticed, "")
	r.record(holders(map[string]int{"US-CA": 700}))
	residents := r.byRule("ca-1798-82-residents")
	require.Len(t, residents, 1)
	require.Equal(t, dateIn(t, noticed, "America/Los_Angeles").AddDays(30), r.lastDay(residents[0], "America/Los_Angeles"))
	require.Empty(t, r.byRule("ca-1798-82-attorney-general"), "nobody was told yet")

	told := r.ago(2 * time.Hour)
	r.file(residents[0], told)
	general := r.stage("ca-1798-82-attorney-general", "ca-1798-82-residents", told)
	require.Equal(t, "proposed", general.State, "it has a threshold of its own")
	require.Equal(t, dateIn(t, told, "America/Los_Angeles").AddDays(15), r.lastDay(general, "America/Los_Angeles"))
	r.verified()
}

// Brazil: three business days, and the supplement within twenty business days of the communication.
func TestBrazilsSupplementIsCountedFromTheCommunication(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.LGPDController)
	r.start("knew_data_affected", r.ago(5*time.Hour), "")
	r.record(holders(map[string]int{"BR": 50}))
	require.Len(t, r.byRule("lgpd-incident"), 1)
	submitted := r.ago(time.Hour)
	r.file(r.byRule("lgpd-incident")[0], submitted)
	supplement := r.stage("lgpd-incident-supplement", "lgpd-incident", submitted)
	require.True(t, supplement.Target.Sub(submitted) > 25*24*time.Hour, "business days: %s", supplement.Target)
	r.verified()
}

// Laws that bind a cloud supplier toward the customers whom they concern, each once it is adopted.
func TestEachLawThatBindsASupplierIsProposedForTheCustomersItConcerns(t *testing.T) {
	t.Parallel()
	hours := func(n int) func(time.Time) time.Time {
		return func(at time.Time) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	}
	for _, law := range []struct {
		rule, trait, start string
		touched            string
		shipsAdopted       bool
		target             func(time.Time) time.Time
		number             bool
	}{
		{rule: "us-bank-service-provider", trait: "us-bank", start: "service_disrupted", touched: "availability", target: hours(4 + 1)},
		{rule: "ca-1798-82-b", trait: "california-business", start: "noticed", touched: "customer_personal_data", target: hours(24)},
		{rule: "hipaa-164-410", trait: "hipaa-covered-entity", start: "discovered_constructive", touched: "customer_personal_data", shipsAdopted: true, target: hours(24), number: true},
		{rule: "reg-sp-248-30-provider", trait: "us-reg-sp-institution", start: "aware_processor", touched: "customer_personal_data", target: hours(72), number: true},
	} {
		t.Run(law.rule, func(t *testing.T) {
			t.Parallel()
			r := companyOf(t)
			report, err := r.Desk.ImportAgreements(r.ctx, r.As(access.LegalCounsel), map[string][]byte{"more.yaml": []byte(
				"customers:\n  - {ref: C-7001, name: Example With, plan: standard, language: en, zone: America/New_York, traits: [" + law.trait + "]}\n" +
					"  - {ref: C-7002, name: Example Without, plan: standard, language: en, zone: America/New_York, traits: [circia-entity]}\n")})
			require.NoError(t, err)
			require.Empty(t, report.Errors)
			at := r.ago(time.Hour)
			r.start(law.start, at, "")
			r.record(desk.PartyInput{Customer: "C-7001", Touched: []string{law.touched}}, desk.PartyInput{Customer: "C-7002", Touched: []string{law.touched}})
			if !law.shipsAdopted {
				require.Empty(t, r.byRule(law.rule), "nobody has adopted it")
				r.adopt(law.rule)
			}
			owed := r.byRule(law.rule)
			require.Len(t, owed, 1)
			require.Equal(t, "C-7001", owed[0].Customer)
			require.Equal(t, "proposed", owed[0].State)
			require.Equal(t, at.UTC(), *owed[0].StartedAt)
			require.Equal(t, law.target(at).UTC(), *owed[0].Target)
			require.Equal(t, law.number, owed[0].Limit != nil, "a law without a number has no limit")
			r.verified()
		})
	}
}

// A notice that was seen accepted is a submission like one made by hand, whoever saw it: it starts the stage that
// follows it.
func TestAnAcceptedDeliveryStartsTheNextStage(t *testing.T) {
	t.Parallel()
	handedOn := desk.Answer{Outcome: "handed_on", Code: 250, Reply: "250 queued"}
	for _, seen := range []struct {
		by, transport string
		answer        desk.Answer
		person        func(*room, uuid.UUID) error
	}{
		{by: "the sender", transport: "direct", answer: accepted},
		{by: "whoever settled it", transport: "direct", answer: unknown, person: func(r *room, id uuid.UUID) error { return r.settle(id, "accepted") }},
		{by: "a report of the server that took it", transport: "relay", answer: handedOn, person: func(r *room, id uuid.UUID) error {
			return r.Desk.Report(r.ctx, id, desk.ReportInput{Kind: "delivered", Status: "2.0.0", Digest: [32]byte{7}})
		}},
		{by: "the customer who acknowledged", transport: "relay", answer: handedOn, person: func(r *room, id uuid.UUID) error { return r.acknowledge(id, r.now()) }},
	} {
		t.Run(seen.by, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			// As if the case had begun under a pack whose supplement follows the notice that the agreement asks for.
			testkit.Execute(t, r.Database.Superuser, `INSERT INTO rule_pack (version, body) SELECT '2020.01.0', jsonb_agg(CASE WHEN r->>'ID' = 'lgpd-incident-supplement'
				THEN jsonb_set(r, '{Follows}', '"dpa-incident"') ELSE r END) FROM rule_pack, jsonb_array_elements(body) r`)
			testkit.Execute(t, r.Database.Superuser, `UPDATE cases SET pack_version = '2020.01.0' WHERE id = '`+r.Case.String()+`'`)
			r.Aware(t, r.Case, r.ago(time.Hour))
			r.Parties(t, r.Case, "C-1008")
			r.send(r.Released(t, r.Case), seen.transport, all(seen.answer))
			if seen.person != nil {
				require.Empty(t, r.byRule("lgpd-incident-supplement"), "nobody saw it accepted")
				require.NoError(t, seen.person(r, r.deliveries("C-1008")[0].ID))
			}
			next := r.byRule("lgpd-incident-supplement")
			require.Len(t, next, 1)
			first, err := r.Desk.Duty(r.ctx, r.As(access.PrivacyLead), r.Case, *next[0].Follows)
			require.NoError(t, err)
			require.Equal(t, "C-1008", first.Customer)
			require.Equal(t, first.MetAt.UTC(), *next[0].StartedAt)
			require.Equal(t, "C-1008", next[0].Customer)
			r.verified()
		})
	}
}
