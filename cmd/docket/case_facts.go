package main

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/desk"
)

// startFlags are what every start word is recorded with.
type startFlags struct {
	At        time.Time  `help:"When it became true, with its offset, such as 2026-06-01T09:30:00+02:00; the candidate's instant if absent."`
	Zone      string     `env:"DOCKET_ZONE" help:"IANA zone in which it was said, such as Europe/Berlin."`
	Evidence  string     `required:"" help:"What shows it."`
	Reason    string     `help:"Why this instant among the candidates, or why an earlier record is corrected."`
	Candidate *uuid.UUID `help:"The candidate that the decision takes; docket case candidates lists them."`
}

func (f startFlags) input(word string) desk.StartInput {
	return desk.StartInput{Word: word, At: f.At, Zone: f.Zone, Evidence: f.Evidence, Reason: f.Reason, Candidate: f.Candidate}
}

type caseAwareCmd struct {
	caseArg
	startFlags
	Controller bool `help:"Of a breach of data of our own, with reasonable certainty (GDPR art. 33(1)); else of customers' data (art. 33(2))."`
	Suspected  bool `help:"Record suspicion only; some agreements count from it."`
}

// Run records awareness.
func (c *caseAwareCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	word := "aware_processor"
	switch {
	case c.Controller && c.Suspected:
		return usage("--controller and --suspected are two different start words; record each by itself")
	case c.Controller:
		word = "aware_controller"
	case c.Suspected:
		word = "suspected"
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("starts"), Body: c.input(word)})
}

type caseConfirmCmd struct {
	caseArg
	startFlags
}

// Run records confirmation.
func (c *caseConfirmCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("starts"), Body: c.input("confirmed_processor")})
}

// startWords are the words that are recorded about incidents, as an enumeration.
func startWords() string {
	var words []string
	for _, word := range clock.IncidentWords() {
		words = append(words, string(word))
	}
	return strings.Join(words, ",")
}

type caseStartCmd struct {
	caseArg
	Word string `arg:"" enum:"${start_words}" help:"What became true: ${enum}."`
	startFlags
}

// Run records the start word.
func (c *caseStartCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("starts"), Body: c.input(c.Word)})
}

type casePartiesCmd struct {
	caseArg
	Customer []string `help:"Account references of affected customers."`
	Touched  []string `help:"What was touched: customer_content, customer_personal_data, account_data, billing_data, operational_metadata, availability."`
	Service  string   `help:"Service that was touched."`
	File     string   `help:"YAML or JSON file of the wave, for what the flags cannot say: a list of parties, or an object with parties. - is standard input."`
	Governs  string   `enum:",incident,found" default:"" help:"For a later wave, counsel's choice: clocks count from the incident's start, or from when the party was found."`
	Reason   string   `help:"Why that governs."`
	Paging   paging   `embed:""`
}

// Run records the wave, or lists who is recorded when none is given.
func (c *casePartiesCmd) Run(ctx context.Context, p *caseCmd, in io.Reader, out io.Writer) error {
	if c.File == "" && len(c.Customer) == 0 {
		return list(ctx, &p.Remote, c.Paging, out, c.path("parties"), url.Values{}, "WAVE\tKIND\tCUSTOMER\tSERVICE\tTOUCHED\tCERTAINTY\tFOUND\tID\t", func(v desk.PartyView) []string {
			return []string{strconv.Itoa(v.Wave), v.Kind, v.Customer, v.Service, strings.Join(v.Touched, ", "), v.Certainty, when(&v.FoundAt), v.ID.String()}
		})
	}
	if c.File != "" && len(c.Customer) > 0 {
		return usage("give the wave as a file or with --customer, not both")
	}
	if c.File != "" {
		body, err := document(in, c.File)
		if err != nil {
			return err
		}
		if strings.HasPrefix(strings.TrimSpace(string(body)), "[") {
			return decide(ctx, &p.Remote, out, client.Call{Path: c.path("parties"), Body: wave{Parties: body, Governs: c.Governs, Reason: c.Reason}})
		}
		return decide(ctx, &p.Remote, out, client.Call{Path: c.path("parties"), Body: body})
	}
	typed := desk.PartiesInput{Governs: c.Governs, Reason: c.Reason}
	for _, customer := range c.Customer {
		typed.Parties = append(typed.Parties, desk.PartyInput{Customer: customer, Service: c.Service, Touched: c.Touched})
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("parties"), Body: typed})
}

// wave is desk.PartiesInput with the parties as they stand in the file, so that the server sees and
// names what is wrong in them.
type wave struct {
	Parties json.RawMessage `json:"parties"`
	Governs string          `json:"governs,omitempty"`
	Reason  string          `json:"reason,omitempty"`
}

type caseUnaffectedCmd struct {
	caseArg
	Party string `arg:"" help:"Id of the party; docket case parties lists them."`
	reasonFlag
}

// Run rules the party out.
func (c *caseUnaffectedCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("parties", c.Party, "rule-out"), Body: desk.ReasonInput{Reason: c.Reason}})
}
