package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/problem"
)

// Scope bounds what an API token may be used for.
type Scope string

// The scopes.
const (
	// ScopeCasesRead: read cases, duties, deliveries, timelines.
	ScopeCasesRead Scope = "cases:read"
	// ScopeCasesWrite: open cases and carry them on.
	ScopeCasesWrite Scope = "cases:write"
	// ScopeDutiesWrite: decide duties and record filings.
	ScopeDutiesWrite Scope = "duties:write"
	// ScopeNoticesWrite: draft notices, hold sending back.
	ScopeNoticesWrite Scope = "notices:write"
	// ScopeNoticesRelease: approve, release, resume, settle: what lets something leave the company.
	ScopeNoticesRelease Scope = "notices:release"
	// ScopeAgreementsRead: read customers and agreements.
	ScopeAgreementsRead Scope = "agreements:read"
	// ScopeAgreementsWrite: import customers and agreements.
	ScopeAgreementsWrite Scope = "agreements:write"
	// ScopePrivileged: read and record what is privileged, where the holder is in the case's legal circle.
	ScopePrivileged Scope = "privileged"
	// ScopeAuditRead: read and verify chains, export the register.
	ScopeAuditRead Scope = "audit:read"
	// ScopeFeedRead: read the feed of case events.
	ScopeFeedRead Scope = "feed:read"
	// ScopeOpsRead: read the state of the engine.
	ScopeOpsRead Scope = "ops:read"
	// ScopeAdmin: manage tokens and the installation.
	ScopeAdmin Scope = "admin"
)

// Scopes are all scopes, in the order of the documentation.
func Scopes() []Scope {
	return []Scope{
		ScopeCasesRead, ScopeCasesWrite, ScopeDutiesWrite, ScopeNoticesWrite, ScopeNoticesRelease,
		ScopeAgreementsRead, ScopeAgreementsWrite, ScopePrivileged, ScopeAuditRead, ScopeFeedRead, ScopeOpsRead, ScopeAdmin,
	}
}

// Valid tells whether the scope is one of Scopes.
func (s Scope) Valid() bool { return slices.Contains(Scopes(), s) }

// Permission is the row of one action.
type Permission struct {
	// Roles are the roles of which one is enough. None: only the worker.
	Roles []Role
	// Scope is what the token must carry.
	Scope Scope
	// Person asks for a named person: no machine may do it, whatever its roles.
	Person bool
	// Worker lets Docket's own worker do it.
	Worker bool
}

// team is everyone who works on a case, as opposed to those who only look on.
var team = []Role{Responder, IncidentCommander, SecurityLead, PrivacyLead, LegalCounsel, CommsLead}

// legal is the legal circle: whoever decides what the company owes.
var legal = []Role{PrivacyLead, LegalCounsel}

// command leads the technical side.
var command = []Role{IncidentCommander, SecurityLead}

func and(roles []Role, more ...Role) []Role { return slices.Concat(roles, more) }

// table has a row for every action; a test holds the two together.
var table = map[Action]Permission{
	CaseOpen:    {Roles: and(team, Integration), Scope: ScopeCasesWrite},
	CaseRead:    {Roles: Roles(), Scope: ScopeCasesRead, Worker: true},
	CaseSummary: {Roles: team, Scope: ScopeCasesWrite, Person: true},

	IncidentTriage:       {Roles: and(command, Responder, Integration), Scope: ScopeCasesWrite},
	IncidentDismiss:      {Roles: and(command, Responder), Scope: ScopeCasesWrite, Person: true},
	IncidentDeclare:      {Roles: and(command, Responder), Scope: ScopeCasesWrite, Person: true},
	IncidentParties:      {Roles: and(team, Integration), Scope: ScopeCasesWrite},
	IncidentPartyRuleOut: {Roles: and(command, PrivacyLead, LegalCounsel), Scope: ScopeCasesWrite, Person: true},
	IncidentAware:        {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	IncidentAwareLater:   {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	IncidentCandidate:    {Roles: and(team, Integration), Scope: ScopeCasesWrite},
	IncidentUpstream:     {Roles: and(team, Integration), Scope: ScopeCasesWrite},
	IncidentRisk:         {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	IncidentConfirm:      {Roles: and(command, PrivacyLead), Scope: ScopeCasesWrite, Person: true},
	IncidentRuleOut:      {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	IncidentMilestone:    {Roles: and(command, Responder), Scope: ScopeCasesWrite, Person: true},
	IncidentResolve:      {Roles: command, Scope: ScopeCasesWrite, Person: true},
	IncidentReview:       {Roles: and(command, PrivacyLead), Scope: ScopeCasesWrite, Person: true},
	IncidentClose:        {Roles: and(command, PrivacyLead), Scope: ScopeCasesWrite, Person: true},
	IncidentReopen:       {Roles: and(command, PrivacyLead), Scope: ScopeCasesWrite, Person: true},
	IncidentRestrict:     {Roles: and(command, PrivacyLead, LegalCounsel), Scope: ScopeCasesWrite, Person: true},
	IncidentAssign:       {Roles: and(command, Admin), Scope: ScopeCasesWrite, Person: true},

	PrivilegeCircle: {Roles: []Role{LegalCounsel}, Scope: ScopePrivileged, Person: true},
	PrivilegeRecord: {Roles: legal, Scope: ScopePrivileged, Person: true},
	PrivilegeRead:   {Roles: Roles(), Scope: ScopePrivileged, Person: true},
	CounselExport:   {Roles: []Role{LegalCounsel}, Scope: ScopePrivileged, Person: true},
	HoldPlace:       {Roles: []Role{LegalCounsel}, Scope: ScopeCasesWrite, Person: true},
	HoldRelease:     {Roles: []Role{LegalCounsel}, Scope: ScopeCasesWrite, Person: true},
	CaseShred:       {Roles: and(legal, SecurityLead), Scope: ScopeCasesWrite, Person: true},

	RequestOpen:    {Roles: and(team, Integration), Scope: ScopeCasesWrite, Worker: true},
	RequestWork:    {Roles: and(legal, Responder), Scope: ScopeCasesWrite, Person: true},
	RequestVerify:  {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	RequestApprove: {Roles: legal, Scope: ScopeNoticesRelease, Person: true},
	RequestEnd:     {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	RequestHold:    {Roles: []Role{LegalCounsel}, Scope: ScopeCasesWrite, Person: true},
	RequestTask:    {Roles: team, Scope: ScopeCasesWrite, Person: true},

	SuppressionCheck: {Roles: and(legal, Responder, Integration), Scope: ScopeCasesRead},
	SuppressionLift:  {Roles: and(legal, Integration), Scope: ScopeCasesWrite},

	ChangeWork:   {Roles: team, Scope: ScopeCasesWrite, Person: true},
	ChangeJudge:  {Roles: legal, Scope: ScopeNoticesRelease, Person: true},
	ChangeAnswer: {Roles: and(legal, CommsLead), Scope: ScopeCasesWrite, Person: true},
	ChangeEnd:    {Roles: legal, Scope: ScopeCasesWrite, Person: true},
	ChangeAsk:    {Roles: and(team, Integration), Scope: ScopeCasesRead},

	DutyDecide:          {Roles: legal, Scope: ScopeDutiesWrite, Person: true},
	DutyWaive:           {Roles: legal, Scope: ScopeDutiesWrite, Person: true},
	DutyReviewExemption: {Roles: legal, Scope: ScopeDutiesWrite, Person: true},
	DutyFile:            {Roles: and(legal, CommsLead), Scope: ScopeDutiesWrite, Person: true},
	DutyConfirmFiling:   {Roles: and(legal, CommsLead), Scope: ScopeDutiesWrite, Person: true},
	DutyDelay:           {Roles: legal, Scope: ScopeDutiesWrite, Person: true},
	DutyChooseStart:     {Roles: []Role{LegalCounsel}, Scope: ScopeDutiesWrite, Person: true},

	NoticeDraft:    {Roles: team, Scope: ScopeNoticesWrite, Person: true},
	NoticeEdit:     {Roles: team, Scope: ScopeNoticesWrite, Person: true},
	NoticeSubmit:   {Roles: team, Scope: ScopeNoticesWrite, Person: true},
	NoticeApprove:  {Roles: legal, Scope: ScopeNoticesRelease, Person: true},
	NoticeRelease:  {Roles: and(legal, CommsLead, IncidentCommander), Scope: ScopeNoticesRelease, Person: true},
	NoticeWithdraw: {Roles: and(legal, CommsLead, IncidentCommander), Scope: ScopeNoticesWrite, Person: true},

	CampaignPause:  {Roles: team, Scope: ScopeNoticesWrite, Person: true},
	CampaignResume: {Roles: and(legal, CommsLead, IncidentCommander), Scope: ScopeNoticesRelease, Person: true},
	CampaignStop:   {Roles: and(legal, CommsLead, IncidentCommander), Scope: ScopeNoticesWrite, Person: true},

	DeliverySettle:      {Roles: and(legal, CommsLead), Scope: ScopeNoticesRelease, Person: true},
	DeliveryAcknowledge: {Roles: and(team, Integration), Scope: ScopeNoticesWrite, Worker: true},
	RaiseAcknowledge:    {Roles: and(team, ExecutiveSponsor, Integration), Scope: ScopeCasesWrite},
	ClockAdvance:        {Roles: and(team, Admin), Scope: ScopeCasesWrite, Person: true},

	AgreementImport: {Roles: and(legal, Admin), Scope: ScopeAgreementsWrite, Person: true},
	AgreementRead:   {Roles: and(team, ExecutiveSponsor, Auditor, Admin, Integration), Scope: ScopeAgreementsRead, Worker: true},
	CustomerRead:    {Roles: and(team, ExecutiveSponsor, Auditor, Admin, Integration), Scope: ScopeAgreementsRead, Worker: true},
	RuleRead:        {Roles: Roles(), Scope: ScopeAgreementsRead, Worker: true},
	RuleAdopt:       {Roles: []Role{LegalCounsel}, Scope: ScopeAgreementsWrite, Person: true},

	AuditRead:             {Roles: and(legal, SecurityLead, Auditor), Scope: ScopeAuditRead},
	AuditVerify:           {Roles: and(legal, SecurityLead, Auditor, Admin), Scope: ScopeAuditRead, Worker: true},
	RegisterExport:        {Roles: and(legal, Auditor), Scope: ScopeAuditRead},
	FeedRead:              {Roles: []Role{Integration, Auditor, SecurityLead}, Scope: ScopeFeedRead},
	TokenManage:           {Roles: []Role{Admin}, Scope: ScopeAdmin, Person: true},
	InstallationReconcile: {Roles: []Role{Admin}, Scope: ScopeAdmin, Person: true},
	OpsRead:               {Roles: and(team, ExecutiveSponsor, Auditor, Admin, Integration), Scope: ScopeOpsRead, Worker: true},

	ProcessNext:    {Worker: true},
	DutyPropose:    {Worker: true},
	RaiseOpen:      {Worker: true},
	DeliveryRecord: {Worker: true},
	RequestRecord:  {Worker: true},
	ChangeTake:     {Worker: true},
	HeadsPublish:   {Worker: true},
}

// deputies names for each role the roles that stand in for it. Standing in goes
// one step only and lends no other role.
var deputies = map[Role][]Role{
	IncidentCommander: {SecurityLead},
	SecurityLead:      {IncidentCommander},
	PrivacyLead:       {LegalCounsel},
	LegalCounsel:      {PrivacyLead},
	CommsLead:         {IncidentCommander, SecurityLead},
}

// Deputies is a copy of the table of deputies: for each role, who stands in for it.
func Deputies() map[Role][]Role {
	out := make(map[Role][]Role, len(deputies))
	for role, stand := range deputies {
		out[role] = slices.Clone(stand)
	}
	return out
}

// PermissionFor is the row of an action; ok is false for an action without one.
func PermissionFor(action Action) (p Permission, ok bool) {
	p, ok = table[action]
	p.Roles = slices.Clone(p.Roles)
	return p, ok
}

// Actions are all actions, sorted.
func Actions() []Action { return slices.Sorted(maps.Keys(table)) }

// May tells whether the actor may do the action, or refuses with a
// *problem.Error that names what is missing. An unknown action is refused to
// everybody. It does not look at the case; ask See first, so that a case nobody
// may see is not found rather than forbidden.
func May(actor Actor, action Action) error {
	if actor.ID == "" {
		return problem.New(problem.Unauthenticated, "%s needs somebody to be authenticated", action)
	}
	row, ok := table[action]
	if !ok {
		return problem.New(problem.Forbidden, "%s is not an action of this system", action)
	}
	switch {
	case actor.Kind == Worker && row.Worker:
		return nil
	case actor.Kind == Worker:
		return problem.New(problem.Forbidden, "%s is decided by people, never by the worker", action)
	case actor.Kind != Person && actor.Kind != Machine:
		return problem.New(problem.Forbidden, "%s: the actor is of no known kind", action)
	case len(row.Roles) == 0:
		return problem.New(problem.Forbidden, "%s is done by the worker only", action)
	case row.Person && actor.Kind != Person:
		return problem.New(problem.Forbidden, "%s needs a named person; a machine's token cannot do it", action)
	case !slices.ContainsFunc(row.Roles, actor.Has):
		return problem.New(problem.Forbidden, "%s needs one of the roles %s", action, list(row.Roles))
	case !slices.Contains(actor.Scopes, row.Scope):
		return problem.New(problem.Forbidden, "%s needs a token with the scope %s", action, row.Scope)
	}
	return nil
}

func list[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = string(value)
	}
	return strings.Join(words, ", ")
}
