package api

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/changelog"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/desk"
)

// Desk is what this API asks of the front desk; *desk.Desk is one. Every method decides for itself
// whether the actor may, and its refusals are *problem.Error.
type Desk interface {
	caseDecisions
	partDecisions
	caseReads
	legal
	requestExports
	personRequests
	requestParts
	intake
	registry
	changes
	noticePages
	suppression
	law
	installation
}

var _ Desk = (*desk.Desk)(nil)

// caseDecisions are the commands on a case as a whole. key is the Idempotency-Key, empty for none.
type caseDecisions interface {
	Open(ctx context.Context, actor access.Actor, key string, in desk.OpenInput) (desk.Receipt, error)
	Triage(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.TriageInput) (desk.Receipt, error)
	Dismiss(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DismissInput) (desk.Receipt, error)
	Declare(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DeclareInput) (desk.Receipt, error)
	RuleOutParty(ctx context.Context, actor access.Actor, key string, caseID, partyID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	RecordParties(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.PartiesInput) (desk.Receipt, error)
	RecordStart(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.StartInput) (desk.Receipt, error)
	AddCandidate(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.CandidateInput) (desk.Receipt, error)
	RecordUpstream(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.UpstreamInput) (desk.Receipt, error)
	AssessRisk(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.RiskInput) (desk.Receipt, error)
	RuleOut(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.RuleOutInput) (desk.Receipt, error)
	RecordTechnical(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.TechnicalInput) (desk.Receipt, error)
	Resolve(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ResolveInput) (desk.Receipt, error)
	Review(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReviewInput) (desk.Receipt, error)
	Close(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.CloseInput) (desk.Receipt, error)
	Reopen(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	Assign(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.AssignInput) (desk.Receipt, error)
	Restrict(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.RestrictInput) (desk.Receipt, error)
	EditSummary(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.SummaryInput) (desk.Receipt, error)
	AdvanceClock(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.AdvanceInput) (desk.Receipt, error)
	DecideDuties(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DecideInput) (desk.Receipt, error)
	ReviewExemptions(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ExemptionInput) (desk.Receipt, error)
	ChooseStart(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ChooseStartInput) (desk.Receipt, error)
	DraftNotice(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.NoticeInput) (desk.Receipt, error)
}

// partDecisions are the commands on one duty, notice, campaign, delivery or raise of a case.
type partDecisions interface {
	WaiveDuty(ctx context.Context, actor access.Actor, key string, caseID, dutyID uuid.UUID, in desk.WaiveInput) (desk.Receipt, error)
	DelayDuty(ctx context.Context, actor access.Actor, key string, caseID, dutyID uuid.UUID, in desk.DelayInput) (desk.Receipt, error)
	FileByHand(ctx context.Context, actor access.Actor, key string, caseID, dutyID uuid.UUID, in desk.FileInput) (desk.Receipt, error)
	ConfirmFiling(ctx context.Context, actor access.Actor, key string, caseID, deliveryID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	EditNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.EditNoticeInput) (desk.Receipt, error)
	SubmitNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.SubmitInput) (desk.Receipt, error)
	ApproveNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.ApproveInput) (desk.Receipt, error)
	ReleaseNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.ReleaseInput) (desk.Receipt, error)
	ExplainDelay(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.DelayReasonInput) (desk.Receipt, error)
	WithdrawNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	PauseCampaign(ctx context.Context, actor access.Actor, key string, caseID, campaignID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	ResumeCampaign(ctx context.Context, actor access.Actor, key string, caseID, campaignID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	StopCampaign(ctx context.Context, actor access.Actor, key string, caseID, campaignID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	SettleDelivery(ctx context.Context, actor access.Actor, key string, caseID, deliveryID uuid.UUID, in desk.SettleInput) (desk.Receipt, error)
	AcknowledgeDelivery(ctx context.Context, actor access.Actor, key string, caseID, deliveryID uuid.UUID, in desk.AcknowledgeInput) (desk.Receipt, error)
	AcknowledgeRaise(ctx context.Context, actor access.Actor, key string, caseID, raiseID uuid.UUID, in desk.AnswerInput) (desk.Receipt, error)
}

// caseReads are what is read of cases. caseRef is an id or the short code.
type caseReads interface {
	Case(ctx context.Context, actor access.Actor, caseRef string) (desk.CaseView, error)
	Cases(ctx context.Context, actor access.Actor, status, cursor string, limit int) (desk.Page[desk.CaseView], error)
	Timeline(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (desk.Page[desk.EntryView], error)
	Duties(ctx context.Context, actor access.Actor, caseID uuid.UUID, state, cursor string, limit int) (desk.Page[desk.DutyView], error)
	Duty(ctx context.Context, actor access.Actor, caseID, dutyID uuid.UUID) (desk.DutyView, error)
	ByHand(ctx context.Context, actor access.Actor, caseID, dutyID uuid.UUID) (desk.Draft, error)
	Parties(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (desk.Page[desk.PartyView], error)
	Candidates(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.CandidateView, error)
	Notices(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.NoticeView, error)
	Notice(ctx context.Context, actor access.Actor, caseID, noticeID uuid.UUID) (desk.NoticeView, error)
	Preview(ctx context.Context, actor access.Actor, caseID, noticeID uuid.UUID, index int) (desk.PreviewView, error)
	PreviewDelayed(ctx context.Context, actor access.Actor, caseID, noticeID uuid.UUID, in desk.PreviewInput) (desk.PreviewView, error)
	Deliveries(ctx context.Context, actor access.Actor, caseID uuid.UUID, state, cursor string, limit int) (desk.Page[desk.DeliveryView], error)
	Delivery(ctx context.Context, actor access.Actor, caseID, deliveryID uuid.UUID) (desk.DeliveryView, error)
	Raises(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.RaiseView, error)
	Feed(ctx context.Context, actor access.Actor, cursor string, limit int) (desk.Page[desk.EntryView], error)
	VerifyCase(ctx context.Context, actor access.Actor, caseID uuid.UUID) (desk.VerifyView, error)
}

// legal is the register of breaches, what is privileged, holds and erasure. Files are written to where they are given.
type legal interface {
	Register(ctx context.Context, actor access.Actor, format string, sign audit.Signer, to io.Writer) error
	ExportForCounsel(ctx context.Context, actor access.Actor, caseID uuid.UUID, content bool, sign audit.Signer, to io.Writer) error
	NameCircle(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.CircleInput) (desk.Receipt, error)
	Circle(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]string, error)
	RecordPrivileged(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.PrivilegedInput) (desk.Receipt, error)
	PrivilegeLog(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (desk.Page[desk.PrivilegeLogEntry], error)
	Privileged(ctx context.Context, actor access.Actor, caseID, id uuid.UUID) (desk.PrivilegedView, error)
	PlaceHold(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.HoldInput) (desk.Receipt, error)
	ReleaseHold(ctx context.Context, actor access.Actor, key string, caseID, holdID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	Holds(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.HoldView, error)
	ShredCase(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ShredInput) (desk.Receipt, error)
}

// personRequests are the commands on and reads of persons' requests. ref is an id or the short code.
type personRequests interface {
	OpenRequest(ctx context.Context, actor access.Actor, key string, in desk.RequestInput) (desk.Receipt, error)
	OpenRequests(ctx context.Context, actor access.Actor, key string, all []desk.RequestInput) ([]desk.BatchResult, error)
	Request(ctx context.Context, actor access.Actor, ref string) (desk.RequestView, error)
	Requests(ctx context.Context, actor access.Actor, in desk.WorklistInput) (desk.Page[desk.RequestView], error)
	SamplePlan(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.SampleView, error)
	ReadRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReadInput) (desk.Receipt, error)
	DismissRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	AssignRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.AssigneeInput) (desk.Receipt, error)
	ScopeRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID) (desk.Receipt, error)
	ApprovePlan(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DigestInput) (desk.Receipt, error)
	CareRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	DenyRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DenyInput) (desk.Receipt, error)
	CancelRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	LapseRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	DoneRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DoneInput) (desk.Receipt, error)
	LinkRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.DuplicateInput) (desk.Receipt, error)
	ClarifyRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ClarificationInput) (desk.Receipt, error)
	NameController(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ControllerInput) (desk.Receipt, error)
	ForwardRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ForwardInput) (desk.Receipt, error)
	Certificates(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]byte, error)
}

// requestParts are one identity, target, letter or task of a request.
type requestParts interface {
	AskIdentity(ctx context.Context, actor access.Actor, key string, caseID, identityID uuid.UUID) (desk.Receipt, error)
	VerifyIdentity(ctx context.Context, actor access.Actor, key string, caseID, identityID uuid.UUID, in desk.VerifyInput) (desk.Receipt, error)
	RetryTarget(ctx context.Context, actor access.Actor, key string, caseID, targetID uuid.UUID) (desk.Receipt, error)
	Letters(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.LetterView, error)
	DraftLetter(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.LetterInput) (desk.Receipt, error)
	ApproveLetter(ctx context.Context, actor access.Actor, key string, caseID, letterID uuid.UUID, in desk.DigestInput) (desk.Receipt, error)
	Tasks(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.TaskView, error)
	ShowTask(ctx context.Context, actor access.Actor, key string, caseID, taskID uuid.UUID) (desk.TaskView, error)
	TaskDone(ctx context.Context, actor access.Actor, key string, caseID, taskID uuid.UUID, in desk.TaskDoneInput) (desk.Receipt, error)
	CheckTask(ctx context.Context, actor access.Actor, key string, caseID, taskID uuid.UUID, in desk.TaskCheckInput) (desk.Receipt, error)
}

// intake is what requests share: agents, holds on records, and the links that were mailed,
// behind which nobody is authenticated.
type intake interface {
	RecordAgent(ctx context.Context, actor access.Actor, key string, in desk.AgentInput) (desk.Receipt, error)
	RevokeAgent(ctx context.Context, actor access.Actor, agentID uuid.UUID) (desk.Receipt, error)
	Agents(ctx context.Context, actor access.Actor) ([]desk.AgentView, error)
	RecordHolds(ctx context.Context, actor access.Actor) ([]desk.RecordHoldView, error)
	PlaceRecordHold(ctx context.Context, actor access.Actor, key string, in desk.RecordHoldInput) (desk.Receipt, error)
	ReviewRecordHold(ctx context.Context, actor access.Actor, key string, holdID uuid.UUID, in desk.HoldReviewInput) (desk.Receipt, error)
	ReleaseRecordHold(ctx context.Context, actor access.Actor, key string, holdID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	ChallengeStands(ctx context.Context, challengeID uuid.UUID) (bool, error)
	ProveIdentity(ctx context.Context, challengeID uuid.UUID, code string) error
}

// registry is customers and their agreements.
type registry interface {
	Customers(ctx context.Context, actor access.Actor, cursor string, limit int) (desk.Page[desk.CustomerView], error)
	Explain(ctx context.Context, actor access.Actor, customerRef, kind, service string) (desk.ExplainView, error)
	ImportAgreements(ctx context.Context, actor access.Actor, files map[string][]byte) (sheet.Report, error)
}

// changes are the commands on and reads of notices of change, a gateway's question, and what is public, for which there is no actor. ref is a customer's account reference.
type changes interface {
	ChangeDates(ctx context.Context, actor access.Actor, in desk.ChangeInput, cursor string, limit int) (desk.ChangeDates, error)
	OpenChange(ctx context.Context, actor access.Actor, key string, in desk.OpenChangeInput) (desk.Receipt, error)
	EditChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.OpenChangeInput) (desk.Receipt, error)
	SubmitChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID) (desk.Receipt, error)
	JudgeChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.JudgeInput) (desk.Receipt, error)
	HastenChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.HastenInput) (desk.Receipt, error)
	CountAudience(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID) (desk.Receipt, error)
	ReviseChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	ProlongChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ProlongInput) (desk.Receipt, error)
	WithdrawChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	ArchiveChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID) (desk.Receipt, error)
	TakeChange(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, ref string, in desk.ReasonInput) (desk.Receipt, error)
	RecordObjection(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, ref string, in desk.ObjectionInput) (desk.Receipt, error)
	EndObjection(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, ref string, in desk.EndObjectionInput) (desk.Receipt, error)
	TestNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in desk.TestNoticeInput) (desk.Receipt, error)
	Change(ctx context.Context, actor access.Actor, caseID uuid.UUID) (desk.ChangeView, error)
	Changes(ctx context.Context, actor access.Actor, filter desk.ChangeFilter) (desk.Page[desk.ChangeSummary], error)
	ChangeCustomers(ctx context.Context, actor access.Actor, caseID uuid.UUID, filter desk.ChangeCustomersFilter) (desk.Page[desk.ChangeCustomerView], error)
	May(ctx context.Context, actor access.Actor, in desk.MayInput) (desk.MayView, error)
	ChangeLog(ctx context.Context) (changelog.Log, error)
}

// suppression is what must not come back after it was erased.
type suppression interface {
	CheckSuppressed(ctx context.Context, actor access.Actor, in desk.SuppressionInput) ([]desk.SuppressionFlag, error)
	LiftSuppression(ctx context.Context, actor access.Actor, key string, in desk.LiftInput) (desk.Receipt, error)
}

// installation is who may use it, and how it is.
type installation interface {
	Authenticate(ctx context.Context, token string) (access.Actor, error)
	CreatePrincipal(ctx context.Context, actor access.Actor, handle, kind string, roles []access.Role) (uuid.UUID, error)
	CreateToken(ctx context.Context, actor access.Actor, handle string, scopes []access.Scope, expires *time.Time) (string, error)
	RevokeToken(ctx context.Context, actor access.Actor, prefix string) error
	Ping(ctx context.Context) error
	Quarantine(ctx context.Context) (reason string, err error)
	Reconcile(ctx context.Context, actor access.Actor, reason string, published *audit.Trail) error
	Status(ctx context.Context, actor access.Actor) (desk.StatusView, error)
}
