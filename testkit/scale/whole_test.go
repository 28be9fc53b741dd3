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

// 10,000 and 1,000,000 located records are erased on the same memory and at the same cost, although the worker is lost in the
// middle of each.
func TestScaleAMillionRecords(t *testing.T) {
	some := scale.PlayErasure(t, 10_000)
	t.Log(some)
	many := scale.PlayErasure(t, 1_000_000)
	t.Log(many)
	each := func(e scale.Erasing) map[string]scale.Cost {
		costs := e.Stages()
		for name, c := range costs {
			costs[name] = c.Per(e.Records)
		}
		return costs
	}
	scale.RequireSame(t, each(some), each(many), 0.3)
	for name, less := range some.Stages() {
		more := many.Stages()[name]
		// A short run has few moments at which one could look.
		require.LessOrEqual(t, float64(more.Peak), 1.2*float64(less.Peak)+(2<<20), "%s: live memory grows with records", name)
		require.LessOrEqual(t, float64(more.Resident), 1.2*float64(less.Resident), "%s: resident memory grows with records", name)
	}
}

// 10,000 customers with six kinds of agreement are told of a sub-processor; the sending is stopped at 5,000, and another notice reaches
// exactly those who are left. Counting the audience costs a customer as much as among a tenth of them.
func TestScaleTenThousandCustomersAreToldOfAChange(t *testing.T) {
	some := scale.PlayChange(t, 1000, 500)
	t.Log(some)
	many := scale.PlayChange(t, 10_000, 5_000)
	t.Log(many)
	count := func(c scale.Change) map[string]scale.Cost {
		return map[string]scale.Cost{"count": c.Count.Per(c.Customers)}
	}
	scale.RequireSame(t, count(some), count(many), 0.3)
}
