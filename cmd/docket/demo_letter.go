package main

import (
	"context"
	"fmt"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// draft writes the notice in three languages; the drafter may not approve it.
func (p demonstration) draft(ctx context.Context) error {
	p.act("The notice is drafted")
	text := demoText(p.Began)
	drafted, err := p.Desk.DraftNotice(ctx, p.As(access.CommsLead), "", p.Case, desk.NoticeInput{Content: &text})
	if err != nil {
		return err
	}
	if _, err = p.Desk.SubmitNotice(ctx, p.As(access.CommsLead), "", p.Case, *drafted.ID, desk.SubmitInput{}); err != nil {
		return err
	}
	_, err = p.Desk.Close(ctx, p.As(access.PrivacyLead), "", p.Case, desk.CloseInput{})
	if problem.CodeOf(err) != problem.Conflict {
		return fmt.Errorf("closing too early was not refused: %w", err)
	}
	p.Say("  in English, German and French; it waits for a second person")
	p.Say("  closing now is refused: %v", err)
	return nil
}

// release has the second person approve what the preview shows, and sends.
func (p demonstration) release(ctx context.Context) error {
	p.act("A second person approves, and the notice goes out")
	notices, err := p.Desk.Notices(ctx, p.As(access.PrivacyLead), p.Case)
	if err != nil {
		return err
	}
	id := notices[0].ID
	preview, err := p.Desk.Preview(ctx, p.As(access.PrivacyLead), p.Case, id, 0)
	if err != nil {
		return err
	}
	p.Say("  preview: %d recipients at %d customers; the first one reads “%s”", preview.Recipients, preview.Customers, preview.Letter.Subject)
	if _, err := p.Desk.ApproveNotice(ctx, p.As(access.PrivacyLead), "", p.Case, id, desk.ApproveInput{Digest: preview.Digest}); err != nil {
		return err
	}
	if _, err := p.Desk.ReleaseNotice(ctx, p.As(access.CommsLead), "", p.Case, id, desk.ReleaseInput{}); err != nil {
		return err
	}
	if _, err := p.Settle(ctx); err != nil {
		return err
	}
	counts, err := p.evidence(ctx)
	if err != nil {
		return err
	}
	p.Say("  what the other side answered: %s", drill.Counted(counts))
	return nil
}

func (p demonstration) evidence(ctx context.Context) (map[string]int, error) {
	deliveries, err := p.Deliveries(ctx)
	counts := map[string]int{}
	for _, d := range deliveries {
		counts[d.State]++
	}
	return counts, err
}

// demoText is the notice, complete in three languages.
func demoText(began time.Time) letters.Notice {
	next := began.Add(72 * time.Hour)
	write := func(subject string, words map[string]string) letters.Content {
		elements := map[string]letters.Fill{
			letters.UnknownsAndNext: {State: letters.NotYetKnown, Text: words[letters.UnknownsAndNext], By: &next},
		}
		for id, text := range words {
			if id != letters.UnknownsAndNext {
				elements[id] = letters.Fill{State: letters.Filled, Text: text}
			}
		}
		return letters.Content{Subject: subject, Elements: elements}
	}
	return letters.Notice{
		Template: letters.IncidentCustomer, TemplateVersion: letters.LatestTemplate(letters.IncidentCustomer), Fallback: "en",
		Languages: map[string]letters.Content{
			"en": write("Security incident affecting your account", map[string]string{
				letters.Nature: "Cached answers of your account could be shown to users of other accounts.", letters.Timeline: "Between the release of a faulty build and its withdrawal.",
				letters.ResourcesAffected: "Generation history of your account.", letters.CategoriesAndNumbers: "Prompts and generated text of users of your account.",
				letters.LikelyConsequences: "Content of prompts may have become known to others.", letters.MeasuresTaken: "The cache was flushed and the build withdrawn.",
				letters.RecommendedMeasures: "Rotate secrets that were part of prompts.", letters.ContactPoint: "privacy@atlas.example.com",
				letters.UnknownsAndNext: "whether any cached answer was in fact read",
			}),
			"de": write("Sicherheitsvorfall, der Ihr Konto betrifft", map[string]string{
				letters.Nature: "Zwischengespeicherte Antworten Ihres Kontos konnten Nutzern anderer Konten angezeigt werden.", letters.Timeline: "Zwischen der Auslieferung einer fehlerhaften Version und ihrer Rücknahme.",
				letters.ResourcesAffected: "Verlauf der Erzeugungen Ihres Kontos.", letters.CategoriesAndNumbers: "Eingaben und erzeugte Texte von Nutzern Ihres Kontos.",
				letters.LikelyConsequences: "Inhalte von Eingaben können anderen bekannt geworden sein.", letters.MeasuresTaken: "Der Zwischenspeicher wurde geleert und die Version zurückgenommen.",
				letters.RecommendedMeasures: "Tauschen Sie Geheimnisse aus, die Teil von Eingaben waren.", letters.ContactPoint: "privacy@atlas.example.com",
				letters.UnknownsAndNext: "ob eine zwischengespeicherte Antwort tatsächlich gelesen wurde",
			}),
			"fr": write("Incident de sécurité concernant votre compte", map[string]string{
				letters.Nature: "Des réponses en cache de votre compte ont pu être affichées à des utilisateurs d'autres comptes.", letters.Timeline: "Entre la mise en ligne d'une version défectueuse et son retrait.",
				letters.ResourcesAffected: "L'historique de génération de votre compte.", letters.CategoriesAndNumbers: "Les saisies et les textes générés des utilisateurs de votre compte.",
				letters.LikelyConsequences: "Le contenu de saisies a pu être connu de tiers.", letters.MeasuresTaken: "Le cache a été vidé et la version retirée.",
				letters.RecommendedMeasures: "Renouvelez les secrets contenus dans des saisies.", letters.ContactPoint: "privacy@atlas.example.com",
				letters.UnknownsAndNext: "si une réponse en cache a effectivement été lue",
			}),
		},
	}
}
