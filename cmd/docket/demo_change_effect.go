package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// provider is the code of the new sub-processor, by which a gateway asks; objector is the customer that objects, with the mailbox that
// its letter goes to, ordinary one that does not, and staffMail somebody of the company, whom a test may go to.
const (
	provider      = "sample-models"
	chatService   = "chat-api"
	objector      = "C-1008"
	objectorsMail = "dpo@halcyon.test"
	ordinary      = "C-1001"
	staffMail     = "counsel@docket.test"
)

var (
	tested = regexp.MustCompile(`(?m)^Subject: .*TEST`)
	// ownPage is the address of a customer's own page, as its letter says it.
	ownPage = regexp.MustCompile(`http://[^\s"<]+/notice/[\w-]{43}`)
)

// day is the day of an instant in UTC; "–" for none.
func day(at *time.Time) string {
	if at == nil {
		return "–"
	}
	return at.UTC().Format("02 Jan 2006")
}

// remote is how the act's commands find the stack.
func (a announcement) remote() remote {
	return remote{URL: a.stack.url(), Token: a.stack.token, Retry: 10 * time.Second}
}

// types says a command as one would type it, and runs it.
func (a announcement) types(ctx context.Context, command interface {
	Run(context.Context, *changeCmd, io.Writer) error
}, line string) error {
	a.Say("  bin/docket change %s", line)
	var out bytes.Buffer
	err := command.Run(ctx, &changeCmd{Remote: a.remote()}, &out)
	for said := range strings.Lines(out.String()) {
		a.Say("    %s", strings.TrimRight(said, "\n"))
	}
	return err
}

// table shows a row for all customers of whom it says the same, each with its place in the whole list.
func (a announcement) table(head string, customers []desk.ChangeCustomerView, row func(desk.ChangeCustomerView) string) {
	var rows []string
	places := map[string][]int{}
	for i, c := range customers {
		said := row(c)
		if len(places[said]) == 0 {
			rows = append(rows, said)
		}
		places[said] = append(places[said], i)
	}
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  CUSTOMERS\t"+head)
	for _, said := range rows {
		fmt.Fprintf(table, "  %s\t%s\n", runs(customers, places[said]), said)
	}
	table.Flush()
	a.Say("%s", strings.TrimRight(text.String(), "\n"))
}

// runs names customers by the first and the last of those that follow each other.
func runs(customers []desk.ChangeCustomerView, places []int) string {
	var parts []string
	for from, at := 0, 0; at < len(places); at++ {
		if at+1 < len(places) && places[at+1] == places[at]+1 {
			continue
		}
		part := customers[places[from]].Customer
		if at > from {
			part += "–" + strings.TrimPrefix(customers[places[at]].Customer, "C-")
		}
		parts, from = append(parts, part), at+1
	}
	return strings.Join(parts, ", ")
}

// dates shows everybody's own dates.
func (a announcement) dates(ctx context.Context) error {
	customers, err := a.customers(ctx, "")
	a.table("CLAUSES\tTO BE TOLD BY\tMAY OBJECT UNTIL\tEFFECTIVE FROM", customers, func(c desk.ChangeCustomerView) string {
		clauses := c.Clauses[0]
		if more := len(c.Clauses) - 1; more > 0 {
			clauses += fmt.Sprintf(" and %d more", more)
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s", clauses, day(&c.LastSending), day(c.WindowCloses), day(&c.Effective))
	})
	return err
}

// objects opens one customer's page from the link in its mail, and objects as its browser would.
func (a *announcement) objects(ctx context.Context) error {
	a.act("A customer opens its own page from the link in its mail, and objects")
	text, err := a.stack.mailbox(ctx, a.before, objectorsMail, ownPage)
	if err != nil {
		return err
	}
	link := ownPage.FindString(text)
	door, err := a.browses(ctx, link, nil)
	if err != nil {
		return err
	}
	if strings.Contains(door, "Halcyon") || strings.Contains(door, "Sample Models") {
		return errors.New("looking at the link told something")
	}
	shown, err := a.browses(ctx, link, url.Values{"do": {"show"}})
	if err != nil {
		return err
	}
	if !strings.Contains(shown, "Halcyon") || !strings.Contains(shown, "Sample Models") {
		return errors.New("the customer's page does not show its notice")
	}
	if _, err := a.browses(ctx, link, url.Values{"do": {"object"}, "name": {"R. Sample"}, "words": {"Our regulator has to agree first."}}); err != nil {
		return err
	}
	objected, err := a.customers(ctx, "objected")
	if err != nil {
		return err
	}
	if len(objected) != 1 || objected[0].Customer != objector || objected[0].ResolveBy == nil {
		return fmt.Errorf("%d customers objected, and %s alone did", len(objected), objector)
	}
	a.Say("  to look tells nothing; one button shows the notice, another objects")
	a.Say("  %s: “%s” People are raised to find a way by %s", objector, objected[0].Words, day(objected[0].ResolveBy))
	return a.Answer(ctx, a.As(access.CommsLead), "we call them")
}

// browses looks at a page, or sends one of its forms as a browser does.
func (a announcement) browses(ctx context.Context, link string, form url.Values) (string, error) {
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	ask, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if form != nil {
		ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		ask.Header.Set("Sec-Fetch-Site", "same-origin")
		ask.Header.Set("Origin", "null")
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the page answered %s", answer.Status)
	}
	return string(page), err
}

// takesEffect moves the clock to the day of the plan, and asks about every customer as a gateway does.
func (a *announcement) takesEffect(ctx context.Context) error {
	a.act("The planned day comes. A gateway asks before it uses the new sub-processor for anybody")
	if err := a.moves(ctx, a.planned); err != nil {
		return err
	}
	customers, err := a.customers(ctx, "")
	if err != nil {
		return err
	}
	r, told := a.remote(), map[string]desk.MayView{}
	for _, c := range customers {
		may, err := client.Get[desk.MayView](ctx, r.client(), "/v1/may", url.Values{"subject": {provider}, "customer": {c.Customer}, "service": {chatService}})
		if err != nil {
			return err
		}
		if should := c.Answer == "" && !c.Effective.After(a.planned); may.May != should {
			return fmt.Errorf("%s is %s, and a gateway is told %v: %s", c.Customer, c.State, may.May, may.Why)
		}
		told[c.Customer] = may
	}
	a.table("TOLD\tWINDOW CLOSED\tSTATE\tMAY BE USED\tFROM", customers, func(c desk.ChangeCustomerView) string {
		may := "no"
		if told[c.Customer].May {
			may = "yes"
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", day(c.SentAt), day(c.WindowCloses), c.State, may, day(told[c.Customer].From))
	})
	for _, customer := range []string{ordinary, objector} {
		err := a.types(ctx, &changeMayCmd{Subject: provider, Customer: customer, Service: chatService}, "may "+provider+" "+customer+" --service "+chatService)
		if (err == nil) != told[customer].May {
			return fmt.Errorf("the answer about %s is not what the table says: %w", customer, err)
		}
	}
	if !told[ordinary].May || told[objector].May {
		return fmt.Errorf("the gateway is told %v about %s and %v about %s", told[ordinary].May, ordinary, told[objector].May, objector)
	}
	return nil
}

// moves moves the clock on and waits until the change has taken effect for everybody whose time has come.
func (a announcement) moves(ctx context.Context, to time.Time) error {
	if _, err := a.Desk.AdvanceClock(ctx, a.As(access.IncidentCommander), "", a.Case, desk.AdvanceInput{To: &to}); err != nil {
		return err
	}
	_, err := a.until(ctx, "rest", func(desk.ChangeView) bool {
		ready, err := a.customers(ctx, "ready")
		return err == nil && len(ready) == 0
	})
	return err
}

// ends ends the objection, lets the last window close, and reads what everybody may read.
func (a *announcement) ends(ctx context.Context) error {
	a.act("A person ends the objection, the last window closes, and anyone can read it all")
	end := desk.EndObjectionInput{End: "accommodated", Reason: "its prompts stay with our own models; addendum signed"}
	if _, err := a.Desk.EndObjection(ctx, a.As(access.CommsLead), "", a.Case, objector, end); err != nil {
		return err
	}
	view, err := a.change(ctx)
	if err != nil {
		return err
	}
	if err := a.moves(ctx, *view.LastEffective); err != nil {
		return err
	}
	if view, err = a.until(ctx, "its end", func(view desk.ChangeView) bool { return view.Status == "effective" }); err != nil {
		return err
	}
	if _, err := a.Desk.ArchiveChange(ctx, a.As(access.PrivacyLead), "", a.Case); err != nil {
		return err
	}
	verified, err := a.Desk.VerifyCase(ctx, a.As(access.Auditor), a.Case)
	if err != nil {
		return err
	}
	if !verified.OK {
		return fmt.Errorf("the change's chain does not hold: %s", verified.Problem)
	}
	a.Say("  in effect for %d customers, never for %d; its chain holds: %d entries, %d ledger rows", view.Taken, view.Spared, verified.Entries, verified.Rows)
	log := a.stack.url() + "/changes"
	version := fmt.Sprintf("%s/documents/%s/%d.txt", log, view.Document, view.Version)
	if err := a.reads(ctx, version, subprocessorsAfter); err != nil {
		return err
	}
	entry := log + "/" + a.Case.String()
	if err := a.reads(ctx, entry, ""); err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(subprocessorsAfter))
	a.Say("  the public change log, without a token: %s", entry)
	a.Say("  for feed readers: %s/feed.json and %s/feed.atom", log, log)
	a.Say("  the new list, byte for byte: %s (sha-256 %x…)", version, digest[:8])
	return nil
}

// reads waits until everybody can read a public page, and it says what it should; "" for whatever it says.
func (a announcement) reads(ctx context.Context, address, text string) error {
	for end := time.Now().Add(time.Minute); ; {
		page, err := a.browses(ctx, address, nil)
		if err == nil && (text == "" || page == text) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s is not what was published: %w", address, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
