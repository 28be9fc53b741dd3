package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/desk"
)

// A request ends as its plan was made, whatever the estate has come to say of its places since: what was searched is certified,
// and is not said to be unsearched as well.
func TestACertificateTellsTheEstateOfItsPlan(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	since := liveEstate()
	since.Version = "2"
	since.Stores[0].Collections[2].NotSearchable = &estate.NotSearchable{Why: "tickets were taken out of the account", Instead: "support looks by hand"}
	c.Options.Estate = &since
	c.Desk = desk.New(c.Options)
	c.work.Desk = c.Desk
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.NotContains(t, c.drafted(), "by hand")
	_, err := c.Desk.Certificates(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	c.verified()
}

// A place that could be searched, and to which nothing leads that the person showed, is told in the letter and the certificate: nobody
// reads there that it was looked into.
func TestAPlaceThatNothingLeadsToIsTold(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	declared := liveEstate()
	declared.Stores = append(declared.Stores, estate.Store{ID: "loyalty", Kind: estate.Manual, Owner: "dora", Collections: []estate.Collection{
		{Name: "cards", Class: estate.Account, Fields: []estate.Field{{Name: "card", Identity: "loyalty_card"}}}}})
	c.Options.Estate = &declared
	c.Desk = desk.New(c.Options)
	c.work.Desk = c.Desk
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	require.Contains(t, c.drafted(), "nothing you showed us leads there; name another identifier if you want us to\n- loyalty/cards\n")
	certificates, err := c.Desk.Certificates(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	require.Contains(t, decoded(t, certificates), `{"address":"loyalty/cards","why":"nothing that was shown leads there","instead":"a request that shows another identifier looks there"}`)
	c.verified()
}
