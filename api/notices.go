package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// notices puts texts, approvals and sendings on the router.
func (s *surface) notices() {
	const all, one = oneCase + "/notices", oneCase + "/notices/{id}"
	s.readNotices(all, one)
	command(s, post(all, "draftNotice", "Begin a notice", access.NoticeDraft).makes(), Desk.DraftNotice)
	s.editNotice(put(one, "editNotice", "Replace a notice's text; an approval is void", access.NoticeEdit))
	item(s, post(one+"/submit", "submitNotice", "Hand a draft to its approver", access.NoticeSubmit), Desk.SubmitNotice)
	item(s, post(one+"/test", "testNotice", "Send one recipient's letter to somebody of the company; it tells nobody else", access.NoticeSubmit).onceOnly(), Desk.TestNotice)
	item(s, post(one+"/approve", "approveNotice", "Approve what the preview's digest binds", access.NoticeApprove), Desk.ApproveNotice)
	item(s, post(one+"/release", "releaseNotice", "Start the sending of an approved notice", access.NoticeRelease), Desk.ReleaseNotice)
	item(s, post(one+"/delay-reason", "explainDelay", "Record in the case why a notice to customers comes late", access.NoticeApprove), Desk.ExplainDelay)
	item(s, post(one+"/withdraw", "withdrawNotice", "Withdraw a notice that was not released", access.NoticeWithdraw), Desk.WithdrawNotice)

	const campaign = oneCase + "/campaigns/{id}"
	item(s, post(campaign+"/pause", "pauseCampaign", "Hold a sending back", access.CampaignPause), Desk.PauseCampaign)
	item(s, post(campaign+"/resume", "resumeCampaign", "Let a paused sending go on", access.CampaignResume), Desk.ResumeCampaign)
	item(s, post(campaign+"/stop", "stopCampaign", "End a sending; what was not sent stays unsent", access.CampaignStop), Desk.StopCampaign)
}

type editNoticeInput struct {
	ItemParam
	KeyHeader
	MatchHeader
	Body desk.EditNoticeInput
}

func (s *surface) editNotice(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *editNoticeInput) (*receiptAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		in.Body.IfMatch = version
		done, err := s.desk.EditNotice(ctx, actor, in.Key, id, in.ID, in.Body)
		if err != nil {
			return nil, err
		}
		return receipt(done), nil
	})
}

type noticeAnswer struct {
	ETag string `header:"ETag" doc:"Version of the text, for If-Match"`
	Body desk.NoticeView
}

type previewInput struct {
	ItemParam
	Index int `query:"index" minimum:"0" default:"0" doc:"Which recipient's letter to show, from 0"`
}

type delayedPreviewInput struct {
	ItemParam
	Body desk.PreviewInput
}

func (s *surface) readNotices(all, one string) {
	register(s, get(all, "listNotices", "List the notices of a case", access.CaseRead), list(s, Desk.Notices))
	register(s, get(one, "getNotice", "Read a notice", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *ItemParam) (*noticeAnswer, error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			view, err := s.desk.Notice(ctx, actor, id, in.ID)
			if err != nil {
				return nil, err
			}
			return &noticeAnswer{ETag: etag(view.Version), Body: view}, nil
		})
	register(s, get(one+"/preview", "previewNotice", "Read a notice as one recipient will, with the digest that an approval binds", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *previewInput) (*answer[desk.PreviewView], error) {
			return s.preview(ctx, actor, in.ItemParam, func(id uuid.UUID) (desk.PreviewView, error) { return s.desk.Preview(ctx, actor, id, in.ID, in.Index) })
		})
	register(s, post(one+"/preview", "previewDelayedNotice", "Read a notice with the reason of its delay as it would be printed: it is part of the digest", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *delayedPreviewInput) (*answer[desk.PreviewView], error) {
			return s.preview(ctx, actor, in.ItemParam, func(id uuid.UUID) (desk.PreviewView, error) {
				return s.desk.PreviewDelayed(ctx, actor, id, in.ID, in.Body)
			})
		})
}

func (s *surface) preview(ctx context.Context, actor access.Actor, in ItemParam, read func(uuid.UUID) (desk.PreviewView, error)) (*answer[desk.PreviewView], error) {
	id, err := s.resolve(ctx, actor, in.Case)
	if err != nil {
		return nil, err
	}
	view, err := read(id)
	if err != nil {
		return nil, err
	}
	return &answer[desk.PreviewView]{Body: view}, nil
}

// list answers with all of a short list, in the form of a page.
func list[T any](s *surface, read func(Desk, context.Context, access.Actor, uuid.UUID) ([]T, error)) func(context.Context, access.Actor, *CaseParam) (*answer[desk.Page[T]], error) {
	return func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.Page[T]], error) {
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		items, err := read(s.desk, ctx, actor, id)
		return page(desk.Page[T]{Items: items}, err)
	}
}
