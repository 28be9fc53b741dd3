package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// What somebody changes behind the desk's back is found: a date, an answer, since when a change holds, a published text.
func TestAChangeIsHeldAgainstItsChain(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Document, in.Text = "subprocessors", "Example Models\n" })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(61 * day)
	a.verified()
	for _, spoil := range []string{
		`UPDATE change_customer SET effective = effective - interval '1 day' WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`UPDATE change_customer SET said_closes = said_closes - interval '1 day' WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`UPDATE change_customer SET answer = 'withdrawn' WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`UPDATE change_customer SET taken_at = clock_timestamp() WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`DELETE FROM change_customer WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1001')`,
		`UPDATE document_version SET text = 'Somebody else' || E'\n'`,
	} {
		testkit.Execute(t, a.Database.Superuser, `CREATE TABLE kept AS TABLE change_customer; CREATE TABLE kept_text AS TABLE document_version`)
		testkit.Execute(t, a.Database.Superuser, spoil)
		verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), a.Case)
		require.NoError(t, err)
		require.False(t, verified.OK, spoil)
		testkit.Execute(t, a.Database.Superuser, `TRUNCATE change_customer, document_version; INSERT INTO change_customer TABLE kept; INSERT INTO document_version TABLE kept_text; DROP TABLE kept, kept_text`)
		a.verified()
	}
}

// What a gateway asks by is held against the chain, too.
func TestWhatAGatewayAsksByIsHeldAgainstTheChain(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.verified()
	for _, spoil := range []string{`subject = 'other-models'`, `services = '{chat-api}'`} {
		testkit.Execute(t, a.Database.Superuser, `CREATE TABLE kept AS TABLE change_customer; UPDATE change_customer SET `+spoil)
		verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), a.Case)
		require.NoError(t, err)
		require.False(t, verified.OK, spoil)
		testkit.Execute(t, a.Database.Superuser, `TRUNCATE change_customer; INSERT INTO change_customer TABLE kept; DROP TABLE kept`)
	}
}
