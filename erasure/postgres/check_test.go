package postgres_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
)

const ddlShop = `
	CREATE TABLE accounts (id bigint PRIMARY KEY, email text NOT NULL, phone varchar(20), nickname text);
	CREATE INDEX ON accounts (lower(email)); CREATE INDEX ON accounts (phone) WHERE phone LIKE '+%';
	CREATE TABLE invoices (account_id bigint REFERENCES accounts ON DELETE CASCADE, number int, issued date, PRIMARY KEY (account_id, number));
	CREATE TABLE lines (account_id bigint, number int, line int, PRIMARY KEY (account_id, number, line),
		CONSTRAINT of_invoice FOREIGN KEY (account_id, number) REFERENCES invoices ON DELETE CASCADE);
	CREATE TABLE logins (at timestamptz, user_id bigint) PARTITION BY RANGE (at);
	CREATE TABLE logins_all PARTITION OF logins DEFAULT;
	CREATE MATERIALIZED VIEW spending AS SELECT account_id, count(*) FROM invoices GROUP BY 1;
	CREATE VIEW visits AS SELECT * FROM logins;
	CREATE MATERIALIZED VIEW newsletters AS SELECT email FROM accounts;`

func references(collection, field string) *estate.Reference {
	return &estate.Reference{Collection: estate.Address("shop/" + collection), Field: field}
}

func TestCheckFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), ddlShop)
	declared := s.estate(
		estate.Collection{Name: "accounts", Key: []string{"email"}, Fields: []estate.Field{
			{Name: "email", Identity: "email", Mask: &estate.Mask{With: estate.Null}},
			{Name: "phone", Identity: "phone", Mask: &estate.Mask{With: estate.HMAC}},
			{Name: "surname"},
			{Name: "id", References: references("invoices", "number"), Mask: &estate.Mask{With: estate.Fixed}},
		}},
		estate.Collection{Name: "invoices", Key: []string{"account_id", "number"}, Strategy: estate.MaskFields,
			Retention: &estate.Retention{From: "paid"}, Fields: []estate.Field{{Name: "issued", Mask: &estate.Mask{With: estate.Hash}}}},
		estate.Collection{Name: "logins", Fields: []estate.Field{{Name: "user_id", References: &estate.Reference{Collection: "crm/people", Field: "id"}}, {Name: "at"}}},
		estate.Collection{Name: "spending", NotSearchable: &estate.NotSearchable{Why: "holds sums", Instead: "is computed anew every night"}},
		estate.Collection{Name: "carts"},
		estate.Collection{Name: "visits"},
	)
	findings, err := s.open(t).Check(t.Context(), declared)
	require.NoError(t, err)
	var found []string
	for _, finding := range findings {
		require.NotEmpty(t, finding.Detail)
		found = append(found, finding.At+" "+finding.Code)
	}
	require.Equal(t, []string{
		"shop/accounts different_key",
		"shop/accounts.email masked_not_null",
		"shop/accounts.phone unindexed",
		"shop/accounts.phone masked_length",
		"shop/accounts.surname unknown_column",
		"shop/accounts.id masked_key",
		"shop/accounts.id unmatched_reference",
		"shop/accounts.nickname undeclared_column",
		"shop/invoices.issued masked_type",
		"shop/invoices.paid unknown_column",
		"shop/logins no_primary_key",
		"shop/logins.user_id unindexed",
		"shop/carts unknown_table",
		"shop/visits unknown_table",
		"shop/invoices.account_id undeclared_reference",
		"shop/accounts cascade_onto_kept",
		"shop/invoices undeclared_cascade",
		"shop/lines undeclared_table",
		"shop/newsletters undeclared_table",
	}, found)
}

// A draft tells the whole schema; what it guesses is marked, and nothing else is left for Check to find.
func TestADraftTellsTheSchemaAndMarksItsGuesses(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), ddlShop)
	store, err := postgres.Draft(t.Context(), s.dsn, s.schema)
	require.NoError(t, err)
	require.Regexp(t, `^docket-[a-f0-9-]+$`, store.ID)
	for i := range store.Collections {
		require.True(t, strings.HasSuffix(string(store.Collections[i].Class), postgres.Guess))
		for j, field := range store.Collections[i].Fields {
			if field.References != nil {
				field.References.Collection = estate.Address(strings.Replace(string(field.References.Collection), store.ID, "shop", 1))
			}
			store.Collections[i].Fields[j] = field
		}
	}
	require.Equal(t, []estate.Collection{
		{Name: "accounts", Key: []string{"id"}, Class: "account?", Fields: []estate.Field{
			{Name: "id", Identity: "account_id?"}, {Name: "email", Identity: "email?"}, {Name: "phone", Identity: "phone?"}, {Name: "nickname"},
		}},
		{Name: "invoices", Key: []string{"account_id", "number"}, Class: "billing?", Fields: []estate.Field{
			{Name: "account_id", References: references("accounts", "id")}, {Name: "number"}, {Name: "issued"},
		}},
		{Name: "lines", Key: []string{"account_id", "number", "line"}, Class: "customer_content?", Fields: []estate.Field{
			{Name: "account_id", References: references("invoices", "account_id")}, {Name: "number", References: references("invoices", "number")}, {Name: "line"},
		}},
		{Name: "logins", Class: "operational_metadata?", Fields: []estate.Field{{Name: "at"}, {Name: "user_id", Identity: "user_id?"}}},
	}, store.Collections)

	_, err = postgres.Draft(t.Context(), s.dsn, "no such schema")
	requireClass(t, erasure.Mismatch, err)
}

// What the law keeps cannot refer to what goes: the parent would wait for it for years.
func TestCheckFindsAKeptRowThatHoldsItsParent(t *testing.T) {
	t.Parallel()
	for key, found := range map[string][]string{"": {"shop/accounts kept_refers"}, "ON DELETE SET NULL": nil} {
		s := openShop(t, testkit.NewDatabase(t), `CREATE TABLE accounts (id int PRIMARY KEY); CREATE TABLE invoices (id int PRIMARY KEY, account_id int REFERENCES accounts `+key+`, issued date); CREATE INDEX ON invoices (account_id)`)
		accounts := estate.Collection{Name: "accounts", Key: []string{"id"}, Fields: []estate.Field{{Name: "id"}}}
		invoices := estate.Collection{Name: "invoices", Key: []string{"id"}, Retention: &estate.Retention{From: "issued"},
			Fields: []estate.Field{{Name: "id"}, {Name: "account_id", References: references("accounts", "id")}, {Name: "issued"}}}
		var codes []string
		check := func(all ...estate.Collection) {
			findings, err := s.open(t).Check(t.Context(), s.estate(all...))
			require.NoError(t, err)
			codes = nil
			for _, f := range findings {
				codes = append(codes, f.At+" "+f.Code)
			}
		}
		check(accounts, invoices)
		require.Equal(t, found, codes)
		accounts.Strategy = estate.MaskFields
		check(accounts, invoices)
		require.Empty(t, codes, "a parent that is masked stays as well")
	}
}
