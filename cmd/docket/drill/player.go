package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// Player plays one case on a clock of its own: it does what people do, through the desk, and moves the clock on to
// wherever something happens by itself. Everything in between is done by the same workflows as in a real case.
type Player struct {
	Desk *desk.Desk
	// Out is told what happens, as it happens.
	Out io.Writer
	// People are who plays, one person for each role.
	People map[access.Role]access.Actor
	// Case and Code name the case once it is open; Began is the case instant that its story counts from.
	Case  uuid.UUID
	Code  string
	Began time.Time
	// Zone is where they are; nil is UTC.
	Zone *time.Location

	// told is up to which step of its escalation each raise was told.
	told map[uuid.UUID]int
}

func (p *Player) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// Roles are everybody whom a story may need.
var Roles = []access.Role{
	access.Responder, access.IncidentCommander, access.SecurityLead, access.PrivacyLead, access.LegalCounsel, access.CommsLead,
	access.ExecutiveSponsor, access.Auditor,
}

// Hire enrols one person for each role.
func (p *Player) Hire(ctx context.Context) error {
	p.People = make(map[access.Role]access.Actor, len(Roles))
	for _, role := range Roles {
		token, err := p.Desk.Enroll(ctx, "player-"+strings.ReplaceAll(string(role), "_", "-"), "person", []access.Role{role})
		if err != nil {
			return err
		}
		if p.People[role], err = p.Desk.Authenticate(ctx, token); err != nil {
			return err
		}
	}
	return nil
}

// Import takes customers and agreements over, or names everything in the files that has to be mended first.
func (p *Player) Import(ctx context.Context, files map[string][]byte) (sheet.Report, error) {
	report, err := p.Desk.ImportAgreements(ctx, p.As(access.LegalCounsel), files)
	for _, f := range report.Errors {
		err = errors.Join(err, fmt.Errorf("%s:%d: %s: %s", f.File, f.Line, f.Field, f.Text))
	}
	return report, err
}

// As is the person who holds a role.
func (p *Player) As(role access.Role) access.Actor { return p.People[role] }

// Say tells whoever watches. What a story says cannot steer a terminal.
func (p *Player) Say(format string, args ...any) {
	fmt.Fprintln(p.Out, strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return '\uFFFD'
		}
		return r
	}, fmt.Sprintf(format, args...)))
}

// View is the case as it stands.
func (p *Player) View(ctx context.Context) (desk.CaseView, error) {
	return p.Desk.Case(ctx, p.As(access.PrivacyLead), p.Case.String())
}

// Duties are all duties of the case.
func (p *Player) Duties(ctx context.Context) ([]desk.DutyView, error) {
	return all(func(cursor string) (desk.Page[desk.DutyView], error) {
		return p.Desk.Duties(ctx, p.As(access.PrivacyLead), p.Case, "", cursor, 500)
	})
}

// Deliveries are all deliveries of the case.
func (p *Player) Deliveries(ctx context.Context) ([]desk.DeliveryView, error) {
	return all(func(cursor string) (desk.Page[desk.DeliveryView], error) {
		return p.Desk.Deliveries(ctx, p.As(access.PrivacyLead), p.Case, "", cursor, 500)
	})
}

func all[T any](read func(cursor string) (desk.Page[T], error)) (items []T, err error) {
	for cursor := ""; ; {
		page, err := read(cursor)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if cursor = page.Next; cursor == "" {
			return items, nil
		}
	}
}

// Raises are who was raised about what.
func (p *Player) Raises(ctx context.Context) ([]desk.RaiseView, error) {
	return p.Desk.Raises(ctx, p.As(access.PrivacyLead), p.Case)
}

// Answer has somebody take the raises of these kinds (none: of every kind) that nobody took yet.
func (p *Player) Answer(ctx context.Context, who access.Actor, note string, kinds ...string) error {
	raises, err := p.Raises(ctx)
	for _, r := range raises {
		if err == nil && r.LedBy == nil && r.AcknowledgedAt == nil && (len(kinds) == 0 || slices.Contains(kinds, r.Kind)) {
			_, err = p.Desk.AcknowledgeRaise(ctx, who, "", p.Case, r.ID, desk.AnswerInput{Note: note})
		}
	}
	return err
}

// Advance moves the clock to an instant (nil: to the next at which something happens by itself), waits until
// everything that is due by then is carried out, and tells who was raised.
func (p *Player) Advance(ctx context.Context, to *time.Time) error {
	if err := p.jump(ctx, to); err != nil {
		return err
	}
	if _, err := p.Settle(ctx); err != nil {
		return err
	}
	return p.tell(ctx)
}

// tell says who was raised since it last said so.
func (p *Player) tell(ctx context.Context) error {
	view, err := p.View(ctx)
	if err != nil {
		return err
	}
	raises, err := p.Raises(ctx)
	if err != nil {
		return err
	}
	if p.told == nil {
		p.told = map[uuid.UUID]int{}
	}
	said := map[string]bool{}
	for _, r := range raises {
		before, known := p.told[r.ID]
		p.told[r.ID] = r.Step
		if known && r.Step == before {
			continue
		}
		about := "not answered"
		if !known {
			about = counting(r.Count, "duty", "duties")
		}
		line := fmt.Sprintf("%-20s  %-12s  → %s", strings.ReplaceAll(r.Kind, "_", " "), about, strings.Join(r.Roles, ", "))
		if !said[line] { // Raises that were opened together go up the chain together.
			said[line] = true
			p.Say("  +%-8s %s", Span(view.Now.Sub(p.Began)), line)
		}
	}
	return nil
}

// AdvanceThrough moves the clock to an instant and stops wherever something happens by itself on the way, as in a
// real case, where nothing is skipped.
func (p *Player) AdvanceThrough(ctx context.Context, to time.Time) error {
	for {
		view, err := p.View(ctx)
		if err != nil || !view.Now.Before(to) {
			return err
		}
		next := view.NextMilestone
		if next == nil || next.After(to) {
			next = &to
		}
		if err := p.Advance(ctx, next); err != nil {
			return err
		}
	}
}

// jump moves the clock. It runs on by itself meanwhile, so that an instant close ahead may have come already.
func (p *Player) jump(ctx context.Context, to *time.Time) error {
	_, refused := p.Desk.AdvanceClock(ctx, p.As(access.IncidentCommander), "", p.Case, desk.AdvanceInput{To: to})
	if problem.CodeOf(refused) != problem.Invalid {
		return refused
	}
	view, err := p.View(ctx)
	if err == nil && view.Now.Before(*to) {
		err = refused
	}
	return err
}

// Settle waits until nothing that is due waits any more.
func (p *Player) Settle(ctx context.Context) (desk.CaseView, error) {
	return p.await(ctx, func(view desk.CaseView) error {
		if view.DueNow > 0 {
			return fmt.Errorf("%d things are due and nobody carries them out", view.DueNow)
		}
		return nil
	})
}

// SendingEnds waits until every sending has noted its own end.
func (p *Player) SendingEnds(ctx context.Context) error {
	_, err := p.await(ctx, func(view desk.CaseView) error {
		if view.Counts.RunningCampaigns > 0 {
			return errors.New("the sending does not end")
		}
		return nil
	})
	return err
}

// await looks at the case until nothing is missing any more, for two minutes of real time at most.
func (p *Player) await(ctx context.Context, missing func(desk.CaseView) error) (desk.CaseView, error) {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		view, err := p.View(ctx)
		if err != nil {
			return view, err
		}
		if err = missing(view); err == nil || time.Now().After(deadline) {
			return view, err
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// counting is a number with its noun.
func counting(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Span is a length of time in hours, the unit that deadlines are agreed in: "15h54m".
func Span(d time.Duration) string {
	d = d.Abs().Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
