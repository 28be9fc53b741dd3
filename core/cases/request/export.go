package request

import (
	"fmt"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// Export is what was gathered for a person to fetch, and what became of it.
type Export struct {
	// ReleasedBy is whose word completed the release; empty while a second one is waited for.
	ReleasedBy string `json:"released_by,omitempty"`
	// Include are the fields, as store/collection.field, that the reviewers release although the estate proposes to leave them out.
	Include []string `json:"include,omitempty"`
	// Until is when it can no longer be fetched; nil before the release.
	Until     *time.Time `json:"until,omitempty"`
	FetchedAt *time.Time `json:"fetched_at,omitempty"`
	// WipedAt is when what was gathered was emptied, fetched or not.
	WipedAt *time.Time `json:"wiped_at,omitempty"`
}

// Unsearched is a place that was not looked into; the plan and the export say so.
type Unsearched struct {
	Address string `json:"address"`
	// Why and Instead are the estate's words; both empty where nothing that the person showed leads there.
	Why     string `json:"why,omitempty"`
	Instead string `json:"instead,omitempty"`
}

const (
	// ExportLasts is how long an export can be fetched.
	ExportLasts = 14 * 24 * time.Hour
	// ExportLingers is how long it stays after it was fetched, for a download that broke.
	ExportLingers = 24 * time.Hour
)

// Exported says whether carrying the right out gives the person a copy.
func (r Right) Exported() bool { return r.Searched() && !r.Destroys() }

// open says whether the export can be fetched now.
func (e *Export) open(now time.Time) bool {
	return e != nil && e.ReleasedBy != "" && e.WipedAt == nil && e.Until.After(now)
}

// wipeAt is when what was gathered has to be emptied: at once where the request ended, a day after it was fetched, and at the
// end of its period; nil where nothing is to be wiped.
func (s State) wipeAt(now time.Time) *time.Time {
	e := s.Export
	switch {
	case !s.Right.Exported() || s.Plan == nil || e != nil && e.WipedAt != nil:
		return nil
	case s.Status.Ended():
		return &now
	case e == nil || e.Until == nil:
		return nil
	case e.FetchedAt != nil && e.FetchedAt.Add(ExportLingers).Before(*e.Until):
		at := e.FetchedAt.Add(ExportLingers)
		return &at
	}
	return e.Until
}

// Release lets a person have exactly what a plan located, but for the fields that are left out. Who asked for the plan cannot,
// and a wide one takes two who release the same.
type Release struct {
	Digest  string
	Include []string
}

func (c Release) decide(d *Decision) error {
	if !d.State.Right.Exported() {
		return problem.Blocked(problem.Blocker{Code: "not_exported", Detail: fmt.Sprintf("a request of %s exports nothing", d.State.Right)})
	}
	first := d.State.Plan == nil || d.State.Plan.ApprovedBy == ""
	if err := d.approve(c.Digest); err != nil {
		return err
	}
	if first {
		d.State.Export = &Export{Include: c.Include}
	} else if !slices.Equal(d.State.Export.Include, c.Include) {
		return problem.Blocked(problem.Blocker{Code: "include_differs", Detail: "the first reviewer released other fields; look at what was proposed, or have the plan made anew"})
	}
	if !d.State.Plan.Approved() {
		d.write("export.release_proposed", map[string]any{"digest": c.Digest, "include": c.Include, "wide": d.State.Plan.Wide}, nil)
		return nil
	}
	until := d.Now.Add(ExportLasts)
	d.State.Status, d.State.Export.ReleasedBy, d.State.Export.Until = InHand, d.Actor, &until
	d.write("export.released", map[string]any{"digest": c.Digest, "include": c.Include, "until": until.UTC()}, nil)
	return nil
}

// Offer lets a released export be fetched once more, by a new code: a letter was lost, a code locked, or a download broke.
type Offer struct{}

func (Offer) decide(d *Decision) error {
	if err := d.in("offering an export", InHand); err != nil {
		return err
	}
	if !d.State.Export.open(d.Now) {
		return problem.Blocked(problem.Blocker{Code: "no_export", Detail: "no export is released, or its period is over"})
	}
	d.State.Export.FetchedAt = nil
	return nil
}

// Fetch hands an export out, once.
type Fetch struct{ Challenge string }

func (c Fetch) decide(d *Decision) error {
	if err := d.in("fetching an export", InHand); err != nil {
		return err
	}
	if err := d.known("fetching an export"); err != nil {
		return err
	}
	if !d.State.Export.open(d.Now) || d.State.Export.FetchedAt != nil {
		return problem.Blocked(problem.Blocker{Code: "no_export", Detail: "no export is released, it was fetched, or its period is over"})
	}
	d.State.Export.FetchedAt = &d.Now
	d.write("export.fetched", map[string]any{"challenge": c.Challenge}, nil)
	return nil
}

// Wipe says that what was gathered is emptied, once it is time to; before, and after, it changes nothing.
type Wipe struct{}

func (Wipe) decide(d *Decision) error {
	if at := d.State.wipeAt(d.Now); at == nil || at.After(d.Now) {
		return nil
	}
	if d.State.Export == nil {
		d.State.Export = &Export{}
	}
	d.State.Export.WipedAt = &d.Now
	if d.State.Status == InHand {
		d.State.Status = Completed
	}
	d.write("export.wiped", map[string]any{"status": d.State.Status, "fetched": d.State.Export.FetchedAt != nil}, nil)
	return nil
}
