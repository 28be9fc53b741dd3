package acceptance_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// days are the days of a notice of change: noon in London is far from midnight wherever these customers are.
type days struct{ first time.Time }

func fromToday() days {
	y, m, d := time.Now().UTC().Date()
	return days{time.Date(y, m, d, 12, 0, 0, 0, time.UTC)}
}

func (d days) noon(n int) time.Time { return d.first.AddDate(0, 0, n) }

// span is a period of an agreement as this test counts it.
type span struct {
	n    int
	unit string
}

// agreed are the periods of each agreement of testkit.ChangeAgreements, written down a second time.
var agreed = map[string]struct{ notice, objection, termination span }{
	"ten":         {notice: span{10, "days"}, objection: span{8, "days"}},
	"fifteen":     {notice: span{15, "days"}, objection: span{10, "business days"}},
	"thirty":      {notice: span{30, "days"}, objection: span{14, "days"}, termination: span{30, "days"}},
	"by-hand":     {notice: span{30, "days"}, objection: span{15, "days"}},
	"ninety":      {notice: span{90, "days"}, objection: span{30, "days"}, termination: span{90, "days"}},
	"half-year":   {notice: span{6, "months"}, objection: span{90, "days"}},
	"notice-only": {notice: span{30, "days"}},
	"":            {notice: span{30, "days"}},
}

// after is the last instant of a period that begins with an instant: the end of its last day in a zone.
func (s span) after(begin time.Time, zone *time.Location) time.Time {
	y, m, d := begin.In(zone).Date()
	switch s.unit {
	case "months":
		months := int(m) - 1 + s.n
		y, m = y+months/12, time.Month(months%12+1)
		d = min(d, time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day())
	case "business days":
		for left := s.n; left > 0; {
			d++
			if at := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday(); at != time.Saturday && at != time.Sunday {
				left--
			}
		}
	default:
		d += s.n
	}
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone).Add(-time.Microsecond)
}

// before is the last day of sending whose period is over before an event, found by trying day after day back from it.
func (s span) before(event time.Time, zone *time.Location) time.Time {
	y, m, d := event.In(zone).Date()
	if s.unit == "months" { // The same date that many months before the day before.
		last := time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC)
		months := last.Year()*12 + int(last.Month()) - 1 - s.n
		y, m = months/12, time.Month(months%12+1)
		d = min(last.Day(), time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day())
		return time.Date(y, m, d+1, 0, 0, 0, 0, zone).Add(-time.Microsecond)
	}
	for ; ; d-- {
		if noon := time.Date(y, m, d, 12, 0, 0, 0, zone); s.after(noon, zone).Before(event) {
			return time.Date(y, m, d+1, 0, 0, 0, 0, zone).Add(-time.Microsecond)
		}
	}
}

// expected are one customer's dates as this test counts them.
type expected struct {
	lastSending, effective time.Time
	closes, until          *time.Time
}

// expect counts a customer's dates: the later of those that its letter says and those from when it was told.
func expect(c testkit.ChangeCustomer, planned, sendBy, told time.Time) (e expected) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		panic(err)
	}
	terms := agreed[c.Agreement]
	e.lastSending, e.effective = terms.notice.before(planned, zone), planned
	latest := sendBy
	if told.After(sendBy) {
		latest = told
	}
	end := terms.notice.after(latest, zone)
	if terms.objection.n > 0 {
		closes := terms.objection.after(latest, zone)
		if back := terms.objection.before(planned, zone); back.Before(e.lastSending) {
			e.lastSending = back
		}
		if e.closes = &closes; closes.After(end) {
			end = closes
		}
	}
	if first := end.Add(time.Microsecond); first.After(planned) {
		e.effective = first
	}
	if terms.termination.n > 0 {
		until := terms.termination.after(latest, zone)
		e.until = &until
	}
	return e
}

// announcement is a notice of change under way, and what is known of it beside the product.
type announcement struct {
	*testkit.Engine
	id              uuid.UUID
	days            days
	sendBy, planned time.Time
	customers       []testkit.ChangeCustomer
	// opened is on which day of the test the gateway was first seen to say yes.
	opened map[string]int
}

// announces opens a change that is to take effect on day 20 and whose letters leave by day 6, and has counsel judge it on day 1.
func announces(t *testing.T, e *testkit.Engine, customers []testkit.ChangeCustomer) *announcement {
	t.Helper()
	a := &announcement{Engine: e, days: fromToday(), customers: customers, opened: map[string]int{}}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	y, m, d := a.days.noon(20).Date()
	a.planned, a.sendBy = time.Date(y, m, d, 0, 0, 0, 0, berlin), a.days.noon(6)
	a.id = e.Changes(t, a.sendBy, a.planned)
	advanceTo(t, e.House, a.id, a.days.noon(1))
	e.Judged(t, a.id)
	return a
}

func (a *announcement) view(t *testing.T) desk.ChangeView {
	t.Helper()
	view, err := a.Desk.Change(context.Background(), a.As(access.LegalCounsel), a.id)
	require.NoError(t, err)
	return view
}

// stands are all customers as the product shows them.
func (a *announcement) stands(t *testing.T) map[string]desk.ChangeCustomerView {
	t.Helper()
	by := map[string]desk.ChangeCustomerView{}
	for cursor := ""; ; {
		page, err := a.Desk.ChangeCustomers(context.Background(), a.As(access.LegalCounsel), a.id, desk.ChangeCustomersFilter{Limit: 500, Cursor: cursor})
		require.NoError(t, err)
		for _, c := range page.Items {
			by[c.Customer] = c
		}
		if cursor = page.Next; cursor == "" {
			return by
		}
	}
}

// told are the instants at which customers were told, by the ledger's own rows.
func (a *announcement) told(t *testing.T) map[string]time.Time {
	t.Helper()
	rows := look[[]string](t, a.House, `SELECT coalesce(array_agg(ref || ' ' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), '{}') FROM (
		SELECT c.ref, min(p.at) AS at FROM (
			SELECT d.customer_id, e.at FROM delivery d JOIN delivery_event e ON e.delivery_id = d.id WHERE d.case_id = $1 AND e.kind IN ('accepted', 'settled_accepted')
			UNION ALL SELECT o.customer_id, d.filed_at FROM delivery d JOIN duty o ON o.id = d.duty_id WHERE d.case_id = $1 AND d.filing_confirmed_at IS NOT NULL) p
		JOIN customer c ON c.id = p.customer_id GROUP BY c.ref) r`, a.id)
	by := map[string]time.Time{}
	for _, row := range rows {
		ref, instant, _ := strings.Cut(row, " ")
		at, err := time.Parse(time.RFC3339Nano, instant)
		require.NoError(t, err)
		by[ref] = at
	}
	return by
}

// on moves the clock to noon of a day, lets everything due be done, and holds every customer's dates and the gateway's answer against
// this test's own count.
func (a *announcement) on(t *testing.T, day int, blocked map[string]string) {
	t.Helper()
	now := a.days.noon(day)
	advanceTo(t, a.House, a.id, now)
	a.holds(t, day, blocked)
}

// holds does so without moving the clock. blocked are the customers with an answer that holds the change back.
func (a *announcement) holds(t *testing.T, day int, blocked map[string]string) {
	t.Helper()
	a.Quiet(t)
	now, told, stands := a.days.noon(day), a.told(t), a.stands(t)
	require.Len(t, stands, len(a.customers))
	for _, c := range a.customers {
		where := fmt.Sprintf("%s (%s, %s) on day %d", c.Ref, c.Agreement, c.Zone, day)
		shown := stands[c.Ref]
		at, was := told[c.Ref]
		want := expect(c, a.planned, a.sendBy, at)
		same(t, &want.lastSending, &shown.LastSending, where+": last sending")
		same(t, &want.effective, &shown.Effective, where+": effective")
		same(t, want.closes, shown.WindowCloses, where+": window")
		same(t, want.until, shown.TerminationUntil, where+": termination")
		require.False(t, shown.Provisional, where)
		may, err := a.Desk.May(context.Background(), a.As(access.Integration), desk.MayInput{Subject: testkit.ChangeSubject, Customer: c.Ref, Service: "chat"})
		require.NoError(t, err)
		if !was {
			require.Nil(t, shown.SentAt, where)
			require.False(t, may.May, where)
			require.Nil(t, may.From, where)
			continue
		}
		same(t, &at, shown.SentAt, where+": told")
		switch why, holds := blocked[c.Ref]; {
		case holds:
			require.False(t, may.May, where)
			require.Contains(t, may.Why, why, where)
		case now.Before(want.effective):
			require.False(t, may.May, where)
			same(t, &want.effective, may.From, where+": from when the gateway will say yes")
		default:
			require.True(t, may.May, "%s: %s", where, may.Why)
			require.NotNil(t, shown.TakenAt, where)
			require.False(t, shown.TakenAt.Before(want.effective), "%s: the change was taken before the customer's own date", where)
			same(t, shown.TakenAt, may.From, where+": since when the gateway says yes")
			if _, seen := a.opened[c.Ref]; !seen {
				a.opened[c.Ref] = day
			}
		}
	}
}

// same requires the same instant to the microsecond, or none.
func same(t *testing.T, want, got *time.Time, what string) {
	t.Helper()
	if want == nil || got == nil {
		require.Equal(t, want, got, what)
		return
	}
	require.True(t, want.Equal(*got), "%s: counted here %s, shown %s", what, want.UTC().Format(time.RFC3339Nano), got.UTC().Format(time.RFC3339Nano))
}

// table says who was told when, whose window closed when, and from when the gateway said yes. Customers with the same terms, zone and
// days are one line.
func (a *announcement) table(t *testing.T) string {
	t.Helper()
	stands, told := a.stands(t), a.told(t)
	lines, count := []string{}, map[string]int{}
	for _, c := range a.customers {
		zone, err := time.LoadLocation(c.Zone)
		require.NoError(t, err)
		day := func(at *time.Time) string {
			if at == nil {
				return "-"
			}
			return at.In(zone).Format("2006-01-02 15:04")
		}
		shown, gateway := stands[c.Ref], "no"
		if n, seen := a.opened[c.Ref]; seen {
			gateway = fmt.Sprintf("yes since %s, seen on day %d", day(shown.TakenAt), n)
		}
		at := told[c.Ref]
		line := fmt.Sprintf("%-11s %-16s last sending %s  told %s  window %-16s  terminate %-16s  effective %s  gateway %s %s", c.Agreement, c.Zone, day(&shown.LastSending), at.In(zone).Format(time.DateOnly),
			day(shown.WindowCloses), day(shown.TerminationUntil), day(&shown.Effective), gateway, shown.Answer)
		if count[line]++; count[line] == 1 {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%4d × %s\n", count[line], line)
	}
	return text.String()
}

var (
	// canaries are what a generated customer's name, reference and addresses look like, with its number.
	canaries = regexp.MustCompile(`(?:Quillfeather |T-|notice-|account-)(\d{5})`)
	ownPage  = regexp.MustCompile(`https://privacy\.example\.test/notice/([A-Za-z0-9_-]+)`)
)

// letters requires that no mail holds anything of another customer, that every mail names its own, is in its customer's language, says its
// customer's dates, and leads to a page that is nobody else's.
func (a *announcement) letters(t *testing.T) {
	t.Helper()
	owners := map[string]testkit.ChangeCustomer{}
	for _, c := range a.customers {
		owners[c.Address], owners[c.Second] = c, c
	}
	pages := map[string]string{}
	for _, m := range a.Notices() {
		owner := owners[m.To[0]]
		number := strings.TrimPrefix(owner.Ref, "T-")
		data, err := a.Mail.Data(m.ID)
		require.NoError(t, err)
		subject, body := mailOf(t, a.Engine, m)
		require.Contains(t, body, owner.Name)
		for _, found := range canaries.FindAllStringSubmatch(string(data)+subject+body, -1) {
			require.Equal(t, number, found[1], "a mail to %s holds %s", owner.Ref, found[0])
		}
		language := owner.Language
		if language == "es" {
			language = "en"
		}
		if zone, err := time.LoadLocation(owner.Zone); language == "en" {
			require.NoError(t, err)
			said := expect(owner, a.planned, a.sendBy, a.sendBy)
			require.Contains(t, body, said.effective.In(zone).Format("2 January 2006, 15:04"), owner.Ref)
			for _, at := range []*time.Time{said.closes, said.until} {
				require.True(t, at == nil || strings.Contains(body, at.In(zone).Format("2 January 2006, 15:04")), owner.Ref)
			}
		}
		require.Contains(t, subject, testkit.ChangeSubjects[language], owner.Ref)
		require.Contains(t, body, language+": about ", owner.Ref)
		page := ownPage.FindStringSubmatch(body)
		require.NotNil(t, page, owner.Ref)
		before, taken := pages[page[1]]
		require.True(t, !taken || before == m.To[0], "one page for two contacts")
		pages[page[1]] = m.To[0]
	}
}

// token is what the link to a customer's own page holds, read out of its mail.
func (a *announcement) token(t *testing.T, c testkit.ChangeCustomer) string {
	t.Helper()
	mails := mailsTo(t, a.Engine, c.Address)
	require.Len(t, mails, 1)
	token := ownPage.FindStringSubmatch(mails[0])[1]
	_, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	return token
}

// rest is the sending that waits behind a first slice.
func (a *announcement) rest(t *testing.T) uuid.UUID {
	t.Helper()
	return look[uuid.UUID](t, a.House, `SELECT id FROM campaign WHERE case_id = $1 AND state = 'paused'`, a.id)
}

func (a *announcement) resumes(t *testing.T) {
	t.Helper()
	_, err := a.Desk.ResumeCampaign(context.Background(), a.As(access.PrivacyLead), "", a.id, a.rest(t), desk.ReasonInput{Reason: "the first slice looks right"})
	require.NoError(t, err)
}

// handedOver tells a customer by hand: one person files it, another confirms.
func (a *announcement) handedOver(t *testing.T, c testkit.ChangeCustomer, at time.Time) {
	t.Helper()
	ctx := context.Background()
	for _, owed := range duties(t, a.House, a.id) {
		if owed.Customer != c.Ref {
			continue
		}
		filed, err := a.Desk.FileByHand(ctx, a.As(access.PrivacyLead), "", a.id, owed.ID, desk.FileInput{
			FiledAt: at, Zone: c.Zone, How: "a courier handed the letter over", Reference: "AWB-1", Receipt: []byte("signed at the door")})
		require.NoError(t, err)
		_, err = a.Desk.ConfirmFiling(ctx, a.As(access.LegalCounsel), "", a.id, *filed.ID, desk.ReasonInput{Reason: "the receipt was read"})
		require.NoError(t, err)
		return
	}
	require.FailNow(t, "nothing is owed to "+c.Ref)
}

// 500 customers with six pairs of notice and objection terms, one with a notice alone and none at all are told of a new sub-processor in
// three languages. One objects, one terminates, one cannot be reached and is told by hand on day 40. On every day looked at, over more than
// six months, every customer's dates and the gateway's answers are those that this test counts by itself.
func TestASubprocessorIsToldToFiveHundredCustomersInTheirOwnTime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewChangeHouse(t)
	customers := h.ImportChangeCustomers(t, 500)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Lease: 30 * time.Second})
	objects, terminates, unreachable := customers[2+8*9], customers[4+8*20], customers[3+8*40]
	require.Equal(t, []string{"thirty", "ninety", "by-hand"}, []string{objects.Agreement, terminates.Agreement, unreachable.Agreement})
	nobody := []string{"550 5.1.1 no such user"}
	require.NoError(t, e.Mail.Rules(mail.Rule{To: unreachable.Address, Answers: nobody}, mail.Rule{To: unreachable.Second, Answers: nobody}))
	e.StartWorker(t)
	a := announces(t, e, customers)
	require.Equal(t, len(customers), a.view(t).Customers)

	// The first slice, and nothing more until a person says so.
	e.ChangeReleased(t, a.id, 25)
	a.holds(t, 1, nil)
	require.Len(t, e.Notices(), 25)
	a.on(t, 2, nil)
	require.Len(t, e.Notices(), 25)
	require.Equal(t, 25, a.view(t).Told)
	require.Equal(t, "sending", a.view(t).Status)
	a.resumes(t)
	a.holds(t, 2, nil)
	require.Len(t, e.Notices(), len(customers)-1)
	view := a.view(t)
	require.Equal(t, "objection_window", view.Status)
	require.Equal(t, 1, view.Untold)
	require.Equal(t, "untold", a.stands(t)[unreachable.Ref].State)
	require.Equal(t, 1, raises(t, h, a.id)["customer_unreachable"])

	// One objects on its page, one terminates.
	blocked := map[string]string{}
	a.on(t, 3, blocked)
	page, err := e.Desk.NoticePage(ctx, a.token(t, objects))
	require.NoError(t, err)
	require.Equal(t, objects.Name, page.Customer)
	require.True(t, page.MayObject)
	_, err = e.Desk.AnswerNotice(ctx, a.token(t, objects), desk.NoticeAnswer{Object: true, Name: "Dana", Words: "not with our prompts"})
	require.NoError(t, err)
	_, err = e.Desk.RecordObjection(ctx, e.As(access.CommsLead), "", a.id, terminates.Ref, desk.ObjectionInput{At: a.days.noon(3), Words: "we leave", Evidence: "letter of today"})
	require.NoError(t, err)
	blocked[objects.Ref], blocked[terminates.Ref] = "objected", "objected"
	a.on(t, 10, blocked)
	_, err = e.Desk.EndObjection(ctx, e.As(access.CommsLead), "", a.id, terminates.Ref, desk.EndObjectionInput{End: "customer_terminates", Reason: "its letter says so"})
	require.NoError(t, err)
	blocked[terminates.Ref] = "customer terminates"
	for _, day := range []int{14, 15, 16, 19, 20, 21, 22, 23, 36, 37, 40} {
		a.on(t, day, blocked)
	}

	// The one whom no mail reached is told late: its own dates come later than all letters say.
	a.handedOver(t, unreachable, a.days.noon(40))
	a.holds(t, 40, blocked)
	require.Zero(t, a.view(t).Untold)
	for _, day := range []int{55, 56, 70, 71, 95, 96, 97, 101} {
		a.on(t, day, blocked)
	}
	require.Equal(t, "objection_window", a.view(t).Status, "an objection is open, and six months are not over")
	require.Equal(t, 1, raises(t, h, a.id)["change_objection_overdue"])
	_, err = e.Desk.EndObjection(ctx, e.As(access.LegalCounsel), "", a.id, objects.Ref, desk.EndObjectionInput{End: "waived", Reason: "the window is over and no way was found"})
	require.NoError(t, err)
	delete(blocked, objects.Ref)
	a.holds(t, 101, blocked)
	for _, day := range []int{180, 200} {
		a.on(t, day, blocked)
	}
	view = a.view(t)
	require.Equal(t, "effective", view.Status)
	require.Equal(t, len(customers)-1, view.Taken)
	require.Equal(t, 1, view.Spared)
	require.Len(t, e.Notices(), len(customers)-1, "nobody is told twice")
	a.letters(t)
	t.Log("\n" + a.table(t))
	verified, err := e.Desk.VerifyCase(ctx, e.As(access.Auditor), a.id)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
	testkit.Check(t, h, e.Mail)
}
