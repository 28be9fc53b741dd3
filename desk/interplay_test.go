package desk_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

func everyTrait() string {
	var traits []string
	for _, trait := range duty.Traits {
		traits = append(traits, string(trait))
	}
	return strings.Join(traits, ", ")
}

// record records one wave.
func (r *room) record(parties ...desk.PartyInput) {
	r.t.Helper()
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: parties})
	require.NoError(r.t, err)
}

// holders are the holders of our own accounts who live in these places.
func holders(people map[string]int) desk.PartyInput {
	return desk.PartyInput{Kind: "account_holders", Touched: []string{"account_data"}, People: people}
}

// ruleOut rules out the parties that match.
func (r *room) ruleOut(which func(desk.PartyView) bool) {
	r.t.Helper()
	page, err := r.Desk.Parties(r.ctx, r.As(access.PrivacyLead), r.Case, "", 100)
	require.NoError(r.t, err)
	for _, p := range page.Items {
		if which(p) && p.Certainty != "ruled_out" {
			_, err := r.Desk.RuleOutParty(r.ctx, r.As(access.PrivacyLead), "", r.Case, p.ID, desk.ReasonInput{Reason: "another account id"})
			require.NoError(r.t, err)
		}
	}
}

func (r *room) confirm(rule string) {
	r.t.Helper()
	_, err := r.Desk.DecideDuties(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.DecideInput{Rule: rule, Required: true, Reason: "the law was read"})
	require.NoError(r.t, err)
}

// What the company owes for itself does not end because one customer was not affected after all.
func TestAnEntitysDutyOutlivesTheCustomerWhoWasFoundFirst(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.start("aware_significant", r.ago(30*time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	r.confirm("nis2-notification")
	r.Parties(t, r.Case, "C-1002")
	before := r.byRule("nis2-notification")
	r.ruleOut(func(p desk.PartyView) bool { return p.Customer == "C-1001" })
	require.Equal(t, before, r.byRule("nis2-notification"), "required as it was, by the same instant")
	require.Equal(t, "proposed", r.byRule("nis2-early-warning")[0].State)
	r.verified()
}

func TestAnAuthoritysDutyPassesToAnotherGroupThatGivesIt(t *testing.T) {
	t.Parallel()
	r := companyOf(t)
	r.start("aware_controller", r.ago(80*time.Hour), "")
	r.record(holders(map[string]int{"DE": 10}))
	r.confirm("gdpr-33-1")
	before := r.byRule("gdpr-33-1")
	r.record(desk.PartyInput{Kind: "group", Touched: []string{"billing_data"}, People: map[string]int{"FR": 5}})
	r.ruleOut(func(p desk.PartyView) bool { return p.Kind == "account_holders" })
	require.Equal(t, before, r.byRule("gdpr-33-1"), "nothing about it moved, least of all its clock")
	r.ruleOut(func(p desk.PartyView) bool { return p.Kind == "group" })
	require.Equal(t, "not_required", r.byRule("gdpr-33-1")[0].State, "nobody gives it any more")
	r.verified()
}

func TestAnAuthorityThatWasToldOfAGroupThatIsRuledOutIsNotLeftInSilence(t *testing.T) {
	t.Parallel()
	r := companyOf(t)
	r.start("aware_controller", r.ago(time.Hour), "")
	r.record(holders(map[string]int{"DE": 10}))
	r.file(r.byRule("gdpr-33-1")[0], r.ago(time.Minute))
	r.ruleOut(func(p desk.PartyView) bool { return true })
	require.Len(t, r.raises("told_party_ruled_out"), 1)
	require.Equal(t, "met", r.byRule("gdpr-33-1")[0].State)
}

// A stage that is owed to others than the stage before is no phase of the same filing, even where the law gives no number.
func TestPeopleAreToldAfterTheAuthorityWhereTheLawSaysSo(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.AUAPPEntity)
	r.start("assessed_notifiable", r.ago(2*time.Hour), "")
	r.record(holders(map[string]int{"AU": 10}))
	submitted := r.ago(time.Hour)
	r.file(r.byRule("au-ndb-notification")[0], submitted)
	told := r.byRule("au-ndb-people")
	require.Len(t, told, 1)
	require.Equal(t, submitted.UTC(), *told[0].StartedAt)
	require.Contains(t, told[0].Counterparty, "people/")
	require.Empty(t, r.byRule("gdpr-33-4"))
	r.verified()
}

func TestAStageMovesEarlierWhenTheOneBeforeTurnsOutToBeEarlier(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.DORAEntity)
	r.start("aware_significant", r.ago(20*time.Hour), "")
	r.start("classified_major", r.ago(19*time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	initial := r.byRule("dora-initial")[0]
	late, early := lateInput(r.ago(time.Hour)), lateInput(r.ago(10*time.Hour))
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, initial.ID, late)
	require.NoError(t, err)
	again, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, initial.ID, early)
	require.NoError(t, err)
	confirm := func(id uuid.UUID) error {
		_, err := r.Desk.ConfirmFiling(r.ctx, r.As(access.LegalCounsel), "", r.Case, id, desk.ReasonInput{Reason: "the receipt was read"})
		return err
	}
	require.NoError(t, confirm(*filed.ID))
	require.Equal(t, late.FiledAt.UTC(), *r.byRule("dora-intermediate")[0].StartedAt)
	intermediate := r.byRule("dora-intermediate")[0]
	r.waive(intermediate.ID, "not_in_scope")

	// Two people confirm at once: one of them does.
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = confirm(*again.ID) })
	}
	both.Wait()
	require.True(t, (errs[0] == nil) != (errs[1] == nil), "%v", errs)
	refused(t, errors.Join(errs...), "nothing_to_confirm")
	moved := r.byRule("dora-intermediate")
	require.Len(t, moved, 1)
	require.Equal(t, early.FiledAt.UTC(), *moved[0].StartedAt)
	require.Equal(t, "waived", moved[0].State, "moving its clock does not bring back what was waived")
	r.verified()
	_, err = r.review(desk.ExemptionInput{Duties: ids(moved[0]), Required: true, Reason: "it is in scope after all"})
	require.NoError(t, err)
	require.Equal(t, *moved[0].Limit, *r.byRule("dora-intermediate")[0].Limit)
	r.verified()
}

// Two terms of equal rank, each with its own start word: whichever word is recorded starts the clock that it starts.
func TestEveryWordOfADisputedDutyStartsItsClock(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	_, err := r.Desk.ImportAgreements(r.ctx, r.As(access.LegalCounsel), map[string][]byte{"more.yaml": []byte(`
customers:
  - {ref: C-7001, name: Example Two Minds, plan: standard, language: en, zone: UTC, contacts: [{id: C-7001-a, role: incident_notice, address: notices@minds.example.com}]}
documents:
  - id: d-minds
    kind: dpa
    title: Data Processing Addendum
    version: "1"
    customer: C-7001
    executed: 2026-01-01
    terms:
      - {id: minds-1, start: aware_processor, touched: [customer_content], period: 24 hours, notify: [incident_notice], channels: [email], contacts: any, meets: acceptance, clause: "9.1"}
      - {id: minds-2, start: confirmed_processor, touched: [customer_personal_data], period: 48 hours, notify: [incident_notice], channels: [email], contacts: any, meets: acceptance, clause: "9.2"}
`)})
	require.NoError(t, err)
	r.record(desk.PartyInput{Customer: "C-7001", Touched: []string{"customer_content", "customer_personal_data"}})
	require.Nil(t, r.duty("C-7001").Limit)
	confirmed := r.ago(time.Hour)
	r.start("confirmed_processor", confirmed, "")
	require.NotNil(t, r.duty("C-7001").Limit, "the clock of one of its terms runs")
	require.Equal(t, confirmed.Add(48*time.Hour).UTC(), *r.duty("C-7001").Limit)
	aware := r.ago(2 * time.Hour)
	r.start("aware_processor", aware, "")
	require.Equal(t, aware.Add(24*time.Hour).UTC(), *r.duty("C-7001").Limit)
	earlier := r.ago(40 * time.Hour)
	r.start("confirmed_processor", earlier, "an earlier note")
	require.Equal(t, earlier.Add(48*time.Hour).UTC(), *r.duty("C-7001").Limit)
	r.verified()
}

// What law asks of a supplier stays proposed until a person has confirmed it, also once its start was chosen.
func TestASuppliersDutyOfALaterWaveIsConfirmedByAPerson(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.start("aware_significant", r.ago(90*time.Hour), "")
	r.start("aware_processor", r.ago(90*time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	r.Parties(t, r.Case, "C-1002")
	recipients := r.byRule("nis2-recipients")
	require.Len(t, recipients, 2)
	require.Equal(t, "undecided", recipients[1].Governs)
	_, err := r.Desk.ChooseStart(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.ChooseStartInput{Governs: "incident", Reason: "they should have been found"})
	require.NoError(t, err)
	recipients = r.byRule("nis2-recipients")
	require.Equal(t, "proposed", recipients[0].State)
	require.Equal(t, "proposed", recipients[1].State)
	for _, one := range r.all() {
		if one.Customer == "C-1002" && one.Rule != "nis2-recipients" {
			require.Equal(t, "required", one.State, "what was agreed is owed")
		}
	}
	r.verified()
}

func TestAnOralRequestToWaitIsNotMadeLongerByAnother(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.HIPAACoveredEntity)
	discovered := r.ago(59 * 24 * time.Hour)
	r.start("discovered_constructive", discovered, "")
	r.record(holders(map[string]int{"US": 700}))
	people := r.byRule("hipaa-164-404")[0]
	limit := *people.Limit
	delay := func(form string, received, until time.Time) error {
		in := desk.DelayInput{Official: "Agent Sample", Agency: "Example Bureau", Form: form, Received: received, Until: until, Reason: "it would impede an investigation"}
		if form == "written" {
			in.File = []byte("letter")
		}
		_, err := r.Desk.DelayDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, people.ID, in)
		return err
	}
	first := r.ago(time.Hour)
	require.NoError(t, delay("oral", first, first.AddDate(0, 0, 90)))
	held := *r.byRule("hipaa-164-404")[0].Limit
	require.Equal(t, first.AddDate(0, 0, 30).UTC(), held)
	r.advance(20 * 24 * time.Hour)
	require.NoError(t, delay("oral", r.ago(time.Minute), r.now().AddDate(0, 0, 90)))
	require.Equal(t, held, *r.byRule("hipaa-164-404")[0].Limit, "thirty days from the first oral request, and no longer")

	// The undelayed instants stay visible with the duty, also where they move meanwhile.
	r.start("discovered_constructive", discovered.Add(-24*time.Hour), "seen in the logs before")
	view, err := r.Desk.Duty(r.ctx, r.As(access.PrivacyLead), r.Case, people.ID)
	require.NoError(t, err)
	require.Equal(t, held, *view.Limit)
	require.Contains(t, string(view.Why), limit.Add(-24*time.Hour).UTC().Format("2006-01-02"), "what it would be without the delay")

	written := r.now().AddDate(0, 0, 60).Truncate(time.Second)
	require.NoError(t, delay("written", r.ago(time.Minute), written))
	require.Equal(t, written.UTC(), *r.byRule("hipaa-164-404")[0].Limit)
	// The authority lets it go earlier.
	shorter := r.now().AddDate(0, 0, 5).Truncate(time.Second)
	require.NoError(t, delay("written", r.ago(time.Second), shorter))
	require.Equal(t, shorter.UTC(), *r.byRule("hipaa-164-404")[0].Limit)
	r.verified()
}

func TestARequestToWaitThatCameAfterTheLimitExcusesNothing(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.HIPAACoveredEntity)
	r.start("discovered_constructive", r.ago(70*24*time.Hour), "")
	r.record(holders(map[string]int{"US": 700}))
	people := r.byRule("hipaa-164-404")[0]
	require.Equal(t, "overdue", people.Clock)
	_, err := r.Desk.DelayDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, people.ID, desk.DelayInput{
		Official: "Agent Sample", Agency: "Example Bureau", Form: "written", File: []byte("letter"), Received: r.ago(time.Hour), Until: r.now().AddDate(0, 0, 9), Reason: "it would impede an investigation",
	})
	refused(t, err, "limit_passed")
}

// Taking an adoption back opens nothing more and leaves alone what is open.
func TestARuleWhoseAdoptionWasTakenBackKeepsItsDuties(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.start("aware_significant", r.ago(10*time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	for _, rule := range []string{"nis2-notification", "nis2-final-report"} {
		require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), rule, desk.AdoptInput{Reason: "we are out of its scope"}))
	}
	earlier := r.ago(12 * time.Hour)
	r.start("aware_significant", earlier, "an earlier alert")
	require.Equal(t, earlier.Add(72*time.Hour).UTC(), *r.byRule("nis2-notification")[0].Limit)
	r.file(r.byRule("nis2-notification")[0], r.ago(time.Hour))
	require.Empty(t, r.byRule("nis2-final-report"))
	require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), "nis2-final-report", desk.AdoptInput{Adopted: true, Reason: "we are within it after all"}))
	r.verified()
}

// Each of the profile's traits at once, and what is not known.
func TestACompanyWithEveryTraitIsProposedWhatEachLawAsks(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.Traits...)
	rules, err := r.Desk.Rules(r.ctx, r.As(access.Observer))
	require.NoError(t, err)
	for _, rule := range rules.Rules {
		if rule.InForce && !rule.Adopted {
			require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), rule.ID, desk.AdoptInput{Adopted: true, Reason: "read"}))
		}
	}
	_, err = r.Desk.ImportAgreements(r.ctx, r.As(access.LegalCounsel), map[string][]byte{"more.yaml": []byte(
		"customers:\n  - {ref: C-7009, name: Example Everything, plan: standard, language: en, zone: America/New_York, traits: [" + everyTrait() + "], contacts: [{id: C-7009-a, role: incident_notice, address: notices@everything.example.com}]}\n")})
	require.NoError(t, err)
	r.record(holders(map[string]int{"": 5}), desk.PartyInput{Customer: "C-7009", Touched: []string{"customer_content", "customer_personal_data"}})
	_, err = r.Desk.AssessRisk(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.RiskInput{Risk: "high_risk", Reason: "passwords in clear"})
	require.NoError(t, err)
	for _, word := range clock.IncidentWords() {
		r.start(string(word), r.ago(time.Hour), "")
	}
	count := len(r.all())
	for _, word := range clock.IncidentWords() {
		r.start(string(word), r.ago(2*time.Hour), "seen before")
	}
	require.Len(t, r.all(), count, "recorded again, nothing is opened twice")
	for _, rule := range []string{"ca-1798-82-residents", "gdpr-33-1", "uk-gdpr-33-1", "gdpr-34"} {
		require.Len(t, r.byRule(rule), 1, rule)
	}
	_, err = r.Desk.Estimates(r.ctx, r.As(access.PrivacyLead), r.Case, "", 10)
	require.NoError(t, err)
	r.ruleOut(func(p desk.PartyView) bool { return p.Kind == "account_holders" })
	require.Equal(t, "not_required", r.byRule("gdpr-33-1")[0].State)
	require.Equal(t, "proposed", r.byRule("nis2-notification")[0].State)
	r.verified()
}

// A binary of a newer pack keeps it before a case begins with it, whatever it was asked first.
func TestAPackIsKeptWithTheCaseThatBeganWithIt(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	open := desk.OpenInput{Title: "Bucket was public"}
	_, err := h.Desk.Open(t.Context(), h.As(access.Responder), "the same key", open)
	require.NoError(t, err)
	query(t, h.Database.Superuser, `TRUNCATE rule_pack`)
	pack, err := packs.Load()
	require.NoError(t, err)
	newer := desk.New(desk.Options{Store: h.Store, Keys: h.Keys, Pack: pack})
	_, err = newer.Open(t.Context(), h.As(access.Responder), "the same key", open)
	require.NoError(t, err)
	_, err = newer.Open(t.Context(), h.As(access.Responder), "another key", open)
	require.NoError(t, err)
	require.Equal(t, 1, scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM rule_pack`))
}

// A case whose pack is nowhere to be found is decided by the pack in use: a clock must not wait for a file.
func TestACaseWhosePackIsGoneGoesOn(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity)
	r.query(`UPDATE cases SET pack_version = '2019.01.0' WHERE id = $1`, r.Case)
	r.start("aware_significant", r.ago(time.Hour), "")
	r.Parties(t, r.Case, "C-1001")
	require.NotNil(t, r.byRule("nis2-notification")[0].Limit)
	_, err := r.Desk.NewerRules(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	r.verified()
}

func TestPromisesStandWhateverElseMoves(t *testing.T) {
	t.Parallel()
	r, _, by := promising(t)
	promises := func() (found []desk.DutyView) {
		for _, one := range r.all() {
			if one.Rule == "promised-update" {
				found = append(found, one)
			}
		}
		return found
	}
	before := promises()
	require.NotEmpty(t, before)
	require.Equal(t, by.UTC(), *before[0].Limit)
	r.start("aware_processor", r.ago(200*time.Hour), "a far earlier alert")
	require.Equal(t, before, promises())
	_, err := r.Desk.NewerRules(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	_, err = r.Desk.ChooseStart(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.ChooseStartInput{Governs: "found", Reason: "r"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	r.verified()
}

// A raise that stands already cannot lead what was missed since: whoever took it knows nothing of that.
func TestWhatWasMissedIsPagedThoughItsGravestWasRaisedBefore(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1008")
	limit := r.duty("C-1001").Limit
	r.query(`INSERT INTO raise (id, case_id, key, kind, due_at, count, recorded_at, recorded_by, acknowledged_at)
		VALUES (gen_random_uuid(), $1, 'limit@' || $2, 'limit', now(), 1, now(), 'docket', now())`, r.Case, limit.UTC().Format(time.RFC3339Nano))
	r.advance(100 * time.Hour)
	require.NotZero(t, r.raiseDue())
	pages := r.pages()
	require.Len(t, pages, 2, "the next leads")
	require.Equal(t, "limit", pages[0].Kind)
	require.Equal(t, 2, pages[0].Count)
	require.Zero(t, r.raiseDue())
}

// The workflow and the watchdogs of several processes look at once: together they raise once.
func TestWhoeverLooksAtOnceRaisesOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1008")
	r.advance(100 * time.Hour)
	var everybody sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		everybody.Go(func() { _, errs[i] = r.Desk.RaiseDue(r.ctx, r.Case) })
	}
	everybody.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Len(t, r.pages(), 2)
	require.Len(t, r.entries("duty.overdue"), 2)
	r.verified()
}

// Duties that join a clock after a standstill was raised and taken are raised for themselves.
func TestWhoJoinsAfterAStandstillWasTakenIsRaisedAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1008")
	r.advance(100 * time.Hour)
	r.raiseDue()
	for _, one := range r.raises("limit") {
		if one.LedBy == nil {
			_, err := r.Desk.AcknowledgeRaise(r.ctx, r.As(access.PrivacyLead), "", r.Case, one.ID, desk.AnswerInput{Note: "on it"})
			require.NoError(t, err)
		}
	}
	before := len(r.raises("limit"))
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.PartiesInput{
		Parties: []desk.PartyInput{{Customer: "C-1003", Touched: []string{"customer_personal_data"}}}, Governs: "incident", Reason: "they should have been found",
	})
	require.NoError(t, err)
	r.pages()
	require.NotZero(t, r.raiseDue())
	require.Len(t, r.raises("limit"), before+1)
	require.Len(t, r.pages(), 2, "it is paged")
	require.Zero(t, r.escalate())
	r.verified()
}

// What the company owes for itself, or owed already for those who were found first, does not wait for a later wave.
func TestALaterWaveTakesNoPartInWhatWasOwedWithoutIt(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity, duty.UKController)
	aware := r.ago(90 * time.Hour)
	r.start("aware_significant", aware, "")
	r.start("aware_controller", aware, "")
	require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), "nis2-notification", desk.AdoptInput{Reason: "is it in scope?"}))
	r.record(holders(map[string]int{"GB": 10}), desk.PartyInput{Customer: "C-1001", Touched: []string{"availability"}})
	require.Empty(t, r.byRule("nis2-notification"))
	for _, rule := range []string{"nis2-notification", "uk-gdpr-33-1"} {
		require.NoError(t, r.Desk.AdoptRule(r.ctx, r.As(access.LegalCounsel), rule, desk.AdoptInput{Adopted: true, Reason: "read"}))
	}
	r.record(desk.PartyInput{Customer: "C-1002", Touched: []string{"availability"}}, desk.PartyInput{Kind: "group", Touched: []string{"account_data"}, People: map[string]int{"GB": 5}})
	for _, rule := range []string{"nis2-notification", "uk-gdpr-33-1"} {
		owed := r.byRule(rule)
		require.Len(t, owed, 1)
		require.Equal(t, "incident", owed[0].Governs, rule)
		require.Equal(t, aware.UTC(), *owed[0].StartedAt, rule)
		require.Equal(t, "overdue", owed[0].Clock)
	}
	r.verified()
}

// A delay, awareness moved earlier and then later by two people, and the filing: one after the other, and the chain holds.
func TestADelayedDutyIsMetWhileAwarenessMoves(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.HIPAACoveredEntity)
	discovered := r.ago(59 * 24 * time.Hour)
	r.start("discovered_constructive", discovered, "")
	r.record(holders(map[string]int{"US": 700}))
	people := r.byRule("hipaa-164-404")[0]
	undelayed, until := *people.Limit, r.now().AddDate(0, 0, 20).Truncate(time.Second)
	_, err := r.Desk.DelayDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, people.ID, desk.DelayInput{
		Official: "Agent Sample", Agency: "Example Bureau", Form: "written", File: []byte("letter"), Received: r.ago(time.Hour), Until: until, Reason: "it would impede an investigation",
	})
	require.NoError(t, err)
	r.start("discovered_constructive", discovered.Add(-72*time.Hour), "an older alert")
	r.advance(10 * 24 * time.Hour)
	filed := r.ago(time.Hour)
	require.True(t, filed.After(undelayed))
	r.file(people, filed)
	met := r.byRule("hipaa-164-404")[0]
	require.Equal(t, "met", met.State)
	require.False(t, met.Late, "it was told within the delay")
	later := startInput("discovered_constructive", discovered, "the older alert was another")
	proposed, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, later)
	require.NoError(t, err)
	require.True(t, proposed.Pending)
	_, err = r.Desk.RecordStart(r.ctx, r.As(access.LegalCounsel), "", r.Case, later)
	require.NoError(t, err)
	require.Equal(t, until.UTC(), *r.byRule("hipaa-164-404")[0].Limit)
	require.False(t, r.byRule("hipaa-164-404")[0].Late)
	r.verified()
}

// The same decision with the same key, twice: nothing is opened, moved or raised again.
func TestRepeatedDecisionsAboutLawsChangeNothing(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.NIS2Entity, duty.HIPAACoveredEntity)
	r.start("aware_significant", r.ago(10*time.Hour), "")
	r.start("discovered_constructive", r.ago(10*time.Hour), "")
	r.record(holders(map[string]int{"US": 700}))
	notification := r.byRule("nis2-notification")[0]
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, notification.ID, filedInput(r.ago(time.Hour)))
	require.NoError(t, err)
	received, until := r.ago(time.Hour), r.now().AddDate(0, 0, 90)
	parties, err := r.Desk.Parties(r.ctx, r.As(access.PrivacyLead), r.Case, "", 10)
	require.NoError(t, err)
	decisions := []func() (desk.Receipt, error){
		func() (desk.Receipt, error) {
			return r.Desk.ConfirmFiling(r.ctx, r.As(access.LegalCounsel), "confirm-0001", r.Case, *filed.ID, desk.ReasonInput{Reason: "read"})
		},
		func() (desk.Receipt, error) {
			return r.Desk.DelayDuty(r.ctx, r.As(access.LegalCounsel), "delay-000001", r.Case, r.byRule("hipaa-164-404")[0].ID, desk.DelayInput{
				Official: "Agent Sample", Agency: "Example Bureau", Form: "written", File: []byte("letter"), Received: received, Until: until, Reason: "r",
			})
		},
		func() (desk.Receipt, error) {
			return r.Desk.AssessRisk(r.ctx, r.As(access.PrivacyLead), "risk-0000001", r.Case, desk.RiskInput{Risk: "high_risk", Reason: "r"})
		},
		func() (desk.Receipt, error) {
			return r.Desk.RuleOutParty(r.ctx, r.As(access.PrivacyLead), "ruleout-0001", r.Case, parties.Items[0].ID, desk.ReasonInput{Reason: "r"})
		},
	}
	for _, decide := range decisions {
		first, err := decide()
		require.NoError(t, err)
		duties, entries := r.all(), len(r.kinds())
		second, err := decide()
		require.NoError(t, err)
		require.Equal(t, first, second)
		require.Equal(t, duties, r.all())
		require.Len(t, r.kinds(), entries)
	}
	require.Equal(t, "required", r.byRule("nis2-final-report")[0].State, "the entity's report is due whoever was affected")
	r.verified()
}
