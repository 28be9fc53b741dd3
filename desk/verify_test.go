package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
)

// proven is a room with a sealed page of deliveries behind it, whose chain verifies.
func proven(t *testing.T) *room {
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002", "C-1003")
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	ok, problem := r.verify()
	require.True(t, ok, problem)
	return r
}

func (r *room) verify() (ok bool, problem string) {
	r.t.Helper()
	view, err := r.Desk.VerifyCase(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(r.t, err)
	return view.OK, view.Problem
}

// Whoever has the database's owner or superuser can write anything; a verifier finds it.
func TestWhateverIsChangedBehindTheProductsBackIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string
		finding   string
	}{
		"a changed body":                  {`UPDATE timeline SET body = convert_to(replace(convert_from(body, 'UTF8'), 'high', 'low'), 'UTF8') WHERE case_id = $1 AND kind = 'incident.declared'`, "entry 3: wrong_hash"},
		"a changed instant":               {`UPDATE timeline SET happened_at = happened_at + interval '1 hour' WHERE case_id = $1 AND kind = 'start.recorded'`, "wrong_hash"},
		"another actor":                   {`UPDATE timeline SET actor = gen_random_uuid()::text WHERE case_id = $1 AND seq = 2`, "entry 2: wrong_hash"},
		"changed sealed content":          {`UPDATE timeline SET sealed = set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256) WHERE case_id = $1 AND seq = 1`, "entry 1: wrong_hash"},
		"removed sealed content":          {`UPDATE timeline SET sealed = NULL WHERE case_id = $1 AND seq = 1`, "entry 1: wrong_hash"},
		"a deleted entry":                 {`DELETE FROM timeline WHERE case_id = $1 AND seq = 4`, "entry 4: gap"},
		"a deleted first entry":           {`DELETE FROM timeline WHERE case_id = $1 AND seq = 1`, "entry 1: gap"},
		"a deleted last entry":            {`DELETE FROM timeline WHERE case_id = $1 AND seq = (SELECT max(seq) FROM timeline WHERE case_id = $1)`, "truncated"},
		"swapped entries":                 {`UPDATE timeline SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE case_id = $1 AND seq IN (2, 3); UPDATE timeline SET seq = -seq WHERE case_id = $1 AND seq < 0`, "entry 2: wrong_previous"},
		"a changed ledger row":            {`UPDATE delivery_event SET body = convert_to(replace(convert_from(body, 'UTF8'), '250', '550'), 'UTF8') WHERE case_id = $1 AND kind = 'accepted'`, "the rows give"},
		"a changed ledger reply":          {`UPDATE delivery_event SET sealed = sealed || '\x00'::bytea WHERE case_id = $1 AND kind = 'accepted'`, "the rows give"},
		"a changed outcome":               {`UPDATE delivery_event SET kind = 'refused' WHERE case_id = $1 AND kind = 'accepted'`, "the rows give"},
		"a deleted ledger row":            {`DELETE FROM delivery_event WHERE id = (SELECT max(id) FROM delivery_event WHERE case_id = $1)`, "rows are stored"},
		"a whole deleted page":            {`DELETE FROM delivery_event WHERE case_id = $1`, "0 rows are stored"},
		"an added ledger row":             {`INSERT INTO delivery_event (delivery_id, case_id, page, attempt, at, kind, body) SELECT delivery_id, case_id, page, 2, at, kind, body FROM delivery_event WHERE case_id = $1 LIMIT 1`, "rows are stored"},
		"a page that vouches for nothing": {`INSERT INTO page_seal (page, case_id, seq) VALUES (gen_random_uuid(), $1, 1)`, "no entry vouches"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := proven(t)
			r.tamper(c.statement)
			ok, problem := r.verify()
			require.False(t, ok)
			require.Contains(t, problem, c.finding)
		})
	}
}

// tamper runs statements that name the case as $1, as the superuser.
func (r *room) tamper(statement string) {
	r.t.Helper()
	r.query(inline(statement, r.Case))
}

func TestAShreddedCaseVerifiesAndCannotBeRead(t *testing.T) {
	t.Parallel()
	r := proven(t)
	r.closeCase()
	for _, role := range []access.Role{access.PrivacyLead, access.LegalCounsel} {
		_, err := r.shred(role)
		require.NoError(t, err)
	}
	ok, problem := r.verify()
	require.True(t, ok, problem)
	view, err := r.Desk.Case(r.ctx, r.As(access.PrivacyLead), r.Code)
	require.NoError(t, err)
	require.True(t, view.Erased)
	require.Empty(t, view.Title)
	_, err = r.Desk.Notices(r.ctx, r.As(access.PrivacyLead), r.Case)
	refused(t, err, "case_shredded")
}

func TestASealedValueDoesNotOpenAnywhereElse(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.query(`UPDATE timeline SET sealed = (SELECT sealed FROM cases WHERE id = $1) WHERE case_id = $1 AND seq = 1`, r.Case)
	_, err := r.Desk.Timeline(r.ctx, r.As(access.PrivacyLead), r.Case, "", 0)
	require.ErrorContains(t, err, "do not belong here")
	_, err = r.Desk.Case(r.ctx, r.As(access.PrivacyLead), uuid.NewString())
	code(t, "not_found", err)
}
