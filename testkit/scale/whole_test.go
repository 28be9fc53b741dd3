//go:build scale

package scale_test

import (
	"testing"

	"github.com/atlascloudai/docket/testkit/scale"
)

func TestScaleSend(t *testing.T) {
	for _, n := range []int{10_000} {
		run := scale.Play(t, n)
		t.Logf("%d setup %v\n duties %+v\n release %+v\n send %+v", n, run.Setup, run.Duties.Per(n), run.Release.Per(n), run.Send.Per(n))
	}
}
