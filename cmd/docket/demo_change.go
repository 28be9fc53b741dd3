package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// announcement plays one notice of change through, from the draft to a gateway's answers.
type announcement struct {
	*drill.Player
	stack *stack
	// before is the newest letter that an earlier act or play left in the mailboxes.
	before int64
	// notice is the case's notice, planned when the change is to take effect.
	notice  uuid.UUID
	planned time.Time
}

// firstSlice is how many customers are told before a person looks.
const firstSlice = 4

// announcement plays the third act.
func (s *stack) announcement(ctx context.Context, p *drill.Player) error {
	a := announcement{Player: &drill.Player{Desk: p.Desk, Out: p.Out, People: p.People}, stack: s, before: s.newestLetter()}
	for _, act := range []func(context.Context) error{a.published, a.drafted, a.judged, a.approved, a.sent, a.objects, a.takesEffect, a.ends} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("the demo failed: %w", err)
		}
	}
	return nil
}

func (a announcement) act(title string) { a.Say("\n— %s", title) }

func (a announcement) change(ctx context.Context) (desk.ChangeView, error) {
	return a.Desk.Change(ctx, a.As(access.LegalCounsel), a.Case)
}

func (a announcement) customers(ctx context.Context, state string) ([]desk.ChangeCustomerView, error) {
	page, err := a.Desk.ChangeCustomers(ctx, a.As(access.LegalCounsel), a.Case, desk.ChangeCustomersFilter{State: state, Limit: 500})
	return page.Items, err
}

// until waits until the change's process has brought it somewhere.
func (a announcement) until(ctx context.Context, where string, there func(desk.ChangeView) bool) (desk.ChangeView, error) {
	for end := time.Now().Add(2 * time.Minute); ; {
		view, err := a.change(ctx)
		if err != nil || there(view) {
			return view, err
		}
		if time.Now().After(end) {
			return view, fmt.Errorf("the change does not come to %s; it is %s", where, view.Status)
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// published puts the list of sub-processors into the public change log, as it stands.
func (a *announcement) published(ctx context.Context) error {
	a.act("A new sub-processor is announced, against the list that is in force")
	in := sampleChange(time.Now())
	in.Kind, in.Subject, in.Services, in.Text = "policy", "", nil, subprocessorsBefore
	in.Title, in.Summary = "The list of sub-processors is published", "The list as it stands. Nothing changes."
	opened, err := a.Desk.OpenChange(ctx, a.As(access.CommsLead), "", in)
	if err != nil {
		return err
	}
	if _, err := a.Desk.SubmitChange(ctx, a.As(access.CommsLead), "", opened.Case); err != nil {
		return err
	}
	judged, err := a.Desk.JudgeChange(ctx, a.As(access.LegalCounsel), "", opened.Case, desk.JudgeInput{Reason: "it says what is so already"})
	if err == nil && judged.Status != "archived" {
		err = fmt.Errorf("what is not material is %s", judged.Status)
	}
	a.Say("  the list in force is public; counsel called it not material, so nobody was written to")
	return err
}

// drafted opens the change and shows what is new in the document.
func (a *announcement) drafted(ctx context.Context) error {
	a.Began = time.Now()
	in := sampleChange(a.Began)
	opened, err := a.Desk.OpenChange(ctx, a.As(access.CommsLead), "", in)
	if err != nil {
		return err
	}
	a.Case, a.Code, a.planned = opened.Case, opened.Code, in.Planned
	view, err := a.change(ctx)
	if err != nil {
		return err
	}
	a.Say("  %s is version %d: planned for %s, to be told by %s", a.Code, view.Version, day(&view.Planned), day(&view.SendBy))
	return a.types(ctx, &changeDiffCmd{changeArg: changeArg{a.Code}, Context: 0}, "diff "+a.Code+" --context 0")
}

// judged has counsel judge, and shows everybody's own dates.
func (a *announcement) judged(ctx context.Context) error {
	a.act("Counsel calls it material. Every customer has its own dates, from its agreements")
	text := changeLetter()
	drafted, err := a.Desk.DraftNotice(ctx, a.As(access.CommsLead), "", a.Case, desk.NoticeInput{Content: &text})
	if err != nil {
		return err
	}
	a.notice = *drafted.ID
	if _, err := a.Desk.SubmitNotice(ctx, a.As(access.CommsLead), "", a.Case, a.notice, desk.SubmitInput{}); err != nil {
		return err
	}
	if _, err := a.Desk.SubmitChange(ctx, a.As(access.CommsLead), "", a.Case); err != nil {
		return err
	}
	judged := desk.JudgeInput{Material: true, Reason: "another company sees prompts"}
	if _, err := a.Desk.JudgeChange(ctx, a.As(access.CommsLead), "", a.Case, judged); problem.CodeOf(err) != problem.Forbidden {
		return fmt.Errorf("the writer's own judgement was not refused: %w", err)
	}
	if _, err := a.Desk.JudgeChange(ctx, a.As(access.LegalCounsel), "", a.Case, judged); err != nil {
		return err
	}
	view, err := a.change(ctx)
	if err != nil {
		return err
	}
	if err := a.dates(ctx); err != nil {
		return err
	}
	if view.Late == 0 {
		return fmt.Errorf("nobody of %d customers is told too late for the plan", view.Customers)
	}
	a.Say("  %d of %d cannot be told in time for the plan: for them it takes effect later", view.Late, view.Customers)
	return nil
}

// approved previews, tests, and has a second person approve exactly that.
func (a *announcement) approved(ctx context.Context) error {
	a.act("A second person approves text, languages, audience and everybody's own dates")
	preview, err := a.Desk.Preview(ctx, a.As(access.PrivacyLead), a.Case, a.notice, 0)
	if err != nil {
		return err
	}
	languages := map[string]int{}
	for i := range preview.Recipients {
		one, err := a.Desk.Preview(ctx, a.As(access.PrivacyLead), a.Case, a.notice, i)
		if err != nil {
			return err
		}
		languages[one.Letter.Language]++
	}
	if len(languages) != 3 {
		return fmt.Errorf("the letters are written in %v", languages)
	}
	a.Say("  preview: %d recipients at %d customers (%s); the first one reads “%s”", preview.Recipients, preview.Customers, drill.Counted(languages), preview.Letter.Subject)
	if _, err := a.Desk.TestNotice(ctx, a.As(access.CommsLead), "", a.Case, a.notice, desk.TestNoticeInput{Address: staffMail}); err != nil {
		return err
	}
	if _, err := a.stack.mailbox(ctx, a.before, staffMail, tested); err != nil {
		return err
	}
	a.Say("  a test went to %s: nobody is told by it", staffMail)
	_, err = a.Desk.ApproveNotice(ctx, a.As(access.PrivacyLead), "", a.Case, a.notice, desk.ApproveInput{Digest: preview.Digest})
	return err
}

// sent sends a first slice, and the rest once a person looked.
func (a *announcement) sent(ctx context.Context) error {
	a.act("A first slice, a look, and then the rest")
	if _, err := a.Desk.ReleaseNotice(ctx, a.As(access.CommsLead), "", a.Case, a.notice, desk.ReleaseInput{Lane: "bulk", First: firstSlice}); err != nil {
		return err
	}
	var sending desk.CampaignSummary
	view, err := a.until(ctx, "the pause after the first slice", func(view desk.ChangeView) bool {
		notice, err := a.Desk.Notice(ctx, a.As(access.CommsLead), a.Case, a.notice)
		if err != nil {
			return false
		}
		for _, one := range notice.Campaigns {
			if one.State == "paused" {
				sending = one
			}
		}
		return sending.State == "paused" && view.Told == firstSlice
	})
	if err != nil {
		return err
	}
	a.Say("  %d customers were told; the sending paused by itself, and %d wait", view.Told, view.Untold)
	if _, err := a.Desk.ResumeCampaign(ctx, a.As(access.PrivacyLead), "", a.Case, sending.ID, desk.ReasonInput{Reason: "the first letters look right"}); err != nil {
		return err
	}
	if view, err = a.until(ctx, "everybody's being told", func(view desk.ChangeView) bool { return view.Status == "objection_window" }); err != nil {
		return err
	}
	if err := a.SendingEnds(ctx); err != nil {
		return err
	}
	deliveries, err := a.Deliveries(ctx)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, one := range deliveries {
		if one.Customer != "" {
			counts[one.State]++
		}
	}
	if view.Told != view.Customers {
		return fmt.Errorf("%d customers were told: %s", view.Told, drill.Counted(counts))
	}
	a.Say("  all %d are told; what the other side answered: %s", view.Told, drill.Counted(counts))
	return nil
}
