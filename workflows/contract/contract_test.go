package contract_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/workflows/contract"
)

// What the builders write, the parser reads.
func TestIDsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		for _, c := range []struct{ workflowID, workflowType string }{
			{contract.IncidentID(id), contract.Incident},
			{contract.CampaignID(id), contract.Campaign},
		} {
			workflowType, subject, err := contract.ParseID(c.workflowID)
			require.NoError(t, err)
			require.Equal(t, c.workflowType, workflowType)
			require.Equal(t, id, subject)
		}
	})
}

// An id that the builders would not have written is refused.
func TestForeignIDsAreRefused(t *testing.T) {
	for _, foreign := range []string{
		"", "incident", "incident/", "incident/7", "case/018f3a52-2b1c-7c55-9d3e-0d8b3f2a9c11",
		"incident/018F3A52-2B1C-7C55-9D3E-0D8B3F2A9C11", "incident/{018f3a52-2b1c-7c55-9d3e-0d8b3f2a9c11}",
		"incident/018f3a52-2b1c-7c55-9d3e-0d8b3f2a9c11/2",
	} {
		_, _, err := contract.ParseID(foreign)
		require.Error(t, err, foreign)
	}
}

// Installations that share a namespace have queues of their own.
func TestQueuePrefix(t *testing.T) {
	require.Equal(t, "urgent", contract.Queue("", contract.QueueUrgent))
	require.Equal(t, "eu-urgent", contract.Queue("eu", contract.QueueUrgent))
}
