package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
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
		p.prepare, p.detect, p.findAffected, p.draft, p.nearlyMiss, p.release, p.authority, p.acknowledgements, p.resolve, p.table, p.verify,
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

// draft writes the notice in three languages; the drafter may not approve it.
func (p *player) draft(ctx context.Context) error {
	p.act("The notice is drafted")
	text := demoText(p.began)
	drafted, err := p.plant.desk.DraftNotice(ctx, p.as(access.CommsLead), "", p.id, desk.NoticeInput{Content: &text})
	if err != nil {
		return err
	}
	if _, err = p.plant.desk.SubmitNotice(ctx, p.as(access.CommsLead), "", p.id, *drafted.ID, desk.SubmitInput{}); err != nil {
		return err
	}
	_, err = p.plant.desk.Close(ctx, p.as(access.PrivacyLead), "", p.id, desk.CloseInput{})
	if problem.CodeOf(err) != problem.Conflict {
		return fmt.Errorf("closing too early was not refused: %w", err)
	}
	p.say("  in English, German and French; it waits for a second person")
	p.say("  closing now is refused: %v", err)
	return nil
}

// nearlyMiss moves the clock while nobody approves, until the shortest deadline is nearly missed.
func (p *player) nearlyMiss(ctx context.Context) error {
	p.act("Nobody approves. Docket raises people, and sends nothing")
	for {
		view, err := p.view(ctx)
		if err != nil {
			return err
		}
		if view.NextMilestone == nil || view.NextDue == nil || view.NextDue.Sub(*view.NextMilestone) < time.Hour {
			break
		}
		if err := p.advance(ctx); err != nil {
			return err
		}
		if err := p.acknowledgeEarly(ctx); err != nil {
			return err
		}
	}
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	for _, r := range raises {
		if r.AcknowledgedAt == nil {
			if _, err := p.plant.desk.AcknowledgeRaise(ctx, p.as(access.ExecutiveSponsor), "", p.id, r.ID, desk.AnswerInput{Note: "calling the privacy lead"}); err != nil {
				return err
			}
		}
	}
	p.say("  the executive sponsor takes it; the escalation stops")
	return nil
}

// acknowledgeEarly lets the commander take the early raises, so that only the last one goes up the chain.
func (p *player) acknowledgeEarly(ctx context.Context) error {
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	for _, r := range raises {
		if r.AcknowledgedAt == nil && (r.Kind == "half" || r.Kind == "three_quarters") {
			if _, err := p.plant.desk.AcknowledgeRaise(ctx, p.as(access.IncidentCommander), "", p.id, r.ID, desk.AnswerInput{Note: "seen"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance moves the clock to the next milestone, waits until everything due is carried out, and tells what happened.
func (p *player) advance(ctx context.Context) error {
	before, err := p.raiseCount(ctx)
	if err != nil {
		return err
	}
	if _, err := p.plant.desk.AdvanceClock(ctx, p.as(access.IncidentCommander), "", p.id, desk.AdvanceInput{}); err != nil {
		return err
	}
	view, err := p.settle(ctx)
	if err != nil {
		return err
	}
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	told := false
	for _, r := range raises[min(before, len(raises)):] {
		told = true
		p.say("  +%-8s %-15s %2d duties → %s", since(view.Now, p.began), r.Kind, r.Count, strings.Join(r.Roles, ", "))
	}
	for _, r := range raises {
		if !told && r.AcknowledgedAt == nil && r.Step > 0 {
			p.say("  +%-8s not answered    → %s", since(view.Now, p.began), strings.Join(r.Roles, ", "))
			break
		}
	}
	return nil
}

func (p *player) raiseCount(ctx context.Context) (int, error) {
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	return len(raises), err
}

// settle waits until nothing that is due waits any more.
func (p *player) settle(ctx context.Context) (desk.CaseView, error) {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		view, err := p.view(ctx)
		if err != nil || view.DueNow == 0 {
			return view, err
		}
		if time.Now().After(deadline) {
			return view, fmt.Errorf("%d things are due and nobody carries them out", view.DueNow)
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// release has the second person approve what the preview shows, and sends.
func (p *player) release(ctx context.Context) error {
	p.act("A second person approves, and the notice goes out")
	notices, err := p.plant.desk.Notices(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	id := notices[0].ID
	preview, err := p.plant.desk.Preview(ctx, p.as(access.PrivacyLead), p.id, id, 0)
	if err != nil {
		return err
	}
	p.say("  preview: %d recipients at %d customers; the first one reads “%s”", preview.Recipients, preview.Customers, preview.Letter.Subject)
	if _, err := p.plant.desk.ApproveNotice(ctx, p.as(access.PrivacyLead), "", p.id, id, desk.ApproveInput{Digest: preview.Digest}); err != nil {
		return err
	}
	if _, err := p.plant.desk.ReleaseNotice(ctx, p.as(access.CommsLead), "", p.id, id, desk.ReleaseInput{}); err != nil {
		return err
	}
	if _, err := p.settle(ctx); err != nil {
		return err
	}
	counts, err := p.evidence(ctx)
	if err != nil {
		return err
	}
	p.say("  what the other side answered: %v", counts)
	return nil
}

func (p *player) evidence(ctx context.Context) (map[string]int, error) {
	page, err := p.plant.desk.Deliveries(ctx, p.as(access.CommsLead), p.id, "", "", 500)
	counts := map[string]int{}
	for _, d := range page.Items {
		counts[d.State]++
	}
	return counts, err
}

// authority files by hand with the authority, and a second person confirms.
func (p *player) authority(ctx context.Context) error {
	p.act("The authority, where the company is controller")
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	for _, d := range duties {
		if d.Customer != "" || d.State == "met" {
			continue
		}
		_, err := p.plant.desk.DecideDuties(ctx, p.as(access.LegalCounsel), "", p.id, desk.DecideInput{Duties: []uuid.UUID{d.ID}, Required: true, Reason: "a risk is not unlikely"})
		if err != nil {
			return err
		}
		view, err := p.view(ctx)
		if err != nil {
			return err
		}
		filed, err := p.plant.desk.FileByHand(ctx, p.as(access.PrivacyLead), "", p.id, d.ID, desk.FileInput{
			FiledAt: view.Now, Zone: "Europe/Dublin", How: "web form of the authority", Reference: "BN-26-0042", Receipt: []byte("receipt of the web form"),
		})
		if err != nil {
			return err
		}
		if _, err := p.plant.desk.ConfirmFiling(ctx, p.as(access.LegalCounsel), "", p.id, *filed.ID, desk.ReasonInput{Reason: "receipt read"}); err != nil {
			return err
		}
		p.say("  %s: required, filed by hand, receipt confirmed by a second person", d.Counterparty)
	}
	return nil
}

// acknowledgements records the replies of customers whose agreements ask for one.
func (p *player) acknowledgements(ctx context.Context) error {
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	page, err := p.plant.desk.Deliveries(ctx, p.as(access.CommsLead), p.id, "", "", 500)
	if err != nil {
		return err
	}
	for _, d := range duties {
		if d.State == "met" {
			continue
		}
		for _, one := range page.Items {
			if one.Customer != d.Customer || one.AcceptedAt == nil {
				continue
			}
			view, err := p.view(ctx)
			if err != nil {
				return err
			}
			_, err = p.plant.desk.AcknowledgeDelivery(ctx, p.as(access.CommsLead), "", p.id, one.ID, desk.AcknowledgeInput{At: view.Now, Evidence: "reply by mail: received"})
			if err != nil {
				return err
			}
		}
		p.say("  %s: its agreement asks for an acknowledgement; the replies are recorded", d.Customer)
	}
	return nil
}

// resolve ends the technical work, reviews and closes.
func (p *player) resolve(ctx context.Context) error {
	p.act("Resolved, reviewed, closed")
	for _, milestone := range []string{"contained", "eradicated", "recovered"} {
		if _, err := p.plant.desk.RecordTechnical(ctx, p.as(access.IncidentCommander), "", p.id, desk.TechnicalInput{Milestone: milestone, Note: "cache flushed, key fixed"}); err != nil {
			return err
		}
	}
	if _, err := p.plant.desk.Resolve(ctx, p.as(access.IncidentCommander), "", p.id, desk.ResolveInput{Recovery: "fixed build on all regions"}); err != nil {
		return err
	}
	if _, err := p.plant.desk.Review(ctx, p.as(access.IncidentCommander), "", p.id, desk.ReviewInput{Note: "cache keys are now typed"}); err != nil {
		return err
	}
	if err := p.campaignsEnd(ctx); err != nil {
		return err
	}
	closed, err := p.plant.desk.Close(ctx, p.as(access.PrivacyLead), "", p.id, desk.CloseInput{})
	if err != nil {
		return err
	}
	p.say("  %s is %s", p.code, closed.Status)
	return nil
}

// campaignsEnd waits until the sending has noted its own end.
func (p *player) campaignsEnd(ctx context.Context) error {
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		view, err := p.view(ctx)
		if err != nil || view.Counts.RunningCampaigns == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the sending does not end")
}

// table shows who was told when, and what proves it.
func (p *player) table(ctx context.Context) error {
	p.act("Who was told when")
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	page, err := p.plant.desk.Deliveries(ctx, p.as(access.CommsLead), p.id, "", "", 500)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CUSTOMER\tCLAUSE\tDUE\tMET AT\tMARGIN\tEVIDENCE")
	unmet := 0
	for _, d := range duties {
		due, label := d.Limit, ""
		if due == nil {
			due, label = d.Target, " (internal)"
		}
		who, met, margin := d.Customer, "-", "-"
		if who == "" {
			who = strings.TrimPrefix(d.Counterparty, "authority/")
		}
		if d.MetAt != nil {
			met, margin = d.MetAt.Format("02 Jan 15:04"), since(*due, *d.MetAt)
		} else {
			unmet++
		}
		fmt.Fprintf(w, "%s\t%s\t%s%s\t%s\t%s\t%s\n", who, short(d.Clause), due.Format("02 Jan 15:04"), label, met, margin, proof(d, page.Items))
	}
	w.Flush()
	if unmet > 0 {
		return fmt.Errorf("%d duties are not met", unmet)
	}
	return nil
}

// proof is what the customer's deliveries hold, in the words of the evidence ladder.
func proof(d desk.DutyView, deliveries []desk.DeliveryView) string {
	var by []struct{ Contact, Evidence string }
	if json.Unmarshal([]byte(d.MetBy), &by) == nil && len(by) > 0 && d.Customer == "" {
		return "filed by hand, confirmed"
	}
	var parts []string
	for _, one := range deliveries {
		if one.Customer != d.Customer || d.Customer == "" || one.State == "reserve" {
			continue
		}
		part := one.Evidence + " " + one.State
		if one.Code > 0 {
			part += fmt.Sprintf(" %d", one.Code)
		}
		if one.Attempt > 1 {
			part += fmt.Sprintf(" after %d tries", one.Attempt)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// verify checks the case's chain and the ledger rows that it vouches for.
func (p *player) verify(ctx context.Context) error {
	p.act("Anyone can check")
	view, err := p.plant.desk.VerifyCase(ctx, p.as(access.Auditor), p.id)
	if err != nil {
		return err
	}
	if !view.OK {
		return errors.New(view.Problem)
	}
	if _, err := p.plant.heads.Publish(ctx); err != nil {
		return err
	}
	p.say("  %d entries and %d ledger rows verified; head %s… is signed and published", view.Entries, view.Rows, view.Head[:16])
	return nil
}

func (p *player) view(ctx context.Context) (desk.CaseView, error) {
	return p.plant.desk.Case(ctx, p.as(access.PrivacyLead), p.id.String())
}

func (p *player) duties(ctx context.Context) ([]desk.DutyView, error) {
	page, err := p.plant.desk.Duties(ctx, p.as(access.PrivacyLead), p.id, "", "", 500)
	return page.Items, err
}

func since(later, earlier time.Time) string {
	d := later.Sub(earlier).Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

func short(clause string) string {
	if runes := []rune(clause); len(runes) > 44 {
		return "…" + string(runes[len(runes)-43:])
	}
	return clause
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
