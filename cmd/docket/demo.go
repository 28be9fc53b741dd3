package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
)

// player plays one incident through, from the report to the closed case, on a clock that it moves forward.
type player struct {
	*stack
	out    io.Writer
	people map[access.Role]access.Actor
	id     uuid.UUID
	code   string
	began  time.Time
}

// demo imports the samples and plays.
func (s *stack) demo(ctx context.Context, out io.Writer) error {
	p := &player{stack: s, out: out, people: map[access.Role]access.Actor{}}
	for _, act := range []func(context.Context) error{
		p.prepare, p.detect, p.findAffected, p.draft, p.nearlyMiss, p.release, p.authority, p.update, p.acknowledgements, p.resolve, p.table, p.verify,
	} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("the demo failed: %w", err)
		}
	}
	return nil
}

func (p *player) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

func (p *player) act(title string) { p.say("\n— %s", title) }

func (p *player) as(role access.Role) access.Actor { return p.people[role] }

// prepare enrols a team, one role each, and imports the sample customers.
func (p *player) prepare(ctx context.Context) error {
	p.act("The team and the customers")
	for _, role := range []access.Role{
		access.Responder, access.IncidentCommander, access.PrivacyLead, access.CommsLead, access.LegalCounsel, access.ExecutiveSponsor, access.Auditor,
	} {
		token, err := p.plant.desk.Enroll(ctx, "demo-"+strings.ReplaceAll(string(role), "_", "-"), "person", []access.Role{role})
		if err != nil {
			return err
		}
		if p.people[role], err = p.plant.desk.Authenticate(ctx, token); err != nil {
			return err
		}
	}
	report, err := p.plant.desk.ImportAgreements(ctx, p.as(access.LegalCounsel), samples.Agreements())
	if err != nil {
		return err
	}
	for _, finding := range report.Errors {
		p.say("  error: %s:%d %s", finding.File, finding.Line, finding.Text)
	}
	if len(report.Errors) > 0 {
		return errors.New("the samples cannot be imported")
	}
	p.say("  imported the sample customers; %d gaps and %d contradictions to mend:", len(report.Gaps), len(report.Contradictions))
	for i, finding := range report.Gaps {
		if i == 3 {
			p.say("    …")
			break
		}
		p.say("    %s %s", finding.Customer, finding.Text)
	}
	return nil
}

// detect opens, triages and declares the incident.
func (p *player) detect(ctx context.Context) error {
	p.act("03:04. A security engineer opens an incident")
	opened, err := p.plant.desk.Open(ctx, p.as(access.Responder), "", desk.OpenInput{
		Title: "Generation history readable across accounts", Summary: "A cache key lacked the account id; answers of other accounts were shown.",
		Severity: "high", SuspectedBreach: true, Drill: true,
	})
	if err != nil {
		return err
	}
	p.id, p.code = opened.Case, opened.Code
	if _, err := p.plant.desk.Triage(ctx, p.as(access.Responder), "", p.id, desk.TriageInput{Severity: "high", SuspectedBreach: true}); err != nil {
		return err
	}
	if _, err := p.plant.desk.Declare(ctx, p.as(access.IncidentCommander), "", p.id, desk.DeclareInput{}); err != nil {
		return err
	}
	p.say("  %s opened, triaged, declared: severity high, a breach is suspected", p.code)
	return nil
}

// findAffected records awareness, confirmation and two waves of parties.
func (p *player) findAffected(ctx context.Context) error {
	p.act("Who is affected, and since when the company knows")
	view, err := p.view(ctx)
	if err != nil {
		return err
	}
	p.began = view.Now
	for _, word := range []string{"aware_processor", "aware_controller", "confirmed_processor"} {
		_, err := p.plant.desk.RecordStart(ctx, p.as(access.PrivacyLead), "", p.id, desk.StartInput{
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
	holders, err := p.plant.desk.RecordParties(ctx, p.as(access.PrivacyLead), "", p.id, desk.PartiesInput{Parties: []desk.PartyInput{{
		Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"DE": 120, "FR": 45}, Evidence: "account names in the cached answers",
	}}})
	if err != nil {
		return err
	}
	p.say("  wave 1: %d customers, wave 2: %d customers, wave 3: %d group of account holders", first, second, holders.Count)
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	p.say("  that makes %d duties, each with its own clock", len(duties))
	return nil
}

func (p *player) wave(ctx context.Context, service string, from, to int) (int, error) {
	in := desk.PartiesInput{}
	for n := from; n <= to; n++ {
		in.Parties = append(in.Parties, desk.PartyInput{
			Customer: fmt.Sprintf("C-%d", n), Service: service, Touched: []string{"customer_content", "customer_personal_data"},
			Numbers: map[string]int64{"data_subjects": int64(10 * (n - 1000)), "records": int64(25 * (n - 1000))}, Evidence: "account id in the cache log",
		})
	}
	receipt, err := p.plant.desk.RecordParties(ctx, p.as(access.Responder), "", p.id, in)
	return receipt.Count, err
}

func (p *player) view(ctx context.Context) (desk.CaseView, error) {
	return p.plant.desk.Case(ctx, p.as(access.PrivacyLead), p.id.String())
}

func (p *player) duties(ctx context.Context) ([]desk.DutyView, error) {
	page, err := p.plant.desk.Duties(ctx, p.as(access.PrivacyLead), p.id, "", "", 500)
	return page.Items, err
}
