//go:build scale

package scale_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/testkit/scale"
)

// One decision opens 100,000 duties; 10,000 and 100,000 recipients are sent to on the same memory and at the same cost.
func TestScaleAHundredThousandCustomers(t *testing.T) {
	some := scale.Play(t, 10_000)
	t.Log(some)
	many := scale.Play(t, 100_000)
	t.Log(many)
	each := func(r scale.Run) map[string]scale.Cost {
		costs := r.Stages()
		for name, c := range costs {
			costs[name] = c.Per(r.Customers)
		}
		return costs
	}
	// Among ten times as many, every index is a level deeper.
	scale.RequireSame(t, each(some), each(many), 0.3)
	require.LessOrEqual(t, float64(many.Send.Peak), 1.25*float64(some.Send.Peak)+(2<<20), "the sender's memory grows with recipients")
	require.Less(t, many.Setup.Seconds(), 60.0, "writing the customers takes longer than sending to them deserves")
}

// 100,000 customers with mixed agreements are resolved and stored in one decision; awareness moved earlier counts them
// all again in one more.
func TestScaleAHundredThousandMixedAgreements(t *testing.T) {
	some := scale.PlayRecount(t, 10_002)
	t.Log(some)
	many := scale.PlayRecount(t, 100_002)
	t.Log(many)
	each := func(r scale.Recount) map[string]scale.Cost {
		costs := r.Stages()
		for name, c := range costs {
			costs[name] = c.Per(r.Customers)
		}
		return costs
	}
	scale.RequireSame(t, each(some), each(many), 0.3)
}
