package worker

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// traceHeader is the W3C Trace Context header's name, on the wire of Temporal as on that of HTTP.
const traceHeader = "traceparent"

// tracing carries the trace of the decision that rang over the bell: through the signal's header into the
// process, and on into every activity that the process calls until the next bell. It implements
// workflow.ContextPropagator. A traceparent is random ids only, so it needs no codec.
type tracing struct{}

var _ workflow.ContextPropagator = tracing{}

type traceKey struct{}

// current is the trace of the newest bell that reached a process.
type current struct{ parent string }

// withTrace is ctx with the remote span that a traceparent names; anything else leaves ctx as it is.
func withTrace(ctx context.Context, parent string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceHeader: parent})
}

// Inject implements workflow.ContextPropagator.
func (tracing) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return write(w, carrier[traceHeader])
}

// Extract implements workflow.ContextPropagator.
func (tracing) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	return withTrace(ctx, read(r)), nil
}

// InjectFromWorkflow implements workflow.ContextPropagator.
func (tracing) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	trace, ok := ctx.Value(traceKey{}).(*current)
	if !ok {
		return nil
	}
	return write(w, trace.parent)
}

// ExtractToWorkflow implements workflow.ContextPropagator. The SDK calls it for the start, and for each
// signal with the start's context: the newest bell replaces the trace of the one before.
func (tracing) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	trace, ok := ctx.Value(traceKey{}).(*current)
	if !ok {
		trace = &current{}
		ctx = workflow.WithValue(ctx, traceKey{}, trace)
	}
	if parent := read(r); parent != "" {
		trace.parent = parent
	}
	return ctx, nil
}

func write(w workflow.HeaderWriter, parent string) error {
	if parent == "" {
		return nil
	}
	payload, err := converter.GetDefaultDataConverter().ToPayload(parent)
	if err != nil {
		return err
	}
	w.Set(traceHeader, payload)
	return nil
}

// read is the header's traceparent, or "" for none or one that cannot be read: a trace is never worth a failed task.
func read(r workflow.HeaderReader) (parent string) {
	payload, ok := r.Get(traceHeader)
	if !ok || converter.GetDefaultDataConverter().FromPayload(payload, &parent) != nil {
		return ""
	}
	return parent
}
