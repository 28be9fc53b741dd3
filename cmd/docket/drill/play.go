package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
)

// Mail plays the recipients' own servers; *mail.Server does. Nothing that a drill sends goes anywhere else.
type Mail interface {
	Rules(rules ...mail.Rule) error
}

// play is one scenario being played.
type play struct {
	*Player
	story  Scenario
	mail   Mail
	rules  []mail.Rule
	notice uuid.UUID
	// filings are the ids of what was filed last, by with whom.
	filings map[string]uuid.UUID
	failed  []string
}

// Play plays a scenario with people that were hired, customers that were imported and a mail server whose script is
// the story's from now on. The report names the expectations that were not met; an error is a story that could not
// be played to its end.
func (p *Player) Play(ctx context.Context, s Scenario, server Mail) (Report, error) {
	run := &play{Player: p, story: s, mail: server, filings: map[string]uuid.UUID{}}
	p.Zone = s.zone
	if err := server.Rules(toOnCall); err != nil {
		return Report{}, err
	}
	defer server.Rules() // What is tried again after the story is taken.
	p.Say("— %s\n%s", s.Title, wrapped(s.Teaches))
	for _, rule := range s.Adopts {
		if err := p.Desk.AdoptRule(ctx, p.As(access.LegalCounsel), rule, desk.AdoptInput{Adopted: true, Reason: "tried in a drill"}); err != nil {
			return Report{}, fmt.Errorf("%s:%d: adopts: %w", s.file, s.lines["adopts"], err)
		}
		p.Say("  %s adopts %s", access.LegalCounsel, rule)
	}
	last := time.Time{}
	for i, step := range s.Steps {
		if i > 0 {
			last = step.when(p.Began, last)
		}
		if err := run.step(ctx, step, last); err != nil {
			return Report{}, fmt.Errorf("%s:%d: %s as %s: %w", s.file, step.lines[""], step.Do, step.As, err)
		}
		if i == 0 {
			if err := run.begin(ctx); err != nil {
				return Report{}, fmt.Errorf("%s:%d: begins: %w", s.file, s.lines["begins"], err)
			}
			last = p.Began
		}
	}
	if s.Ends != nil {
		if err := p.AdvanceThrough(ctx, s.Ends.In(p.Began)); err != nil {
			return Report{}, err
		}
		p.Say("  +%-8s the story ends", Span(s.Ends.In(p.Began).Sub(p.Began)))
	}
	report, err := p.Report(ctx)
	if err == nil && s.Expect != nil {
		run.failed = append(run.failed, s.Expect.unmet(report, s.file, p.Began)...)
	}
	report.Failed = run.failed
	return report, err
}

// begin moves the clock of the case, which was just opened, to where its story begins.
func (p *play) begin(ctx context.Context) error {
	view, err := p.View(ctx)
	if err != nil {
		return err
	}
	if p.Began, err = p.story.Begins.After(view.Now, p.zone()); err != nil {
		return err
	}
	p.Say("  %s opened as a drill; it begins %s\n", p.Code, p.Began.In(p.zone()).Format("Mon 02 Jan 2006 15:04:05 MST"))
	if p.Began.After(view.Now) {
		return p.jump(ctx, &p.Began)
	}
	return nil
}

// step moves the clock to a step's instant and does it.
func (p *play) step(ctx context.Context, s Step, at time.Time) error {
	if s.Do != "open" {
		if err := p.AdvanceThrough(ctx, at); err != nil {
			return err
		}
		p.Say("  +%-8s %s: %s", Span(at.Sub(p.Began)), s.As, strings.TrimSpace(s.Do+" "+about(s.act)))
	}
	err := s.act.do(ctx, p, p.As(s.As), at)
	switch {
	case s.Refused == "":
	case err == nil:
		p.failed = append(p.failed, fmt.Sprintf("%s:%d: %s as %s was allowed, expected that it is refused as %s", p.story.file, s.line("refused"), s.Do, s.As, s.Refused))
	case problem.CodeOf(err) == s.Refused:
		p.Say("            refused: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := p.Settle(ctx); err != nil {
		return err
	}
	return p.tell(ctx)
}

// wrapped is a text in lines of at most 100 columns.
func wrapped(text string) string {
	var lines []string
	line := " "
	for _, word := range strings.Fields(text) {
		if len(line)+len(word) >= 100 {
			lines, line = append(lines, line), " "
		}
		line += " " + word
	}
	return strings.Join(append(lines, line), "\n")
}

// about is what a step is about, in few words.
func about(does act) string {
	var words []string
	for _, f := range fieldsOf(does) {
		if !slices.Contains([]string{"word", "customers", "kind", "kinds", "to", "rule", "governs"}, f.key) || f.value.IsZero() {
			continue
		}
		said := []string{f.value.String()}
		if several, ok := f.value.Interface().(texts); ok {
			said = several
		}
		if len(said) > 4 {
			said = append(slices.Clone(said[:3]), fmt.Sprintf("… (%d)", len(said)))
		}
		words = append(words, strings.Join(said, ", "))
	}
	return strings.Join(words, ", ")
}

// since is a moment of the story, or where it says none the step's own instant.
func (p *play) since(m *Moment, at time.Time) time.Time {
	if m == nil {
		return at
	}
	return m.In(p.Began)
}
