package estate_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
)

// tables is an estate of one database, each table with a key and these fields.
func tables(collections ...estate.Collection) estate.Estate {
	for i := range collections {
		collections[i].Class, collections[i].Key = estate.Account, []string{"id"}
		collections[i].Fields = append([]estate.Field{{Name: "id"}}, collections[i].Fields...)
	}
	return estate.Estate{Version: "1", Stores: []estate.Store{{ID: "app", Kind: estate.Postgres, Collections: collections}}}
}

func table(name string, fields ...estate.Field) estate.Collection {
	return estate.Collection{Name: name, Fields: fields}
}

func email() estate.Field { return estate.Field{Name: "email", Identity: "email"} }

func ref(table string, direction estate.Direction) estate.Field {
	return estate.Field{Name: table + "_id", References: &estate.Reference{Collection: estate.AddressOf("app", table), Field: "id", Direction: direction}}
}

func order(t require.TestingT, e estate.Estate, identities ...string) map[estate.Address]estate.Target {
	targets, err := e.Order(identities)
	require.NoError(t, err)
	byAddress := map[estate.Address]estate.Target{}
	for _, target := range targets {
		byAddress[target.Address] = target
	}
	return byAddress
}

func TestChildrenAreFoundByTheirParentsAndErasedBeforeThem(t *testing.T) {
	t.Parallel()
	e := tables(table("people", email()), table("orders", ref("people", "")), table("items", ref("orders", "")))
	require.Empty(t, e.Validate())
	got := order(t, e, "email")
	require.Equal(t, []estate.Path{{Field: "email", Identity: "email"}}, got["app/people"].Paths)
	require.Equal(t, []estate.Path{{Field: "orders_id", From: "app/orders", FromField: "id"}}, got["app/items"].Paths)
	require.Equal(t, []estate.Address{"app/orders"}, got["app/items"].LocateAfter)
	require.Equal(t, []estate.Address{"app/items"}, got["app/orders"].EraseAfter)
	require.Equal(t, []string{"id"}, got["app/orders"].Lead)
	require.Empty(t, got["app/items"].Lead)
	require.Empty(t, order(t, e, "phone"))
	require.Len(t, e.Unreached([]string{"phone"}), 3)
}

// A parent that only a child leads to is found by the child's values, leads on to its other children, and is still erased last.
func TestAParentMayBeFoundByItsChild(t *testing.T) {
	t.Parallel()
	e := tables(table("people"), table("logins", email(), ref("people", "")), table("orders", ref("people", "")))
	require.Empty(t, e.Validate())
	got := order(t, e, "email")
	require.Equal(t, []estate.Path{{Field: "id", From: "app/logins", FromField: "people_id"}}, got["app/people"].Paths)
	require.Equal(t, []string{"people_id"}, got["app/logins"].Lead)
	require.Equal(t, []estate.Path{{Field: "email", Identity: "email"}}, got["app/logins"].Paths, "not back again")
	require.Equal(t, []estate.Address{"app/logins", "app/orders"}, got["app/people"].EraseAfter)
}

// The one who handled Ana's ticket is nobody of Ana's request.
func TestAParentThatIsFoundOtherwiseIsNotFoundByItsChild(t *testing.T) {
	t.Parallel()
	got := order(t, tables(table("staff", email()), table("tickets", email(), ref("staff", ""))), "email")
	require.Equal(t, []estate.Path{{Field: "email", Identity: "email"}}, got["app/staff"].Paths)
	require.Len(t, got["app/tickets"].Paths, 2)
}

// A product that Ana ordered is not Ana's: a person has to say what it is.
func TestASharedParentIsNotFoundByTheWay(t *testing.T) {
	t.Parallel()
	e := tables(table("people", email()), table("products"), table("orders", ref("people", ""), ref("products", "")))
	require.Len(t, order(t, e, "email"), 2)
	require.Equal(t, []string{"app/products unreachable"}, codes(e.Validate()))
}

// A bucket answers with keys and a manual system with a person's word: neither has values that lead on.
func TestOnlyRowsLeadOn(t *testing.T) {
	t.Parallel()
	e := tables(table("people"))
	e.Stores = append(e.Stores, estate.Store{ID: "crm", Kind: estate.Manual, Owner: "gus", Collections: []estate.Collection{{
		Name: "contacts", Class: estate.Account, Fields: []estate.Field{email(), ref("people", "")},
	}}})
	got := order(t, e, "email")
	require.Len(t, got, 1)
	require.Equal(t, []estate.Path{{Field: "email", Identity: "email"}}, got["crm/contacts"].Paths)
	require.Equal(t, []string{"app/people unreachable"}, codes(e.Validate()))
}

func TestADirectionHolds(t *testing.T) {
	t.Parallel()
	up := tables(table("addresses"), table("people", email(), ref("addresses", estate.To)))
	require.Equal(t, []estate.Path{{Field: "id", From: "app/people", FromField: "addresses_id"}}, order(t, up, "email")["app/addresses"].Paths)
	require.Equal(t, []estate.Address{"app/people"}, order(t, up, "email")["app/addresses"].EraseAfter)

	down := tables(table("addresses"), table("people", email(), ref("addresses", estate.From)))
	require.NotContains(t, order(t, down, "email"), estate.Address("app/addresses"))
	require.Equal(t, []string{"app/addresses unreachable"}, codes(down.Validate()))
}

func TestARecordOfItsOwnTableIsNotFollowed(t *testing.T) {
	t.Parallel()
	e := tables(table("comments", email(), ref("comments", "")))
	require.Empty(t, e.Validate())
	require.Len(t, order(t, e, "email")["app/comments"].Paths, 1)
}

func TestACycleIsNamedWhole(t *testing.T) {
	t.Parallel()
	erase := tables(table("a", email()), table("b", email()))
	erase.Stores[0].Collections[0].EraseAfter = []estate.Address{"app/b"}
	erase.Stores[0].Collections[1].EraseAfter = []estate.Address{"app/a"}
	require.Equal(t, []estate.Finding{{
		At: "app/a", Code: estate.EraseCycle,
		Detail: "each would be erased after the next: app/a → app/b → app/a; take one of these references or orders away",
	}}, erase.Validate())
	_, err := erase.Order([]string{"email"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))

	locate := tables(table("a", email(), ref("b", "")), table("b"))
	locate.Stores[0].Collections[0].After = []estate.Address{"app/b"}
	require.Equal(t, []string{"app/a locate_cycle"}, codes(locate.Validate()))
}

// Docket cannot erase a row that the root's still refers to.
func TestOnlyWhatARootRefersToOutlivesIt(t *testing.T) {
	t.Parallel()
	e := tables(table("places"), table("orgs", ref("places", estate.To)), table("people", email(), ref("orgs", estate.To)), table("logins", ref("people", "")))
	e.Stores[0].Collections[2].Root = true
	require.Empty(t, e.Validate())
	got := order(t, e, "email")
	require.Equal(t, []estate.Address{"app/logins"}, got["app/people"].EraseAfter)
	require.Equal(t, []estate.Address{"app/people"}, got["app/orgs"].EraseAfter)
	require.Equal(t, []estate.Address{"app/orgs"}, got["app/places"].EraseAfter)

	two := tables(table("a", email(), ref("b", estate.To)), table("b"), table("c", email(), ref("d", estate.To)), table("d"))
	two.Stores[0].Collections[0].Root, two.Stores[0].Collections[2].Root = true, true
	require.Empty(t, two.Validate())
}

// drawn is a random estate: tables that refer to tables before them, a few identities, the first a root.
func drawn(t *rapid.T) estate.Estate {
	var collections []estate.Collection
	for i := range rapid.IntRange(1, 12).Draw(t, "tables") {
		c := table(fmt.Sprintf("t%02d", i))
		if rapid.IntRange(0, 2).Draw(t, "identity") == 0 {
			c.Fields = append(c.Fields, email())
		}
		for j := range i {
			switch rapid.IntRange(0, 5).Draw(t, "edge") {
			case 0:
				c.Fields = append(c.Fields, ref(fmt.Sprintf("t%02d", j), rapid.SampledFrom([]estate.Direction{"", estate.From, estate.To}).Draw(t, "direction")))
			case 1:
				c.After = append(c.After, estate.AddressOf("app", fmt.Sprintf("t%02d", j)))
			}
		}
		c.Root = i == 0 && rapid.Bool().Draw(t, "root")
		collections = append(collections, c)
	}
	return tables(collections...)
}

func TestEveryOrderIsTopologicalAndTheRootIsLast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawn(t)
		targets, err := e.Order([]string{"email"})
		if err != nil { // What is declared contradicts itself.
			require.Contains(t, codesOnly(e.Validate()), estate.LocateCycle)
			return
		}
		var located []estate.Address
		for _, target := range targets {
			require.NotContains(t, located, target.Address, "once")
			require.Subset(t, located, target.LocateAfter, "located after what leads to it")
			require.NotEmpty(t, target.Paths)
			for _, path := range target.Paths {
				if path.From != "" {
					require.Contains(t, target.LocateAfter, path.From)
					from := targets[slices.IndexFunc(targets, func(x estate.Target) bool { return x.Address == path.From })]
					require.Contains(t, from.Lead, path.FromField, "captured when it is located")
				}
			}
			located = append(located, target.Address)
		}
		var erased []estate.Address
		for len(erased) < len(targets) {
			before := len(erased)
			for _, target := range targets {
				if slices.Contains(erased, target.Address) || slices.ContainsFunc(target.EraseAfter, func(a estate.Address) bool { return !slices.Contains(erased, a) }) {
					continue
				}
				require.True(t, !target.Collection.Root || len(erased) == len(targets)-1, "the root is last")
				erased = append(erased, target.Address)
				for _, other := range targets {
					for _, f := range other.Collection.Fields {
						if f.References != nil && f.References.Collection == target.Address {
							require.Contains(t, erased, other.Address, "children first")
						}
					}
				}
			}
			require.Greater(t, len(erased), before, "something can always be erased next")
		}
		require.Equal(t, len(e.Stores[0].Collections), len(targets)+len(e.Unreached([]string{"email"})), "everything is a target or told")

		slices.Reverse(e.Stores[0].Collections)
		again, err := e.Order([]string{"email"})
		require.NoError(t, err)
		require.Equal(t, targets, again, "whatever the order of the file")
	})
}

func TestACycleIsAlwaysFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawn(t)
		all := e.Stores[0].Collections
		for i := range all {
			all[i].After = nil
			all[i].Fields = append(all[i].Fields, estate.Field{Name: "also", Identity: "email"})
		}
		require.NotContains(t, codesOnly(e.Validate()), estate.EraseCycle)
		length := rapid.IntRange(2, 5).Draw(t, "length")
		if len(all) < length {
			return
		}
		ring := rapid.Permutation(all).Draw(t, "ring")[:length]
		for i, c := range ring {
			at := slices.IndexFunc(all, func(x estate.Collection) bool { return x.Name == c.Name })
			after := estate.AddressOf("app", ring[(i+1)%length].Name)
			all[at].EraseAfter = append(slices.Clone(all[at].EraseAfter), after)
		}
		require.Contains(t, codesOnly(e.Validate()), estate.EraseCycle)
		_, err := e.Order([]string{"email"})
		require.Equal(t, problem.Conflict, problem.CodeOf(err))
	})
}
