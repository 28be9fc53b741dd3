package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/desk"
)

const (
	allChanges  = "/v1/changes"
	oneChange   = allChanges + "/{case}"
	oneAudience = oneChange + "/customers"
	oneCustomer = oneAudience + "/{ref}"
)

// changes puts the life of a notice of change on the router. Its letters are notices like any other.
func (s *surface) changes() {
	opens(s, post(allChanges, "openChange", "Open a notice of change, as a draft", access.ChangeWork).makes().large(s), Desk.OpenChange)
	command(s, put(oneChange, "editChange", "Replace what a draft says, all of it", access.ChangeWork).large(s), Desk.EditChange)
	s.readChanges()

	command(s, post(oneChange+"/submit", "submitChange", "Hand a draft to counsel", access.ChangeWork), withoutBody(Desk.SubmitChange))
	command(s, post(oneChange+"/judge", "judgeChange", "Say whether a change is material; what is not is told by the change log alone", access.ChangeJudge), Desk.JudgeChange)
	command(s, post(oneChange+"/hasten", "hastenChange", "Take the emergency path, by the clause that opens it", access.ChangeJudge), Desk.HastenChange)
	command(s, post(oneChange+"/audience", "countAudience", "Count the audience and everybody's dates anew; an approval of another audience is void", access.ChangeWork), withoutBody(Desk.CountAudience))
	command(s, post(oneChange+"/revise", "reviseChange", "Take a change back to a draft; whatever was judged and approved is void", access.ChangeWork), Desk.ReviseChange)
	command(s, post(oneChange+"/prolong", "prolongChange", "Name a later day by which the notice leaves to those who were not told; it needs another approval", access.ChangeWork), Desk.ProlongChange)
	command(s, post(oneChange+"/withdraw", "withdrawChange", "Withdraw a change before it took effect for anybody", access.ChangeEnd), Desk.WithdrawChange)
	command(s, post(oneChange+"/archive", "archiveChange", "End what has taken effect", access.ChangeEnd), withoutBody(Desk.ArchiveChange))

	customer(s, post(oneCustomer+"/objection", "recordObjection", "Record what a customer said by other ways than its page; it holds the change back", access.ChangeAnswer), Desk.RecordObjection)
	customer(s, post(oneCustomer+"/objection/end", "endObjection", "Record how an objection ended", access.ChangeAnswer), Desk.EndObjection)
	customer(s, post(oneCustomer+"/take", "takeChange", "Let a change take effect for a customer whose dates are provisional", access.ChangeJudge), Desk.TakeChange)
}

type customerCommand[In any] struct {
	CaseParam
	Ref string `path:"ref" maxLength:"120" doc:"Account reference of the customer"`
	KeyHeader
	Body In
}

// customer puts a decision about one customer of a notice of change on the router.
func customer[In any](s *surface, r route, do func(Desk, context.Context, access.Actor, string, uuid.UUID, string, In) (desk.Receipt, error)) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *customerCommand[In]) (*receiptAnswer, error) {
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		done, err := do(s.desk, ctx, actor, in.Key, id, in.Ref, in.Body)
		if err != nil {
			return nil, err
		}
		return receipt(done), nil
	})
}

type changeListInput struct {
	PageParams
	Status string `query:"status" enum:"draft,in_review,approved,sending,objection_window,effective,archived,withdrawn" doc:"Only those that stand there"`
	Kind   string `query:"kind" enum:"policy,subprocessor,provider,retention,region" doc:"Only those of this kind"`
}

type changeCustomersInput struct {
	CaseParam
	PageParams
	State string `query:"state" enum:"untold,waiting,objected,spared,ready,taken" doc:"Only customers who stand there"`
}

type changeDatesInput struct {
	PageParams
	Kind      string    `query:"kind" required:"true" enum:"policy,subprocessor,provider,retention,region" doc:"What changes"`
	Planned   time.Time `query:"planned" required:"true" doc:"When it is to take effect"`
	SentAt    time.Time `query:"sent_at" doc:"When the notice would leave; now if absent"`
	Services  []string  `query:"services" maxItems:"50" doc:"Services that change, comma-separated; all if absent"`
	Providers []string  `query:"providers" maxItems:"50" doc:"Providers that are replaced: customers that use none of them are left out"`
	Regions   []string  `query:"regions" maxItems:"50" doc:"Regions that change: customers of other regions are left out"`
	Emergency bool      `query:"emergency" doc:"On the emergency path of agreements that have one"`
}

type mayInput struct {
	Subject  string `query:"subject" required:"true" minLength:"1" maxLength:"63" doc:"Code of the provider, sub-processor or region"`
	Customer string `query:"customer" required:"true" minLength:"1" maxLength:"120" doc:"Account reference"`
	Service  string `query:"service" maxLength:"63" doc:"The service that would use it"`
}

func (s *surface) readChanges() {
	register(s, get(allChanges, "listChanges", "List notices of change", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *changeListInput) (*answer[desk.Page[desk.ChangeSummary]], error) {
			return page(s.desk.Changes(ctx, actor, desk.ChangeFilter{Status: in.Status, Kind: in.Kind, Cursor: in.Cursor, Limit: in.Limit}))
		})
	register(s, get(allChanges+"/dates", "changeDates", "Say whom a change would have to be told by when, and from when it could take effect for each", access.AgreementRead),
		func(ctx context.Context, actor access.Actor, in *changeDatesInput) (*answer[desk.ChangeDates], error) {
			dates, err := s.desk.ChangeDates(ctx, actor, desk.ChangeInput{Kind: in.Kind, Planned: in.Planned, SentAt: in.SentAt, Services: in.Services,
				Providers: in.Providers, Regions: in.Regions, Emergency: in.Emergency}, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return &answer[desk.ChangeDates]{Body: dates}, nil
		})
	register(s, get(oneChange, "getChange", "Read a notice of change: what it says, where it stands, and how its customers do", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.ChangeView], error) {
			view, err := s.change(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return &answer[desk.ChangeView]{Body: view}, nil
		})
	register(s, get(oneChange+"/diff", "diffChange", "Read what is new in its document against the version in force, line by line and word by word", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.Page[textdiff.Line]], error) {
			view, err := s.change(ctx, actor, in.Case)
			return page(desk.Page[textdiff.Line]{Items: view.Diff}, err)
		})
	register(s, get(oneAudience, "listChangeCustomers", "List the customers of a notice of change, each with its own dates and answer", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *changeCustomersInput) (*answer[desk.Page[desk.ChangeCustomerView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.ChangeCustomers(ctx, actor, id, desk.ChangeCustomersFilter{State: in.State, Cursor: in.Cursor, Limit: in.Limit}))
		})
	register(s, get("/v1/may", "may", "Say whether a provider, sub-processor or region may be used for a customer now, from when, and why", access.ChangeAsk),
		func(ctx context.Context, actor access.Actor, in *mayInput) (*answer[desk.MayView], error) {
			view, err := s.desk.May(ctx, actor, desk.MayInput{Subject: in.Subject, Customer: in.Customer, Service: in.Service})
			if err != nil {
				return nil, err
			}
			return &answer[desk.MayView]{Body: view}, nil
		})
}

func (s *surface) change(ctx context.Context, actor access.Actor, ref string) (desk.ChangeView, error) {
	id, err := s.resolve(ctx, actor, ref)
	if err != nil {
		return desk.ChangeView{}, err
	}
	return s.desk.Change(ctx, actor, id)
}
