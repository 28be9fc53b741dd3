// Package desk is the front desk: every decision, by a person, a machine or a worker, and every
// read. It authorises, makes a repeated call harmless, decides in one transaction and rings the
// bell of the process that carries the decision out.
package desk

import (
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Desk decides. It is safe for concurrent use.
type Desk struct {
	store     *store.Store
	keys      *seal.Keyring
	pack      *packs.Pack
	company   duty.CompanyProfile
	published func() (*audit.Trail, error)
	// pageChannels are where every step of a raise goes.
	pageChannels []string
	// internal is the company's own target where an agreement gives no number.
	internal time.Duration
	// lease is how long a sender's claim on a recipient holds.
	lease time.Duration
	// packKept says that the database keeps this pack's rules.
	packKept atomic.Bool
}

// Options is what a desk is put together from.
type Options struct {
	Store   *store.Store
	Keys    *seal.Keyring
	Pack    *packs.Pack
	Company duty.CompanyProfile
	// Published reads what was published outside the database, for whoever verifies; nil where nothing is.
	Published func() (*audit.Trail, error)
	// PageChannels are where every step of a raise goes: "pager", "mail" as a copy, or both, which is the default.
	PageChannels []string
	// InternalTarget is the company's own target for a duty whose words give no number; 24 hours if zero.
	InternalTarget time.Duration
	// Lease is how long a sender's claim on a recipient holds, counted again from the begin of its attempt; two
	// minutes if zero. It must be longer than any attempt: what outlives it is taken over as unknown.
	Lease time.Duration
}

// New puts a desk together.
func New(o Options) *Desk {
	if len(o.PageChannels) == 0 {
		o.PageChannels = []string{"pager", "mail"}
	}
	if o.InternalTarget == 0 {
		o.InternalTarget = 24 * time.Hour
	}
	if o.Lease == 0 {
		o.Lease = 6 * time.Minute
	}
	return &Desk{store: o.Store, keys: o.Keys, pack: o.Pack, company: o.Company, published: o.Published, pageChannels: o.PageChannels, internal: o.InternalTarget, lease: o.Lease}
}

// Receipt says what a decision did. It holds ids only, so that the same call can be given the same receipt again.
type Receipt struct {
	Case   uuid.UUID `json:"case" doc:"Id of the case"`
	Code   string    `json:"code" doc:"Short code that people say, e.g. INC-7K3F"`
	Status string    `json:"status" doc:"Status of the case after the decision"`
	// Entry is the number of the last timeline entry that the decision wrote.
	Entry int64 `json:"entry" doc:"Number of the last timeline entry that this wrote"`
	// Pending says that a second person has to confirm before it takes effect.
	Pending bool `json:"pending,omitempty" doc:"A second person has to confirm before this takes effect"`
	// ID is the id of what was made: a notice, a campaign, a delivery.
	ID *uuid.UUID `json:"id,omitempty" doc:"Id of what was made: a notice, a campaign, a fact"`
	// Count is how many things it made or changed.
	Count int `json:"count,omitempty" doc:"How many things were made or changed"`
	// Skipped is how many things were recorded already and left as they are.
	Skipped int `json:"skipped,omitempty" doc:"How many things were recorded already and left as they are"`
	// Version is the new version of a text.
	Version int `json:"version,omitempty" doc:"New version of the text"`
}
