package access_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
)

const somebody = "01890a5d-0000-7000-8000-000000000001"

func person(roles ...access.Role) access.Actor {
	return access.Actor{ID: somebody, Kind: access.Person, Roles: roles, Scopes: access.Scopes()}
}

func machine(roles ...access.Role) access.Actor {
	return access.Actor{ID: somebody, Kind: access.Machine, Roles: roles, Scopes: access.Scopes()}
}

var worker = access.Actor{ID: somebody, Kind: access.Worker}

// declared are the values of all constants of one type in one file, with their comments.
func declared(t *testing.T, file, typ string) (values []string, comments map[string]string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	require.NoError(t, err)
	comments = map[string]string{}
	for _, decl := range parsed.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			if name, ok := constant.Type.(*ast.Ident); !ok || name.Name != typ {
				continue
			}
			value, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			values = append(values, value)
			comments[value] = constant.Doc.Text()
		}
	}
	return values, comments
}

func words[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

// Every action has a row, no row is without an action; roles and scopes are all listed.
func TestEveryActionHasARow(t *testing.T) {
	actions, _ := declared(t, "action.go", "Action")
	require.ElementsMatch(t, actions, words(access.Actions()))
	roles, _ := declared(t, "actor.go", "Role")
	require.Equal(t, roles, words(access.Roles()))
	scopes, _ := declared(t, "permission.go", "Scope")
	require.Equal(t, scopes, words(access.Scopes()))
}

// A row names roles and a scope that exist, or is the worker's alone.
func TestRowsAreWhole(t *testing.T) {
	for _, action := range access.Actions() {
		row, ok := access.PermissionFor(action)
		require.True(t, ok)
		if len(row.Roles) == 0 {
			require.True(t, row.Worker, "%s is nobody's", action)
			require.Empty(t, row.Scope, action)
			continue
		}
		require.True(t, row.Scope.Valid(), action)
		for _, role := range row.Roles {
			require.True(t, role.Valid(), action)
		}
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(row.Roles))), len(row.Roles), "%s names a role twice", action)
	}
}

// The table is exact: an actor may do an action if and only if the row says so.
func TestMayFollowsTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		action := rapid.SampledFrom(access.Actions()).Draw(t, "action")
		actor := access.Actor{
			ID:     somebody,
			Kind:   rapid.SampledFrom([]access.Kind{access.Person, access.Machine, access.Worker, "", "root"}).Draw(t, "kind"),
			Roles:  rapid.SliceOfDistinct(rapid.SampledFrom(access.Roles()), rapid.ID).Draw(t, "roles"),
			Scopes: rapid.SliceOfDistinct(rapid.SampledFrom(access.Scopes()), rapid.ID).Draw(t, "scopes"),
		}
		row, _ := access.PermissionFor(action)
		held := slices.Clone(actor.Roles)
		for role, stand := range access.Deputies() {
			if slices.ContainsFunc(stand, func(r access.Role) bool { return slices.Contains(actor.Roles, r) }) {
				held = append(held, role)
			}
		}
		var want bool
		switch actor.Kind {
		case access.Worker:
			want = row.Worker
		case access.Person, access.Machine:
			want = slices.ContainsFunc(row.Roles, func(r access.Role) bool { return slices.Contains(held, r) }) &&
				slices.Contains(actor.Scopes, row.Scope) && (actor.Kind == access.Person || !row.Person)
		}
		err := access.May(actor, action)
		require.Equal(t, want, err == nil, "%v", err)
		if err != nil {
			require.Equal(t, problem.Forbidden, problem.CodeOf(err))
		}
	})
}

// A refusal names what is missing.
func TestRefusalsNameWhatIsMissing(t *testing.T) {
	noScope := person(access.PrivacyLead)
	noScope.Scopes = []access.Scope{access.ScopeCasesRead}
	for name, c := range map[string]struct {
		actor  access.Actor
		action access.Action
		code   problem.Code
		want   string
	}{
		"nobody":                       {access.Actor{}, access.CaseRead, problem.Unauthenticated, "authenticated"},
		"a role":                       {person(access.Responder), access.NoticeApprove, problem.Forbidden, "needs one of the roles privacy_lead, legal_counsel"},
		"a scope":                      {noScope, access.NoticeApprove, problem.Forbidden, "scope notices:release"},
		"a person":                     {machine(access.PrivacyLead), access.NoticeApprove, problem.Forbidden, "named person"},
		"the worker releases nothing":  {worker, access.NoticeRelease, problem.Forbidden, "never by the worker"},
		"people do not play worker":    {person(access.Roles()...), access.DeliveryRecord, problem.Forbidden, "worker only"},
		"an action that was forgotten": {person(access.Roles()...), "case.explode", problem.Forbidden, "not an action"},
		"no kind":                      {access.Actor{ID: somebody, Roles: access.Roles(), Scopes: access.Scopes()}, access.CaseRead, problem.Forbidden, "no known kind"},
	} {
		t.Run(name, func(t *testing.T) {
			err := access.May(c.actor, c.action)
			require.Equal(t, c.code, problem.CodeOf(err))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// What leaves the company, decides a duty or sets a legal instant is never a machine's or the worker's.
func TestDecisionsArePeoples(t *testing.T) {
	for _, action := range []access.Action{
		access.NoticeApprove, access.NoticeRelease, access.CampaignResume, access.DutyDecide, access.DutyWaive, access.DutyFile,
		access.DutyConfirmFiling, access.DutyChooseStart, access.IncidentAware, access.IncidentAwareLater, access.IncidentConfirm,
		access.IncidentRuleOut, access.IncidentPartyRuleOut, access.IncidentDismiss, access.IncidentClose, access.DeliverySettle, access.InstallationReconcile,
		access.TokenManage, access.DutyDelay, access.RuleAdopt,
		access.TokenManage, access.PrivilegeCircle, access.PrivilegeRecord, access.PrivilegeRead, access.CounselExport,
		access.HoldPlace, access.HoldRelease, access.CaseShred,
	} {
		require.Error(t, access.May(machine(access.Roles()...), action), action)
		require.Error(t, access.May(worker, action), action)
		require.NoError(t, access.May(person(access.Roles()...), action), action)
	}
}

// Auditors and observers change nothing; being admin gives no say over a case.
func TestOnlookersAndAdminsDecideNothing(t *testing.T) {
	reads := []access.Action{
		access.CaseRead, access.AgreementRead, access.CustomerRead, access.AuditRead, access.AuditVerify, access.FeedRead, access.OpsRead, access.RuleRead,
		access.RegisterExport, access.PrivilegeRead,
	}
	admins := append(reads, access.TokenManage, access.InstallationReconcile, access.AgreementImport, access.IncidentAssign, access.ClockAdvance)
	for _, action := range access.Actions() {
		if !slices.Contains(reads, action) {
			require.Error(t, access.May(person(access.Auditor, access.Observer), action), action)
		}
		if !slices.Contains(admins, action) {
			require.Error(t, access.May(person(access.Admin), action), action)
		}
	}
}

// A deputy stands in one step: the deputy's deputy does not, and the deputy lends no other role.
func TestDeputiesStandInOneStep(t *testing.T) {
	require.NoError(t, access.May(person(access.SecurityLead), access.IncidentClose))
	require.NoError(t, access.May(person(access.PrivacyLead), access.DutyChooseStart), "privacy lead for counsel")
	require.NoError(t, access.May(person(access.IncidentCommander), access.DeliverySettle), "commander for comms")
	require.Error(t, access.May(person(access.CommsLead), access.IncidentClose))
	require.Error(t, access.May(person(access.Responder), access.IncidentClose))
}

// Roles assigned on the case count for that case and leave the actor as they were.
func TestRolesOnACase(t *testing.T) {
	responder := person(access.Responder)
	onCase := responder.With(access.IncidentCommander, access.Responder)
	require.NoError(t, access.May(onCase, access.IncidentResolve))
	require.Error(t, access.May(responder, access.IncidentResolve))
	require.ElementsMatch(t, []access.Role{access.Responder, access.IncidentCommander}, onCase.Roles)
}

// A restricted case exists for its members and for the worker alone, whatever the
// roles; for others the answer is the one for a case that does not exist.
func TestRestrictedCasesDoNotExistForOthers(t *testing.T) {
	everyRole := person(access.Roles()...)
	require.True(t, access.CanSee(everyRole, false, false))
	require.True(t, access.CanSee(person(), true, true))
	require.True(t, access.CanSee(worker, true, false))
	require.False(t, access.CanSee(everyRole, true, false))
	require.False(t, access.CanSee(machine(access.Roles()...), true, false))
	require.False(t, access.CanSee(access.Actor{}, false, true))

	require.NoError(t, access.See(everyRole, true, true))
	err := access.See(everyRole, true, false)
	require.Equal(t, problem.NotFound, problem.CodeOf(err))
	require.Equal(t, access.NoCase(), err)
	require.NotContains(t, err.Error(), "restricted")
}

// What the tables hand out cannot be used to change them.
func TestTablesCannotBeChanged(t *testing.T) {
	row, _ := access.PermissionFor(access.NoticeApprove)
	row.Roles[0] = access.Observer
	access.Deputies()[access.PrivacyLead][0] = access.Observer
	require.Error(t, access.May(person(access.Observer), access.NoticeApprove))
}
