package main

import (
	"context"
	"fmt"
	"io"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/worker"
)

// demonstration plays one incident through, from the report to the closed case, on a clock that it moves forward.
type demonstration struct {
	*drill.Player
	heads *worker.Heads
}

// demo imports the samples and plays.
func (s *stack) demo(ctx context.Context, out io.Writer) error {
	p := demonstration{&drill.Player{Desk: s.plant.desk, Out: out}, s.plant.heads}
	for _, act := range []func(context.Context) error{
		p.prepare, p.detect, p.findAffected, p.draft, p.nearlyMiss, p.release, p.authority, p.update, p.acknowledgements, p.resolve, p.table, p.verify,
	} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("the demo failed: %w", err)
		}
	}
	if err := s.deletion(ctx, p.Player); err != nil {
		return err
	}
	return s.announcement(ctx, p.Player)
}

func (p demonstration) act(title string) { p.Say("\n— %s", title) }

// prepare enrols a team, one role each, and imports the sample customers.
func (p demonstration) prepare(ctx context.Context) error {
	p.act("The team and the customers")
	if err := p.Hire(ctx); err != nil {
		return err
	}
	report, err := p.Import(ctx, samples.Agreements())
	if err != nil {
		return err
	}
	p.Say("  imported the sample customers; %d gaps and %d contradictions to mend:", len(report.Gaps), len(report.Contradictions))
	for i, finding := range report.Gaps {
		if i == 3 {
			p.Say("    …")
			break
		}
		p.Say("    %s %s", finding.Customer, finding.Text)
	}
	return nil
}

// detect opens, triages and declares the incident.
func (p demonstration) detect(ctx context.Context) error {
	p.act("03:04. A security engineer opens an incident")
	opened, err := p.Desk.Open(ctx, p.As(access.Responder), "", desk.OpenInput{
		Title: "Generation history readable across accounts", Summary: "A cache key lacked the account id; answers of other accounts were shown.",
		Severity: "high", SuspectedBreach: true, Drill: true,
	})
	if err != nil {
		return err
	}
	p.Case, p.Code = opened.Case, opened.Code
	if _, err := p.Desk.Triage(ctx, p.As(access.Responder), "", p.Case, desk.TriageInput{Severity: "high", SuspectedBreach: true}); err != nil {
		return err
	}
	if _, err := p.Desk.Declare(ctx, p.As(access.IncidentCommander), "", p.Case, desk.DeclareInput{}); err != nil {
		return err
	}
	p.Say("  %s opened, triaged, declared: severity high, a breach is suspected", p.Code)
	return nil
}

// findAffected records awareness, confirmation and two waves of parties.
func (p demonstration) findAffected(ctx context.Context) error {
	p.act("Who is affected, and since when the company knows")
	view, err := p.View(ctx)
	if err != nil {
		return err
	}
	p.Began = view.Now
	for _, word := range []string{"aware_processor", "aware_controller", "confirmed_processor"} {
		_, err := p.Desk.RecordStart(ctx, p.As(access.PrivacyLead), "", p.Case, desk.StartInput{
			Word: word, At: view.Now, Zone: "Europe/Berlin", Evidence: "cache logs read with the engineer on call, ticket SEC-311",
		})
		if err != nil {
			return err
		}
	}
	first, err := p.wave(ctx, "chat", 1001, 1011)
	if err != nil {
		return err
	}
	second, err := p.wave(ctx, "chat", 1012, 1015)
	if err != nil {
		return err
	}
	holders, err := p.Desk.RecordParties(ctx, p.As(access.PrivacyLead), "", p.Case, desk.PartiesInput{Parties: []desk.PartyInput{{
		Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"DE": 120, "FR": 45}, Evidence: "account names in the cached answers",
	}}})
	if err != nil {
		return err
	}
	p.Say("  wave 1: %d customers, wave 2: %d customers, wave 3: %d group of account holders", first, second, holders.Count)
	duties, err := p.Duties(ctx)
	if err != nil {
		return err
	}
	p.Say("  that makes %d duties, each with its own clock", len(duties))
	return nil
}

func (p demonstration) wave(ctx context.Context, service string, from, to int) (int, error) {
	in := desk.PartiesInput{}
	for n := from; n <= to; n++ {
		in.Parties = append(in.Parties, desk.PartyInput{
			Customer: fmt.Sprintf("C-%d", n), Service: service, Touched: []string{"customer_content", "customer_personal_data"},
			Numbers: map[string]int64{"data_subjects": int64(10 * (n - 1000)), "records": int64(25 * (n - 1000))}, Evidence: "account id in the cache log",
		})
	}
	receipt, err := p.Desk.RecordParties(ctx, p.As(access.Responder), "", p.Case, in)
	return receipt.Count, err
}
