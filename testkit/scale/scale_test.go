package scale_test

import (
	"os"
	"testing"

	"github.com/atlascloudai/docket/testkit/scale"
)

func TestMain(m *testing.M) {
	scale.ServeOutside()
	os.Exit(m.Run())
}

func TestHundredth(t *testing.T) {
	for _, n := range []int{100, 1000} {
		run := scale.Play(t, n)
		t.Logf("%d setup %v\n duties %+v\n release %+v\n send %+v", n, run.Setup, run.Duties.Per(n), run.Release.Per(n), run.Send.Per(n))
	}
}
