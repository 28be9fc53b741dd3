package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/cases/request"
)

// Every status has a word of OpenDSR 2.0 and a term of DPV, and the extension tells apart what shares one: the map loses nothing.
func TestEveryStatusIsToldToOtherSystemsWithoutLoss(t *testing.T) {
	t.Parallel()
	told := map[request.Wire]request.Status{}
	for _, status := range request.Statuses() {
		wire := status.Wire()
		require.Contains(t, []string{"pending", "in_progress", "completed", "cancelled"}, wire.OpenDSR, status)
		require.Regexp(t, `^Request[A-Z][A-Za-z]+$`, wire.DPV, status)
		require.Empty(t, told[wire], "%s is told as %s is", status, told[wire])
		told[wire] = status
		require.Equal(t, status, request.Status(wire.Extension), "what was told can be read back")
		done := status == request.Completed || status == request.CompletedWithRetention
		require.Equal(t, done, wire.OpenDSR == "completed", "%s: nothing is told as completed that is not", status)
		require.Equal(t, done, wire.DPV == "RequestFulfilled", status)
	}
}
