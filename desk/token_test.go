package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/testkit"
)

func TestATokenIsGoodUntilItIsRevokedExpiredOrItsHolderDisabled(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	ctx := t.Context()
	token := func(expires *time.Time) string {
		made, err := h.Desk.CreateToken(ctx, h.As(access.Admin), "responder", []access.Scope{access.ScopeCasesRead}, expires)
		require.NoError(t, err)
		return made
	}
	use := func(token string) error { _, err := h.Desk.Authenticate(ctx, token); return err }
	good := token(nil)
	actor, err := h.Desk.Authenticate(ctx, good)
	require.NoError(t, err)
	require.Equal(t, h.As(access.Responder).ID, actor.ID)
	require.Equal(t, []access.Role{access.Responder}, actor.Roles)
	require.Equal(t, []access.Scope{access.ScopeCasesRead}, actor.Scopes, "a token does no more than its scopes")

	prefix := strings.Split(good, "_")[1]
	for name, wrong := range map[string]string{
		"wrong secret": "dkt_" + prefix + "_" + strings.Repeat("A", 43), "cut": good[:len(good)-1], "longer": good + "A", "another mark": "x" + good,
		"no secret": "dkt_" + prefix, "empty secret": "dkt_" + prefix + "_", "unknown": "dkt_000000000000_AAAA", "empty": "",
	} {
		err := use(wrong)
		code(t, problem.Unauthenticated, err)
		require.Equal(t, use("dkt_x_y").Error(), err.Error(), "%s: a refusal does not tell what was wrong", name)
	}

	past := time.Now().Add(-time.Second)
	code(t, problem.Unauthenticated, use(token(&past)))
	future := time.Now().Add(time.Hour)
	require.NoError(t, use(token(&future)))

	require.NoError(t, h.Desk.RevokeToken(ctx, h.As(access.Admin), prefix))
	code(t, problem.Unauthenticated, use(good))
	code(t, problem.NotFound, h.Desk.RevokeToken(ctx, h.As(access.Admin), prefix))

	other := token(nil)
	query(t, h.Database.Superuser, `UPDATE principal SET disabled_at = now() WHERE handle = 'responder'`)
	code(t, problem.Unauthenticated, use(other))
	_, err = h.Desk.CreateToken(ctx, h.As(access.Admin), "responder", access.Scopes(), nil)
	code(t, problem.NotFound, err)
}

func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	made, err := h.Desk.CreateToken(t.Context(), h.As(access.Admin), "responder", access.Scopes(), nil)
	require.NoError(t, err)
	secret := strings.SplitN(made, "_", 3)[2]
	for table, content := range rows(t, h.Database.Superuser) {
		for _, row := range content {
			require.NotContains(t, row, secret, table)
		}
	}
}

func TestPeopleAndTokensAreMadeByTheAdminOnly(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	ctx := t.Context()
	for _, role := range access.Roles() {
		_, err := h.Desk.CreatePrincipal(ctx, h.As(role), "new."+strings.ReplaceAll(string(role), "_", "."), "person", []access.Role{access.Observer})
		if role == access.Admin {
			require.NoError(t, err)
			continue
		}
		code(t, problem.Forbidden, err)
		code(t, problem.Forbidden, h.Desk.RevokeToken(ctx, h.As(role), "x"))
	}
	for field, make := range map[string]func() error{
		"kind": func() error {
			_, err := h.Desk.CreatePrincipal(ctx, h.As(access.Admin), "x", "robot", []access.Role{access.Observer})
			return err
		},
		"roles": func() error {
			_, err := h.Desk.CreatePrincipal(ctx, h.As(access.Admin), "x", "person", []access.Role{"king"})
			return err
		},
		"handle": func() error {
			_, err := h.Desk.CreatePrincipal(ctx, h.As(access.Admin), "Not A Handle", "person", []access.Role{access.Observer})
			return err
		},
		"scopes": func() error { _, err := h.Desk.CreateToken(ctx, h.As(access.Admin), "observer", nil, nil); return err },
	} {
		var refusal *problem.Error
		require.ErrorAs(t, make(), &refusal)
		require.Equal(t, field, refusal.Field)
	}
	_, err := h.Desk.CreatePrincipal(ctx, h.As(access.Admin), "observer", "person", []access.Role{access.Observer})
	refused(t, err, "handle_taken")
}
