package incident_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/incident"
)

// subject is the case of every test here.
var subject = contract.Process{ID: uuid.MustParse("018f3a52-2b1c-7c55-9d3e-0d8b3f2a9c11")}

// rows plays the database of one case: milestones, one escalating raise, pages, and the bell's two numbers.
type rows struct {
	env *testsuite.TestWorkflowEnvironment

	mu         sync.Mutex
	seq, heard int64
	milestones []time.Time
	// step is when the open raise goes to its next step; nil when it was acknowledged or has no further step.
	step  *time.Time
	steps int
	pages int
	// raised are the instants at which milestones were raised.
	raised    []time.Time
	escalated []time.Time
	sent      int
	asked     int
	// fail makes the named activity fail so many times.
	fail map[string]int
	// extra is a stage that this build does not know.
	extra string
}

func newRows(t *testing.T) *rows {
	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	r := &rows{env: env, seq: 1, fail: map[string]int{}}
	env.RegisterWorkflowWithOptions(incident.Workflow, workflow.RegisterOptions{Name: contract.Incident})
	for name, call := range map[string]any{
		contract.NextCase: r.next, contract.RaiseDue: r.raise, contract.EscalateDue: r.escalate, contract.SendPages: r.send,
	} {
		env.RegisterActivityWithOptions(call, activity.RegisterOptions{Name: name})
	}
	t.Cleanup(func() { require.Equal(t, r.seq, r.heard, "every fact was heard") })
	return r
}

func (r *rows) run(t *testing.T) {
	r.env.ExecuteWorkflow(contract.Incident, subject)
	require.True(t, r.env.IsWorkflowCompleted())
	require.NoError(t, r.env.GetWorkflowError())
}

// after changes the rows and rings, as a decision does.
func (r *rows) after(d time.Duration, change func()) {
	r.env.RegisterDelayedCallback(func() {
		r.mu.Lock()
		change()
		r.seq++
		r.mu.Unlock()
		r.env.SignalWorkflow(contract.Bell, nil)
	}, d)
}

func (r *rows) failing(name string) error {
	if r.fail[name] > 0 {
		r.fail[name]--
		return errors.New("the database is away")
	}
	return nil
}

func (r *rows) next(_ context.Context, in contract.Ask) (next contract.Next, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if err := r.failing(contract.NextCase); err != nil {
		return next, err
	}
	r.heard = max(r.heard, in.Heard)
	next.Heard = r.seq
	due := func(stage string, at *time.Time) {
		switch {
		case at == nil:
		case !at.After(r.env.Now()):
			next.Stages = append(next.Stages, stage)
		case next.WakeAt == nil || at.Before(*next.WakeAt):
			next.WakeAt = at
		}
	}
	if len(r.milestones) > 0 {
		due(contract.StageRaise, &r.milestones[0])
	}
	due(contract.StageEscalate, r.step)
	if r.pages > 0 {
		next.Stages = append(next.Stages, contract.StagePage)
	}
	if r.extra != "" {
		next.Stages = append(next.Stages, r.extra)
	}
	if len(next.Stages) == 0 {
		r.heard = r.seq
	}
	return next, nil
}

func (r *rows) raise(context.Context, contract.Subject) (done contract.Done, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.failing(contract.RaiseDue); err != nil {
		return done, err
	}
	now := r.env.Now()
	for len(r.milestones) > 0 && !r.milestones[0].After(now) {
		r.milestones = r.milestones[1:]
		r.raised = append(r.raised, now)
		r.pages++
		done.Count++
	}
	return done, nil
}

func (r *rows) escalate(context.Context, contract.Subject) (contract.Done, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.escalated = append(r.escalated, r.env.Now())
	r.pages++
	r.steps--
	r.step = nil
	if r.steps > 0 {
		at := r.env.Now().Add(15 * time.Minute)
		r.step = &at
	}
	return contract.Done{Count: 1}, nil
}

func (r *rows) send(context.Context, contract.Subject) (contract.Done, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.failing(contract.SendPages); err != nil {
		return contract.Done{}, err
	}
	done := contract.Done{Count: r.pages}
	r.sent += r.pages
	r.pages = 0
	return done, nil
}

func (r *rows) in(d time.Duration) time.Time { return r.env.Now().Add(d) }

// Thirty days of milestones are raised and paged, each at its instant.
func TestThirtyDaysOfMilestonesAreRaisedAtTheirInstants(t *testing.T) {
	r := newRows(t)
	for hour := range 60 {
		r.milestones = append(r.milestones, r.in(time.Duration(hour+1)*12*time.Hour))
	}
	due := slices.Clone(r.milestones)
	r.run(t)
	require.Len(t, r.raised, 60)
	for i, at := range r.raised {
		require.WithinDuration(t, due[i], at, time.Second)
	}
	require.Equal(t, 60, r.sent)
}

// An escalation goes on step by step, and stops when somebody acknowledges.
func TestEscalationStopsAtAcknowledgement(t *testing.T) {
	r := newRows(t)
	first := r.in(15 * time.Minute)
	r.step, r.steps = &first, 3
	r.after(32*time.Minute, func() { r.step, r.steps = nil, 0 })
	r.run(t)
	require.Len(t, r.escalated, 2)
	require.Equal(t, 2, r.sent)
}

// A bell ends the sleep: what a new fact makes due is done at once, not at the instant known before.
func TestBellDuringSleepIsHeardAtOnce(t *testing.T) {
	r := newRows(t)
	r.milestones = []time.Time{r.in(72 * time.Hour)}
	rung := r.in(time.Hour)
	r.after(time.Hour, func() { r.milestones = slices.Insert(r.milestones, 0, r.env.Now()) })
	r.run(t)
	require.Len(t, r.raised, 2)
	require.WithinDuration(t, rung, r.raised[0], time.Second)
}

// Ten bells in one moment are one question, and one more for those that rang while it was asked.
func TestTenBellsAreNotTenQuestions(t *testing.T) {
	r := newRows(t)
	r.milestones = []time.Time{r.in(72 * time.Hour)}
	var before int
	r.env.RegisterDelayedCallback(func() {
		before = r.asked
		r.seq += 10
		for range 10 {
			r.env.SignalWorkflow(contract.Bell, nil)
		}
	}, time.Hour)
	r.env.RegisterDelayedCallback(func() { require.LessOrEqual(t, r.asked, before+2) }, 2*time.Hour)
	r.run(t)
	require.Len(t, r.raised, 1)
}

// A database or a pager that is away is waited for, however long; then each milestone is raised once.
func TestFailuresAreRetriedUntilTheyPass(t *testing.T) {
	for _, name := range []string{contract.NextCase, contract.RaiseDue, contract.SendPages} {
		t.Run(name, func(t *testing.T) {
			r := newRows(t)
			r.milestones = []time.Time{r.in(time.Hour)}
			r.fail[name] = 8
			r.run(t)
			require.Len(t, r.raised, 1)
			require.Equal(t, 1, r.sent)
		})
	}
}

// At the SDK's suggestion the process continues as new, and carries its id alone.
func TestContinuesAsNewWithTheIDAlone(t *testing.T) {
	r := newRows(t)
	r.milestones = []time.Time{r.in(time.Hour), r.in(2 * time.Hour)}
	r.env.RegisterDelayedCallback(func() { r.env.SetContinueAsNewSuggested(true) }, 90*time.Minute)
	r.env.ExecuteWorkflow(contract.Incident, subject)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, r.env.GetWorkflowError(), &again)
	require.Equal(t, contract.Incident, again.WorkflowType.Name)
	var input contract.Process
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &input))
	require.Equal(t, subject, input)
}

// A case with nothing to come ends its process after a day without a bell; the next bell begins it again.
func TestAQuietCaseEndsItsProcess(t *testing.T) {
	r := newRows(t)
	begun := r.env.Now()
	r.after(20*time.Hour, func() {})
	r.run(t)
	require.WithinDuration(t, begun.Add(44*time.Hour), r.env.Now(), time.Minute)
}

// A stage that this build does not know blocks the task for a newer worker. Nothing is skipped and nothing ends.
func TestAnUnknownStageIsNotSkipped(t *testing.T) {
	r := newRows(t)
	r.extra = "learn"
	r.env.ExecuteWorkflow(contract.Incident, subject)
	var panicked *temporal.PanicError
	require.ErrorAs(t, r.env.GetWorkflowError(), &panicked)
	require.Contains(t, panicked.Error(), `stage "learn" is not known`)
	r.heard = r.seq
}
