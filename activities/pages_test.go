package activities_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
)

// book plays the desk's pages.
type book struct {
	mu       sync.Mutex
	due      []desk.PageJob
	answered map[uuid.UUID]desk.PageAnswer
}

func (b *book) ClaimPages(context.Context, uuid.UUID, int) ([]desk.PageJob, error) {
	jobs := b.due
	b.due = nil
	return jobs, nil
}

func (b *book) PageAnswered(ctx context.Context, job desk.PageJob, answer desk.PageAnswer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered[job.ID] = answer
	return ctx.Err()
}

// bleeper plays an on-call service.
type bleeper struct {
	events []pager.Event
	answer notifications.Answer
}

func (b *bleeper) Page(_ context.Context, event pager.Event) notifications.Answer {
	b.events = append(b.events, event)
	return b.answer
}

// kept is a mailbox that keeps what it was sent.
type kept struct {
	wire
	mail []notifications.Outbound
}

func (k *kept) Send(_ context.Context, p notifications.Prepared) notifications.Answer {
	k.mail = append(k.mail, p.Outbound)
	return accepted
}

func raised(channel string, drill bool) desk.PageJob {
	return desk.PageJob{
		ID: uuid.New(), Raise: uuid.New(), Case: uuid.New(), Code: "INC-7K3F", Channel: channel, Kind: "nine_tenths",
		DueAt: time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC), Count: 12, Drill: drill, Attempt: 1,
	}
}

// A page goes to the pager and a copy by mail; the mail's subject names no case.
func TestAPageGoesToThePagerAndByMail(t *testing.T) {
	jobs := []desk.PageJob{raised("pager", false), raised("mail", false)}
	b, on, mail := &book{due: jobs, answered: map[uuid.UUID]desk.PageAnswer{}}, &bleeper{answer: notifications.Answer{Outcome: notifications.Accepted, Class: notifications.OK, Code: 202}}, &kept{}
	pages := activities.Pages{Desk: b, Log: slog.New(slog.DiscardHandler), Real: &activities.Line{
		Pager: on, Mail: activities.Mailbox{Channel: mail, To: "oncall@example.com", ReturnToken: func(id string) string { return id }}, CaseURL: "https://docket.test/cases/%s",
	}}
	taken, err := pages.SendDue(t.Context(), jobs[0].Case)
	require.NoError(t, err)
	require.Equal(t, 2, taken)
	require.Equal(t, desk.PageAnswer{Taken: true, Code: 202, Class: "ok"}, b.answered[jobs[0].ID])
	require.Equal(t, jobs[0].ID.String(), on.events[0].ID)
	_, err = on.events[0].Body()
	require.NoError(t, err)
	require.NotContains(t, mail.mail[0].Subject, "INC-")
	require.Contains(t, mail.mail[0].Text, "https://docket.test/cases/INC-7K3F")
}

// A page that was not taken is written so, and stays open for its next attempt.
func TestAPageThatWasNotTakenStaysOpen(t *testing.T) {
	job := raised("pager", false)
	b := &book{due: []desk.PageJob{job}, answered: map[uuid.UUID]desk.PageAnswer{}}
	pages := activities.Pages{Desk: b, Log: slog.New(slog.DiscardHandler), Real: &activities.Line{
		Pager: &bleeper{answer: notifications.Answer{Outcome: notifications.Deferred, Class: notifications.Connect}},
	}}
	taken, err := pages.SendDue(t.Context(), job.Case)
	require.NoError(t, err)
	require.Zero(t, taken)
	require.Equal(t, desk.PageAnswer{Class: "connect"}, b.answered[job.ID])
}

// A drill's page never goes out on the line of real cases, nor a real one on the drill's.
func TestDrillsAndRealCasesHaveLinesOfTheirOwn(t *testing.T) {
	for _, drill := range []bool{true, false} {
		job := raised("pager", drill)
		b, on := &book{due: []desk.PageJob{job}, answered: map[uuid.UUID]desk.PageAnswer{}}, &bleeper{answer: accepted}
		pages := activities.Pages{Desk: b, Log: slog.New(slog.DiscardHandler)}
		if drill {
			pages.Real = &activities.Line{Pager: on}
		} else {
			pages.Drill = &activities.Line{Pager: on}
		}
		_, err := pages.SendDue(t.Context(), job.Case)
		require.Error(t, err)
		require.Empty(t, on.events)
		require.Empty(t, b.answered)
	}
}
