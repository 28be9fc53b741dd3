package api

import (
	"context"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// deliveries puts what the other side confirmed, and who was raised, on the router.
func (s *surface) deliveries() {
	const all, one = oneCase + "/deliveries", oneCase + "/deliveries/{id}"
	register(s, get(all, "listDeliveries", "List deliveries", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *stateInput) (*answer[desk.Page[desk.DeliveryView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.Deliveries(ctx, actor, id, in.State, in.Cursor, in.Limit))
		})
	register(s, get(one, "getDelivery", "Read a delivery with everything that was tried and answered", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *ItemParam) (*answer[desk.DeliveryView], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			view, err := s.desk.Delivery(ctx, actor, id, in.ID)
			if err != nil {
				return nil, err
			}
			return &answer[desk.DeliveryView]{Body: view}, nil
		})
	item(s, post(one+"/settle", "settleDelivery", "Settle an attempt whose outcome could not be seen", access.DeliverySettle), Desk.SettleDelivery)
	item(s, post(one+"/acknowledge", "acknowledgeDelivery", "Record that the recipient acknowledged", access.DeliveryAcknowledge), Desk.AcknowledgeDelivery)
	item(s, post(one+"/confirm-filing", "confirmFiling", "Confirm a filing made by hand, as the second person", access.DutyConfirmFiling), Desk.ConfirmFiling)

	register(s, get(oneCase+"/raises", "listRaises", "List who was raised, and about what", access.CaseRead), list(s, Desk.Raises))
	item(s, post(oneCase+"/raises/{id}/acknowledge", "acknowledgeRaise", "Say: I have it. The escalation stops", access.RaiseAcknowledge), Desk.AcknowledgeRaise)
}
