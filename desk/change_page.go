package desk

import (
	"context"

	"github.com/atlascloudai/docket/core/problem"
)

// NoticePage is what the customer sees whose letter carried the link with this token. A link that is forged, has expired or leads
// to nothing is not found, and nobody is told which.
func (*Desk) NoticePage(context.Context, string) (NoticePageView, error) {
	return NoticePageView{}, problem.Missing("notice")
}

// AnswerNotice records what a customer answers on its page, once. Where it may not object the blocker says why: window_over,
// answered, no_window, not_told.
func (*Desk) AnswerNotice(context.Context, string, NoticeAnswer) (NoticePageView, error) {
	return NoticePageView{}, problem.Missing("notice")
}
