package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// tokenMark begins every token, so that a leaked one is recognised.
const tokenMark = "dkt"

// Authenticate finds who holds a token: `dkt_<prefix>_<secret>`. The secret is stored as a hash only and
// compared in constant time; revoked, expired and disabled holders are refused at once.
func (d *Desk) Authenticate(ctx context.Context, token string) (access.Actor, error) {
	refused := problem.New(problem.Unauthenticated, "the token is not valid; ask an administrator for a new one")
	parts := strings.SplitN(token, "_", 3)
	if len(parts) != 3 || parts[0] != tokenMark {
		return access.Actor{}, refused
	}
	t, stale, err := d.store.TokenByPrefix(ctx, parts[1])
	if problem.CodeOf(err) == problem.NotFound {
		return access.Actor{}, refused
	}
	if err != nil {
		return access.Actor{}, err
	}
	hash := sha256.Sum256([]byte(parts[2]))
	if subtle.ConstantTimeCompare(hash[:], t.Hash) != 1 {
		return access.Actor{}, refused
	}
	if stale {
		err = d.store.TouchToken(ctx, t.ID)
	}
	return access.Actor{
		ID: t.Principal.ID.String(), Kind: access.Kind(t.Principal.Kind), Handle: t.Principal.Handle, TokenID: t.ID.String(),
		Roles: as[access.Role](t.Principal.Roles), Scopes: as[access.Scope](t.Scopes),
	}, err
}

func as[T ~string](in []string) []T {
	out := make([]T, 0, len(in))
	for _, s := range in {
		out = append(out, T(s))
	}
	return out
}

func texts[T ~string](in []T) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		out = append(out, string(s))
	}
	return out
}

// CreatePrincipal makes a person or a machine that may hold tokens.
func (d *Desk) CreatePrincipal(ctx context.Context, actor access.Actor, handle, kind string, roles []access.Role) (uuid.UUID, error) {
	if err := access.May(actor, access.TokenManage); err != nil {
		return uuid.Nil, err
	}
	return d.createPrincipal(ctx, handle, kind, roles)
}

func (d *Desk) createPrincipal(ctx context.Context, handle, kind string, roles []access.Role) (uuid.UUID, error) {
	if kind != string(access.Person) && kind != string(access.Machine) {
		return uuid.Nil, problem.InvalidField("kind", "must be person or machine")
	}
	if len(roles) == 0 {
		return uuid.Nil, problem.InvalidField("roles", "name at least one of %v", access.Roles())
	}
	for _, role := range roles {
		if !role.Valid() {
			return uuid.Nil, problem.InvalidField("roles", "%q is none of %v", role, access.Roles())
		}
	}
	id := newID()
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		return tx.InsertPrincipal(ctx, store.Principal{ID: id, Handle: handle, Kind: kind, Roles: texts(roles)})
	})
	if _, taken := store.Unique(err); taken {
		return uuid.Nil, problem.Blocked(problem.Blocker{Code: "handle_taken", Detail: "somebody has this handle already; choose another"})
	}
	if store.Checked(err) {
		return uuid.Nil, problem.InvalidField("handle", "use lower-case letters, digits, dots, hyphens and underscores, at most 63")
	}
	return id, err
}

// CreateToken makes a token for a person or machine. It is shown once; only its hash is kept.
func (d *Desk) CreateToken(ctx context.Context, actor access.Actor, handle string, scopes []access.Scope, expires *time.Time) (string, error) {
	if err := access.May(actor, access.TokenManage); err != nil {
		return "", err
	}
	return d.createToken(ctx, handle, scopes, expires)
}

func (d *Desk) createToken(ctx context.Context, handle string, scopes []access.Scope, expires *time.Time) (string, error) {
	for _, scope := range scopes {
		if !scope.Valid() {
			return "", problem.InvalidField("scopes", "%q is none of %v", scope, access.Scopes())
		}
	}
	if len(scopes) == 0 {
		return "", problem.InvalidField("scopes", "name at least one of %v", access.Scopes())
	}
	random := make([]byte, 38)
	rand.Read(random)
	prefix, secret := hex.EncodeToString(random[:6]), base64.RawURLEncoding.EncodeToString(random[6:])
	hash := sha256.Sum256([]byte(secret))
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		p, err := tx.PrincipalByHandle(ctx, handle)
		if err != nil {
			return err
		}
		return tx.InsertToken(ctx, store.Token{ID: newID(), Principal: p, Prefix: prefix, Hash: hash[:], Scopes: texts(scopes), ExpiresAt: expires})
	})
	return tokenMark + "_" + prefix + "_" + secret, err
}

// RevokeToken ends a token at once.
func (d *Desk) RevokeToken(ctx context.Context, actor access.Actor, prefix string) error {
	if err := access.May(actor, access.TokenManage); err != nil {
		return err
	}
	return d.store.Do(ctx, func(tx *store.Tx) error {
		found, err := tx.RevokeToken(ctx, prefix)
		if err == nil && !found {
			err = problem.Missing("token")
		}
		return err
	})
}

// Enroll makes a person or machine with a token of all scopes, for whoever holds the owner's database
// address: the first administrator of an installation has nobody to ask.
func (d *Desk) Enroll(ctx context.Context, handle, kind string, roles []access.Role) (string, error) {
	_, err := d.createPrincipal(ctx, handle, kind, roles)
	if err != nil && problem.CodeOf(err) != problem.Conflict {
		return "", err
	}
	return d.createToken(ctx, handle, access.Scopes(), nil)
}
