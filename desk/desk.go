// Package desk is the front desk: every decision, by a person, a machine or a worker, and every
// read. It authorises, makes a repeated call harmless, decides in one transaction and rings the
// bell of the process that carries the decision out.
package desk

import (
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/estate"
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
	// changeNotice is the company's own notice of a change, in days.
	changeNotice int
	// lease is how long a sender's claim on a recipient holds.
	lease time.Duration
	// lookup makes the commitments by which equal identifiers of people find each other.
	lookup seal.CommitKey
	// publicURL is where people reach Docket's own pages, contact the company's privacy address.
	publicURL, contact, companyName string
	// cooling is how long other contacts have to object before anything is destroyed.
	cooling time.Duration
	// accountability is for how many years after its end a request keeps who asked.
	accountability int
	// estate is the map of where personal data lives; nil in a process that makes no plans.
	estate *estate.Estate
	// sign signs certificates with the installation's key; nil where another process does.
	sign audit.Signer
	// bounds are how much a plan may reach with one approver; staff the company's own mail domains.
	bounds request.Bounds
	staff  []string
	drills bool
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
	// ChangeNoticeDays is the company's own notice of a change, for customers whose agreements say nothing about it; 30 if zero.
	ChangeNoticeDays int
	// Lease is how long a sender's claim on a recipient holds, counted again from the begin of its attempt; two
	// minutes if zero. It must be longer than any attempt: what outlives it is taken over as unknown.
	Lease time.Duration
	// Lookup makes commitments to people's identifiers; needed by whatever takes requests of people.
	Lookup seal.CommitKey
	// PublicURL is where people reach Docket's own pages, e.g. https://privacy.example.com; CompanyName and Contact the company and its privacy
	// address, as letters show it.
	PublicURL, Contact, CompanyName string
	// Cooling is how long other contacts have to object before anything is destroyed; 72 hours if zero. It ends inside the
	// first third of what is left of the clock.
	Cooling time.Duration
	// Accountability is for how many years after its end a request keeps who asked for what; three if zero. Then its identifying
	// half may be shredded.
	Accountability int
	// Estate is the map of where personal data lives; nil in a process that makes no plans.
	Estate *estate.Estate
	// Sign signs certificates with the installation's key; nil in a process that issues none.
	Sign audit.Signer
	// Bounds are how much a plan may reach with one approver; the default's if zero.
	Bounds request.Bounds
	// StaffDomains are the company's own mail domains: a request about one of them takes two approvers.
	StaffDomains []string
	// Drills says that the installation has exercises alone, so that they are what gateways and the public change log speak of.
	Drills bool
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
	if o.ChangeNoticeDays == 0 {
		o.ChangeNoticeDays = 30
	}
	if o.Cooling == 0 {
		o.Cooling = 72 * time.Hour
	}
	if o.Accountability == 0 {
		o.Accountability = request.DefaultAccountability
	}
	if o.Bounds == (request.Bounds{}) {
		o.Bounds = request.DefaultBounds
	}
	return &Desk{store: o.Store, lookup: o.Lookup, publicURL: o.PublicURL, contact: o.Contact, companyName: o.CompanyName, cooling: o.Cooling, accountability: o.Accountability, estate: o.Estate, sign: o.Sign, bounds: o.Bounds, staff: o.StaffDomains, drills: o.Drills,
		keys: o.Keys, pack: o.Pack, company: o.Company, published: o.Published, pageChannels: o.PageChannels, internal: o.InternalTarget, changeNotice: o.ChangeNoticeDays, lease: o.Lease}
}

// Receipt says what a decision did. It holds ids only, so that the same call can be given the same receipt again.
type Receipt struct {
	// Case, Code, Status and Entry are zero for what belongs to no case: a hold on records, an agent.
	Case   uuid.UUID `json:"case,omitzero" required:"false" doc:"Id of the case; absent for what belongs to none"`
	Code   string    `json:"code,omitempty" doc:"Short code that people say, e.g. INC-7K3F"`
	Status string    `json:"status,omitempty" doc:"Status of the case after the decision"`
	// Entry is the number of the last timeline entry that the decision wrote.
	Entry int64 `json:"entry,omitempty" doc:"Number of the last timeline entry that this wrote"`
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
