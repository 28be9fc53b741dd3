package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// announced are six agreements with other notice and objection terms; a customer accepted one of them.
const announced = `documents:
  - {id: ten, kind: standard_terms, title: Terms A, version: "1", effective_from: 2025-02-01, terms: [
      {id: ten-notice, kind: change-notice, period: 10 days, notify: [incident_notice], channels: [email], clause: "1"}, {id: ten-objection, kind: objection-window, period: 8 days, clause: "2"}]}
  - {id: fifteen, kind: standard_terms, title: Terms B, version: "1", effective_from: 2025-02-01, terms: [
      {id: fifteen-notice, kind: change-notice, period: 15 days, notify: [incident_notice], channels: [email], clause: "1"}, {id: fifteen-objection, kind: objection-window, period: 10 business days, clause: "2"}]}
  - {id: thirty, kind: standard_terms, title: Terms C, version: "1", effective_from: 2025-02-01, terms: [
      {id: thirty-notice, kind: change-notice, period: 30 days, notify: [incident_notice], channels: [email], clause: "1"}, {id: thirty-objection, kind: objection-window, period: 14 days, clause: "2"}]}
  - {id: forty, kind: standard_terms, title: Terms D, version: "1", effective_from: 2025-02-01, terms: [
      {id: forty-notice, kind: change-notice, period: 40 days, notify: [incident_notice], channels: [email], clause: "1"}, {id: forty-objection, kind: objection-window, period: 15 days, clause: "2"}]}
  - {id: ninety, kind: standard_terms, title: Terms E, version: "1", effective_from: 2025-02-01, terms: [
      {id: ninety-notice, kind: change-notice, period: 90 days, notify: [incident_notice], channels: [email], clause: "1"}, {id: ninety-objection, kind: objection-window, period: 30 days, clause: "2"}]}
  - {id: half-year, kind: standard_terms, title: Terms F, version: "1", effective_from: 2025-02-01, terms: [
      {id: half-year-notice, kind: change-notice, period: 6 months, notify: [incident_notice], channels: [email], clause: "1"}, {id: half-year-objection, kind: objection-window, period: 90 days, clause: "2"}]}
`

var announcedDocuments = []string{"ten", "fifteen", "thirty", "forty", "ninety", "half-year"}

// Change is a notice of change to a number of customers, stopped on its way and sent to the rest by another notice, until it took effect
// for everybody; and what each stage took.
type Change struct {
	// Sent and Left are the split at the stop.
	Customers, Sent, Left int
	// Count is the one decision that counts the audience; Release looks at everybody three times: preview, approval, release; Send is what
	// left before the stop, Rest what left after it; Again counts the dates of those who were told before the stop, holds the split against
	// what arrived, and releases another notice; Dates counts the dates of the rest, Take lets the change take effect; Verify holds rows
	// and chain against each other.
	Count, Release, Send, Again, Rest, Dates, Take, Verify Cost
}

// Stages are what it took, by name.
func (c Change) Stages() map[string]Cost {
	return map[string]Cost{"count": c.Count, "release": c.Release, "send": c.Send, "again": c.Again, "rest": c.Rest, "dates": c.Dates, "take": c.Take, "verify": c.Verify}
}

// String is a change as one reads it.
func (c Change) String() string {
	text := fmt.Sprintf("%d customers with %d kinds of agreement; stopped: %d were sent it and %d were not; another notice reached exactly those\n", c.Customers, len(announcedDocuments), c.Sent, c.Left)
	pieces := map[string]int{"send": c.Sent, "rest": c.Left, "dates": c.Left}
	for _, name := range []string{"count", "release", "send", "again", "rest", "dates", "take", "verify"} {
		n := c.Customers
		if part, split := pieces[name]; split {
			n = part
		}
		cost := c.Stages()[name]
		each := cost.Per(n)
		text += fmt.Sprintf("  %-8s %6.1f s, %6d customers (%.0f a second), each %.2f commits, %.0f buffers, %.0f allocations; live heap %.0f MiB, resident %.0f MiB at most\n",
			name, cost.Seconds, n, 1/each.Seconds, each.Commits, each.Buffers, each.Allocations, float64(cost.Peak)/(1<<20), float64(cost.Resident)/(1<<20))
	}
	return text
}

// PlayChange plays it. The first sending is stopped when so many of n customers have it.
func PlayChange(t testing.TB, n, stop int) Change {
	t.Helper()
	ctx := context.Background()
	h := testkit.NewChangeHouse(t)
	if n < 10_000 {
		still(t, h, append([]string{"change_customer", "notice_link"}, customerTables...)...)
	}
	report, err := h.Desk.ImportAgreements(ctx, h.As(access.LegalCounsel), map[string][]byte{"announced.yaml": []byte(announced)})
	require.NoError(t, err)
	require.Empty(t, report.Errors)
	refs := customersOf(t, h, n, announcedDocuments...)
	now := time.Now()
	id := h.Changes(t, now.AddDate(0, 0, 6), now.AddDate(0, 0, 20))
	_, err = h.Desk.SubmitChange(ctx, h.As(access.CommsLead), "", id)
	require.NoError(t, err)

	run := Change{Customers: n}
	run.Count = at(t, h, func(d *desk.Desk) {
		_, err := d.JudgeChange(ctx, h.As(access.LegalCounsel), "", id, desk.JudgeInput{Material: true, Reason: "another company sees prompts"})
		require.NoError(t, err)
	})
	var sending uuid.UUID
	run.Release = at(t, h, func(d *desk.Desk) { sending = release(t, h, d, id, testkit.ChangeText()) })

	post := StartOutside(t)
	channel := Channel(t, post.Addr, post.CA, 8)
	run.Send = at(t, h, func(d *desk.Desk) {
		stopped := make(chan error, 1)
		go func() {
			for !post.has(stop) {
				time.Sleep(5 * time.Millisecond)
			}
			_, err := d.StopCampaign(ctx, h.As(access.CommsLead), "", id, sending, desk.ReasonInput{Reason: "the text names the wrong month"})
			stopped <- err
		}()
		Send(t, d, channel, sending)
		require.NoError(t, <-stopped)
		Send(t, d, channel, sending) // What was under way has ended; what is left to do is its seal.
	})
	reached := post.reached(t)
	run.Sent, run.Left = len(reached), n-len(reached)
	require.GreaterOrEqual(t, run.Sent, stop)
	require.Less(t, run.Sent, n, "it was over before it was stopped")
	var again uuid.UUID
	run.Again = at(t, h, func(d *desk.Desk) {
		process(t, d, id)
		split(t, h, d, id, sending, run, reached)
		again = release(t, h, d, id, testkit.ChangeText())
	})
	run.Rest = at(t, h, func(d *desk.Desk) { Send(t, d, channel, again) })
	reached = post.reached(t)
	require.Len(t, reached, n)
	for address, copies := range reached {
		require.Equal(t, 1, copies, "%s was told twice", address)
	}

	run.Dates = at(t, h, func(d *desk.Desk) { process(t, d, id) })
	far := now.AddDate(0, 0, 200)
	run.Take = at(t, h, func(d *desk.Desk) {
		for _, ref := range refs[:len(announcedDocuments)] {
			require.False(t, may(t, h, d, ref))
		}
		_, err := d.AdvanceClock(ctx, h.As(access.Responder), "", id, desk.AdvanceInput{To: &far})
		require.NoError(t, err)
		process(t, d, id)
	})
	run.Verify = at(t, h, func(d *desk.Desk) {
		view, err := d.Change(ctx, h.As(access.LegalCounsel), id)
		require.NoError(t, err)
		require.Equal(t, "effective", view.Status)
		require.Equal(t, n, view.Taken)
		for _, ref := range refs[:len(announcedDocuments)] {
			require.True(t, may(t, h, d, ref))
		}
		checked, err := d.VerifyCase(ctx, h.As(access.Auditor), id)
		require.NoError(t, err)
		require.True(t, checked.OK, checked.Problem)
	})
	return run
}

// split requires that what people are shown of a stopped sending is what arrived: so many have it, all others do not, and nobody's
// end is unknown.
func split(t testing.TB, h *testkit.House, d *desk.Desk, id, sending uuid.UUID, run Change, reached map[string]int) {
	t.Helper()
	ctx := context.Background()
	notices, err := d.Notices(ctx, h.As(access.Auditor), id)
	require.NoError(t, err)
	require.Equal(t, []desk.CampaignSummary{{ID: sending, State: "stopped", Counts: map[string]int{"accepted": run.Sent, "cancelled": run.Left}}}, notices[0].Campaigns)
	view, err := d.Change(ctx, h.As(access.LegalCounsel), id)
	require.NoError(t, err)
	require.Equal(t, []int{run.Customers, run.Sent, run.Left}, []int{view.Customers, view.Told, view.Untold})
	untold := 0
	for cursor := ""; ; {
		page, err := d.ChangeCustomers(ctx, h.As(access.LegalCounsel), id, desk.ChangeCustomersFilter{State: "untold", Limit: 500, Cursor: cursor})
		require.NoError(t, err)
		for _, c := range page.Items {
			require.Zero(t, reached[addressOf(c.Customer)], "%s has it and is shown as untold", c.Customer)
		}
		untold += len(page.Items)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Equal(t, run.Left, untold)
}

// process carries out what is due of a change, as its process would.
func process(t testing.TB, d *desk.Desk, id uuid.UUID) {
	t.Helper()
	stages := map[string]func(context.Context, uuid.UUID) (int, error){"dates": d.CountDates, "take": d.TakeEffect, "status": d.CarryChange, "raise": d.RaiseDue}
	for moved := 1; moved > 0; {
		next, err := d.NextChange(context.Background(), id, 0)
		require.NoError(t, err)
		moved = 0
		for _, name := range next.Stages {
			if stage := stages[name]; stage != nil {
				n, err := stage(context.Background(), id)
				require.NoError(t, err, name)
				moved += n
			}
		}
	}
}

// may asks as a gateway does.
func may(t testing.TB, h *testkit.House, d *desk.Desk, ref string) bool {
	t.Helper()
	view, err := d.May(context.Background(), h.As(access.Integration), desk.MayInput{Subject: testkit.ChangeSubject, Customer: ref})
	require.NoError(t, err)
	return view.May
}

// has says whether n messages came in.
func (o *Outside) has(n int) bool {
	answer, err := http.Get(fmt.Sprintf("%smessages?limit=1&after=%d", o.URL, n-1))
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	var page struct {
		Messages []mail.Message `json:"messages"`
	}
	return json.NewDecoder(answer.Body).Decode(&page) == nil && len(page.Messages) > 0
}

// reached counts the messages by recipient.
func (o *Outside) reached(t testing.TB) map[string]int {
	t.Helper()
	by := map[string]int{}
	o.each(t, func(m mail.Message) { by[m.To[0]]++ })
	return by
}
