package worker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/workflows/contract"
)

// town plays the desk and its bells in memory, for one case and one campaign. It keeps the bell's rules:
// a fact raises seq, an answer notes what was heard and when to wake, and a process with something due
// wants to be woken at once.
type town struct {
	activities.RequestDesk // Nobody asks for anything here.
	activities.ChangeDesk  // Nor announces anything.

	caseID, campaignID uuid.UUID

	mu    sync.Mutex
	bells map[string]*bell
	// milestones are the case's, in order; pages wait to be sent, recipients to be notified.
	milestones        []time.Time
	pages, recipients int
	finished          bool
	// steps are the escalation steps still to come, the next one at step.
	steps int
	step  time.Time
	// fail makes so many raisings fail, refuse so many ends of the campaign be refused.
	fail, refuse int
	sent         int
	raised       []time.Time
	traces       []string
	// changed is closed and replaced at every change, for tests that wait.
	changed chan struct{}
}

type bell struct {
	store.Bell
	heard, rung int64
	wake        *time.Time
	after       time.Time
}

func newTown() *town {
	t := &town{caseID: uuid.New(), campaignID: uuid.New(), bells: map[string]*bell{}, changed: make(chan struct{})}
	for id, b := range map[string]store.Bell{
		contract.IncidentID(t.caseID):     {Subject: t.caseID, Kind: contract.Incident, Queue: contract.QueueCase},
		contract.CampaignID(t.campaignID): {Subject: t.campaignID, Kind: contract.Campaign, Queue: contract.QueueUrgent},
	} {
		b.WorkflowID, b.Case = id, t.caseID
		t.bells[id] = &bell{Bell: b}
	}
	return t
}

// fact changes the rows and raises the bell, as one decision.
func (t *town) fact(workflowID, parent string, change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	t.bells[workflowID].Seq++
	t.bells[workflowID].Trace = parent
	t.told()
}

func (t *town) told() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// await waits until the rows are as expected.
func (t *town) await(test *testing.T, what string, expected func() bool) {
	limit := time.After(time.Minute)
	for {
		t.mu.Lock()
		ok, changed := expected(), t.changed
		t.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			require.FailNow(test, "did not happen: "+what)
		}
	}
}

func (t *town) quiet(workflowID string) func() bool {
	return func() bool { return t.bells[workflowID].heard == t.bells[workflowID].Seq }
}

// Take implements worker.Bells.
func (t *town) Take(_ context.Context, limit int) (bells []store.Bell, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for _, b := range t.bells {
		unheard := b.Seq > b.heard && (b.rung <= b.heard || now.After(b.after))
		waking := b.wake != nil && now.After(*b.wake) && now.After(b.after)
		if (unheard || waking) && len(bells) < limit {
			b.rung, b.after = b.Seq, now.Add(2*time.Second)
			bells = append(bells, b.Bell)
			t.told()
		}
	}
	return bells, nil
}

// Of implements worker.Bells.
func (t *town) Of(_ context.Context, prefix string) (bells []store.Bell, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, b := range t.bells {
		if strings.HasPrefix(id, prefix) && b.Seq > 0 {
			bells = append(bells, b.Bell)
		}
	}
	return bells, nil
}

func (t *town) heard(ctx context.Context, workflowID string, heard int64, next desk.Next) desk.Next {
	b := t.bells[workflowID]
	b.heard, b.wake, b.after = max(b.heard, heard), next.WakeAt, time.Time{}
	if len(next.Stages) > 0 {
		now := time.Now()
		b.wake, b.after = &now, now.Add(2*time.Second)
	}
	if next.Heard = b.Seq; len(next.Stages) == 0 {
		b.heard = b.Seq
	}
	t.traces = append(t.traces, trace.SpanContextFromContext(ctx).TraceID().String())
	t.told()
	return next
}

func (t *town) NextCase(ctx context.Context, _ uuid.UUID, heard int64) (next desk.Next, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.milestones) > 0 {
		if first := t.milestones[0]; first.After(time.Now()) {
			next.WakeAt = &first
		} else {
			next.Stages = append(next.Stages, contract.StageRaise)
		}
	}
	if step := t.step; t.steps > 0 && step.After(time.Now()) {
		if next.WakeAt == nil || step.Before(*next.WakeAt) {
			next.WakeAt = &step
		}
	} else if t.steps > 0 {
		next.Stages = append(next.Stages, contract.StageEscalate)
	}
	if t.pages > 0 {
		next.Stages = append(next.Stages, contract.StagePage)
	}
	return t.heard(ctx, contract.IncidentID(t.caseID), heard, next), nil
}

func (t *town) RaiseDue(context.Context, uuid.UUID) (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fail > 0 {
		t.fail--
		return 0, problem.New(problem.Unavailable, "the database does not answer")
	}
	for len(t.milestones) > 0 && !t.milestones[0].After(time.Now()) {
		t.raised, t.milestones = append(t.raised, time.Now()), t.milestones[1:]
		t.pages++
		n++
	}
	t.told()
	return n, nil
}

func (t *town) EscalateDue(context.Context, uuid.UUID) (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; t.steps > 0 && !t.step.After(time.Now()); t.steps-- {
		t.step = t.step.Add(time.Second)
		t.pages++
		n++
	}
	return n, nil
}

func (t *town) ClaimPages(_ context.Context, _ uuid.UUID, limit int) (jobs []desk.PageJob, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; t.pages > 0 && len(jobs) < limit; t.pages-- {
		jobs = append(jobs, desk.PageJob{ID: uuid.New(), Case: t.caseID, Code: "INC-7K3F", Channel: "pager", Kind: "limit", DueAt: time.Now(), Count: 1})
	}
	return jobs, nil
}

func (t *town) PageAnswered(context.Context, desk.PageJob, desk.PageAnswer) error { return nil }

func (t *town) Overdue(context.Context, time.Duration) ([]uuid.UUID, error) { return nil, nil }

func (t *town) NextCampaign(ctx context.Context, _ uuid.UUID, heard int64) (next desk.Next, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.recipients > 0:
		next.Stages = []string{contract.StageSend}
	case !t.finished:
		next.Stages = []string{contract.StageSeal, contract.StageFinish}
	}
	return t.heard(ctx, contract.CampaignID(t.campaignID), heard, next), nil
}

func (t *town) Claim(_ context.Context, campaign, page uuid.UUID, n int) (jobs []desk.Job, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; t.recipients > 0 && len(jobs) < n; t.recipients-- {
		id := uuid.New()
		jobs = append(jobs, desk.Job{Delivery: id, Campaign: campaign, Page: page, Attempt: 1, Channel: "email", ID: id.String(), To: "security@customer.test"})
	}
	return jobs, nil
}

func (t *town) Begin(context.Context, desk.Job, [32]byte, string) error { return nil }

func (t *town) Finish(context.Context, desk.Job, desk.Answer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	t.told()
	return nil
}

func (t *town) Release(context.Context, uuid.UUID) error { return nil }
func (t *town) Seal(context.Context, uuid.UUID) error    { return nil }

func (t *town) FinishCampaign(context.Context, uuid.UUID) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refuse > 0 {
		t.refuse--
		t.recipients++
		return problem.New(problem.Conflict, "a next contact was opened")
	}
	t.finished = true
	t.told()
	return nil
}

// sink is a channel and a pager that take everything.
type sink struct{}

func (sink) Name() string { return "email" }
func (sink) Prepare(o notifications.Outbound) (notifications.Prepared, error) {
	return notifications.Prepared{Outbound: o, Digest: [32]byte{1}}, nil
}

func (sink) Send(context.Context, notifications.Prepared) notifications.Answer {
	return notifications.Answer{Outcome: notifications.Accepted, Class: notifications.OK}
}

func (sink) Page(context.Context, pager.Event) notifications.Answer {
	return notifications.Answer{Outcome: notifications.Accepted, Class: notifications.OK}
}

func senders() map[string]activities.Sender {
	return map[string]activities.Sender{"email": {Channel: sink{}, Transport: "direct"}}
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
