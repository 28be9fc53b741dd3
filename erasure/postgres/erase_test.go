package postgres_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
)

// oneTicket inserts one ticket of Ana's and answers it with the store.
func oneTicket(t *testing.T) (shop, []erasure.Item, func(estate.Collection) erasure.Order, erasure.Store) {
	t.Helper()
	s := openShop(t, testkit.NewDatabase(t), ddlTickets)
	s.run(t, `INSERT INTO "Support ""Tickets" VALUES (9007199254740993, $1, '+1 555 0100', 'help', '{0.1,2,NULL}', '{"n": 9007199254740993}')`, ana)
	store := s.open(t)
	items := located(t, store, tickets(), "email", []string{"id", "embedding", "note", "phone", "score"}, ana)
	require.Len(t, items, 1)
	return s, items, func(c estate.Collection) erasure.Order { return erasure.Order{ID: "1", Collection: c, Items: items} }, store
}

func TestValuesAreReadAsTheyAreAndNumbersAreNotRounded(t *testing.T) {
	t.Parallel()
	_, items, _, _ := oneTicket(t)
	require.Equal(t, `["9007199254740993"]`, items[0].Key)
	text, err := json.Marshal(items[0].Values)
	require.NoError(t, err)
	require.JSONEq(t, `{"id": "9007199254740993", "embedding": [0.1, 2, null], "note": {"n": 9007199254740993}, "phone": "+1 555 0100", "score": "0.50"}`, string(text))
	require.Contains(t, string(text), `"n":9007199254740993`)
}

func TestMasksAreWrittenAsTheEstateSays(t *testing.T) {
	t.Parallel()
	s, _, order, store := oneTicket(t)
	results, err := store.Erase(t.Context(), order(ticketsMasked()))
	require.NoError(t, err)
	require.Equal(t, []erasure.Outcome{erasure.Masked}, outcomes(results))

	var email, phone, selected, note, score string
	var embedding []float32
	require.NoError(t, s.conn.QueryRow(t.Context(), `SELECT email, phone, "select", embedding, note::text, score::text FROM "Support ""Tickets"`).
		Scan(&email, &phone, &selected, &embedding, &note, &score))
	hash, mac := sha256.Sum256([]byte(ana)), hmac.New(sha256.New, maskingKey)
	mac.Write([]byte("+1 555 0100"))
	require.Equal(t, "masked:"+hex.EncodeToString(hash[:]), email)
	require.Equal(t, "masked:"+hex.EncodeToString(mac.Sum(nil)), phone)
	require.Equal(t, []string{"removed", "{}", "0.00"}, []string{selected, note, score})
	require.Nil(t, embedding)
}

// A record of which one masked field got its value back is residue.
func TestAValueThatCameBackIsResidue(t *testing.T) {
	t.Parallel()
	for _, back := range []string{`email = 'masked:ana'`, `phone = '+1 555 0100'`, `"select" = 'removed '`, `embedding = '{}'`, `note = NULL`, `score = 0.01`} {
		s, _, order, store := oneTicket(t)
		masked := order(ticketsMasked())
		_, err := store.Erase(t.Context(), masked)
		require.NoError(t, err)
		require.Equal(t, []erasure.State{erasure.Gone}, states(t, store, masked))
		s.run(t, `UPDATE "Support ""Tickets" SET `+back)
		require.Equal(t, []erasure.State{erasure.Residue}, states(t, store, masked), back)
	}
}

func TestMasksThatCannotBeWrittenAreTheEstatesMistake(t *testing.T) {
	t.Parallel()
	s, _, order, store := oneTicket(t)
	before := s.truth(t, `"Support ""Tickets"`, "id")
	for name, field := range map[string]estate.Field{
		"the key":                         {Name: "id", Mask: &estate.Mask{With: estate.Fixed, Value: "1"}},
		"null where there must be":        {Name: "email", Mask: &estate.Mask{With: estate.Null}},
		"a digest of what is not text":    {Name: "embedding", Mask: &estate.Mask{With: estate.Hash}},
		"an unknown mask":                 {Name: "email", Mask: &estate.Mask{With: "blur"}},
		"an unknown column":               {Name: "e-mail", Mask: &estate.Mask{With: estate.Hash}},
		"a fixed value that does not fit": {Name: "score", Mask: &estate.Mask{With: estate.Fixed, Value: "nothing"}},
		"nothing to mask":                 {Name: "email"},
	} {
		masked := order(tickets())
		masked.Collection.Strategy, masked.Collection.Fields = estate.MaskFields, []estate.Field{field}
		_, err := store.Erase(t.Context(), masked)
		requireClass(t, erasure.Mismatch, err, name)
		_, err = store.Verify(t.Context(), masked)
		requireClass(t, erasure.Mismatch, err, name)
	}
	require.Equal(t, before, s.truth(t, `"Support ""Tickets"`, "id"))
}

func TestARecordThatIsKeptWithoutMasksStaysWhole(t *testing.T) {
	t.Parallel()
	s, _, order, store := oneTicket(t)
	before := s.truth(t, `"Support ""Tickets"`, "id")
	kept := order(tickets())
	kept.Keep = true
	results, err := store.Erase(t.Context(), kept)
	require.NoError(t, err)
	require.Equal(t, []erasure.Outcome{erasure.Masked}, outcomes(results))
	require.Equal(t, before, s.truth(t, `"Support ""Tickets"`, "id"))
}

func TestAnOrderAnswersEachItemInItsPlace(t *testing.T) {
	t.Parallel()
	s, items, order, store := oneTicket(t)
	mixed := order(tickets())
	mixed.Items = []erasure.Item{{Key: `["7"]`}, items[0], {Key: `["10"]`}}
	require.Equal(t, []erasure.State{erasure.Gone, erasure.Residue, erasure.Gone}, states(t, store, mixed))
	results, err := store.Erase(t.Context(), mixed)
	require.NoError(t, err)
	require.Equal(t, []erasure.Outcome{erasure.Absent, erasure.Erased, erasure.Absent}, outcomes(results))
	require.Zero(t, s.count(t, `"Support ""Tickets"`))

	mixed.Items = []erasure.Item{items[0], items[0]}
	_, err = store.Erase(t.Context(), mixed)
	requireClass(t, erasure.Mismatch, err)
}

// A reference that the estate does not know stops the page as a whole, with the constraint's name.
func TestARowThatAnotherRefersToIsTheEstatesMistake(t *testing.T) {
	t.Parallel()
	s, _, order, store := oneTicket(t)
	s.run(t, `CREATE TABLE answers (id int PRIMARY KEY, ticket bigint CONSTRAINT answers_ticket_known REFERENCES "Support ""Tickets"); INSERT INTO answers SELECT 1, id FROM "Support ""Tickets"`)
	_, err := store.Erase(t.Context(), order(tickets()))
	requireClass(t, erasure.Mismatch, err)
	require.ErrorContains(t, err, "answers_ticket_known")
	require.NotContains(t, err.Error(), "9007199254740993")
	require.Equal(t, 1, s.count(t, `"Support ""Tickets"`))
}

// A trigger that turns deleting into something else must not read as absence.
func TestATriggerThatKeepsRowsIsNoAbsence(t *testing.T) {
	t.Parallel()
	s, _, order, store := oneTicket(t)
	s.run(t, `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER keep BEFORE DELETE ON "Support ""Tickets" FOR EACH ROW EXECUTE FUNCTION keep()`)
	_, err := store.Erase(t.Context(), order(tickets()))
	requireClass(t, erasure.Mismatch, err)
	require.ErrorContains(t, err, "trigger")
}

// An array of identifiers is searched by each of them.
func TestAnArrayOfIdentifiersIsSearchedByEach(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), `CREATE TABLE rooms (id int PRIMARY KEY, members int[]); INSERT INTO rooms VALUES (1, '{1,2}'), (2, '{10}'), (3, NULL)`)
	rooms := estate.Collection{Name: "rooms", Key: []string{"id"}}
	items := located(t, s.open(t, rooms), rooms, "members", nil, "2", "7")
	require.Equal(t, []erasure.Item{{Key: `["1"]`}}, items)
}

// A table that inherits may repeat its parent's keys: its rows are others'.
func TestAnHeirsRowsAreNotItsParents(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), `CREATE TABLE people (id int PRIMARY KEY, email text); CREATE TABLE staff () INHERITS (people);
		INSERT INTO people VALUES (1, 'ana@example.test'); INSERT INTO staff VALUES (1, 'ben@example.test'), (2, 'ana@example.test')`)
	people := estate.Collection{Name: "people", Key: []string{"id"}}
	store := s.open(t, people)
	order := erasure.Order{ID: "1", Collection: people, Items: located(t, store, people, "email", nil, ana)}
	require.Len(t, order.Items, 1)
	_, err := store.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, []erasure.State{erasure.Gone}, states(t, store, order))
	require.Equal(t, 2, s.count(t, "staff"))
}

// A key of any types and any text names its row and no other.
func TestKeysOfAnyTypeNameTheirRow(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), `
		CREATE DOMAIN short AS varchar(9) CHECK (value <> 'no');
		CREATE TABLE odd (owner text, a text, b uuid, c bytea, d float8, e interval, f timestamp, g date, h numeric, i inet, j boolean, k "char", l name, m int4range, n short, o int[], p bit(3), q jsonb, r time,
			PRIMARY KEY (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r));
		INSERT INTO odd SELECT 'ana@example.test', v, '00000000-0000-0000-0000-00000000000a', '\x00ff22', 0.1::float8 + 0.2, '1 mon -2 days 00:00:00.000001', '2026-02-03 04:05:06.789', '0044-03-15 BC', 1.50, '10.0.0.0/8',
			true, '"', 'n ', '[1,5)', 'yes', '{{1,2},{3,NULL}}', B'101', '{"a": [1.10, null]}', '24:00'
			FROM unnest(ARRAY['', ' ', 'x ', 'x', '"', '''', '\', E'\n', '["1"]', '{a,b}', 'NULL', '%', 'Ünï ☃']) v`)
	s.run(t, `INSERT INTO odd SELECT 'ben@example.test', upper(a) || '.', b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r FROM odd`)
	odd := estate.Collection{Name: "odd"}
	store := s.open(t, odd)
	order := erasure.Order{ID: "1", Collection: odd}
	query := erasure.Query{Collection: odd, Matches: []erasure.Match{{Field: "owner", Values: []string{ana}}}}
	for cursor := ""; ; {
		page, err := store.Locate(t.Context(), query, cursor, 3)
		require.NoError(t, err)
		if page.End {
			break
		}
		order.Items, cursor = append(order.Items, page.Items...), page.Next
	}
	require.Len(t, order.Items, 13)
	results, err := store.Erase(t.Context(), order)
	require.NoError(t, err)
	for _, outcome := range outcomes(results) {
		require.Equal(t, erasure.Erased, outcome)
	}
	require.Zero(t, s.count(t, `odd WHERE owner = 'ana@example.test'`))
	require.Equal(t, 13, s.count(t, "odd"))
}

// A cast to a type with a length would cut a longer value to somebody else's.
func TestALongerValueIsNotCutToAnothers(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), `CREATE DOMAIN handle AS varchar(3); CREATE DOMAIN nick AS handle;
		CREATE TABLE members (id nick PRIMARY KEY, a varchar(3), b char(3), c handle, d nick); INSERT INTO members VALUES ('ana', 'ana', 'ana', 'ana', 'ana')`)
	members := estate.Collection{Name: "members", Key: []string{"id"}}
	store := s.open(t, members)
	for _, field := range []string{"id", "a", "b", "c", "d"} {
		require.Empty(t, located(t, store, members, field, nil, "anabel"), field)
		require.Len(t, located(t, store, members, field, nil, "ana"), 1, field)
	}
	results, err := store.Erase(t.Context(), erasure.Order{ID: "1", Collection: members, Items: []erasure.Item{{Key: `["anabel"]`}}})
	require.NoError(t, err)
	require.Equal(t, []erasure.Outcome{erasure.Absent}, outcomes(results))
}

// A mailbox is one person's however its address was written; an account number is not another's because it looks like it.
func TestAMailAddressIsFoundHoweverItWasWritten(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), `CREATE TABLE people (id int PRIMARY KEY, email text, short varchar(40), ref text, others text[]);
		INSERT INTO people VALUES (1, 'Ana@Example.test', 'ANA@example.TEST', 'Ana', '{"Ana \"A\" <a,b>",ana@Example.test}'), (2, 'ana@example.test', NULL, 'ana', '{b@example.test}'), (3, 'banana@example.test', NULL, NULL, NULL)`)
	of := func(match estate.Match) estate.Collection {
		return estate.Collection{Name: "people", Key: []string{"id"}, Fields: []estate.Field{{Name: "id"}, {Name: "ref", Identity: "account_id"},
			{Name: "email", Identity: "email", Match: match}, {Name: "short", Identity: "email", Match: match}, {Name: "others", Identity: "email", Match: match}}}
	}
	keys := func(c estate.Collection, field, value string) (keys []string) {
		for _, item := range located(t, s.open(t, c), c, field, nil, value) {
			keys = append(keys, item.Key)
		}
		return keys
	}
	require.Equal(t, []string{`["1"]`, `["2"]`}, keys(of(""), "email", ana))
	require.Equal(t, []string{`["1"]`}, keys(of(""), "short", ana))
	require.Equal(t, []string{`["2"]`}, keys(of(estate.Exact), "email", ana))
	require.Equal(t, []string{`["2"]`}, keys(of(""), "ref", "ana"))
	require.Equal(t, []string{`["1"]`}, keys(of(""), "others", ana))
	require.Empty(t, keys(of(estate.Exact), "others", ana))

	unindexed := func(match estate.Match) (at []string) {
		declared := s.estate(of(match))
		findings, err := s.open(t, of(match)).Check(t.Context(), declared)
		require.NoError(t, err)
		for _, f := range findings {
			require.Equal(t, postgres.Unindexed, f.Code)
			at = append(at, f.At)
		}
		return at
	}
	s.run(t, `CREATE INDEX ON people (email); CREATE INDEX ON people (ref); CREATE INDEX ON people USING gin (others)`)
	require.Equal(t, []string{"shop/people.email", "shop/people.short"}, unindexed(""))
	require.Equal(t, []string{"shop/people.short"}, unindexed(estate.Exact))
	s.run(t, `CREATE INDEX ON people (lower(email)); CREATE INDEX ON people (lower(short))`)
	require.Empty(t, unindexed(""))
}
