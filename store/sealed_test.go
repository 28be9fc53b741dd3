package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

// secret marks every free text that this life gives to the product; each is a word of its own.
type secrets []string

func (s *secrets) word(what string) string {
	word := "Zeugnis-" + what + "-" + uuid.NewString()[:8]
	*s = append(*s, word)
	return "before " + word + " after"
}

// customers are names and addresses of the samples.
func (s *secrets) customers(t *testing.T) {
	for name, content := range samples.Agreements() {
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSpace(line)
			switch {
			case name == "customers.csv" && strings.HasPrefix(line, "C-"):
				*s = append(*s, strings.Split(line, ",")[1])
			case name == "contacts.csv" && strings.HasPrefix(line, "C-"):
				*s = append(*s, strings.Split(line, ",")[4])
			case strings.HasPrefix(line, "name: "):
				*s = append(*s, strings.TrimPrefix(line, "name: "))
			case strings.Contains(line, "address: "):
				*s = append(*s, strings.Fields(strings.Split(line, "address: ")[1])[0])
			}
		}
	}
	for i, word := range *s {
		(*s)[i] = strings.Trim(word, ",}")
	}
	require.Greater(t, len(*s), 35)
}

// After a whole life of an incident, none of its words, and no name or address of a customer, is readable in any
// column of any table; with the data keys shredded nobody can read them again.
func TestNoTableHoldsNamesAddressesOrFreeTextInClear(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	var s secrets
	s.customers(t)
	live(t, h, &s)
	all := contents(t, h.Database.Superuser)
	for place, content := range all {
		for _, word := range s {
			require.NotContains(t, strings.ToLower(content), strings.ToLower(word), "%s holds %q in clear", place, word)
		}
	}
	// The search would have found something: what is meant to be readable is.
	require.Contains(t, all["customer.ref"], "C-1001")
	require.Contains(t, all["timeline.kind"], "incident.declared")
	require.Contains(t, all["timeline.body"], "severity")
	require.Contains(t, all["delivery_event.body"], "enhanced")
}

// contents is every column of every table, as text and, where it is bytes, as the bytes read as text too.
func contents(t *testing.T, dsn string) map[string]string {
	t.Helper()
	conn := connect(t, dsn)
	rows, err := conn.Query(t.Context(), `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'`)
	require.NoError(t, err)
	type column struct{ Table, Name, Type string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	require.NoError(t, err)
	require.Greater(t, len(columns), 100)
	found := map[string]string{}
	for _, c := range columns {
		value := pgx.Identifier{c.Name}.Sanitize() + "::text"
		if c.Type == "bytea" {
			value = "encode(" + pgx.Identifier{c.Name}.Sanitize() + ", 'escape')"
		}
		var all string
		query := fmt.Sprintf(`SELECT coalesce(string_agg(%s, E'\n'), '') FROM %s`, value, pgx.Identifier{c.Table}.Sanitize())
		require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&all), query)
		found[c.Table+"."+c.Name] = all
	}
	return found
}

// live plays an incident through every command that takes words.
func live(t *testing.T, h *testkit.House, s *secrets) {
	t.Helper()
	ctx := t.Context()
	ok := func(_ desk.Receipt, err error) { t.Helper(); require.NoError(t, err) }
	h.ImportSamples(t)
	responder, commander, privacy := h.As(access.Responder), h.As(access.IncidentCommander), h.As(access.PrivacyLead)
	comms, counsel := h.As(access.CommsLead), h.As(access.LegalCounsel)

	dismissed, err := h.Desk.Open(ctx, responder, "k0", desk.OpenInput{Title: s.word("title"), Summary: s.word("summary")})
	require.NoError(t, err)
	ok(h.Desk.Dismiss(ctx, responder, "k", dismissed.Case, desk.DismissInput{Verdict: "benign", Reason: s.word("dismiss")}))

	opened, err := h.Desk.Open(ctx, responder, "k1", desk.OpenInput{Title: s.word("title"), Summary: s.word("summary"), Drill: true, Severity: "high"})
	require.NoError(t, err)
	id := opened.Case
	ok(h.Desk.Declare(ctx, commander, "", id, desk.DeclareInput{}))
	ok(h.Desk.EditSummary(ctx, responder, "", id, desk.SummaryInput{Title: s.word("title2"), Summary: s.word("summary2"), IfMatch: 1}))
	aware := time.Now().Add(-13 * time.Hour)
	ok(h.Desk.AddCandidate(ctx, responder, "", id, desk.CandidateInput{Kind: "first_alert", At: aware, Zone: "Europe/Berlin", Evidence: s.word("candidate")}))
	ok(h.Desk.RecordUpstream(ctx, responder, "", id, desk.UpstreamInput{
		Who: s.word("who"), AwareAt: &aware, ToldUsAt: aware, Zone: "Europe/Berlin", Reference: s.word("their reference"), Evidence: s.word("upstream"),
	}))
	for _, word := range []string{"aware_processor", "confirmed_processor", "aware_controller"} {
		ok(h.Desk.RecordStart(ctx, privacy, "", id, desk.StartInput{Word: word, At: aware, Zone: "Europe/Berlin", Evidence: s.word("evidence"), Reason: s.word("choice")}))
	}
	ok(h.Desk.RecordStart(ctx, privacy, "", id, desk.StartInput{Word: "aware_processor", At: aware.Add(-time.Minute), Zone: "Europe/Berlin", Evidence: s.word("evidence"), Reason: s.word("correction")}))
	var parties []desk.PartyInput
	for i := 1001; i <= 1015; i++ {
		parties = append(parties, desk.PartyInput{Customer: fmt.Sprintf("C-%d", i), Service: "chat-api", Touched: []string{"customer_personal_data"}, Evidence: s.word("party")})
	}
	parties = append(parties, desk.PartyInput{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"DE": 10}, Evidence: s.word("party")})
	ok(h.Desk.RecordParties(ctx, privacy, "k2", id, desk.PartiesInput{Parties: parties}))
	ok(h.Desk.DecideDuties(ctx, counsel, "", id, desk.DecideInput{Rule: "gdpr-33-1", Required: true, Reason: s.word("decide")}))

	text := testkit.Text()
	for element := range text.Languages["en"].Elements {
		text.Languages["en"].Elements[element] = letters.Fill{State: letters.Filled, Text: s.word("element")}
	}
	text.Languages["en"] = letters.Content{Subject: s.word("subject"), Elements: text.Languages["en"].Elements}
	withdrawn, err := h.Desk.DraftNotice(ctx, comms, "", id, desk.NoticeInput{Content: &text})
	require.NoError(t, err)
	ok(h.Desk.WithdrawNotice(ctx, comms, "", id, *withdrawn.ID, desk.ReasonInput{Reason: s.word("withdraw")}))
	drafted, err := h.Desk.DraftNotice(ctx, comms, "k3", id, desk.NoticeInput{From: withdrawn.ID})
	require.NoError(t, err)
	text.Languages["en"] = letters.Content{Subject: s.word("subject"), Elements: text.Languages["en"].Elements}
	ok(h.Desk.EditNotice(ctx, comms, "", id, *drafted.ID, desk.EditNoticeInput{Content: text, IfMatch: 1}))
	ok(h.Desk.SubmitNotice(ctx, comms, "", id, *drafted.ID, desk.SubmitInput{}))
	preview, err := h.Desk.Preview(ctx, privacy, id, *drafted.ID, 0)
	require.NoError(t, err)
	ok(h.Desk.ApproveNotice(ctx, privacy, "", id, *drafted.ID, desk.ApproveInput{Digest: preview.Digest}))
	released, err := h.Desk.ReleaseNotice(ctx, comms, "", id, *drafted.ID, desk.ReleaseInput{})
	require.NoError(t, err)
	ok(h.Desk.PauseCampaign(ctx, comms, "", id, *released.ID, desk.ReasonInput{Reason: s.word("pause")}))
	ok(h.Desk.ResumeCampaign(ctx, comms, "", id, *released.ID, desk.ReasonInput{Reason: s.word("resume")}))

	jobs, err := h.Desk.Claim(ctx, *released.ID, uuid.New(), 100)
	require.NoError(t, err)
	require.Greater(t, len(jobs), 15)
	for i, job := range jobs {
		require.NoError(t, h.Desk.Begin(ctx, job, [32]byte{1}, "direct"))
		outcome := []string{"accepted", "refused", "deferred", "unknown"}[i%4]
		require.NoError(t, h.Desk.Finish(ctx, job, desk.Answer{Outcome: outcome, Code: 250, Class: "class", Host: "192.0.2.1:25", QueueID: "4711", Reply: s.word("reply") + " <" + job.To + ">"}))
		switch outcome {
		case "accepted":
			ok(h.Desk.AcknowledgeDelivery(ctx, comms, "", id, job.Delivery, desk.AcknowledgeInput{At: time.Now(), Evidence: s.word("acknowledged")}))
			require.NoError(t, h.Desk.Report(ctx, job.Delivery, desk.ReportInput{Kind: "human_reply", Words: s.word("reply") + job.To, Digest: [32]byte{byte(i)}}))
			require.NoError(t, h.Desk.Report(ctx, job.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", Words: s.word("bounce") + job.To, Digest: [32]byte{byte(i)}}))
		case "unknown":
			ok(h.Desk.SettleDelivery(ctx, comms, "", id, job.Delivery, desk.SettleInput{Outcome: "accepted", Reason: s.word("settle")}))
		}
	}
	require.NoError(t, h.Desk.Seal(ctx, *released.ID))
	ok(h.Desk.StopCampaign(ctx, comms, "", id, *released.ID, desk.ReasonInput{Reason: s.word("stop")}))

	_, err = h.Desk.RaiseDue(ctx, id)
	require.NoError(t, err)
	raises, err := h.Desk.Raises(ctx, privacy, id)
	require.NoError(t, err)
	ok(h.Desk.AcknowledgeRaise(ctx, privacy, "", id, raises[0].ID, desk.AnswerInput{Note: s.word("answer")}))
	duties, err := h.Desk.Duties(ctx, privacy, id, "required", "", 100)
	require.NoError(t, err)
	for _, d := range duties.Items {
		if d.Rule != "gdpr-33-1" {
			for _, who := range []access.Actor{privacy, counsel} {
				ok(h.Desk.WaiveDuty(ctx, who, "", id, d.ID, desk.WaiveInput{Exemption: "customer_consent", Reason: s.word("waive"), Instead: s.word("instead")}))
			}
			continue
		}
		filed, err := h.Desk.FileByHand(ctx, privacy, "", id, d.ID, desk.FileInput{
			FiledAt: time.Now(), Zone: "Europe/Dublin", How: s.word("how"), Reference: s.word("reference"), Receipt: []byte(s.word("receipt")),
		})
		require.NoError(t, err)
		ok(h.Desk.ConfirmFiling(ctx, counsel, "", id, *filed.ID, desk.ReasonInput{Reason: s.word("confirm")}))
	}
	ok(h.Desk.RuleOut(ctx, privacy, "", id, desk.RuleOutInput{Reason: s.word("rule out")}))
	ok(h.Desk.AssessRisk(ctx, counsel, "", id, desk.RiskInput{Risk: "risk", Reason: s.word("risk")}))
	ok(h.Desk.ReviewExemptions(ctx, counsel, "", id, desk.ExemptionInput{Rule: "dpa-incident", Reason: s.word("confirm exemption")}))
	ok(h.Desk.ReviewExemptions(ctx, counsel, "", id, desk.ExemptionInput{Rule: "dpa-incident-no-number", Reason: s.word("confirm exemption")}))
	ok(h.Desk.NameCircle(ctx, counsel, "", id, desk.CircleInput{Members: []string{"executive_sponsor"}}))
	ok(h.Desk.RecordPrivileged(ctx, counsel, "k4", id, desk.PrivilegedInput{Kind: "advice", Basis: "attorney_client", Text: desk.NewPrivilegedText(s.word("advice"))}))
	held, err := h.Desk.PlaceHold(ctx, counsel, "k5", id, desk.HoldInput{Reason: s.word("hold"), ReviewAt: time.Now().AddDate(1, 0, 0)})
	require.NoError(t, err)
	ok(h.Desk.ReleaseHold(ctx, counsel, "", id, *held.ID, desk.ReasonInput{Reason: s.word("release")}))
	ok(h.Desk.RecordTechnical(ctx, responder, "", id, desk.TechnicalInput{Milestone: "contained", Note: s.word("contained")}))
	ok(h.Desk.Resolve(ctx, commander, "", id, desk.ResolveInput{Recovery: s.word("recovery")}))
	ok(h.Desk.Review(ctx, commander, "", id, desk.ReviewInput{Note: s.word("review")}))
	ok(h.Desk.Close(ctx, privacy, "", id, desk.CloseInput{}))
	ok(h.Desk.Reopen(ctx, commander, "", id, desk.ReasonInput{Reason: s.word("reopen")}))
	verified, err := h.Desk.VerifyCase(ctx, h.As(access.Auditor), id)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
}
