package scale

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Stages are what a run took, by name.
func (r Run) Stages() map[string]Cost {
	return map[string]Cost{"duties": r.Duties, "release": r.Release, "send": r.Send, "verify": r.Verify}
}

// String is a run as one reads it.
func (r Run) String() string {
	text := fmt.Sprintf("%d customers, written in %.1f s\n", r.Customers, r.Setup.Seconds())
	for _, name := range []string{"duties", "release", "send", "verify"} {
		c, each := r.Stages()[name], r.Stages()[name].Per(r.Customers)
		text += fmt.Sprintf("  %-8s %7.1f s (%.2f ms each), each %.2f commits, %.0f buffers, %.0f allocations; largest live heap %.0f MiB\n",
			name, c.Seconds, 1000*each.Seconds, each.Commits, each.Buffers, each.Allocations, float64(c.Peak)/(1<<20))
	}
	return text
}

// Between is what each further customer took between two runs: what a stage takes once is not in it.
func Between(small, large Run) map[string]Cost {
	return Further(small.Stages(), large.Stages(), large.Customers-small.Customers)
}

// Further is what each of n further customers took, stage by stage.
func Further(small, large map[string]Cost, n int) map[string]Cost {
	costs := map[string]Cost{}
	for name, less := range small {
		more := large[name]
		more.Commits -= less.Commits
		more.Buffers -= less.Buffers
		more.Allocations -= less.Allocations
		more.Seconds -= less.Seconds
		costs[name] = more.Per(n)
	}
	return costs
}

// RequireSame requires that each customer takes as much among many as among few: the same commits, allocations within a
// tenth, and buffers up to a share more. Time is not held against it: other work on the machine is in it.
func RequireSame(t testing.TB, few, many map[string]Cost, share float64) {
	t.Helper()
	for name, less := range few {
		more := many[name]
		for what, pair := range map[string][2]float64{
			// A page has its own few commits, and the last page of a sending may be a short one.
			"commits":     {less.Commits + 0.1, more.Commits},
			"allocations": {less.Allocations * 1.1, more.Allocations},
			// The smallest tables are read in another way than those that are worth an index.
			"buffers": {(less.Buffers + 5) * (1 + share), more.Buffers},
		} {
			require.LessOrEqual(t, pair[1], pair[0], "%s: %s for each customer grow with their number", name, what)
		}
	}
}
