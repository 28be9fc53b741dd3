package drill

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
)

// draft begins a notice; the steps after it are about the one that was drafted last.
type draft struct{}

func (*draft) role() access.Role { return access.CommsLead }

func (*draft) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	text := exerciseText()
	drafted, err := p.Desk.DraftNotice(ctx, who, "", p.Case, desk.NoticeInput{Content: &text})
	if err == nil {
		p.notice = *drafted.ID
	}
	return err
}

// exerciseText is a complete notice that nobody can take for a real one.
func exerciseText() letters.Notice {
	elements := map[string]letters.Fill{}
	for _, required := range letters.Required(letters.IncidentCustomer) {
		elements[required.ID] = letters.Fill{State: letters.Filled, Text: "Exercise: here stands the answer about “" + strings.ToLower(required.Title) + "”."}
	}
	return letters.Notice{
		Template: letters.IncidentCustomer, TemplateVersion: letters.LatestTemplate(letters.IncidentCustomer), Fallback: "en",
		Languages: map[string]letters.Content{"en": {Subject: "Security incident affecting your account", Elements: elements}},
	}
}

type submit struct{}

func (*submit) role() access.Role { return access.CommsLead }

func (*submit) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.SubmitNotice(ctx, who, "", p.Case, p.notice, desk.SubmitInput{})
	return err
}

// approve approves what the preview shows now.
type approve struct{}

func (*approve) role() access.Role { return access.PrivacyLead }

func (*approve) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	preview, err := p.Desk.Preview(ctx, who, p.Case, p.notice, 0)
	if err == nil {
		_, err = p.Desk.ApproveNotice(ctx, who, "", p.Case, p.notice, desk.ApproveInput{Digest: preview.Digest})
	}
	return err
}

type release struct{}

func (*release) role() access.Role { return access.CommsLead }

func (*release) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.ReleaseNotice(ctx, who, "", p.Case, p.notice, desk.ReleaseInput{})
	return err
}

type withdraw struct {
	Reason string `yaml:"reason"`
}

func (*withdraw) role() access.Role { return access.CommsLead }

func (s *withdraw) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.WithdrawNotice(ctx, who, "", p.Case, p.notice, desk.ReasonInput{Reason: s.Reason})
	return err
}

// reply is a customer's answer to everything it was sent.
type reply struct {
	To    string  `yaml:"to"`
	Since *Moment `yaml:"since,omitempty"`
}

func (*reply) role() access.Role { return access.CommsLead }

func (s *reply) do(ctx context.Context, p *play, who access.Actor, at time.Time) error {
	deliveries, err := p.Deliveries(ctx)
	if err != nil {
		return err
	}
	answered := 0
	for _, one := range deliveries {
		if one.Customer != s.To || one.AcceptedAt == nil {
			continue
		}
		answered++
		_, err := p.Desk.AcknowledgeDelivery(ctx, who, "", p.Case, one.ID, desk.AcknowledgeInput{At: p.since(s.Since, at), Evidence: "a reply, as the scenario says"})
		if err != nil {
			return err
		}
	}
	if answered == 0 {
		return fmt.Errorf("to: nothing that was sent to %q was accepted, so that there is nothing to reply to", s.To)
	}
	return nil
}

// mailRule is how recipients' servers answer from now on.
type mailRule struct {
	To      string `yaml:"to"`
	Answers texts  `yaml:"answers"`
	Then    string `yaml:"then,omitempty"`
	Stage   string `yaml:"stage,omitempty"`
}

func (*mailRule) role() access.Role { return access.Responder }

func (s *mailRule) do(_ context.Context, p *play, _ access.Actor, _ time.Time) error {
	// The newest rule decides; the copies of pages go to people who are not part of the story.
	p.rules = append([]mail.Rule{{To: s.To, At: mail.Stage(s.Stage), Answers: s.Answers, Then: s.Then}}, p.rules...)
	return p.mail.Rules(append([]mail.Rule{toOnCall}, p.rules...)...)
}

var toOnCall = mail.Rule{To: "oncall@*", Answers: []string{"250"}}
