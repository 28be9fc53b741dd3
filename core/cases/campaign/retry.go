package campaign

import "time"

// Retry says when a deferred recipient is tried again: soon at first, then ever less often,
// but always once more before the last 25 % and the last 10 % of the time that was there at the
// first attempt. The deadline drives it and no count ends it: after the deadline it goes on
// every half hour, because a late notice is worth more than none.
//
// attempt counts from 1; wait is what the other side asked for (Retry-After), zero if nothing.
func Retry(first, now time.Time, deadline *time.Time, attempt int, wait time.Duration) time.Time {
	pause := time.Minute << min(attempt-1, 5)
	if pause > 30*time.Minute {
		pause = 30 * time.Minute
	}
	next := now.Add(max(pause, wait))
	if deadline == nil || !deadline.After(now) {
		return next
	}
	span := deadline.Sub(first)
	for _, share := range []time.Duration{4, 10} {
		mark := deadline.Add(-span / share)
		if now.Before(mark) && next.After(mark) {
			return mark
		}
	}
	if next.After(*deadline) {
		// One more try while it still counts.
		if late := deadline.Add(-span / 50); late.After(now) {
			return late
		}
	}
	return next
}
