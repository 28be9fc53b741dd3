package campaign_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/campaign"
	"github.com/atlascloudai/docket/workflows/contract"
)

// subject is the campaign of every test here.
var subject = contract.Process{ID: uuid.MustParse("018f3a52-2b1c-7c55-9d3e-0d8b3f2a9c12")}

// rows plays the database of one campaign.
type rows struct {
	env *testsuite.TestWorkflowEnvironment

	mu         sync.Mutex
	seq, heard int64
	state      string
	// due are recipients that may be tried now, deferred those that may be tried at retry.
	due, deferred int
	retry         time.Time
	unsealed      bool
	// blocked are the pages that may send nothing, because a rate's budget is used up.
	blocked int
	// refuse is how often the end is refused because something came up again.
	refuse int
	pages  []time.Time
	seals  int
	asked  int
	// gone says that the database does not know the campaign.
	gone bool
}

const perPage = 500

func newRows(recipients int) *rows {
	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	r := &rows{env: env, seq: 1, state: "running", due: recipients}
	env.RegisterWorkflowWithOptions(campaign.Workflow, workflow.RegisterOptions{Name: contract.Campaign})
	for name, call := range map[string]any{
		contract.NextCampaign: r.next, contract.SendPage: r.send, contract.SealPages: r.seal, contract.FinishCampaign: r.finish,
	} {
		env.RegisterActivityWithOptions(call, activity.RegisterOptions{Name: name})
	}
	return r
}

func (r *rows) next(_ context.Context, in contract.Ask) (next contract.Next, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.gone {
		return next, temporal.NewNonRetryableApplicationError("cannot ask what is due: not_found", "not_found", nil)
	}
	r.heard = max(r.heard, in.Heard)
	next.Heard = r.seq
	if r.deferred > 0 && !r.retry.After(r.env.Now()) {
		r.due, r.deferred = r.due+r.deferred, 0
	}
	if r.state == "running" && r.due > 0 {
		next.Stages = append(next.Stages, contract.StageSend)
	}
	if r.state == "running" && r.deferred > 0 {
		next.WakeAt = &r.retry
	}
	if r.unsealed {
		next.Stages = append(next.Stages, contract.StageSeal)
	}
	if r.state == "running" && r.due+r.deferred == 0 {
		next.Stages = append(next.Stages, contract.StageFinish)
	}
	if len(next.Stages) == 0 {
		r.heard = r.seq
	}
	return next, nil
}

func (r *rows) send(context.Context, contract.Subject) (contract.Done, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocked > 0 {
		r.blocked--
		return contract.Done{}, nil
	}
	r.pages = append(r.pages, r.env.Now())
	n := min(r.due, perPage)
	r.due -= n
	return contract.Done{Count: n}, nil
}

func (r *rows) seal(context.Context, contract.Subject) (contract.Done, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsealed = false
	r.seals++
	return contract.Done{Count: 1}, nil
}

func (r *rows) finish(context.Context, contract.Subject) (contract.Done, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse > 0 {
		r.refuse--
		r.due += 3
		return contract.Done{}, temporal.NewNonRetryableApplicationError("cannot finish: conflict", contract.Conflict, nil)
	}
	r.state = "done"
	return contract.Done{Count: 1}, nil
}

func (r *rows) run(t *testing.T) {
	r.env.ExecuteWorkflow(contract.Campaign, subject)
	require.True(t, r.env.IsWorkflowCompleted())
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, r.seq, r.heard, "every fact was heard")
}

// Pages follow one another while recipients are due; then the campaign is finished and its process ends.
func TestPagesFollowUntilNobodyIsDue(t *testing.T) {
	r := newRows(1700)
	r.run(t)
	require.Len(t, r.pages, 4)
	require.Equal(t, "done", r.state)
}

// A deferred recipient is tried again at its instant, and the campaign waits for it.
func TestDeferredRecipientsAreTriedAgainAtTheirInstant(t *testing.T) {
	r := newRows(10)
	r.deferred, r.retry = 2, r.env.Now().Add(26*time.Hour)
	r.run(t)
	require.Len(t, r.pages, 2)
	require.WithinDuration(t, r.retry, r.pages[1], time.Second)
	require.Equal(t, "done", r.state)
}

// A page that was lost before its seal is sealed before the end.
func TestALostSealIsMadeUp(t *testing.T) {
	r := newRows(0)
	r.unsealed = true
	r.run(t)
	require.Equal(t, 1, r.seals)
	require.Equal(t, "done", r.state)
}

// A paused campaign has nothing due: its process ends, and the bell of the resume begins it again.
func TestAPausedCampaignEndsItsProcessWithoutFinishing(t *testing.T) {
	r := newRows(700)
	r.state = "paused"
	r.run(t)
	require.Empty(t, r.pages)
	require.Equal(t, "paused", r.state)
}

// Where recipients are due and may not go, the process waits ever longer instead of asking in a circle.
func TestARateThatIsUsedUpIsWaitedFor(t *testing.T) {
	r := newRows(100)
	r.blocked = 8
	begun := r.env.Now()
	r.run(t)
	require.Equal(t, "done", r.state)
	require.GreaterOrEqual(t, r.env.Now().Sub(begun), 2*time.Minute)
	require.LessOrEqual(t, r.asked, 12)
}

// An end that is refused because a next contact was opened meanwhile is no failure: the process asks again.
func TestAnEndThatIsRefusedGoesOn(t *testing.T) {
	r := newRows(0)
	r.refuse = 1
	r.run(t)
	require.Len(t, r.pages, 1)
	require.Equal(t, "done", r.state)
}

// A refusal that no retry can change ends the run; the row stays unheard and the relay begins another.
func TestARefusalThatStaysEndsTheRun(t *testing.T) {
	r := newRows(0)
	r.gone = true
	r.env.ExecuteWorkflow(contract.Campaign, subject)
	var refused *temporal.ApplicationError
	require.ErrorAs(t, r.env.GetWorkflowError(), &refused)
	require.Equal(t, "not_found", refused.Type())
	require.Zero(t, r.heard)
}
