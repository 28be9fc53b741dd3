package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/desk"
)

// parties records a wave: customers by their references, or people whose data is the company's own.
type parties struct {
	Customers texts            `yaml:"customers,omitempty"`
	Kind      string           `yaml:"kind,omitempty"`
	Service   string           `yaml:"service,omitempty"`
	Touched   texts            `yaml:"touched"`
	Numbers   map[string]int64 `yaml:"numbers,omitempty"`
	People    map[string]int   `yaml:"people,omitempty"`
	Certainty string           `yaml:"certainty,omitempty"`
	Governs   string           `yaml:"governs,omitempty"`
	Reason    string           `yaml:"reason,omitempty"`
}

func (*parties) role() access.Role { return access.PrivacyLead }

func (s *parties) check() (string, error) {
	for _, touched := range s.Touched {
		if !slices.Contains(duty.Touches, duty.Touch(touched)) {
			return "touched", fmt.Errorf("%q cannot be touched; write some of %v", touched, duty.Touches)
		}
	}
	if (len(s.Customers) > 0) == (s.Kind != "") {
		return "customers", errors.New("name customers, or in kind the people (account_holders, group): exactly one of them")
	}
	return "", nil
}

func (s *parties) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	in := desk.PartiesInput{Governs: s.Governs, Reason: s.Reason}
	one := desk.PartyInput{
		Kind: s.Kind, Service: s.Service, Touched: s.Touched, Numbers: s.Numbers, People: s.People, Certainty: s.Certainty, Evidence: "as the scenario says",
	}
	for _, customer := range s.Customers {
		one.Customer = customer
		in.Parties = append(in.Parties, one)
	}
	if s.Kind != "" {
		in.Parties = append(in.Parties, one)
	}
	_, err := p.Desk.RecordParties(ctx, who, "", p.Case, in)
	return err
}

// choose is counsel's choice for parties that were found later.
type choose struct {
	Governs string `yaml:"governs"`
	Reason  string `yaml:"reason"`
}

func (*choose) role() access.Role { return access.LegalCounsel }

func (s *choose) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.ChooseStart(ctx, who, "", p.Case, desk.ChooseStartInput{Governs: s.Governs, Reason: s.Reason})
	return err
}

// decide confirms proposed duties of a rule as required or not.
type decide struct {
	Rule     string `yaml:"rule"`
	Required bool   `yaml:"required"`
	Reason   string `yaml:"reason"`
}

func (*decide) role() access.Role { return access.LegalCounsel }

func (s *decide) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.DecideDuties(ctx, who, "", p.Case, desk.DecideInput{Rule: s.Rule, Required: s.Required, Reason: s.Reason})
	return err
}

// file records a filing by hand, with an authority or a customer.
type file struct {
	To string `yaml:"to"`
	// Clause is a part of the clause, where somebody is owed more than one thing.
	Clause      string  `yaml:"clause,omitempty"`
	Since       *Moment `yaml:"since,omitempty"`
	How         string  `yaml:"how,omitempty"`
	Reference   string  `yaml:"reference,omitempty"`
	DelayReason string  `yaml:"delay_reason,omitempty"`
}

func (*file) role() access.Role { return access.PrivacyLead }

func (s *file) do(ctx context.Context, p *play, who access.Actor, at time.Time) error {
	owed, err := p.owed(ctx, s.To, s.Clause)
	if err != nil {
		return err
	}
	filed, err := p.Desk.FileByHand(ctx, who, "", p.Case, owed, desk.FileInput{
		FiledAt: p.since(s.Since, at), Zone: p.zone().String(), How: cmp.Or(s.How, "web form"), Reference: cmp.Or(s.Reference, "EXERCISE-1"),
		Receipt: []byte("a receipt, as the scenario says"), DelayReason: s.DelayReason,
	})
	if err == nil {
		p.filings[s.To+s.Clause] = *filed.ID
	}
	return err
}

// owed is the one open duty to a customer or an authority.
func (p *play) owed(ctx context.Context, to, clause string) (uuid.UUID, error) {
	duties, err := p.Duties(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	var open []uuid.UUID
	var names []string
	for _, d := range duties {
		if d.State != "proposed" && d.State != "required" {
			continue
		}
		names = append(names, whom(d)+" ("+d.Clause+")")
		if whom(d) == to && strings.Contains(d.Clause, clause) {
			open = append(open, d.ID)
		}
	}
	if len(open) != 1 {
		return uuid.Nil, fmt.Errorf("to: %d open duties are owed to %q, not one (clause tells them apart); open duties are owed to %s", len(open), to, cmp.Or(strings.Join(names, ", "), "nobody"))
	}
	return open[0], nil
}

// confirm is the second person's word on what was filed.
type confirm struct {
	To     string `yaml:"to"`
	Clause string `yaml:"clause,omitempty"`
	Reason string `yaml:"reason,omitempty"`
}

func (*confirm) role() access.Role { return access.LegalCounsel }

func (s *confirm) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	filing, filed := p.filings[s.To+s.Clause]
	if !filed {
		return fmt.Errorf("to: nothing was filed with %q; put a step `do: file` before", s.To)
	}
	_, err := p.Desk.ConfirmFiling(ctx, who, "", p.Case, filing, desk.ReasonInput{Reason: cmp.Or(s.Reason, "receipt read")})
	return err
}
