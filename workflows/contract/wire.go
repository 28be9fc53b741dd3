package contract

import (
	"time"

	"github.com/google/uuid"
)

// Process is what a workflow is started with: the id of its case or campaign, and nothing else.
type Process struct {
	ID uuid.UUID `json:"id"`
}

// Ask is the question what to do now.
type Ask struct {
	ID uuid.UUID `json:"id"`
	// Heard is the newest fact that the process has acted upon; saying it confirms it.
	Heard int64 `json:"heard"`
}

// Next is what is due now.
type Next struct {
	// Heard is the newest fact that this answer takes into account. Without stages it is confirmed by the
	// answer itself; else by the question that follows once they were carried out.
	Heard int64 `json:"heard"`
	// Stages are due now, in this order.
	Stages []string `json:"stages,omitempty"`
	// WakeAt is the real instant at which to ask again without a bell; nil: only when the bell rings.
	WakeAt *time.Time `json:"wake_at,omitempty"`
}

// Subject is what a stage is carried out upon: a case or a campaign.
type Subject struct {
	ID uuid.UUID `json:"id"`
}

// Targets are the places that can be worked on side by side now.
type Targets struct {
	IDs []uuid.UUID `json:"ids"`
}

// Target is one place of one request.
type Target struct {
	Case uuid.UUID `json:"case"`
	ID   uuid.UUID `json:"id"`
}

// Done is what a stage came to.
type Done struct {
	// Count is how many rows the stage moved on. Zero says that somebody else did it, or that it may not be
	// done right now (a rate's budget is used up, a pause); the process then waits before it asks again.
	Count int `json:"count"`
}
