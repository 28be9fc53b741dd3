package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// What we promised ourselves, and no rule pack holds.
const (
	// rulePromised is what a notice called not yet known by an instant.
	rulePromised = "promised-update"
	// ruleReasons is the reasons for a delay, which follow a filing by an instant (GDPR art. 33(1)).
	ruleReasons = "promised-reasons"
	// startPromised is the start word of both: the clock runs from the notice or filing that made the promise.
	startPromised = "promised"
)

// promise opens the duties that follow from one notice or filing: one for each who was told, all with one clock and one
// resolution, whose content is what the next notice has to answer.
type promise struct {
	*work
	rule, term, clause string
	made, by           time.Time
	why                []string
	elements           []string
	dues               *dues
	opened             int
	clocks             clocks
}

// promisedUpdate is what source leaves open by the earliest of some instants; nil where it leaves nothing open.
func (w *work) promisedUpdate(source uuid.UUID, made time.Time, promises []letters.Promise) *promise {
	if len(promises) == 0 {
		return nil
	}
	p := &promise{work: w, rule: rulePromised, term: "promise/" + source.String(), made: made, by: promises[0].By, dues: newDues(), clocks: clocks{}}
	for _, one := range promises {
		if one.By.Before(p.by) {
			p.by = one.By
		}
		p.elements = append(p.elements, one.Element)
		p.why = append(p.why, fmt.Sprintf("%s was not yet known and promised by %s (GDPR art. 33(4)).", one.Element, one.By.UTC().Format(time.RFC3339)))
	}
	p.clause = "promised in " + source.String() + ": " + strings.Join(p.elements, ", ")
	return p
}

// promisedReasons is that the reasons for the delay follow a filing by an instant.
func (w *work) promisedReasons(filing uuid.UUID, made, by time.Time) *promise {
	return &promise{
		work: w, rule: ruleReasons, term: "reasons/" + filing.String(), made: made, by: by, dues: newDues(), clocks: clocks{}, clause: "reasons for the delay of filing " + filing.String(),
		why: []string{"The filing was made after the limit, and the reasons for the delay were promised by " + by.UTC().Format(time.RFC3339) + " (GDPR art. 33(1))."},
	}
}

// toCustomer is what a customer who is told is promised.
func (p *promise) toCustomer(o store.Owed) (store.Duty, error) {
	return p.following(store.Duty{
		ID: o.Duty, Party: o.Party, Customer: &o.Customer, Counterparty: "customer/" + o.Customer.String(), Evidence: o.Evidence, Why: o.Why,
	})
}

// following is the duty that follows another: owed to the same party, met by the same evidence.
func (p *promise) following(followed store.Duty) (store.Duty, error) {
	var before reasons
	if err := json.Unmarshal(followed.Why, &before); err != nil {
		return store.Duty{}, fmt.Errorf("cannot read why the duty exists: %w", err)
	}
	why, err := json.Marshal(reasons{
		Clause: p.clause, Under: cmp.Or(before.Under, before.Clause), Why: p.why,
		Steps: []clock.Step{{Text: "What was promised is due by the instant that was promised.", Instant: utc(&p.by)}},
	})
	started := p.made
	if p.by.Before(started) {
		started = p.by // Promised for an instant that had passed: overdue from the start.
	}
	return store.Duty{
		ID: newID(), Case: p.c.ID, Party: followed.Party, Customer: followed.Customer, Counterparty: followed.Counterparty, Rule: p.rule, Term: p.term,
		StartWord: startPromised, Resolution: p.term, Governs: governsIncident, StartedAt: utc(&started), Target: utc(&p.by), Limit: utc(&p.by),
		State: "required", Evidence: followed.Evidence, Why: why, CreatedAt: p.c.Now, Follows: &followed.ID,
	}, err
}

// open writes the next of these duties.
func (p *promise) open(ctx context.Context, duties []store.Duty) error {
	if len(duties) == 0 {
		return nil
	}
	for _, one := range duties {
		p.dues.add(one, p.rule)
		p.clocks.add(one)
	}
	p.opened += len(duties)
	return p.InsertDuties(ctx, duties, p.dues.page, p.rule)
}

// done keeps what all of these duties share, once they are written: terms, milestones, and the chain's word on their
// instants. It answers how many there are.
func (p *promise) done(ctx context.Context) (int, error) {
	if p == nil || p.opened == 0 {
		return 0, nil
	}
	term := duty.Term{ID: p.term, Kind: p.rule, Start: startPromised, Rule: p.rule, Content: p.elements, Clause: p.clause}
	body, err := json.Marshal(duty.Resolution{Owed: true, Term: term, Candidates: []duty.Term{term}, Why: p.why})
	if err != nil {
		return 0, fmt.Errorf("cannot keep what was promised: %w", err)
	}
	return p.opened, firstError(p.KeepResolutions(ctx, map[string][]byte{p.term: body}), p.dues.seal(p.work),
		p.AddMilestones(ctx, p.c.ID, p.clocks.milestones(p.c.Now)))
}

// follow opens what a filing made by hand leaves open.
func (w *work) follow(ctx context.Context, owed store.Duty, filing uuid.UUID, in FileInput) (opened int, err error) {
	promises := []*promise{w.promisedUpdate(filing, in.FiledAt, in.Unknown)}
	if in.ReasonsFollowBy != nil {
		promises = append(promises, w.promisedReasons(filing, in.FiledAt, *in.ReasonsFollowBy))
	}
	for _, p := range promises {
		if p == nil {
			continue
		}
		one, err := p.following(owed)
		if err != nil {
			return 0, err
		}
		if err := p.open(ctx, []store.Duty{one}); err != nil {
			return 0, err
		}
		n, err := p.done(ctx)
		if err != nil {
			return 0, err
		}
		opened += n
	}
	return opened, nil
}

// promised refuses promises that nobody can keep. reasonsOwed says that the filing was made to an authority after its limit.
func (in FileInput) promised(reasonsOwed bool) error {
	for i, one := range in.Unknown {
		if !slices.Contains(letters.Elements(), one.Element) {
			return problem.InvalidField(fmt.Sprintf("unknown[%d].element", i), "%q is none of %s", one.Element, strings.Join(letters.Elements(), ", "))
		}
		if !one.By.After(in.FiledAt) {
			return problem.InvalidField(fmt.Sprintf("unknown[%d].by", i), "lies before the filing; say by when it will be known")
		}
	}
	switch by := in.ReasonsFollowBy; {
	case by == nil:
		return nil
	case !reasonsOwed:
		return problem.InvalidField("reasons_follow_by", "reasons are owed to an authority after its limit, and this is none; leave it out")
	case !by.After(in.FiledAt):
		return problem.InvalidField("reasons_follow_by", "lies before the filing; say by when the reasons follow")
	}
	return nil
}
