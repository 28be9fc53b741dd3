package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/desk"
)

// A channel that nobody configured has no pages: they would stay open for ever.
func TestPagesGoToTheConfiguredChannelsOnly(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	pack, err := packs.Load()
	require.NoError(t, err)
	only := desk.New(desk.Options{Store: r.Store, Keys: r.Keys, Pack: pack, PageChannels: []string{"pager"}})
	r.Aware(t, r.Case, r.ago(25*time.Hour))
	r.Parties(t, r.Case, "C-1001")
	raised, err := only.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	require.NotZero(t, raised)
	pages, err := only.ClaimPages(r.ctx, uuid.Nil, 10)
	require.NoError(t, err)
	require.Len(t, pages, raised)
	for _, page := range pages {
		require.Equal(t, "pager", page.Channel)
	}
}
