package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/workflows/contract"
)

// RequestDesk is what the process of a request asks of the desk. *desk.Desk is one.
type RequestDesk interface {
	// NextRequest confirms what was heard and answers with what is due.
	NextRequest(ctx context.Context, caseID uuid.UUID, heard int64) (desk.Next, error)
	// DueTargets lays a plan's targets out if need be, and answers those that can be worked on now.
	DueTargets(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error)
	// MakePlan, StartErasing, DraftAnswer, CarryRequest, WipeExport, ReviewHolds and RemindOwners carry out the stages of their names.
	MakePlan(ctx context.Context, caseID uuid.UUID) (int, error)
	StartErasing(ctx context.Context, caseID uuid.UUID) (int, error)
	DraftAnswer(ctx context.Context, caseID uuid.UUID) (int, error)
	CarryRequest(ctx context.Context, caseID uuid.UUID) (int, error)
	WipeExport(ctx context.Context, caseID uuid.UUID) (int, error)
	ReviewHolds(ctx context.Context, caseID uuid.UUID) (int, error)
	RemindOwners(ctx context.Context, caseID uuid.UUID) (int, error)
	// NextStep decides on the next call to a target's store; the others keep what it answered.
	NextStep(ctx context.Context, target, claim uuid.UUID) (*desk.Step, error)
	StepLocated(ctx context.Context, step *desk.Step, page erasing.Page) error
	StepErased(ctx context.Context, step *desk.Step, results []erasing.Result) error
	StepVerified(ctx context.Context, step *desk.Step, findings []erasing.Finding) error
	StepFailed(ctx context.Context, step *desk.Step, class, detail string, retryAt *time.Time) error
	// EndSteps gives the target back and seals what was written about it.
	EndSteps(ctx context.Context, caseID, target, claim uuid.UUID) error
}

// Stores opens the places of the estate by their ids; a place that people look after is asked on behalf of one request.
type Stores interface {
	Open(ctx context.Context, id string, caseID uuid.UUID) (erasure.Store, error)
	// AsDeclared refuses with erasing.Mismatch unless the live store is as the estate says: a search of what nobody described
	// would miss people.
	AsDeclared(ctx context.Context, id string, caseID uuid.UUID) error
}

// Request are the activities of a request's process.
type Request struct {
	Desk RequestDesk
	// Stores are the places that this queue may reach; nil for none.
	Stores Stores
	Log    *slog.Logger
}

// turn is how long one activity works on a target before others get their turn.
const turn = 20 * time.Second

// Next says what is due for the request now.
func (a *Request) Next(ctx context.Context, in contract.Ask) (contract.Next, error) {
	next, err := a.Desk.NextRequest(ctx, in.ID, in.Heard)
	return contract.Next(next), refusal("ask what is due", err)
}

// DueTargets answers the targets that can be worked on now.
func (a *Request) DueTargets(ctx context.Context, in contract.Subject) (contract.Targets, error) {
	due, err := a.Desk.DueTargets(ctx, in.ID)
	return contract.Targets{IDs: due}, refusal("find the targets that are due", err)
}

// MakePlan completes a plan.
func (a *Request) MakePlan(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.MakePlan(ctx, in.ID)
	return contract.Done{Count: n}, refusal("make the plan", err)
}

// StartErasing closes the snapshot.
func (a *Request) StartErasing(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.StartErasing(ctx, in.ID)
	return contract.Done{Count: n}, refusal("begin", err)
}

// DraftAnswer drafts an answer.
func (a *Request) DraftAnswer(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.DraftAnswer(ctx, in.ID)
	return contract.Done{Count: n}, refusal("draft the answer", err)
}

// CarryRequest takes the status that the targets have come to.
func (a *Request) CarryRequest(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.CarryRequest(ctx, in.ID)
	return contract.Done{Count: n}, refusal("carry the request on", err)
}

// WipeExport empties what was gathered for an export.
func (a *Request) WipeExport(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.WipeExport(ctx, in.ID)
	return contract.Done{Count: n}, refusal("wipe the export", err)
}

// ReviewHolds raises counsel about holds whose review date has come.
func (a *Request) ReviewHolds(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.ReviewHolds(ctx, in.ID)
	return contract.Done{Count: n}, refusal("review the holds", err)
}

// RemindOwners raises people about owners' tasks that were to be done by now.
func (a *Request) RemindOwners(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.RemindOwners(ctx, in.ID)
	return contract.Done{Count: n}, refusal("remind the owners", err)
}

// WorkTarget asks one target's store step by step, until nothing is due there or the turn is over. Every step is decided on
// and committed before its call, and what was answered after it: a worker that dies in between asks the same again.
func (a *Request) WorkTarget(ctx context.Context, in contract.Target) (done contract.Done, err error) {
	defer alive(ctx)()
	running, cancel := whileRunning(ctx)
	defer cancel()
	claim := uuid.Must(uuid.NewV7())
	begun := time.Now()
	step := &desk.Step{}
	for running.Err() == nil && (time.Since(begun) < turn || step.Then != nil) {
		if step = step.Then; step == nil {
			step, err = a.Desk.NextStep(running, in.ID, claim)
		}
		if err != nil || step == nil {
			if done.Count == 0 {
				return done, refusal("decide on a step", err)
			}
			break
		}
		done.Count++
		step.Last = time.Since(begun) >= turn
		if failed := a.carryOut(running, step); failed != nil {
			if err := a.failed(ctx, step, failed); err != nil {
				return done, refusal("record a failure", err)
			}
			break
		}
	}
	return done, refusal("end the steps", a.Desk.EndSteps(context.WithoutCancel(ctx), in.Case, in.ID, claim))
}

// carryOut makes one call and keeps its answer.
func (a *Request) carryOut(ctx context.Context, step *desk.Step) error {
	if a.Stores == nil {
		return &erasing.Error{Class: erasing.Refused, Detail: "this worker reaches no stores"}
	}
	store, err := a.Stores.Open(ctx, step.Store, step.Case)
	if err != nil {
		return err
	}
	switch step.Op {
	case desk.OpLocate:
		if step.Cursor == "" {
			if err := a.Stores.AsDeclared(ctx, step.Store, step.Case); err != nil {
				return err
			}
		}
		page, err := store.Locate(ctx, step.Query, step.Cursor, step.Limit)
		if err != nil {
			return err
		}
		if page.End && len(page.Items) > 0 {
			return &erasing.Error{Class: erasing.Broken, Detail: "the store called a page with records the end"}
		}
		if sized, knows := store.(erasure.Sized); knows && page.End {
			if step.Total, err = sized.Size(ctx, step.Query.Collection); err != nil {
				return err
			}
		}
		return kept(a.Desk.StepLocated(ctx, step, page))
	case desk.OpErase:
		results, err := store.Erase(ctx, step.Order)
		if err != nil {
			return err
		}
		if len(results) != len(step.Order.Items) {
			return &erasing.Error{Class: erasing.Broken, Detail: "the store did not answer for every record"}
		}
		return kept(a.Desk.StepErased(ctx, step, results))
	default:
		findings, err := store.Verify(ctx, step.Order)
		if err != nil {
			return err
		}
		if len(findings) != len(step.Order.Items) {
			return &erasing.Error{Class: erasing.Broken, Detail: "the store did not answer for every record"}
		}
		return kept(a.Desk.StepVerified(ctx, step, findings))
	}
}

// errKeeping is our own database's failure, not the store's.
type errKeeping struct{ error }

func (e errKeeping) Unwrap() error { return e.error }

func kept(err error) error {
	if err == nil {
		return nil
	}
	return errKeeping{err}
}

// failed keeps why a step failed. What our own database refused is not the store's failure: the step is made again.
func (a *Request) failed(ctx context.Context, step *desk.Step, err error) error {
	if ours, ok := errors.AsType[errKeeping](err); ok {
		return ours.error
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	class, detail, retryAt := erasing.Transient, "no answer that could be read", (*time.Time)(nil)
	if failure, ok := errors.AsType[*erasing.Error](err); ok {
		class, detail, retryAt = failure.Class, failure.Detail, failure.RetryAt
	} else if refused, ok := errors.AsType[*problem.Error](err); ok {
		class, detail = erasing.Mismatch, refused.Detail
	}
	a.Log.Warn("a store failed", "case", step.Case, "target", step.Target, "op", step.Op, "class", class)
	return a.Desk.StepFailed(context.WithoutCancel(ctx), step, string(class), detail, retryAt)
}
