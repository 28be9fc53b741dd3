package api

import (
	"context"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
)

// duties puts what is owed on the router.
func (s *surface) duties() {
	const all, one = oneCase + "/duties", oneCase + "/duties/{id}"
	register(s, get(all, "listDuties", "List duties, the earliest target first", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *stateInput) (*answer[desk.Page[desk.DutyView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.Duties(ctx, actor, id, in.State, in.Cursor, in.Limit))
		})
	register(s, get(one, "getDuty", "Read a duty with every due instant it ever had", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *ItemParam) (*answer[desk.DutyView], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			view, err := s.desk.Duty(ctx, actor, id, in.ID)
			if err != nil {
				return nil, err
			}
			return &answer[desk.DutyView]{Body: view}, nil
		})
	s.readPack(get(one+"/pack", "getPack", "Read what is prepared for a notice that is made by hand", access.CaseRead))

	command(s, post(all+"/decide", "decideDuties", "Confirm proposed duties as required or not", access.DutyDecide), Desk.DecideDuties)
	command(s, post(all+"/review-exemptions", "reviewExemptions", "Look at exemptions again after facts changed: they stand, or the duties are required again", access.DutyReviewExemption), Desk.ReviewExemptions)
	command(s, post(all+"/choose-start", "chooseStart", "Choose which start governs undecided duties", access.DutyChooseStart), Desk.ChooseStart)
	item(s, post(one+"/waive", "waiveDuty", "End a duty under an exemption that its rule knows; a second person approves", access.DutyWaive), Desk.WaiveDuty)
	item(s, post(one+"/delay", "delayDuty", "Record that an authority asked to wait", access.DutyDelay).large(s), Desk.DelayDuty)
	item(s, post(one+"/file", "fileByHand", "Record a notice or filing made by hand, with its receipt", access.DutyFile).onceOnly().large(s), Desk.FileByHand)
}

type stateInput struct {
	CaseParam
	PageParams
	State string `query:"state" maxLength:"40" doc:"Only those in this state"`
}

// Pack is what a person needs to make a notice or filing by hand.
type Pack struct {
	Letter letters.Letter `json:"letter" doc:"The newest approved notice of the case, with the values of whom the duty is owed to; empty while there is none"`
	Values letters.Values `json:"values" doc:"Those values, for the fields of a portal"`
	Duty   desk.DutyView  `json:"duty" doc:"What is owed, to whom, by when and under which clause"`
	Lacks  []string       `json:"lacks,omitempty" doc:"Elements that are owed and that the letter does not answer"`
	// Unknown is in the form in which a filing takes it.
	Unknown []letters.Promise `json:"unknown,omitempty" doc:"What the letter calls not yet known, as the record of the filing takes it"`
}

func (s *surface) readPack(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *ItemParam) (*answer[Pack], error) {
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		draft, err := s.desk.ByHand(ctx, actor, id, in.ID)
		if err != nil {
			return nil, err
		}
		return &answer[Pack]{Body: Pack(draft)}, nil
	})
}
