package desk

import (
	"context"

	"go.opentelemetry.io/otel/propagation"

	"github.com/atlascloudai/docket/store"
)

// Kinds of durable processes and the queues they run on.
const (
	KindIncident = "incident"
	KindRequest  = "request"
	KindChange   = "change"
	KindCampaign = "campaign"
	queueCase    = "case"
	queueDrill   = "drill"
)

// caseBell is the process of a case; one with a moved clock runs where nothing can leave the house.
func caseBell(c store.Case, trace string) store.Bell {
	queue := queueCase
	if c.Drill {
		queue = queueDrill
	}
	return store.Bell{WorkflowID: c.Kind + "/" + c.ID.String(), Kind: c.Kind, Subject: c.ID, Case: c.ID, Queue: queue, Trace: trace}
}

// campaignBell is the process of a sending. Incident mail and bulk have queues of their own.
func campaignBell(c store.Case, p store.Campaign, trace string) store.Bell {
	queue := p.Lane
	if c.Drill {
		queue = queueDrill
	}
	return store.Bell{WorkflowID: KindCampaign + "/" + p.ID.String(), Kind: KindCampaign, Subject: p.ID, Case: c.ID, Queue: queue, Trace: trace}
}

// traceOf is the W3C trace context that the bell carries from a decision to what carries it out.
func traceOf(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}
