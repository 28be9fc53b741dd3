package changelog

import (
	"time"

	"github.com/google/uuid"
)

// bannerDays is for how long a banner shows what takes effect at once.
const bannerDays = 30

// Notice is what a product's own banner says of a material change.
type Notice struct {
	ID            uuid.UUID  `json:"id" doc:"The entry of the change log"`
	Title         string     `json:"title" doc:"One line of plain text"`
	URL           string     `json:"url" doc:"Permanent address of the entry"`
	EffectiveFrom *time.Time `json:"effective_from,omitempty" doc:"When it takes effect for the first customer"`
	EffectiveLast *time.Time `json:"effective_last,omitempty" doc:"When it takes effect for the last customer"`
}

// Banner is the material changes of the last 30 days, and those that have still to take effect for somebody, newest first. What was
// corrected is left out: its correction speaks.
func Banner(log Log, now time.Time) []Notice {
	notices := []Notice{}
	since := now.AddDate(0, 0, -bannerDays)
	for _, e := range log.Entries {
		ahead := e.EffectiveLast != nil && e.EffectiveLast.After(now)
		if e.Material && !e.Published.After(now) && (ahead || e.Published.After(since)) && log.CorrectedBy(e.ID) == nil {
			notices = append(notices, Notice{e.ID, e.Title, log.EntryURL(e.ID), e.EffectiveFrom, e.EffectiveLast})
		}
	}
	return notices
}
