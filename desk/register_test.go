package desk_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/register"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// signing is the key of an installation, and what checks it.
type signing struct {
	key  ed25519.PrivateKey
	keys map[string]ed25519.PublicKey
}

func newSigning(t testing.TB) signing {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return signing{private, map[string]ed25519.PublicKey{audit.KeyID(public): public}}
}

func (s signing) sign(typ string, payload []byte) (string, error) {
	return audit.SignJWS(s.key, audit.KeyID(s.key.Public().(ed25519.PublicKey)), typ, payload)
}

// entered is a breach of a register, with its duties.
type entered struct {
	register.Breach
	Duties []register.Duty
}

// book is a register as somebody exports it as JSON, by code; it verifies.
func book(t testing.TB, h *testkit.House, who access.Actor) (breaches map[string]entered, file string) {
	t.Helper()
	s := newSigning(t)
	var out bytes.Buffer
	require.NoError(t, h.Desk.Register(t.Context(), who, "json", s.sign, &out))
	seal, err := register.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), s.keys)
	require.NoError(t, err)
	var read struct{ Breaches []entered }
	require.NoError(t, json.Unmarshal(out.Bytes(), &read))
	require.Len(t, read.Breaches, seal.Breaches)
	breaches = map[string]entered{}
	for _, b := range read.Breaches {
		breaches[b.Code] = b
	}
	return breaches, out.String()
}

// sheet is a register as somebody exports it as CSV.
func sheet(t testing.TB, h *testkit.House, who access.Actor) [][]string {
	t.Helper()
	s := newSigning(t)
	var out bytes.Buffer
	require.NoError(t, h.Desk.Register(t.Context(), who, "csv", s.sign, &out))
	_, err := register.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), s.keys)
	require.NoError(t, err)
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	return rows
}

// inEarnest is an incident in earnest.
func inEarnest(t testing.TB, h *testkit.House, in desk.OpenInput) *room {
	t.Helper()
	if in.Title == "" {
		in.Title = "Storage bucket was public"
	}
	in.Severity = "high"
	opened, err := h.Desk.Open(t.Context(), h.As(access.IncidentCommander), "", in)
	require.NoError(t, err)
	_, err = h.Desk.Declare(t.Context(), h.As(access.IncidentCommander), "", opened.Case, desk.DeclareInput{})
	require.NoError(t, err)
	return &room{House: h, t: t, ctx: t.Context(), Case: opened.Case, Code: opened.Code}
}

// Every breach is in it with what it was and how it is assessed; drills and what was never suspected are not.
func TestTheRegisterHoldsEveryBreachAndNoDrill(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	nothing := inEarnest(t, h, desk.OpenInput{Title: "A disk was full"})
	drill := inEarnest(t, h, desk.OpenInput{Title: "An exercise with a leak", SuspectedBreach: true, Drill: true})
	drill.Aware(t, drill.Case, drill.ago(time.Hour))
	suspected := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	aware := inEarnest(t, h, desk.OpenInput{})
	aware.Aware(t, aware.Case, aware.ago(time.Hour))
	ruledOut := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	_, err := h.Desk.RuleOut(t.Context(), h.As(access.PrivacyLead), "", ruledOut.Case, desk.RuleOutInput{Reason: "the bucket held test data"})
	require.NoError(t, err)
	word := inEarnest(t, h, desk.OpenInput{})
	word.start("suspected", word.ago(time.Minute), "")
	dismissed, err := h.Desk.Open(t.Context(), h.As(access.Responder), "", desk.OpenInput{Title: "Odd log line", SuspectedBreach: true})
	require.NoError(t, err)
	for _, role := range []access.Role{access.Responder, access.IncidentCommander} {
		_, err := h.Desk.Dismiss(t.Context(), h.As(role), "", dismissed.Case, desk.DismissInput{Verdict: "benign", Reason: "a scanner of ours"})
		require.NoError(t, err)
	}

	for _, role := range []access.Role{access.PrivacyLead, access.LegalCounsel, access.Auditor} {
		breaches, file := book(t, h, h.As(role))
		require.Len(t, breaches, 5)
		for code, assessed := range map[string]string{
			suspected.Code: "suspected", aware.Code: "aware", ruledOut.Code: "ruled_out", word.Code: "suspected", dismissed.Code: "suspected",
		} {
			require.Equal(t, assessed, breaches[code].Assessment, code)
		}
		require.NotContains(t, file, nothing.Code)
		require.NotContains(t, file, drill.Code)
		require.NotContains(t, file, "exercise")
		steps := breaches[ruledOut.Code].Assessments
		require.Len(t, steps, 2, "what it was is said too")
		require.Equal(t, "suspected", steps[0].Assessment)
		require.Equal(t, "the bucket held test data", steps[1].Reason)
		require.Equal(t, "a scanner of ours", breaches[dismissed.Code].Decisions[0].Reason)
	}
	for _, role := range access.Roles() {
		if role != access.PrivacyLead && role != access.LegalCounsel && role != access.Auditor {
			code(t, problem.Forbidden, h.Desk.Register(t.Context(), h.As(role), "json", newSigning(t).sign, &bytes.Buffer{}))
		}
	}
	require.Error(t, h.Desk.Register(t.Context(), h.As(access.Auditor), "xlsx", newSigning(t).sign, &bytes.Buffer{}))
}

// What article 33(5) asks for is there: facts with their earlier values, what was touched, numbers, effects, measures, and
// every duty with how it ended, how late it was, and why.
func TestTheRegisterSaysWhatHappenedWhatItDidAndWhatWasDone(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true, Summary: "a bucket with invoices"})
	first, earlier := r.ago(80*time.Hour), r.ago(90*time.Hour)
	for _, word := range []string{"aware_processor", "confirmed_processor", "aware_controller"} {
		r.start(word, first, "")
	}
	r.start("aware_controller", earlier, "an older alert was found")
	from := r.ago(100 * time.Hour)
	_, err := h.Desk.RecordParties(t.Context(), h.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Customer: "C-1001", Service: "chat", Touched: []string{"customer_content", "customer_personal_data"}, Numbers: map[string]int64{"records": 40}, Evidence: "log 1"},
		{Customer: "C-1002", Service: "chat", Touched: []string{"customer_content", "customer_personal_data"}, Numbers: map[string]int64{"records": 2}},
		{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"DE": 10, "FR": 5}, From: &from},
	}, Governs: "incident", Reason: "found together"})
	require.NoError(t, err)
	duties := r.duties()
	authority := duties["authority/lead-sa/IE"]
	for ref, owed := range duties {
		if strings.HasPrefix(ref, "authority/") {
			authority = owed
		}
	}
	_, err = h.Desk.DecideDuties(t.Context(), h.As(access.LegalCounsel), "", r.Case, desk.DecideInput{Rule: authority.Rule, Required: true, Reason: "controller"})
	require.NoError(t, err)
	filed, err := h.Desk.FileByHand(t.Context(), h.As(access.PrivacyLead), "", r.Case, authority.ID, desk.FileInput{
		FiledAt: authority.Limit.Add(90 * time.Second), Zone: "UTC", How: "portal", Reference: "IN-1", Receipt: []byte("r"), DelayReason: "the portal was down",
	})
	require.NoError(t, err)
	_, err = h.Desk.ConfirmFiling(t.Context(), h.As(access.LegalCounsel), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "seen"})
	require.NoError(t, err)
	for _, role := range []access.Role{access.LegalCounsel, access.PrivacyLead} {
		_, err = h.Desk.WaiveDuty(t.Context(), h.As(role), "", r.Case, duties["C-1002"].ID, desk.WaiveInput{Exemption: "customer_consent", Reason: "they agreed in writing"})
		require.NoError(t, err)
	}
	_, err = h.Desk.AssessRisk(t.Context(), h.As(access.PrivacyLead), "", r.Case, desk.RiskInput{Risk: "risk", Reason: "names and invoices"})
	require.NoError(t, err)
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	_, err = h.Desk.RecordTechnical(t.Context(), h.As(access.Responder), "", r.Case, desk.TechnicalInput{Milestone: "contained", Note: "bucket made private"})
	require.NoError(t, err)
	_, err = h.Desk.Resolve(t.Context(), h.As(access.IncidentCommander), "", r.Case, desk.ResolveInput{Recovery: "policy restored"})
	require.NoError(t, err)
	_, err = h.Desk.Review(t.Context(), h.As(access.IncidentCommander), "", r.Case, desk.ReviewInput{Note: "Heron thinks that nobody was careful"})
	require.NoError(t, err)

	breaches, file := book(t, h, h.As(access.Auditor))
	b := breaches[r.Code]
	require.Equal(t, "a bucket with invoices", b.Summary)
	instants := map[string][]register.Instant{}
	for _, i := range b.Instants {
		instants[i.Word] = append(instants[i.Word], i)
	}
	aware := instants["aware_controller"]
	require.Len(t, aware, 2, "the earlier value stays")
	require.Equal(t, "superseded", aware[0].State)
	require.True(t, aware[0].At.Equal(first))
	require.Equal(t, "standing", aware[1].State)
	require.True(t, aware[1].At.Equal(earlier))
	require.True(t, aware[1].Earlier.Equal(first))
	require.Equal(t, "an older alert was found", aware[1].Reason)
	require.Equal(t, "alert 4711", aware[1].Evidence)
	require.Equal(t, "Europe/Berlin", aware[1].Zone)

	require.Equal(t, 2, b.Customers)
	require.Len(t, b.Affected, 2)
	require.Equal(t, map[string]int64{"DE": 10, "FR": 5}, b.Affected[0].People)
	require.True(t, b.Affected[0].From.Equal(from))
	require.Equal(t, register.Affected{Wave: 1, Kind: "customer", Service: "chat", Certainty: "confirmed", Touched: []string{"customer_content", "customer_personal_data"}, Parties: 2, Numbers: map[string]int64{"records": 42}}, b.Affected[1])
	require.Equal(t, "About Likely consequences.", b.Effects[0].Text)
	var measures []string
	for _, m := range b.Measures {
		measures = append(measures, m.Measure+": "+m.Text)
	}
	require.Equal(t, []string{"contained: bucket made private", "resolved: policy restored", "as_notified: About Measures taken and proposed."}, measures)

	require.Len(t, b.Duties, 3)
	owed := map[string]register.Duty{}
	for _, d := range b.Duties {
		owed[d.OwedTo] = d
	}
	late := owed[authority.Counterparty]
	require.Equal(t, "met", late.State)
	require.True(t, late.Late)
	require.EqualValues(t, 90, late.LateSeconds)
	require.Equal(t, []string{"the portal was down"}, late.DelayReasons)
	require.Contains(t, late.Clause, "33")
	require.Equal(t, "customer_consent", owed["C-1002"].Exemption)
	require.Equal(t, "they agreed in writing", owed["C-1002"].Reason)
	require.False(t, owed["C-1002"].Late, "what was waived is not late")
	require.Equal(t, "met", owed["C-1001"].State)
	require.NotEmpty(t, owed["C-1001"].Clause)
	require.Contains(t, fmt.Sprint(b.Decisions), "customer_consent")
	require.Contains(t, fmt.Sprint(b.Decisions), "names and invoices", "the risk as it was assessed")
	require.NotContains(t, file, "Heron", "a review is no fact")

	rows := sheet(t, h, h.As(access.PrivacyLead))
	records := map[string]int{}
	for _, row := range rows[1:] {
		records[row[1]]++
	}
	require.Equal(t, map[string]int{
		"breach": 1, "assessment_now": 1, "assessment": 2, "instant": 4, "affected": 2, "effect": 1, "measure": 3, "decision": 2, "duty": 3, "signature": 1,
	}, records)
}

// What was weighed is a fact too: candidates and what upstream said, choices, who decided, delays, and what was promised.
func TestTheRegisterSaysWhatWasWeighedAndWhoDecided(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouseOf(t, duty.CompanyProfile{
		EUMainEstablishment: &duty.Establishment{Country: "IE", Authority: "IE"}, Traits: []duty.Trait{duty.HIPAACoveredEntity}, Zone: "Europe/Dublin",
	})
	h.ImportSamples(t)
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	counsel, lead := h.As(access.LegalCounsel), h.As(access.PrivacyLead)
	theirs := r.ago(80 * time.Hour)
	_, err := h.Desk.RecordUpstream(t.Context(), h.As(access.Responder), "", r.Case, desk.UpstreamInput{
		Who: "Sample Models Inc.", AwareAt: &theirs, ToldUsAt: r.ago(20 * time.Hour), Zone: "America/New_York", Reference: "SM-2026-118", Evidence: "their mail",
	})
	require.NoError(t, err)
	alert, err := h.Desk.AddCandidate(t.Context(), h.As(access.Responder), "", r.Case, desk.CandidateInput{Kind: "first_alert", At: r.ago(10 * time.Hour), Zone: "UTC", Evidence: "alert 4711"})
	require.NoError(t, err)
	for _, word := range []string{"aware_controller", "aware_processor", "confirmed_processor", "discovered_constructive"} {
		in := desk.StartInput{Word: word, Candidate: alert.ID, Evidence: "read with the engineer", Reason: "nobody knew before"}
		_, err = h.Desk.RecordStart(t.Context(), lead, "", r.Case, in)
		require.NoError(t, err)
	}
	_, err = h.Desk.RecordParties(t.Context(), lead, "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Customer: "C-1001", Service: "chat", Touched: []string{"customer_content", "customer_personal_data"}},
		{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"IE": 10, "US": 700}},
	}})
	require.NoError(t, err)
	until := r.now().AddDate(0, 0, 90).Truncate(time.Second)
	_, err = h.Desk.DelayDuty(t.Context(), counsel, "", r.Case, r.byRule("hipaa-164-404")[0].ID, desk.DelayInput{
		Official: "Agent Sample", Agency: "Example Bureau", Form: "written", File: []byte("letter"), Received: r.ago(time.Minute), Until: until, Reason: "an investigation",
	})
	require.NoError(t, err)
	customer := r.byRule("dpa-incident")[0].ID
	for _, who := range []access.Actor{counsel, lead} {
		_, err = h.Desk.WaiveDuty(t.Context(), who, "", r.Case, customer, desk.WaiveInput{Exemption: "customer_consent", Reason: "they agreed in writing"})
		require.NoError(t, err)
	}
	_, err = h.Desk.AssessRisk(t.Context(), lead, "", r.Case, desk.RiskInput{Risk: "risk", Reason: "names"})
	require.NoError(t, err)
	_, err = h.Desk.ReviewExemptions(t.Context(), counsel, "", r.Case, desk.ExemptionInput{Duties: []uuid.UUID{customer}, Reason: "it still stands"})
	require.NoError(t, err)
	authority := r.byRule("gdpr-33-1")[0]
	in := filedInput(r.ago(time.Minute))
	in.Unknown = []letters.Promise{{Element: "likely_consequences", By: r.now().Add(48 * time.Hour)}}
	_, err = h.Desk.DecideDuties(t.Context(), counsel, "", r.Case, desk.DecideInput{Rule: authority.Rule, Required: true, Reason: "controller"})
	require.NoError(t, err)
	_, err = h.Desk.FileByHand(t.Context(), lead, "", r.Case, authority.ID, in)
	require.NoError(t, err)

	breaches, _ := book(t, h, h.As(access.Auditor))
	b := breaches[r.Code]
	candidates := map[string]register.Candidate{}
	for _, c := range b.Candidates {
		candidates[c.Candidate] = c
	}
	require.Len(t, candidates, 3)
	require.True(t, candidates["upstream_aware"].At.Equal(theirs))
	told := candidates["upstream_told_us"]
	require.Equal(t, []string{"Sample Models Inc.", "SM-2026-118", "their mail", "America/New_York"}, []string{told.Who, told.Reference, told.Evidence, told.Zone})
	require.Equal(t, "alert 4711", candidates["first_alert"].Evidence)
	for _, i := range b.Instants {
		if i.Word == "aware_controller" {
			require.Equal(t, candidates["first_alert"].ID, i.Chosen)
		}
	}
	decisions := map[string]register.Decision{}
	for _, one := range b.Decisions {
		decisions[one.Decision] = one
	}
	require.True(t, decisions["delayed"].Until.Equal(until))
	require.Equal(t, "Example Bureau", decisions["delayed"].Agency)
	require.Equal(t, "written", decisions["delayed"].Outcome)
	require.Equal(t, []string{counsel.ID, lead.ID}, decisions["waived"].By, "it took two people")
	require.Equal(t, []string{lead.ID}, decisions["risk_assessed"].By)
	require.Equal(t, "it still stands", decisions["exemption_confirmed"].Reason)
	var promised []string
	for _, d := range b.Duties {
		if d.Rule == "promised-update" {
			promised = append(promised, d.Clause)
		}
	}
	require.Len(t, promised, 1)
	require.Contains(t, promised[0], "likely_consequences")
	var text string
	for _, row := range sheet(t, h, h.As(access.Auditor)) {
		text += strings.Join(row, ",") + "\n"
	}
	for _, fact := range []string{"Sample Models Inc.", "SM-2026-118", "upstream_aware", "Example Bureau", until.UTC().Format(time.RFC3339), counsel.ID + "; " + lead.ID, "exemption_confirmed"} {
		require.Contains(t, text, fact)
	}
}

// Why a notice came late is what its last approval said, and what was explained beside it.
func TestTheRegisterForgetsTheReasonsOfAVoidedApproval(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	r.Aware(t, r.Case, r.ago(50*time.Hour))
	r.Parties(t, r.Case, "C-1001")
	notice := r.draft(access.CommsLead, testkit.Text())
	_, err := h.Desk.ExplainDelay(t.Context(), h.As(access.PrivacyLead), "", r.Case, notice, desk.DelayReasonInput{Reason: "the mailbox"})
	require.NoError(t, err)
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approveDelayed(notice, r.digest(notice), delay))
	require.NoError(t, r.edit(access.CommsLead, notice, 1, testkit.Text()))
	require.NoError(t, r.approveDelayed(notice, r.digest(notice), desk.Delay{Reason: map[string]string{"en": "the pager"}}))
	require.NoError(t, r.release(notice))
	r.letters(notice)
	breaches, _ := book(t, h, h.As(access.Auditor))
	owed := breaches[r.Code].Duties[0]
	require.True(t, owed.Late)
	require.Equal(t, []string{"the pager", "the mailbox"}, owed.DelayReasons)
}

// Nothing tells an outsider that a restricted breach exists: his register is the one of a house without it.
func TestARestrictedBreachIsInTheRegisterOfItsMembersOnly(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	open := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	secret := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true, Restricted: true, Title: "An insider copied data"})
	_, err := h.Desk.Restrict(t.Context(), h.As(access.IncidentCommander), "", secret.Case, desk.RestrictInput{Restricted: true, Members: []string{"privacy_lead"}})
	require.NoError(t, err)
	for _, role := range []access.Role{access.LegalCounsel, access.Auditor} {
		breaches, file := book(t, h, h.As(role))
		require.Len(t, breaches, 1)
		require.Contains(t, breaches, open.Code)
		require.NotContains(t, file, secret.Code)
		require.NotContains(t, strings.ToLower(file), "restricted")
		for _, row := range sheet(t, h, h.As(role)) {
			require.NotContains(t, strings.Join(row, " "), secret.Code)
		}
	}
	traces := func() int {
		return scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM access_event WHERE kind = 'register.export' AND case_id = $1`, secret.Case)
	}
	require.Zero(t, traces())
	breaches, _ := book(t, h, h.As(access.PrivacyLead))
	require.Len(t, breaches, 2)
	require.Equal(t, 1, traces(), "a member's reading leaves a trace")
}

// What others wrote is no formula in anybody's spreadsheet, and the JSON form has it exactly.
func TestWordsInTheRegisterAreNoFormulas(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	hostile := "=cmd|' /C calc'!A0"
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true, Title: hostile, Summary: "@SUM(1)\n=1+1;=2"})
	_, err := h.Desk.RuleOut(t.Context(), h.As(access.PrivacyLead), "", r.Case, desk.RuleOutInput{Reason: "\t+1"})
	require.NoError(t, err)
	breaches, _ := book(t, h, h.As(access.Auditor))
	require.Equal(t, hostile, breaches[r.Code].Title)
	seen := 0
	for _, row := range sheet(t, h, h.As(access.Auditor)) {
		for _, cell := range row {
			if cell == "" {
				continue
			}
			require.NotContains(t, "=+-@\t\r", cell[:1], "%q", cell)
			if strings.Contains(cell, "calc") || strings.Contains(cell, "SUM") || strings.Contains(cell, "+1") {
				seen++
			}
		}
	}
	require.GreaterOrEqual(t, seen, 3)
}

// Pages join without a gap, cases and duties alike.
func TestARegisterOfManyPagesIsWhole(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for i := range 120 {
		_, err := h.Desk.Open(t.Context(), h.As(access.Responder), "", desk.OpenInput{Title: fmt.Sprintf("Leak %d", i), SuspectedBreach: true})
		require.NoError(t, err)
	}
	customers := h.ImportCustomers(t, 1100)
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	r.Aware(t, r.Case, r.ago(time.Hour))
	h.Parties(t, r.Case, testkit.Refs(customers)...)
	breaches, _ := book(t, h, h.As(access.Auditor))
	require.Len(t, breaches, 121)
	owed := map[string]bool{}
	for _, d := range breaches[r.Code].Duties {
		owed[d.OwedTo] = true
	}
	require.Len(t, owed, 1100)
	require.Equal(t, 1100, breaches[r.Code].Customers)
	require.Equal(t, 1100, breaches[r.Code].Affected[0].Parties)
}

// A breach is not taken out of the register by changing a row: the facts keep it in, and the chain tells.
func TestABreachThatIsHiddenBehindTheProductsBackIsFound(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"assessed as none":  `UPDATE cases SET state = jsonb_set(state, '{assessment}', '"not_assessed"') WHERE id = $1`,
		"made into a drill": `UPDATE cases SET drill = NOT drill, clock_offset = '0' WHERE id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := testkit.NewHouse(t)
			r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
			r.Aware(t, r.Case, r.ago(time.Hour))
			r.tamper(statement)
			ok, problem := r.verify()
			require.False(t, ok)
			require.Contains(t, problem, "the chain records aware")
			if name == "assessed as none" {
				breaches, _ := book(t, h, h.As(access.Auditor))
				require.Equal(t, "aware", breaches[r.Code].Assessment)
			}
		})
	}
}
