package estate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/samples"
)

func TestWhatIsWrittenReadsBack(t *testing.T) {
	t.Parallel()
	for _, file := range [][]byte{samples.Estate(), []byte(shop)} {
		read, err := estate.Read(file)
		require.NoError(t, err)
		written, err := estate.Write(read)
		require.NoError(t, err)
		again, err := estate.Read(written)
		require.NoError(t, err)
		require.Equal(t, read, again)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := drawn(t)
		written, err := estate.Write(e)
		require.NoError(t, err)
		again, err := estate.Read(written)
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}

// A draft asks where a person has to decide, and nowhere else.
func TestADraftAsksWhatAPersonHasToDecide(t *testing.T) {
	t.Parallel()
	written, err := estate.Write(estate.Estate{Stores: []estate.Store{
		{ID: "app", Kind: estate.Postgres, Collections: []estate.Collection{
			{Name: "people", Key: []string{"id"}, Fields: []estate.Field{{Name: "id"}, {Name: "note", Mask: &estate.Mask{With: estate.Null}}}},
			{Name: "logs", Class: estate.Account, NotSearchable: &estate.NotSearchable{Why: "no identifier"}},
		}},
	}})
	require.NoError(t, err)
	require.Equal(t, `version: "" # decide: a version of your own, kept with every plan
stores:
  # decide: owner, the handle of the person who answers for this store
  # decide: root: true for the table that leads to all others, e.g. the accounts; it is erased last
  - id: app
    kind: postgres
    collections:
      # decide: how a person is found here: an identity or a reference at a field, or not_searchable with why and instead;
      # leave the collection out if it holds nothing about people
      - name: people
        class: "" # decide: one of customer_content, customer_personal_data, operational_metadata, account, billing
        key:
          - id
        fields:
          - name: id
          - name: note
            mask:
              with: "null"
      # decide: in not_searchable, why nobody can look here by an identifier, and what is done instead
      - name: logs
        class: account
        not_searchable:
          why: no identifier
          instead: ""
`, string(written))

	read, err := estate.Read(samples.Estate())
	require.NoError(t, err)
	complete, err := estate.Write(read)
	require.NoError(t, err)
	require.NotContains(t, string(complete), "decide")
}
