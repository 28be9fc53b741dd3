// Package activities is what workflows ask of the world, one method each, thin: the desk decides, the
// channels send, and what comes back is written through the desk. Domain errors become typed application
// errors in one place, errors.go.
package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/workflows/contract"
)

// CaseDesk is what the process of a case asks of the desk. *desk.Desk is one.
type CaseDesk interface {
	// NextCase confirms what was heard and answers with what is due.
	NextCase(ctx context.Context, caseID uuid.UUID, heard int64) (desk.Next, error)
	// RaiseDue raises every milestone that passed, once, whoever notices it, and says how many.
	RaiseDue(ctx context.Context, caseID uuid.UUID) (int, error)
	// EscalateDue takes raises that nobody acknowledged in time to their next step, and says how many.
	EscalateDue(ctx context.Context, caseID uuid.UUID) (int, error)
}

// Case are the activities of an incident's process.
type Case struct {
	Desk  CaseDesk
	Pages Pages
}

// Next says what is due for the case now.
func (a *Case) Next(ctx context.Context, in contract.Ask) (contract.Next, error) {
	next, err := a.Desk.NextCase(ctx, in.ID, in.Heard)
	return contract.Next(next), refusal("ask what is due", err)
}

// RaiseDue raises what passed.
func (a *Case) RaiseDue(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.RaiseDue(ctx, in.ID)
	return contract.Done{Count: n}, refusal("raise", err)
}

// EscalateDue takes unanswered raises to their next step.
func (a *Case) EscalateDue(ctx context.Context, in contract.Subject) (contract.Done, error) {
	n, err := a.Desk.EscalateDue(ctx, in.ID)
	return contract.Done{Count: n}, refusal("escalate", err)
}

// SendPages sends the case's pages that are due.
func (a *Case) SendPages(ctx context.Context, in contract.Subject) (contract.Done, error) {
	defer alive(ctx)()
	running, cancel := whileRunning(ctx)
	defer cancel()
	n, err := a.Pages.SendDue(running, in.ID)
	return contract.Done{Count: n}, refusal("page", err)
}
