package samples_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/samples"
)

func TestTheSampleEstateHasNoFindingsAndErasesItsAccountsLast(t *testing.T) {
	t.Parallel()
	read, err := estate.Read(samples.Estate())
	require.NoError(t, err)
	require.Empty(t, read.Validate())

	targets, err := read.Order([]string{"email"})
	require.NoError(t, err)
	var order []estate.Address
	byAddress := map[estate.Address]estate.Target{}
	for _, target := range targets {
		order = append(order, target.Address)
		byAddress[target.Address] = target
	}
	require.Equal(t, []estate.Address{
		"app/accounts", "app/api_keys", "app/invoices", "app/prompts", "app/prompt_embeddings", "app/support_tickets", "crm/contacts",
		"media/uploads", "newsletter/subscribers",
	}, order)
	require.Len(t, byAddress["app/accounts"].EraseAfter, len(targets)-1)
	require.Equal(t, []string{"id"}, byAddress["app/accounts"].Lead)
	require.Equal(t, []estate.Path{{Field: "account_id", From: "app/accounts", FromField: "id"}}, byAddress["media/uploads"].Paths)
	require.Equal(t, []estate.Address{"app/prompt_embeddings"}, byAddress["app/prompts"].EraseAfter)
	unreached := read.Unreached([]string{"email"})
	require.Len(t, unreached, 1)
	require.Equal(t, estate.Address("app/routing_events"), unreached[0].Address)
}
