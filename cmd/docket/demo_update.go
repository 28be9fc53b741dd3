package main

import (
	"context"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
)

// update tells those who were promised it what the notice could not say yet.
func (p demonstration) update(ctx context.Context) error {
	p.act("What the notice promised is known, and goes to those who were promised it")
	text := demoUpdate()
	drafted, err := p.Desk.DraftNotice(ctx, p.As(access.CommsLead), "", p.Case, desk.NoticeInput{Content: &text, Update: true})
	if err != nil {
		return err
	}
	id := *drafted.ID
	if _, err := p.Desk.SubmitNotice(ctx, p.As(access.CommsLead), "", p.Case, id, desk.SubmitInput{}); err != nil {
		return err
	}
	preview, err := p.Desk.Preview(ctx, p.As(access.PrivacyLead), p.Case, id, 0)
	if err != nil {
		return err
	}
	if _, err := p.Desk.ApproveNotice(ctx, p.As(access.PrivacyLead), "", p.Case, id, desk.ApproveInput{Digest: preview.Digest}); err != nil {
		return err
	}
	if _, err := p.Desk.ReleaseNotice(ctx, p.As(access.CommsLead), "", p.Case, id, desk.ReleaseInput{}); err != nil {
		return err
	}
	if _, err := p.Settle(ctx); err != nil {
		return err
	}
	p.Say("  an update to %d recipients at %d customers: it says what was not yet known, and need say no more", preview.Recipients, preview.Customers)
	return nil
}

// demoUpdate answers, in three languages, what demoText leaves open.
func demoUpdate() letters.Notice {
	write := func(subject, answer string) letters.Content {
		return letters.Content{Subject: subject, Elements: map[string]letters.Fill{letters.UnknownsAndNext: {State: letters.Filled, Text: answer}}}
	}
	return letters.Notice{
		Template: letters.IncidentCustomer, TemplateVersion: letters.LatestTemplate(letters.IncidentCustomer), Fallback: "en",
		Languages: map[string]letters.Content{
			"en": write("Update on the security incident affecting your account", "No cached answer was read outside your account. Nothing else is open."),
			"de": write("Neues zum Sicherheitsvorfall, der Ihr Konto betrifft", "Keine zwischengespeicherte Antwort wurde außerhalb Ihres Kontos gelesen. Weiteres ist nicht offen."),
			"fr": write("Suite de l’incident de sécurité concernant votre compte", "Aucune réponse en cache n’a été lue hors de votre compte. Rien d’autre ne reste ouvert."),
		},
	}
}
