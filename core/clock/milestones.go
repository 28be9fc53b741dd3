package clock

import (
	"slices"
	"time"
)

// MilestoneKind says how far a clock has run.
type MilestoneKind string

// The milestones, in the order in which a clock passes them.
const (
	// MilestoneHalf is half of the way from start to target.
	MilestoneHalf MilestoneKind = "half"
	// MilestoneThreeQuarters is three quarters of the way.
	MilestoneThreeQuarters MilestoneKind = "three_quarters"
	// MilestoneNineTenths is nine tenths of the way.
	MilestoneNineTenths MilestoneKind = "nine_tenths"
	// MilestoneTarget is the target itself, where it is not the legal limit too.
	MilestoneTarget MilestoneKind = "target"
	// MilestoneLimit is the legal limit: lateness counts from here.
	MilestoneLimit MilestoneKind = "limit"
)

// Gravity orders kinds by how far the clock has run: a greater number is graver, 0 is no milestone.
func (k MilestoneKind) Gravity() int {
	return 1 + slices.Index([]MilestoneKind{MilestoneHalf, MilestoneThreeQuarters, MilestoneNineTenths, MilestoneTarget, MilestoneLimit}, k)
}

// Milestone is an instant at which a clock that still runs is raised.
type Milestone struct {
	Kind MilestoneKind
	At   time.Time
}

// Milestones lists, in order of time, the instants at which a deadline is raised: at 50, 75 and 90 percent of
// the way from start to target (fractions serve a clock of four hours as well as one of 45 days), at the target,
// and at the legal limit. Fractions are rounded down to the second.
//
// Where target and limit are one instant there is only MilestoneLimit; where limit is nil (the law gives no
// number) there is only MilestoneTarget. A target that does not lie after start has no fractions on its way.
func Milestones(start, target time.Time, limit *time.Time) []Milestone {
	var milestones []Milestone
	if way := target.Sub(start); way > 0 {
		for _, part := range []struct {
			kind               MilestoneKind
			numerator, divisor time.Duration
		}{{MilestoneHalf, 1, 2}, {MilestoneThreeQuarters, 3, 4}, {MilestoneNineTenths, 9, 10}} {
			// Dividing first keeps the product within range for any way.
			gone := way/part.divisor*part.numerator + way%part.divisor*part.numerator/part.divisor
			milestones = append(milestones, Milestone{part.kind, start.Add(gone.Truncate(time.Second))})
		}
	}
	if limit == nil || !limit.Equal(target) {
		milestones = append(milestones, Milestone{MilestoneTarget, target})
	}
	if limit != nil {
		milestones = append(milestones, Milestone{MilestoneLimit, *limit})
	}
	slices.SortStableFunc(milestones, func(a, b Milestone) int { return a.At.Compare(b.At) })
	return milestones
}
