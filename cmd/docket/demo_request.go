package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/certificate"
	"github.com/atlascloudai/docket/desk"
)

// deletion plays one request of a person through, from the letter to a certificate that anybody checks.
type deletion struct {
	*drill.Player
	stack *stack
	// before is the newest letter that an earlier play left in the mailboxes.
	before int64
}

// ana is the person who asks; every name in the sample company is made up.
const ana = "ana@example.test"

// deletion plays the second act.
func (s *stack) deletion(ctx context.Context, p *drill.Player) error {
	d := deletion{Player: &drill.Player{Desk: p.Desk, Out: p.Out, People: p.People}, stack: s}
	for _, act := range []func(context.Context) error{d.arrives, d.proves, d.plans, d.approves, d.erases, d.byHand, d.answers, d.certified} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("the demo failed: %w", err)
		}
	}
	return nil
}

func (d deletion) act(title string) { d.Say("\n— %s", title) }

func (d deletion) request(ctx context.Context) (desk.RequestView, error) {
	return d.Desk.Request(ctx, d.As(access.PrivacyLead), d.Case.String())
}

// until waits until the request's process has brought it somewhere.
func (d deletion) until(ctx context.Context, where string, there func(desk.RequestView) bool) (desk.RequestView, error) {
	for end := time.Now().Add(2 * time.Minute); ; {
		view, err := d.request(ctx)
		if err != nil || there(view) {
			return view, err
		}
		if time.Now().After(end) {
			return view, fmt.Errorf("the request does not come to %s; it is %s (%s)", where, view.Status, view.Blocker)
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func in(status string) func(desk.RequestView) bool {
	return func(view desk.RequestView) bool { return view.Status == status }
}

// arrives records the request as a letter brought it.
func (d *deletion) arrives(ctx context.Context) error {
	d.act("A person asks for everything to be deleted")
	before, err := d.Desk.Requests(ctx, d.As(access.Responder), desk.WorklistInput{Limit: 500})
	if err != nil {
		return err
	}
	d.before = d.stack.newestLetter()
	if err := d.stack.letter(ana, "Deletion", "Please delete everything that you hold about me.\r\n\r\nAna"); err != nil {
		return err
	}
	after, err := d.Desk.Requests(ctx, d.As(access.Responder), desk.WorklistInput{Limit: 500})
	if err != nil {
		return err
	}
	known := map[uuid.UUID]bool{}
	for _, one := range before.Items {
		known[one.ID] = true
	}
	for _, one := range after.Items {
		if !known[one.ID] {
			d.Case, d.Code = one.ID, one.Code
		}
	}
	view, err := d.request(ctx)
	if err != nil {
		return err
	}
	d.Began = view.Received
	d.Say("  %s is on record; an answer is owed by %s under %s", d.Code, view.Due.UTC().Format("Mon 02 Jan 15:04"), view.Regime)
	return nil
}

var mailed = regexp.MustCompile(`/identity/([0-9a-f-]{36})`)

// code stands alone on its line; the signature above the letter may hold words that look like it.
var code = regexp.MustCompile(`(?m)^[2-9A-HJ-NP-TV-Z]{10}\r?$`)

// proves reads the person's mailbox and types the code, as the person does.
func (d *deletion) proves(ctx context.Context) error {
	d.act("Who asks? A link and a code go to the mailbox that was named")
	text, err := d.stack.mailbox(ctx, d.before, ana, mailed)
	if err != nil {
		return err
	}
	link, typed := mailed.FindString(text), strings.TrimSpace(code.FindString(text))
	answer, err := http.PostForm(d.stack.url()+link, url.Values{"code": {typed}})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the code was answered with %s", answer.Status)
	}
	d.Say("  the code was typed once; it is used up")
	return nil
}

// plans locates everything and shows what would be done.
func (d *deletion) plans(ctx context.Context) error {
	d.act("Everything is found; nothing is touched")
	if _, err := d.Desk.ScopeRequest(ctx, d.As(access.Responder), "", d.Case); err != nil {
		return err
	}
	view, err := d.until(ctx, "a plan", in("awaiting_approval"))
	if err != nil {
		return err
	}
	d.places("PLACE\tDATA\tFOUND\tERASE\tMASK\tKEEP", view, func(t desk.TargetView) string {
		return fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%d", t.Address, strings.ReplaceAll(t.Class, "_", " "), t.Located, t.Erase, t.Mask, t.Keep)
	})
	return nil
}

func (d deletion) places(head string, view desk.RequestView, row func(desk.TargetView) string) {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  "+head)
	for _, t := range view.Targets {
		fmt.Fprintln(table, "  "+row(t))
	}
	table.Flush()
	d.Say("%s", strings.TrimRight(text.String(), "\n"))
}

// approves has a second person approve, and lets the cooling-off pass.
func (d *deletion) approves(ctx context.Context) error {
	d.act("A second person approves; the account's other contacts may object")
	view, err := d.request(ctx)
	if err != nil {
		return err
	}
	if _, err := d.Desk.ApprovePlan(ctx, d.As(access.PrivacyLead), "", d.Case, desk.DigestInput{Digest: view.State.Plan.Digest}); err != nil {
		return err
	}
	if view, err = d.request(ctx); err != nil {
		return err
	}
	d.Say("  approved; nothing is destroyed before %s", view.State.CoolUntil.UTC().Format("Mon 02 Jan 15:04"))
	end := view.State.CoolUntil.Add(time.Minute)
	return d.Advance(ctx, &end)
}

// erases lets the engine work until only what a person has to do is left.
func (d *deletion) erases(ctx context.Context) error {
	d.act("Children before parents, side by side where nothing waits, the root last")
	view, err := d.until(ctx, "the owner's task", func(view desk.RequestView) bool {
		for _, t := range view.Targets {
			if t.VerifiedAt == nil && t.Kind != "manual" && t.Address != "app/accounts" {
				return false
			}
		}
		return view.State.BegunAt != nil
	})
	if err != nil {
		return err
	}
	d.stages(view)
	d.Say("  the root waits for a system that only its owner can reach")
	return nil
}

func (d deletion) stages(view desk.RequestView) {
	at := func(t *time.Time) string {
		if t == nil {
			return "–"
		}
		return t.UTC().Format("02 Jan 15:04:05")
	}
	d.places("PLACE\tGONE\tACCEPTED\tERASED\tVERIFIED", view, func(t desk.TargetView) string {
		return fmt.Sprintf("%s\t%d\t%s\t%s\t%s", t.Address, t.Gone, at(t.AcceptedAt), at(t.ErasedAt), at(t.VerifiedAt))
	})
}

// byHand has the owner do it, and somebody else check it.
func (d *deletion) byHand(ctx context.Context) error {
	d.act("The owner of the CRM deletes by hand, and somebody else checks the evidence")
	var task desk.TaskView
	if _, err := d.until(ctx, "a task", func(desk.RequestView) bool {
		tasks, err := d.Desk.Tasks(ctx, d.As(access.Responder), d.Case)
		if err != nil || len(tasks) == 0 {
			return false
		}
		task = tasks[0]
		return true
	}); err != nil {
		return err
	}
	shown, err := d.Desk.ShowTask(ctx, d.As(access.SecurityLead), "", d.Case, task.ID)
	if err != nil {
		return err
	}
	d.Say("  %s: due %s; its identifiers are shown once (%d)", task.Address, task.DueAt.UTC().Format("Mon 02 Jan"), len(shown.Identities))
	if _, err := d.Desk.TaskDone(ctx, d.As(access.SecurityLead), "", d.Case, task.ID, desk.TaskDoneInput{Evidence: []byte("export after the deletion: no such contact"), Words: "contact deleted"}); err != nil {
		return err
	}
	if _, err := d.Desk.CheckTask(ctx, d.As(access.PrivacyLead), "", d.Case, task.ID, desk.TaskCheckInput{Accepted: true, Reason: "the export shows no such contact"}); err != nil {
		return err
	}
	view, err := d.until(ctx, "an end", func(view desk.RequestView) bool {
		return view.Status == "completed_with_retention" || view.Status == "completed"
	})
	if err != nil {
		return err
	}
	d.Say("  %s is %s", d.Code, strings.ReplaceAll(view.Status, "_", " "))
	for _, t := range view.Targets {
		for _, kept := range t.Kept {
			d.Say("  %s keeps %d until %s: %s", t.Address, kept.Records, kept.Until.UTC().Format("02 Jan 2006"), kept.Words)
		}
	}
	return nil
}

// answers drafts, approves and delivers the answer.
func (d *deletion) answers(ctx context.Context) error {
	d.act("The answer is a duty of its own")
	drafted, err := d.Desk.DraftLetter(ctx, d.As(access.Responder), "", d.Case, desk.LetterInput{Kind: "answer"})
	if err != nil {
		return err
	}
	letters, err := d.Desk.Letters(ctx, d.As(access.PrivacyLead), d.Case)
	if err != nil {
		return err
	}
	for _, letter := range letters {
		if letter.ID != *drafted.ID {
			continue
		}
		if _, err := d.Desk.ApproveLetter(ctx, d.As(access.PrivacyLead), "", d.Case, letter.ID, desk.DigestInput{Digest: letter.Digest}); err != nil {
			return err
		}
		for line := range strings.Lines(letter.Text) {
			d.Say("  | %s", strings.TrimRight(line, "\n"))
		}
	}
	if _, err := d.until(ctx, "an answer that was taken", func(view desk.RequestView) bool { return view.Counts.OpenDuties == 0 }); err != nil {
		return err
	}
	return d.table(ctx)
}

func (d deletion) table(ctx context.Context) error {
	report, err := d.Report(ctx)
	if err != nil {
		return err
	}
	report.Print(d.Out)
	return nil
}

// certified writes the certificate to a file and checks it with the public key alone.
func (d *deletion) certified(ctx context.Context) error {
	d.act("Anyone can check, without the server")
	file, err := d.Desk.Certificates(ctx, d.As(access.Auditor), d.Case)
	if err != nil {
		return err
	}
	name := filepath.Join(d.stack.dir, d.Code+".certificate")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		return err
	}
	key := d.stack.plant.heads.Key.Public().(ed25519.PublicKey)
	versions, err := certificate.Verify(file, map[string]ed25519.PublicKey{audit.KeyID(key): key})
	if err != nil {
		return err
	}
	public, err := config.PublicPEM(d.stack.plant.heads.Key)
	if err != nil {
		return err
	}
	keyFile := filepath.Join(d.stack.dir, "signing.pub")
	if err := os.WriteFile(keyFile, public, 0o600); err != nil {
		return err
	}
	d.Say("  bin/docket certificate verify %s --key %s", name, keyFile)
	if err := showCertificate(d.Out, versions[len(versions)-1]); err != nil {
		return err
	}
	file[len(file)/2] ^= 1
	if _, err := certificate.Verify(file, map[string]ed25519.PublicKey{audit.KeyID(key): key}); err == nil {
		return fmt.Errorf("a changed byte was not noticed")
	}
	view, err := d.Desk.VerifyCase(ctx, d.As(access.Auditor), d.Case)
	if err != nil {
		return err
	}
	if !view.OK {
		return fmt.Errorf("the request's chain does not hold: %s", view.Problem)
	}
	d.Say("  one changed byte is noticed; the request's chain holds: %d entries, %d ledger rows", view.Entries, view.Rows)
	return nil
}
