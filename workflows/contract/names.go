// Package contract is what workflows, activities and whoever starts them agree on: names, ids and
// wire structs. A name here is in recorded histories; changing one is a meant change.
package contract

// Workflow types.
const (
	// Incident is the process of one incident case.
	Incident = "incident"
	// Request is the process of one data subject request.
	Request = "request"
	// Change is the process of one notice of change.
	Change = "change"
	// Campaign is the process of one sending of an approved notice.
	Campaign = "campaign"
)

// Bell is the signal that says "there is news"; it has no payload, for the news are rows.
const Bell = "bell"

// Stages, as core/cases names them.
const (
	StageRaise    = "raise"
	StageEscalate = "escalate"
	StagePage     = "page"

	StageTargets = "targets"
	StagePlan    = "plan"
	StageStart   = "start"
	StageDraft   = "draft"
	StageCarry   = "carry"
	StageWipe    = "wipe"
	StageReview  = "review"
	StageRemind  = "remind"

	StageDates      = "dates"
	StageTake       = "take"
	StageStatus     = "status"
	StageObjections = "objections"

	StageSend   = "send"
	StageSeal   = "seal"
	StageFinish = "finish"
)

// Activities of the incident's process.
const (
	NextCase    = "case.next"
	RaiseDue    = "case.raise"
	EscalateDue = "case.escalate"
	SendPages   = "case.page"
)

// Activities of a request's process, beside those that raise, escalate and page.
const (
	NextRequest  = "request.next"
	DueTargets   = "request.targets"
	WorkTarget   = "request.work"
	MakePlan     = "request.plan"
	StartErasing = "request.start"
	DraftAnswer  = "request.draft"
	CarryRequest = "request.carry"
	WipeExport   = "request.wipe"
	ReviewHolds  = "request.review"
	RemindOwners = "request.remind"
)

// Activities of a notice of change's process, beside those that raise, escalate and page.
const (
	NextChange      = "change.next"
	CountDates      = "change.dates"
	TakeEffect      = "change.take"
	CarryChange     = "change.carry"
	RaiseObjections = "change.objections"
)

// Activities of the campaign's process.
const (
	NextCampaign   = "campaign.next"
	SendPage       = "campaign.send"
	SealPages      = "campaign.seal"
	FinishCampaign = "campaign.finish"
)

// Types of application errors that a process answers to. Every other refusal carries its problem code.
const (
	// Conflict: the state changed between the question and the act; the process asks again.
	Conflict = "conflict"
)

// Task queues. A process and its activities share one, so that incident mail, bulk mail and drills
// never wait for each other's slots.
const (
	QueueCase   = "case"
	QueueDrill  = "drill"
	QueueUrgent = "urgent"
	QueueBulk   = "bulk"
)

// Queues are all task queues.
func Queues() []string { return []string{QueueCase, QueueUrgent, QueueBulk, QueueDrill} }

// Queue is a task queue's name on the server: prefix and name, so that installations may share a namespace.
func Queue(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "-" + name
}
