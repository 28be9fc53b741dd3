package estate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
)

// shop is a dataset file as fideslang publishes the format, of a fictional shop.
const shop = `dataset:
  - fides_key: Shop_DB.main
    organization_fides_key: default_organization
    name: Shop
    description: The shop's database
    meta: {team: {name: shop}}
    data_categories: [system.operations]
    fides_meta:
      resource_id: shop
      namespace: {schema: shop}
    collections:
      - name: customers
        description: Who bought
        fides_meta:
          after: [support.people]
          erase_after: [support.people]
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: True, data_type: integer}
          - name: email
            data_categories: [user.contact.email]
            fidesops_meta: {identity: email, data_type: string, length: 320}
          - name: address_id
            data_categories: [system.operations]
            fides_meta:
              references:
                - dataset: Shop_DB.main
                  field: addresses.id
                  direction: to
      - name: addresses
        fields:
          - name: id
            fides_meta: {primary_key: true}
          - name: street
            data_categories: [user.contact.address.street]
      - name: cards
        fides_meta:
          masking_strategy_override: {strategy: delete}
        fields:
          - name: id
            fides_meta: {primary_key: true}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta:
              references: [{dataset: Shop_DB.main, field: customers.id, direction: from}]
          - name: ccn
            data_categories: [user.financial.bank_account]
      - name: reviews
        fields:
          - name: id
            fides_meta: {primary_key: true}
          - name: author
            data_categories: [user.contact.email]
            fides_meta:
              identity: email
              masking_strategy_override: {strategy: null_rewrite}
          - name: nickname
            data_categories: [user.account.username]
            fides_meta:
              masking_strategy_override:
                strategy: string_rewrite
                configuration: {rewrite_value: somebody}
          - name: signature
            fides_meta: {masking_strategy_override: {strategy: hmac}}
          - name: fingerprint
            fides_meta: {masking_strategy_override: {strategy: hash}}
          - name: text
            data_categories: [user.content.public]
            fields:
              - name: language
                data_categories: [user.demographic.language]
`

func TestADatasetFileIsReadAsItIs(t *testing.T) {
	t.Parallel()
	read, err := estate.Read([]byte(shop))
	require.NoError(t, err)
	require.Empty(t, read.Findings)
	personal := estate.CustomerPersonalData
	require.Equal(t, []estate.Store{{ID: "shop-db-main", Kind: estate.Postgres, Schema: "shop", Collections: []estate.Collection{
		{Name: "customers", Class: personal, Key: []string{"id"}, After: []estate.Address{"support/people"}, EraseAfter: []estate.Address{"support/people"}, Fields: []estate.Field{
			{Name: "id", Class: personal}, {Name: "email", Class: personal, Identity: "email"},
			{Name: "address_id", Class: estate.OperationalMetadata, References: &estate.Reference{Collection: "shop-db-main/addresses", Field: "id", Direction: estate.To}},
		}},
		{Name: "addresses", Class: personal, Key: []string{"id"}, Fields: []estate.Field{{Name: "id"}, {Name: "street", Class: personal}}},
		{Name: "cards", Class: personal, Key: []string{"id"}, Strategy: estate.Delete, Fields: []estate.Field{
			{Name: "id"}, {Name: "customer_id", Class: personal, References: &estate.Reference{Collection: "shop-db-main/customers", Field: "id", Direction: estate.From}},
			{Name: "ccn", Class: estate.Billing},
		}},
		{Name: "reviews", Class: estate.CustomerContent, Key: []string{"id"}, Strategy: estate.MaskFields, Fields: []estate.Field{
			{Name: "id"}, {Name: "author", Class: personal, Identity: "email", Mask: &estate.Mask{With: estate.Null}},
			{Name: "nickname", Class: estate.Account, Mask: &estate.Mask{With: estate.Fixed, Value: "somebody"}},
			{Name: "signature", Mask: &estate.Mask{With: estate.HMAC}}, {Name: "fingerprint", Mask: &estate.Mask{With: estate.Hash}},
			{Name: "text", Class: estate.CustomerContent},
		}},
	}}}, read.Stores)
}

func TestWhatADatasetSaysAndDocketCannotDoIsAFinding(t *testing.T) {
	t.Parallel()
	file := []byte(`dataset:
  - fides_key: lake
    retention: No retention or erasure policy
    fides_meta: {after: [shop], namespace: {project_id: p}}
    collections:
      - name: visits
        fides_meta: {after: [nodots], partitioning: {field: created}, masking_strategy_override: {strategy: shred}}
        fields:
          - name: email
            masking_strategy_override: {strategy: null_rewrite}
            data_categories: [user.contact.email]
            fides_meta: {identity: email, read_only: true, masking_strategy_override: {strategy: random_string_rewrite, configuration: {length: 5}}}
          - name: by
            data_categories: [pets.cats]
            fides_meta:
              custom_request_field: tenant
              references:
                - {dataset: lake, field: routes.id, direction: from}
                - {dataset: lake, field: routes.other}
          - name: device
            fields:
              - name: owner
                fides_meta: {identity: email}
      - name: routes
        fields:
          - name: id
            data_categories: [system.operations]
      - name: skipped
        fides_meta: {skip_processing: true}
        data_categories: [system.operations]
        fields: []
`)
	read, err := estate.Read(file)
	require.NoError(t, err)
	var at []string
	for _, f := range read.Findings {
		at = append(at, f.At+" "+f.Code)
	}
	unsupported := " " + estate.FidesUnsupported
	require.ElementsMatch(t, []string{
		"lake" + unsupported, "lake" + unsupported, "lake" + unsupported, // retention, project_id, after
		"lake/visits" + unsupported, "lake/visits" + unsupported, "lake/visits" + unsupported, // partitioning, after, strategy
		"lake/visits.email" + unsupported, "lake/visits.email" + unsupported, "lake/visits.email" + unsupported,
		"lake/visits.by" + unsupported, "lake/visits.by" + unsupported, "lake/visits.by" + unsupported, // category, custom field, second reference
		"lake/visits.device" + unsupported, "lake/routes " + estate.FidesUndecided,
	}, at)
	require.Subset(t, read.Validate(), read.Findings)
	require.Equal(t, "the dataset says skip_processing", read.Stores[0].Collections[2].NotSearchable.Why)

	own := []byte(`version: 1
stores:
  - id: lake
    owner: dora
    collections:
      - name: visits
        root: true
        strategy: mask
        fields:
          - {name: email, mask: {with: hmac}}
          - {name: by, class: account}
          - {name: device, class: account}
      - name: routes
        not_searchable: {why: shared by all, instead: nothing is erased}
`)
	for _, files := range [][][]byte{{own, file}, {file, own}} {
		both, err := estate.Read(files...)
		require.NoError(t, err)
		require.Empty(t, both.Findings, "what Docket's own file says settles them")
		visits := both.Stores[0].Collections[0]
		require.Equal(t, estate.Postgres, both.Stores[0].Kind)
		require.Equal(t, "dora", both.Stores[0].Owner)
		require.True(t, visits.Root)
		require.Equal(t, estate.Field{Name: "email", Class: estate.CustomerPersonalData, Identity: "email", Mask: &estate.Mask{With: estate.HMAC}}, visits.Fields[0])
		require.Len(t, both.Stores[0].Collections, 3)
	}
}

// A dataset may write a reference at either end; the one that repeats the other's key is erased first.
func TestAReferenceAtTheParentsEndIsTurnedAround(t *testing.T) {
	t.Parallel()
	read, err := estate.Read([]byte(`dataset:
  - fides_key: shop
    collections:
      - name: people
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, references: [{dataset: desk, field: tickets.person, direction: to}]}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
`), []byte(`dataset:
  - fides_key: desk
    collections:
      - name: tickets
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: person, data_categories: [user.unique_id]}
`))
	require.NoError(t, err)
	require.Empty(t, read.Findings)
	got := order(t, read, "email")
	require.Equal(t, []estate.Path{{Field: "person", From: "shop/people", FromField: "id"}}, got["desk/tickets"].Paths)
	require.Equal(t, []estate.Address{"desk/tickets"}, got["shop/people"].EraseAfter)
	require.Empty(t, got["desk/tickets"].EraseAfter)
}

func TestWhatOneDeletesIsNotMaskedAsTheDatasetSays(t *testing.T) {
	t.Parallel()
	own := "version: 1\nstores: [{id: shop-db-main, collections: [{name: reviews, strategy: delete}, {name: customers, root: true}]}]\n"
	read, err := estate.Read([]byte(shop), []byte(own))
	require.NoError(t, err)
	for _, f := range read.Stores[0].Collections[3].Fields {
		require.Nil(t, f.Mask)
	}
	require.Equal(t, []string{"shop-db-main/customers unknown_collection", "shop-db-main/customers unknown_collection"}, codes(read.Validate()), "support is another dataset")
}

func TestABrokenDatasetIsRefusedByItsLine(t *testing.T) {
	t.Parallel()
	_, err := estate.Read([]byte("version: 1\nstores: []\n"), []byte("dataset:\n  - collections:\n      - fields: none\n"))
	require.ErrorContains(t, err, "invalid dataset[0].collections[0].fields: file 2, line 3: must be a list")
}
