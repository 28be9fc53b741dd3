package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// companyOf is a room whose company has a profile of its own.
func companyOf(t *testing.T, traits ...duty.Trait) *room {
	t.Helper()
	return roomIn(t, testkit.NewHouseOf(t, duty.CompanyProfile{
		EUMainEstablishment: &duty.Establishment{Country: "IE", Authority: "IE"}, Traits: traits, Zone: "Europe/Dublin",
	}))
}

func (r *room) byRule(rule string) []desk.DutyView {
	r.t.Helper()
	var found []desk.DutyView
	for _, one := range r.all() {
		if one.Rule == rule {
			found = append(found, one)
		}
	}
	return found
}

// file files a duty by hand and lets a second person confirm it.
func (r *room) file(one desk.DutyView, at time.Time) {
	r.t.Helper()
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, one.ID, filedInput(at))
	require.NoError(r.t, err)
	_, err = r.Desk.ConfirmFiling(r.ctx, r.As(access.LegalCounsel), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "the receipt was read"})
	require.NoError(r.t, err)
}

func TestAnEntitysDutiesAreProposedWithoutAnyPersonalData(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.start("aware_significant", r.ago(time.Hour), "")
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.Responder), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Customer: "C-1001", Touched: []string{"availability"}},
	}})
	require.NoError(t, err)
	warning, notification := r.byRule("nis2-early-warning"), r.byRule("nis2-notification")
	require.Len(t, warning, 1)
	require.Len(t, notification, 1)
	require.Equal(t, "proposed", warning[0].State)
	require.Equal(t, 24*time.Hour, warning[0].Limit.Sub(*warning[0].StartedAt))
	require.Equal(t, 72*time.Hour, notification[0].Limit.Sub(*notification[0].StartedAt))
	require.Len(t, r.byRule("nis2-recipients"), 1, "recipients of the service are told, whatever was touched")
	require.Empty(t, r.byRule("nis2-final-report"), "its clock starts with the submission before it")
}

func TestAStageStartsWithTheSubmissionOfTheOneBefore(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.start("aware_significant", r.ago(10*time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	submitted := r.ago(2 * time.Hour)
	r.file(r.byRule("nis2-notification")[0], submitted)
	final := r.byRule("nis2-final-report")
	require.Len(t, final, 1)
	require.Equal(t, "required", final[0].State)
	require.Equal(t, r.byRule("nis2-notification")[0].ID, *final[0].Follows)
	require.Equal(t, submitted.UTC(), *final[0].StartedAt)
	zone, err := time.LoadLocation("Europe/Dublin")
	require.NoError(t, err)
	want := clock.DateIn(submitted, zone).AddMonths(1)
	require.Equal(t, want, clock.DateIn(*final[0].Target, zone), "the same date a month later, at the authority's place")

	// Filed again, the stage is not opened twice.
	r.file(r.byRule("nis2-early-warning")[0], r.ago(time.Hour))
	require.Len(t, r.byRule("nis2-final-report"), 1)
	verified, err := r.Desk.VerifyCase(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
}

func TestALawThatBindsTheSupplierIsProposedOnceAPersonAdoptedIt(t *testing.T) {
	t.Parallel()
	r := companyOf(t)
	files := map[string][]byte{"more.yaml": []byte("customers:\n  - {ref: C-7001, name: Example Bank, plan: standard, language: en, zone: America/New_York, traits: [us-bank, nydfs-covered-entity]}\n" +
		"  - {ref: C-7002, name: Example Bank Two, plan: standard, language: en, zone: America/New_York, traits: [us-bank]}\n")}
	report, err := r.Desk.ImportAgreements(r.ctx, r.As(access.LegalCounsel), files)
	require.NoError(t, err)
	require.Empty(t, report.Errors)
	disrupted := r.ago(time.Hour)
	r.start("service_disrupted", disrupted, "")
	touch := func(customer string) {
		_, err := r.Desk.RecordParties(r.ctx, r.As(access.Responder), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{{Customer: customer, Touched: []string{"availability"}}}})
		require.NoError(t, err)
	}
	touch("C-7001")
	require.Empty(t, r.byRule("us-bank-service-provider"), "nobody has adopted it")
	require.Error(t, r.Desk.AdoptRule(r.ctx, r.As(access.Responder), "us-bank-service-provider", desk.AdoptInput{Adopted: true, Reason: "read"}))
	require.Equal(t, problem.NotFound, problem.CodeOf(r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), "no-such-rule", desk.AdoptInput{Adopted: true, Reason: "read"})))
	require.Equal(t, problem.Conflict, problem.CodeOf(r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), "circia-ransom-payment", desk.AdoptInput{Adopted: true, Reason: "read"})))
	require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), "us-bank-service-provider", desk.AdoptInput{Adopted: true, Reason: "12 CFR 53.4 was read"}))
	rules, err := r.Desk.Rules(r.ctx, r.As(access.Observer))
	require.NoError(t, err)
	for _, rule := range rules.Rules {
		if rule.ID == "us-bank-service-provider" {
			require.True(t, rule.Adopted)
			require.NotEmpty(t, rule.AdoptedBy)
			require.NotEmpty(t, rule.AdoptedOn)
		}
	}
	require.Len(t, r.byRule("us-bank-service-provider"), 1, "the incident that is open owes it too")
	touch("C-7002")
	owed := r.byRule("us-bank-service-provider")
	require.Len(t, owed, 2)
	require.Nil(t, owed[0].Limit, "the law says as soon as possible")
	require.True(t, owed[0].Internal)
	require.Equal(t, disrupted.Add(5*time.Hour).UTC(), *owed[0].Target, "four hours of disruption, and an hour of the company's own")

	require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), "us-bank-service-provider", desk.AdoptInput{Reason: "read again"}))
	require.Len(t, r.byRule("us-bank-service-provider"), 2, "what is open stays")
}

func TestCustomersOwnRegulatorsAreEstimatedAndNeverADutyOfOurs(t *testing.T) {
	t.Parallel()
	r := companyOf(t)
	_, err := r.Desk.ImportAgreements(r.ctx, r.As(access.LegalCounsel), map[string][]byte{"more.yaml": []byte(
		"customers:\n  - {ref: C-7001, name: Example Bank, plan: standard, language: en, zone: America/New_York, traits: [nydfs-covered-entity], contacts: [{id: C-7001-a, role: incident_notice, address: notices@bank.example.com}]}\n")})
	require.NoError(t, err)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-7001")
	estimates := func() []desk.EstimateView {
		page, err := r.Desk.Estimates(r.ctx, r.As(access.PrivacyLead), r.Case, "", 10)
		require.NoError(t, err)
		return page.Items
	}
	before := estimates()
	require.NotEmpty(t, before)
	for _, one := range before {
		require.Nil(t, one.ToldAt)
	}
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	told := *r.duty("C-7001").MetAt
	for _, one := range estimates() {
		if one.Rule == "nydfs-500-17-a" {
			require.Equal(t, told, *one.ToldAt)
			require.Equal(t, told.Add(72*time.Hour).UTC(), one.Limit.Truncate(time.Microsecond))
		}
	}
	require.Empty(t, r.byRule("nydfs-500-17-a"))
}

func TestAnAuthoritysDelayHoldsOnlyWhereTheRuleKnowsIt(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.HIPAACoveredEntity, duty.NIS2Entity)
	r.start("discovered_constructive", r.ago(time.Hour), "")
	r.start("aware_significant", r.ago(time.Hour), "")
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"US": 700}},
	}})
	require.NoError(t, err)
	delay := func(one desk.DutyView, in desk.DelayInput) error {
		in.Official, in.Agency, in.Reason, in.Received = "Agent Sample", "Example Bureau", "notice would impede an investigation", r.ago(time.Minute)
		_, err := r.Desk.DelayDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, one.ID, in)
		return err
	}
	people := r.byRule("hipaa-164-404")
	require.Len(t, people, 1)
	undelayed := *people[0].Limit
	refused(t, delay(r.byRule("nis2-early-warning")[0], desk.DelayInput{Form: "oral", Until: r.now().AddDate(0, 0, 5)}), "no_delay")
	names(t, "file", delay(people[0], desk.DelayInput{Form: "written", Until: r.now().AddDate(0, 0, 90)}))
	names(t, "until", delay(people[0], desk.DelayInput{Form: "oral", Until: r.ago(time.Hour)}))

	// An oral request counts for thirty days at most (45 CFR 164.412(b)), which here is before the limit: nothing moves.
	require.NoError(t, delay(people[0], desk.DelayInput{Form: "oral", Until: r.now().AddDate(0, 0, 90)}))
	require.Equal(t, undelayed, *r.byRule("hipaa-164-404")[0].Limit)
	until := r.now().AddDate(0, 0, 90).Truncate(time.Second)
	require.NoError(t, delay(people[0], desk.DelayInput{Form: "written", Until: until, File: []byte("letter")}))
	held := r.byRule("hipaa-164-404")[0]
	require.Equal(t, until.UTC(), *held.Limit)
	require.Equal(t, until.UTC(), *held.DelayedUntil)
	full, err := r.Desk.Duty(r.ctx, r.As(access.PrivacyLead), r.Case, held.ID)
	require.NoError(t, err)
	require.Equal(t, undelayed, *full.History[0].Limit, "the undelayed instant stays visible")
	require.Len(t, r.raises("authority_delay"), 2, "counsel is asked about the duties that keep running")

	// Awareness moved earlier does not undo the delay, and the delay does not hide that it moved.
	r.start("discovered_constructive", r.ago(48*time.Hour), "seen in the logs before")
	require.Equal(t, until.UTC(), *r.byRule("hipaa-164-404")[0].Limit)
	verified, err := r.Desk.VerifyCase(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
}

func TestACaseKeepsTheRulesItBeganWithAndShowsWhatNewerOnesChange(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.start("aware_significant", r.ago(time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	none, err := r.Desk.NewerRules(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	require.Empty(t, none)

	// As if the case had begun under an older pack, in which the early warning had 12 hours and one rule was another.
	testkit.Execute(t, r.Database.Superuser, `INSERT INTO rule_pack (version, body) SELECT '2020.01.0', jsonb_agg(CASE WHEN r->>'ID' = 'nis2-early-warning'
		THEN jsonb_set(r, '{Period,Amount}', '12') ELSE r END) FROM rule_pack, jsonb_array_elements(body) r`)
	testkit.Execute(t, r.Database.Superuser, `UPDATE cases SET pack_version = '2020.01.0' WHERE id = '`+r.Case.String()+`'`)
	aware := r.ago(2 * time.Hour)
	r.start("aware_significant", aware, "an earlier alert")
	kept := r.byRule("nis2-early-warning")[0]
	require.Equal(t, aware.Add(12*time.Hour).UTC(), *kept.Limit, "the case is decided by the rules that it began with")
	require.NotEmpty(t, r.view().NewestPack, "whoever looks at the case sees that there are newer ones")
	changes, err := r.Desk.NewerRules(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	require.Equal(t, kept.ID, changes[0].Duty)
	require.Equal(t, aware.Add(24*time.Hour).UTC(), *changes[0].NewLimit)
	require.Equal(t, aware.Add(12*time.Hour).UTC(), *r.byRule("nis2-early-warning")[0].Limit, "looking changes nothing")
}

func TestAWordThatOnlySomeIncidentsKnowOpensItsDutiesOnceItIsRecorded(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NYDFSCoveredEntity)
	r.start("determined_incident", r.ago(2*time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	require.Len(t, r.byRule("nydfs-500-17-a"), 1)
	require.Empty(t, r.byRule("nydfs-500-17-c-payment"), "nobody has paid anything")
	paid := r.ago(time.Hour)
	r.start("payment_made", paid, "")
	require.Equal(t, paid.Add(24*time.Hour).UTC(), *r.byRule("nydfs-500-17-c-payment")[0].Limit)
	require.Len(t, r.byRule("nydfs-500-17-c-explanation"), 1)
	require.Len(t, r.byRule("nydfs-500-17-a"), 1, "what is known is left as it is")
}

func TestAClockThatAwarenessBoundsMovesWithIt(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.DORAEntity)
	aware := r.ago(20 * time.Hour)
	r.start("aware_significant", aware, "")
	classified := r.ago(time.Hour)
	r.start("classified_major", classified, "")
	r.Parties(t, r.Case, "C-1001")
	require.Equal(t, classified.Add(4*time.Hour).UTC(), *r.byRule("dora-initial")[0].Target, "four hours from the classification end within 24 of awareness")
	earlier := aware.Add(-2 * time.Hour)
	r.start("aware_significant", earlier, "an alert of two hours before")
	require.Equal(t, earlier.Add(24*time.Hour).UTC(), *r.byRule("dora-initial")[0].Limit)
}
