package desk

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
)

// OpenChange is not there yet.
func (d *Desk) OpenChange(context.Context, access.Actor, string, OpenChangeInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// EditChange is not there yet.
func (d *Desk) EditChange(context.Context, access.Actor, string, uuid.UUID, OpenChangeInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// SubmitChange is not there yet.
func (d *Desk) SubmitChange(context.Context, access.Actor, string, uuid.UUID) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// JudgeChange is not there yet.
func (d *Desk) JudgeChange(context.Context, access.Actor, string, uuid.UUID, JudgeInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// HastenChange is not there yet.
func (d *Desk) HastenChange(context.Context, access.Actor, string, uuid.UUID, HastenInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// CountAudience is not there yet.
func (d *Desk) CountAudience(context.Context, access.Actor, string, uuid.UUID) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// ReviseChange is not there yet.
func (d *Desk) ReviseChange(context.Context, access.Actor, string, uuid.UUID, ReasonInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// WithdrawChange is not there yet.
func (d *Desk) WithdrawChange(context.Context, access.Actor, string, uuid.UUID, ReasonInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// ArchiveChange is not there yet.
func (d *Desk) ArchiveChange(context.Context, access.Actor, string, uuid.UUID) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// TakeChange is not there yet.
func (d *Desk) TakeChange(context.Context, access.Actor, string, uuid.UUID, string, ReasonInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// RecordObjection is not there yet.
func (d *Desk) RecordObjection(context.Context, access.Actor, string, uuid.UUID, string, ObjectionInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// EndObjection is not there yet.
func (d *Desk) EndObjection(context.Context, access.Actor, string, uuid.UUID, string, EndObjectionInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// TestNotice is not there yet.
func (d *Desk) TestNotice(context.Context, access.Actor, string, uuid.UUID, uuid.UUID, TestNoticeInput) (Receipt, error) {
	return Receipt{}, problem.Missing("change")
}

// Change is not there yet.
func (d *Desk) Change(context.Context, access.Actor, uuid.UUID) (ChangeView, error) {
	return ChangeView{}, problem.Missing("change")
}

// Changes is not there yet.
func (d *Desk) Changes(context.Context, access.Actor, ChangeFilter) (Page[ChangeSummary], error) {
	return Page[ChangeSummary]{}, problem.Missing("change")
}

// ChangeCustomers is not there yet.
func (d *Desk) ChangeCustomers(context.Context, access.Actor, uuid.UUID, ChangeCustomersFilter) (Page[ChangeCustomerView], error) {
	return Page[ChangeCustomerView]{}, problem.Missing("change")
}

// May is not there yet.
func (d *Desk) May(context.Context, access.Actor, MayInput) (MayView, error) {
	return MayView{}, problem.Missing("change")
}
