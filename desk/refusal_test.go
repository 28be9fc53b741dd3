package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

func TestClosingTooEarlyNamesEverythingInTheWayAndChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	text := testkit.Text()
	_, err := r.Desk.DraftNotice(r.ctx, r.As(access.CommsLead), "", r.Case, desk.NoticeInput{Content: &text})
	require.NoError(t, err)
	r.unchanged(func() {
		_, err := r.Desk.Close(r.ctx, r.As(access.SecurityLead), "key", r.Case, desk.CloseInput{})
		refused(t, err, "not_resolved", "open_duties", "draft_notices", "review_missing", "privacy_lead_needed")
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, 2, refusal.Blockers[1].Count)
		require.NotEmpty(t, refusal.Blockers[1].Ref, "the first open duty is named")
		require.NotEmpty(t, refusal.Blockers[2].Ref, "and so is the draft")
	})
	r.Released(t, r.Case)
	_, err = r.Desk.Close(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.CloseInput{})
	refused(t, err, "not_resolved", "open_duties", "draft_notices", "running_campaigns", "review_missing")
}

// Every refusal is a conflict with its blockers, and not one row of any table is touched.
func TestARefusalChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	campaign := r.Released(t, r.Case)
	owed := r.duty("C-1001")
	delivery := r.deliveries("C-1001")[0]
	commander, comms, privacy := r.As(access.IncidentCommander), r.As(access.CommsLead), r.As(access.PrivacyLead)
	why := desk.ReasonInput{Reason: "because"}
	for name, c := range map[string]struct {
		do       func() error
		blockers []string
	}{
		"triage of a declared incident": {func() error {
			_, err := r.Desk.Triage(r.ctx, commander, "k", r.Case, desk.TriageInput{})
			return err
		}, []string{"wrong_status"}},
		"dismissal of a declared incident": {func() error {
			_, err := r.Desk.Dismiss(r.ctx, commander, "k", r.Case, desk.DismissInput{Verdict: "benign", Reason: "x"})
			return err
		}, []string{"wrong_status"}},
		"resolving what is not contained": {func() error {
			_, err := r.Desk.Resolve(r.ctx, commander, "k", r.Case, desk.ResolveInput{Recovery: "x"})
			return err
		}, []string{"not_contained"}},
		"reviewing what is not resolved": {func() error {
			_, err := r.Desk.Review(r.ctx, commander, "k", r.Case, desk.ReviewInput{Note: "x"})
			return err
		}, []string{"wrong_status"}},
		"reopening what is open": {func() error {
			_, err := r.Desk.Reopen(r.ctx, commander, "k", r.Case, why)
			return err
		}, []string{"wrong_status"}},
		"deciding what nobody proposed": {func() error {
			_, err := r.Desk.DecideDuties(r.ctx, privacy, "k", r.Case, desk.DecideInput{Rule: "gdpr-33-1", Reason: "x"})
			return err
		}, []string{"nothing_proposed"}},
		"choosing a start that nothing waits for": {func() error {
			_, err := r.Desk.ChooseStart(r.ctx, r.As(access.LegalCounsel), "k", r.Case, desk.ChooseStartInput{Governs: "found", Reason: "x"})
			return err
		}, []string{"nothing_undecided"}},
		"confirming a filing that is none": {func() error {
			_, err := r.Desk.ConfirmFiling(r.ctx, privacy, "k", r.Case, delivery.ID, why)
			return err
		}, []string{"nothing_to_confirm"}},
		"releasing a notice twice": {func() error {
			_, err := r.Desk.ReleaseNotice(r.ctx, comms, "k", r.Case, *delivery.Notice, desk.ReleaseInput{})
			return err
		}, []string{"wrong_notice_state"}},
		"editing what is released": {func() error {
			_, err := r.Desk.EditNotice(r.ctx, comms, "k", r.Case, *delivery.Notice, desk.EditNoticeInput{Content: testkit.Text(), IfMatch: 1})
			return err
		}, []string{"wrong_notice_state"}},
		"withdrawing what is released": {func() error {
			_, err := r.Desk.WithdrawNotice(r.ctx, comms, "k", r.Case, *delivery.Notice, why)
			return err
		}, []string{"wrong_notice_state"}},
		"resuming what runs": {func() error {
			_, err := r.Desk.ResumeCampaign(r.ctx, comms, "k", r.Case, campaign, why)
			return err
		}, []string{"wrong_campaign_state"}},
		"settling what nobody has tried to send": {func() error {
			_, err := r.Desk.SettleDelivery(r.ctx, comms, "k", r.Case, delivery.ID, desk.SettleInput{Outcome: "accepted", Reason: "x"})
			return err
		}, []string{"not_to_settle"}},
	} {
		r.unchanged(func() { refused(t, c.do(), c.blockers...); require.NotEmpty(t, name) })
	}
	r.waive(owed.ID, "customer_consent")
	r.unchanged(func() {
		_, err := r.Desk.WaiveDuty(r.ctx, privacy, "k", r.Case, owed.ID, desk.WaiveInput{Exemption: "not_in_scope", Reason: "x"})
		refused(t, err, "duty_ended")
		_, err = r.Desk.FileByHand(r.ctx, comms, "k", r.Case, owed.ID, filedInput(r.now()))
		refused(t, err, "duty_ended")
	})
}

func TestWhoMayNotIsRefusedBeforeAnythingIsLookedAt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.unchanged(func() {
		for role, do := range map[access.Role]func(access.Actor) error{
			access.Observer: func(a access.Actor) error {
				_, err := r.Desk.EditSummary(r.ctx, a, "k", r.Case, desk.SummaryInput{Title: "x", IfMatch: 1})
				return err
			},
			access.CommsLead: func(a access.Actor) error {
				_, err := r.Desk.ApproveNotice(r.ctx, a, "k", r.Case, uuid.New(), desk.ApproveInput{Digest: string(make([]byte, 64))})
				return err
			},
			access.Responder: func(a access.Actor) error {
				_, err := r.Desk.RecordStart(r.ctx, a, "k", r.Case, startInput("aware_processor", time.Now(), ""))
				return err
			},
			access.PrivacyLead: func(a access.Actor) error {
				_, err := r.Desk.CreateToken(r.ctx, a, "responder", access.Scopes(), nil)
				return err
			},
			access.Integration: func(a access.Actor) error {
				_, err := r.Desk.Close(r.ctx, a, "k", r.Case, desk.CloseInput{})
				return err
			},
		} {
			err := do(r.As(role))
			if problem.CodeOf(err) != problem.Invalid {
				code(t, problem.Forbidden, err)
			}
		}
		_, err := r.Desk.Close(r.ctx, desk.Docket, "", r.Case, desk.CloseInput{})
		code(t, problem.Forbidden, err)
	})
}

func TestASummaryIsNotOverwrittenByWhoeverReadAnOlderOne(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	edit := func(title string, version int) error {
		_, err := r.Desk.EditSummary(r.ctx, r.As(access.Responder), "", r.Case, desk.SummaryInput{Title: title, IfMatch: version})
		return err
	}
	require.NoError(t, edit("Two buckets were public", 1))
	r.unchanged(func() { code(t, problem.Stale, edit("Three buckets were public", 1)) })
	require.NoError(t, edit("Three buckets were public", 2))
	view, err := r.Desk.Case(r.ctx, r.As(access.Observer), r.Code)
	require.NoError(t, err)
	require.Equal(t, "Three buckets were public", view.Title)
	require.Equal(t, 3, view.SummaryVersion)
}

func TestBadInputNamesItsFieldAndWritesNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	future := r.now().Add(time.Hour)
	for field, do := range map[string]func() error{
		"title": func() error { _, err := r.Desk.Open(r.ctx, r.As(access.Responder), "k", desk.OpenInput{}); return err },
		"detected_at": func() error {
			_, err := r.Desk.Open(r.ctx, r.As(access.Responder), "k", desk.OpenInput{Title: "x", DetectedAt: &future})
			return err
		},
		"parties[1].customer": func() error {
			_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "k", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
				{Customer: "C-1001", Touched: []string{"customer_content"}}, {Customer: "C-9999", Touched: []string{"customer_content"}},
			}})
			return err
		},
		"parties[0].touched": func() error {
			_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "k", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{{Customer: "C-1001", Touched: []string{"feelings"}}}})
			return err
		},
		"commander": func() error {
			_, err := r.Desk.Assign(r.ctx, r.As(access.IncidentCommander), "k", r.Case, desk.AssignInput{Commander: "nobody"})
			return err
		},
		"zone": func() error {
			in := startInput("aware_processor", r.now(), "")
			in.Zone = "Europe/Atlantis"
			_, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "k", r.Case, in)
			return err
		},
		"word": func() error {
			_, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "k", r.Case, startInput("surprised", r.now(), ""))
			return err
		},
		"governs": func() error {
			_, err := r.Desk.ChooseStart(r.ctx, r.As(access.LegalCounsel), "k", r.Case, desk.ChooseStartInput{Governs: "luck", Reason: "x"})
			return err
		},
		"content": func() error {
			_, err := r.Desk.DraftNotice(r.ctx, r.As(access.CommsLead), "k", r.Case, desk.NoticeInput{})
			return err
		},
	} {
		r.unchanged(func() {
			err := do()
			var refusal *problem.Error
			require.ErrorAs(t, err, &refusal, field)
			require.Equal(t, problem.Invalid, refusal.Code, field)
			require.Equal(t, field, refusal.Field)
		})
	}
}
