package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/workflows/contract"
)

// ChangeDesk is what the process of a notice of change asks of the desk. *desk.Desk is one.
type ChangeDesk interface {
	// NextChange confirms what was heard and answers with what is due.
	NextChange(ctx context.Context, caseID uuid.UUID, heard int64) (desk.Next, error)
	// CountDates, TakeEffect, CarryChange and RaiseObjections carry out the stages of their names.
	CountDates(ctx context.Context, caseID uuid.UUID) (int, error)
	TakeEffect(ctx context.Context, caseID uuid.UUID) (int, error)
	CarryChange(ctx context.Context, caseID uuid.UUID) (int, error)
	RaiseObjections(ctx context.Context, caseID uuid.UUID) (int, error)
}

// Change are the activities of a notice of change's process.
type Change struct{ Desk ChangeDesk }

// Next says what is due for the change now.
func (a *Change) Next(ctx context.Context, in contract.Ask) (contract.Next, error) {
	next, err := a.Desk.NextChange(ctx, in.ID, in.Heard)
	return contract.Next(next), refusal("ask what is due", err)
}

// CountDates counts the dates of those who were told.
func (a *Change) CountDates(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.CountDates(ctx, in.ID)
	return contract.Done{Count: n}, refusal("count the dates", err)
}

// TakeEffect lets the change take effect for those whose windows are over.
func (a *Change) TakeEffect(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.TakeEffect(ctx, in.ID)
	return contract.Done{Count: n}, refusal("let the change take effect", err)
}

// CarryChange takes the status that the customers have come to.
func (a *Change) CarryChange(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.CarryChange(ctx, in.ID)
	return contract.Done{Count: n}, refusal("carry the change on", err)
}

// RaiseObjections raises people about objections that were to have an end.
func (a *Change) RaiseObjections(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.RaiseObjections(ctx, in.ID)
	return contract.Done{Count: n}, refusal("raise people about objections", err)
}
