package access

// Action is one thing that an actor can ask for. Every route, command and
// worker write names exactly one.
type Action string

// Reading and opening cases.
const (
	// CaseOpen opens a case.
	CaseOpen Action = "case.open"
	// CaseRead reads cases, their duties, deliveries and timelines; lists and counts too.
	CaseRead Action = "case.read"
	// CaseSummary edits a case's title and summary.
	CaseSummary Action = "case.summary"
)

// The life of an incident.
const (
	// IncidentTriage records severity and verdict.
	IncidentTriage Action = "incident.triage"
	// IncidentDismiss ends an incident that is none.
	IncidentDismiss Action = "incident.dismiss"
	// IncidentDeclare makes it an active incident.
	IncidentDeclare Action = "incident.declare"
	// IncidentParties records affected parties, in waves.
	IncidentParties Action = "incident.parties"
	// IncidentPartyRuleOut records that a party was not affected after all.
	IncidentPartyRuleOut Action = "incident.party_rule_out"
	// IncidentAware records when the company became aware, or corrects it to an earlier instant.
	IncidentAware Action = "incident.aware"
	// IncidentAwareLater corrects awareness to a later instant; a second person confirms.
	IncidentAwareLater Action = "incident.aware_later"
	// IncidentConfirm records when the incident was confirmed.
	IncidentConfirm Action = "incident.confirm"
	// IncidentCandidate records an instant that awareness may be counted from; it decides nothing.
	IncidentCandidate Action = "incident.candidate"
	// IncidentUpstream records what a sub-processor or AI provider told us of an incident of its own.
	IncidentUpstream Action = "incident.upstream"
	// IncidentRisk assesses the risk to people.
	IncidentRisk Action = "incident.risk"
	// IncidentRuleOut records that no breach took place; after awareness a second person confirms, and one of the two is the privacy lead.
	IncidentRuleOut Action = "incident.rule_out"
	// IncidentMilestone records contained, eradicated or recovered.
	IncidentMilestone Action = "incident.milestone"
	// IncidentResolve says that the technical work is done.
	IncidentResolve Action = "incident.resolve"
	// IncidentReview finishes or waives the review.
	IncidentReview Action = "incident.review"
	// IncidentClose ends the case; refused while a duty is open.
	IncidentClose Action = "incident.close"
	// IncidentReopen takes a closed case up again.
	IncidentReopen Action = "incident.reopen"
	// IncidentRestrict restricts a case to its members and names them.
	IncidentRestrict Action = "incident.restrict"
	// IncidentAssign assigns roles on a case.
	IncidentAssign Action = "incident.assign"
)

// Privilege, legal hold and erasure.
const (
	// PrivilegeCircle names the legal circle that alone reads what counsel marks privileged; only counsel in person does.
	PrivilegeCircle Action = "privilege.circle"
	// PrivilegeRecord marks advice privileged; a member of the circle only, for others the circle is not found.
	PrivilegeRecord Action = "privilege.record"
	// PrivilegeRead reads what was marked privileged; a member of the circle only, whatever the roles.
	PrivilegeRead Action = "privilege.read"
	// CounselExport exports a case's facts with its privilege log; what was withheld comes along for members of the circle only.
	CounselExport Action = "case.export_for_counsel"
	// HoldPlace places a legal hold on a case: nothing of it is shredded while the hold stands.
	HoldPlace Action = "hold.place"
	// HoldRelease releases a legal hold.
	HoldRelease Action = "hold.release"
	// CaseShred erases the words of a closed case by destroying its keys; the privacy lead begins, a second person confirms.
	CaseShred Action = "case.shred"
)

// Requests of data subjects.
const (
	// RequestOpen records a person's request, by mail, API or a member of staff.
	RequestOpen Action = "request.open"
	// RequestWork carries a request on: identities, plan, letters, assignment.
	RequestWork Action = "request.work"
	// RequestVerify decides that an identity was shown by other means than a mailed code.
	RequestVerify Action = "request.verify"
	// RequestApprove approves a plan or a letter; never by its preparer.
	RequestApprove Action = "request.approve"
	// RequestEnd denies, cancels or lets a request lapse.
	RequestEnd Action = "request.end"
	// RequestHold places a hold on records, or releases it; counsel in person.
	RequestHold Action = "request.hold"
	// RequestTask reads and answers a task as a system's owner.
	RequestTask Action = "request.task"
	// SuppressionCheck asks which identifiers were erased and must not come back.
	SuppressionCheck Action = "suppression.check"
	// SuppressionLift lets an identifier be written again, because its person signed up anew.
	SuppressionLift Action = "suppression.lift"
	// RequestRecord locates, erases and verifies, and records what the stores answered.
	RequestRecord Action = "request.record"
)

// Notices of change.
const (
	// ChangeWork opens and drafts a notice of change, hands it to counsel, and counts its audience.
	ChangeWork Action = "change.work"
	// ChangeJudge says whether a change is material, and takes the emergency path; counsel or the privacy lead, never the submitter.
	ChangeJudge Action = "change.judge"
	// ChangeAnswer records a customer's objection and how it ended.
	ChangeAnswer Action = "change.answer"
	// ChangeEnd withdraws or archives a notice of change.
	ChangeEnd Action = "change.end"
	// ChangeAsk asks whether something may be used for a customer, as a gateway does.
	ChangeAsk Action = "change.ask"
	// ChangeTake lets a change take effect for those whose windows are over.
	ChangeTake Action = "change.take"
)

// Duties.
const (
	// DutyDecide confirms a proposed duty as required or not required.
	DutyDecide Action = "duty.decide"
	// DutyWaive ends a duty under an exemption; a second person confirms.
	DutyWaive Action = "duty.waive"
	// DutyReviewExemption confirms that a duty need not be met though facts changed, or makes it required again.
	DutyReviewExemption Action = "duty.review_exemption"
	// DutyFile records a filing or notice made by hand, with its receipt.
	DutyFile Action = "duty.file"
	// DutyConfirmFiling confirms such a record as the second person.
	DutyConfirmFiling Action = "duty.confirm_filing"
	// DutyDelay records that an authority asked to wait.
	DutyDelay Action = "duty.delay"
	// DutyChooseStart chooses the start fact that governs a later-found party, or settles a dispute between terms.
	DutyChooseStart Action = "duty.choose_start"
)

// Notices, campaigns, deliveries and raises.
const (
	// NoticeDraft begins a notice.
	NoticeDraft Action = "notice.draft"
	// NoticeEdit changes its text or values; any approval is void.
	NoticeEdit Action = "notice.edit"
	// NoticeSubmit asks for approval.
	NoticeSubmit Action = "notice.submit"
	// NoticeApprove approves exactly what was hashed; never by the drafter.
	NoticeApprove Action = "notice.approve"
	// NoticeRelease starts the sending of an approved notice.
	NoticeRelease Action = "notice.release"
	// NoticeWithdraw withdraws a notice that was not released.
	NoticeWithdraw Action = "notice.withdraw"
	// CampaignPause holds a running campaign back.
	CampaignPause Action = "campaign.pause"
	// CampaignResume lets a paused campaign go on.
	CampaignResume Action = "campaign.resume"
	// CampaignStop ends a campaign; what was not sent stays unsent.
	CampaignStop Action = "campaign.stop"
	// DeliverySettle settles an attempt whose outcome could not be seen.
	DeliverySettle Action = "delivery.settle"
	// DeliveryAcknowledge records that the recipient acknowledged.
	DeliveryAcknowledge Action = "delivery.acknowledge"
	// RaiseAcknowledge says "I have it" to a raise, which stops its escalation.
	RaiseAcknowledge Action = "raise.acknowledge"
	// ClockAdvance moves the clock of a drill forward.
	ClockAdvance Action = "clock.advance"
)

// Customers and agreements.
const (
	// AgreementImport imports customers, contacts and agreements.
	AgreementImport Action = "agreement.import"
	// AgreementRead reads agreements and explains their terms.
	AgreementRead Action = "agreement.read"
	// CustomerRead reads customers and their contacts.
	CustomerRead Action = "customer.read"
	// RuleRead reads the rule pack and who adopted what.
	RuleRead Action = "rule.read"
	// RuleAdopt makes a rule the company's own, or takes that back.
	RuleAdopt Action = "rule.adopt"
)

// Proof and operation.
const (
	// AuditRead reads the chain of a case and who accessed it.
	AuditRead Action = "audit.read"
	// AuditVerify verifies chains, seals and heads.
	AuditVerify Action = "audit.verify"
	// RegisterExport exports the register of personal data breaches.
	RegisterExport Action = "register.export"
	// FeedRead reads the outgoing feed of case events.
	FeedRead Action = "feed.read"
	// TokenManage makes, lists and revokes API tokens.
	TokenManage Action = "token.manage"
	// InstallationReconcile ends a quarantine.
	InstallationReconcile Action = "installation.reconcile"
	// OpsRead reads the state of the engine: bells, queues, open raises.
	OpsRead Action = "ops.read"
)

// What only Docket's own worker does.
const (
	// ProcessNext hears a process's bell and asks for its due stages.
	ProcessNext Action = "process.next"
	// DutyPropose proposes what a rule asks for in a case that is open when the rule is adopted.
	DutyPropose Action = "duty.propose"
	// RaiseOpen raises people at a milestone.
	RaiseOpen Action = "raise.open"
	// DeliveryRecord claims deliveries and records what the other side answered.
	DeliveryRecord Action = "delivery.record"
	// HeadsPublish signs and publishes the heads of all chains.
	HeadsPublish Action = "heads.publish"
)
