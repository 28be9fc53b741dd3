package api

import (
	"context"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

const oneCase = "/v1/cases/{case}"

// cases puts the life of an incident on the router.
func (s *surface) cases() {
	s.openCase(post("/v1/cases", "openCase", "Open an incident", access.CaseOpen).makes())
	s.readCases()

	command(s, post(oneCase+"/triage", "triage", "Take an incident up: severity and suspicion", access.IncidentTriage), Desk.Triage)
	command(s, post(oneCase+"/dismiss", "dismiss", "End what was no incident", access.IncidentDismiss), Desk.Dismiss)
	command(s, post(oneCase+"/declare", "declare", "Make it an active incident", access.IncidentDeclare), Desk.Declare)
	command(s, post(oneCase+"/parties", "recordParties", "Record a wave of affected parties", access.IncidentParties).large(s), Desk.RecordParties)
	item(s, post(oneCase+"/parties/{id}/rule-out", "ruleOutParty", "Record that a party was not affected after all", access.IncidentPartyRuleOut), Desk.RuleOutParty)
	command(s, post(oneCase+"/starts", "recordStart", "Record when a start word became true: aware, confirmed", access.IncidentAware, access.IncidentAwareLater, access.IncidentConfirm), Desk.RecordStart)
	register(s, get(oneCase+"/candidates", "listCandidates", "List the instants that awareness may be counted from", access.CaseRead), list(s, Desk.Candidates))
	command(s, post(oneCase+"/candidates", "addCandidate", "Record an instant that awareness may be counted from", access.IncidentCandidate).onceOnly(), Desk.AddCandidate)
	command(s, post(oneCase+"/upstream", "recordUpstream", "Record what a sub-processor or AI provider told us of an incident of its own", access.IncidentUpstream, access.IncidentAwareLater).onceOnly(), Desk.RecordUpstream)
	command(s, post(oneCase+"/risk", "assessRisk", "Assess the risk to people", access.IncidentRisk), Desk.AssessRisk)
	command(s, post(oneCase+"/rule-out", "ruleOut", "Record that there was no breach", access.IncidentRuleOut), Desk.RuleOut)
	command(s, post(oneCase+"/technical", "recordTechnical", "Record a milestone of the technical work", access.IncidentMilestone), Desk.RecordTechnical)
	command(s, post(oneCase+"/resolve", "resolve", "End the technical work", access.IncidentResolve), Desk.Resolve)
	command(s, post(oneCase+"/review", "review", "Finish or waive the review", access.IncidentReview), Desk.Review)
	command(s, post(oneCase+"/close", "close", "Close the case; refused while a duty is open", access.IncidentClose), Desk.Close)
	command(s, post(oneCase+"/reopen", "reopen", "Take a closed case up again", access.IncidentReopen), Desk.Reopen)
	command(s, post(oneCase+"/assign", "assign", "Hand command over", access.IncidentAssign), Desk.Assign)
	command(s, post(oneCase+"/restriction", "restrict", "Say who may see the case", access.IncidentRestrict), Desk.Restrict)
	command(s, post(oneCase+"/clock", "advanceClock", "Move a drill's clock forward", access.ClockAdvance), Desk.AdvanceClock)
	s.editSummary(put(oneCase+"/summary", "editSummary", "Replace title and summary", access.CaseSummary))
}

type openInput struct {
	KeyHeader
	Body desk.OpenInput
}

func (s *surface) openCase(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *openInput) (*receiptAnswer, error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		done, err := s.desk.Open(ctx, actor, in.Key, in.Body)
		if err != nil {
			return nil, err
		}
		out := receipt(done)
		out.Location = "/v1/cases/" + done.Case.String()
		return out, nil
	})
}

type summaryInput struct {
	CaseParam
	KeyHeader
	MatchHeader
	Body desk.SummaryInput
}

func (s *surface) editSummary(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *summaryInput) (*receiptAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		in.Body.IfMatch = version
		done, err := s.desk.EditSummary(ctx, actor, in.Key, id, in.Body)
		if err != nil {
			return nil, err
		}
		return receipt(done), nil
	})
}

type caseAnswer struct {
	ETag string `header:"ETag" doc:"Version of title and summary, for If-Match; the rest of the case changes without it"`
	Body desk.CaseView
}

type caseListInput struct {
	PageParams
	Status string `query:"status" maxLength:"40" doc:"Only cases of this status"`
}

type partInput struct {
	CaseParam
	PageParams
}

func (s *surface) readCases() {
	register(s, get("/v1/cases", "listCases", "List cases, newest first", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *caseListInput) (*answer[desk.Page[desk.CaseView]], error) {
			return page(s.desk.Cases(ctx, actor, in.Status, in.Cursor, in.Limit))
		})
	register(s, get(oneCase, "getCase", "Read a case", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*caseAnswer, error) {
			view, err := s.desk.Case(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return &caseAnswer{ETag: etag(view.SummaryVersion), Body: view}, nil
		})
	register(s, get(oneCase+"/parties", "listParties", "List affected parties", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *partInput) (*answer[desk.Page[desk.PartyView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.Parties(ctx, actor, id, in.Cursor, in.Limit))
		})
	register(s, get(oneCase+"/timeline", "readTimeline", "Read the timeline, first entry first", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *partInput) (*answer[desk.Page[desk.EntryView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.Timeline(ctx, actor, id, in.Cursor, in.Limit))
		})
	register(s, get(oneCase+"/verify", "verifyCase", "Check the case's chain against what is stored", access.AuditVerify),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.VerifyView], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			view, err := s.desk.VerifyCase(ctx, actor, id)
			if err != nil {
				return nil, err
			}
			return &answer[desk.VerifyView]{Body: view}, nil
		})
	register(s, get("/v1/feed", "readFeed", "Read the events of all cases, oldest first, from a cursor on", access.FeedRead),
		func(ctx context.Context, actor access.Actor, in *PageParams) (*answer[desk.Page[desk.EntryView]], error) {
			return page(s.desk.Feed(ctx, actor, in.Cursor, in.Limit))
		})
}
