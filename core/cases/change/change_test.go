package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/problem"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// life is one change on its way.
type life struct {
	t      require.TestingT
	state  change.State
	counts change.Counts
	kinds  []string
}

func (l *life) does(actor string, c change.Command) error {
	state, events, err := change.Apply(change.Decision{State: l.state, Counts: l.counts, Actor: actor, Now: now}, c)
	if err != nil {
		return err
	}
	l.state = state
	for _, e := range events {
		l.kinds = append(l.kinds, e.Kind)
	}
	return nil
}

func (l *life) must(actor string, c change.Command) {
	require.NoError(l.t, l.does(actor, c))
}

func begun(t require.TestingT) *life {
	return &life{t: t, state: change.State{Status: change.Draft, Mode: change.Switchable, SendBy: now.Add(time.Hour)}}
}

func TestALifeFromDraftToArchive(t *testing.T) {
	t.Parallel()
	l := begun(t)
	l.must("writer", change.Submit{})
	l.must("counsel", change.Judge{Material: true, Reason: "a new sub-processor sees prompts"})
	l.must("counsel", change.Approve{Digest: "d"})
	l.must("writer", change.Send{Customers: 3})
	l.counts = change.Counts{Customers: 3, Told: 3, Sendings: 1}
	l.must("docket", change.Carry{})
	require.Equal(t, change.Sending, l.state.Status, "a page is under way")
	l.counts = change.Counts{Customers: 3, Told: 3, Waiting: 3}
	l.must("docket", change.Carry{})
	require.Equal(t, change.ObjectionWindow, l.state.Status)
	l.counts = change.Counts{Customers: 3, Told: 3, Taken: 2, Objected: 1}
	l.must("docket", change.Carry{})
	require.Equal(t, change.ObjectionWindow, l.state.Status, "nothing ends while an objection is open")
	l.counts = change.Counts{Customers: 3, Told: 3, Taken: 2, Spared: 1}
	l.must("docket", change.Carry{})
	require.Equal(t, change.Effective, l.state.Status)
	l.must("lead", change.Archive{})
	require.Equal(t, []string{"change.submitted", "change.judged", "change.approved", "change.sending", "change.told", "change.effective", "change.archived"}, l.kinds)
}

func TestWhatIsNotMaterialIsToldByTheChangeLogAlone(t *testing.T) {
	t.Parallel()
	l := begun(t)
	l.must("writer", change.Submit{})
	require.Equal(t, "reason", fieldOf(l.does("counsel", change.Judge{})))
	l.must("counsel", change.Judge{Reason: "a typing error"})
	require.Equal(t, change.Archived, l.state.Status)
	require.Equal(t, problem.Conflict, problem.CodeOf(l.does("counsel", change.Approve{})))
}

func TestNobodyJudgesApprovesOrHastensTheirOwn(t *testing.T) {
	t.Parallel()
	l := begun(t)
	l.must("writer", change.Submit{})
	for _, c := range []change.Command{change.Judge{Material: true, Reason: "r"}, change.Hasten{Clause: "5.4", Reason: "r"}, change.Approve{}} {
		require.Equal(t, problem.Forbidden, problem.CodeOf(l.does("writer", c)))
	}
	require.Equal(t, problem.Conflict, problem.CodeOf(l.does("counsel", change.Approve{})), "nobody said whether it is material")
	require.Equal(t, "clause", fieldOf(l.does("counsel", change.Hasten{Reason: "r"})))
	l.must("counsel", change.Hasten{Clause: "5.4", Reason: "the old provider was breached"})
	require.True(t, l.state.About().Emergency)
}

// Whatever people do in whatever order: nobody is told what a second person did not approve, a revised text needs a new word,
// what is over stays over, and what took effect for somebody is not withdrawn.
func TestNothingIsSentThatWasNotApproved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := begun(t)
		commands := []change.Command{
			change.Submit{}, change.Revise{Reason: "r"}, change.Judge{Material: true, Reason: "r"}, change.Judge{Reason: "r"}, change.Hasten{Clause: "c", Reason: "r"},
			change.Approve{}, change.Count{Audience: change.Audience{Digest: "a"}}, change.Void{}, change.Send{Customers: 2}, change.Carry{}, change.Archive{}, change.Withdraw{Reason: "r"},
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			actor := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "actor")
			c := rapid.SampledFrom(commands).Draw(t, "command")
			told := rapid.IntRange(0, 2).Draw(t, "told")
			taken := rapid.IntRange(0, told).Draw(t, "taken")
			if l.counts = (change.Counts{}); l.state.FrozenAt != nil {
				l.counts = change.Counts{Customers: 2, Told: told, Untold: 2 - told, Waiting: told - taken, Taken: taken}
			}
			before := l.state
			if l.does(actor, c) != nil {
				require.Equal(t, before, l.state, "a refusal changes nothing")
				continue
			}
			if l.state.FrozenAt != nil && before.FrozenAt == nil {
				require.NotEmpty(t, before.ApprovedBy)
				require.NotEqual(t, before.SubmittedBy, before.ApprovedBy)
				require.True(t, before.Judged.Material)
			}
			require.False(t, before.Status.Ended() && before.Status != l.state.Status)
			require.False(t, l.state.Status == change.Withdrawn && before.Status != change.Withdrawn && l.counts.Taken > 0)
			require.False(t, l.state.Status == change.Effective && before.Status == change.ObjectionWindow && l.counts.Taken < 2)
		}
	})
}

func told(closes, effective time.Duration) change.Customer {
	at, sent := now.Add(closes), now.Add(-time.Hour)
	return change.Customer{Dates: change.Dates{SentAt: &sent, WindowCloses: &at, Effective: now.Add(effective)}}
}

func TestAnObjectionHoldsTheChangeBackFromItsCustomer(t *testing.T) {
	t.Parallel()
	c := told(24*time.Hour, 48*time.Hour)
	require.False(t, c.Ready(now, nil))
	require.True(t, c.Ready(now.Add(48*time.Hour), nil))
	require.False(t, c.May(change.Switchable).May, "no time opens it alone")
	taken := c
	taken.TakenAt = &now
	require.True(t, taken.May(change.Switchable).May)
	late, err := taken.Object(now)
	require.NoError(t, err)
	require.False(t, late.May(change.Switchable).May, "what came in time and was recorded late closes it again")
	objected, err := c.Object(now)
	require.NoError(t, err)
	require.False(t, objected.Ready(now.Add(1000*time.Hour), nil), "no time ends an objection")

	_, err = objected.End(change.Waived, now.Add(24*time.Hour))
	require.Equal(t, "window_open", blocker(err), "the window is the customer's to its last microsecond")
	for end, may := range map[change.Answer]bool{change.TakenBack: true, change.Waived: true, change.Accommodated: false, change.Terminates: false} {
		ended, err := objected.End(end, now.Add(25*time.Hour))
		require.NoError(t, err)
		require.Equal(t, may, ended.Ready(now.Add(48*time.Hour), nil), end)
		_, err = ended.End(change.TakenBack, now)
		require.Equal(t, "no_objection", blocker(err))
	}
	_, err = objected.Object(now)
	require.Equal(t, "answered", blocker(err))
	_, err = c.Object(now.Add(24*time.Hour + time.Microsecond))
	require.Equal(t, "window_over", blocker(err))
	_, err = change.Customer{}.Object(now)
	require.Equal(t, "not_told", blocker(err))
	c.WindowCloses = nil
	_, err = c.Object(now)
	require.Equal(t, "no_window", blocker(err))
	_, err = objected.End("forgotten", now)
	require.Equal(t, "end", fieldOf(err))
}

func TestAChangeAtOnceWaitsForTheLastOfAll(t *testing.T) {
	t.Parallel()
	c := told(-time.Minute, -time.Second)
	require.True(t, c.Ready(now, nil))
	require.False(t, c.Ready(now, &change.Together{Latest: now.Add(time.Hour)}))
	require.True(t, c.Ready(now.Add(time.Hour), &change.Together{Latest: now.Add(time.Hour)}))
	for _, held := range []change.Together{{Untold: 1}, {Objected: 1}, {Provisional: 1}} {
		require.False(t, c.Ready(now.Add(time.Hour), &held))
	}
	c.Provisional = true
	require.False(t, c.Ready(now.Add(time.Hour), nil))
}

// Another text or another audience needs another word.
func TestWhatWasApprovedIsWhatIsSent(t *testing.T) {
	t.Parallel()
	l := begun(t)
	l.must("writer", change.Submit{})
	l.must("counsel", change.Judge{Material: true, Reason: "r"})
	l.must("docket", change.Count{Audience: change.Audience{Customers: 2, Digest: "a"}})
	l.must("counsel", change.Approve{Digest: "d"})
	l.must("docket", change.Count{Audience: change.Audience{Customers: 2, Digest: "a"}})
	require.Equal(t, change.Approved, l.state.Status, "nothing changed")
	l.must("docket", change.Count{Audience: change.Audience{Customers: 3, Digest: "b"}})
	require.Equal(t, change.InReview, l.state.Status)
	l.must("counsel", change.Approve{Digest: "d"})
	l.must("writer", change.Void{})
	require.Equal(t, problem.Conflict, problem.CodeOf(l.does("writer", change.Send{Customers: 3})))
	l.must("counsel", change.Approve{Digest: "d"})
	l.state.SendBy = now.Add(-time.Second)
	require.Equal(t, "send_by_passed", blocker(l.does("writer", change.Send{Customers: 3})))
}

func TestTheAgendaOfAChange(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) *time.Time { at := now.Add(d); return &at }
	for name, c := range map[string]struct {
		state  change.State
		counts change.Counts
		next   change.Next
		stages []cases.Stage
		wake   *time.Time
	}{
		"a draft waits for people":         {state: change.State{Status: change.Draft}},
		"a last sending date is near":      {state: change.State{Status: change.Approved}, next: change.Next{Next: incident.Next{Milestone: in(time.Hour)}}, wake: in(time.Hour)},
		"somebody was told":                {state: change.State{Status: change.Sending}, counts: change.Counts{Customers: 2, Told: 1, Sendings: 1}, next: change.Next{Undated: true}, stages: []cases.Stage{change.StageDates}},
		"a window is over":                 {state: change.State{Status: change.ObjectionWindow}, counts: change.Counts{Customers: 2, Told: 2, Waiting: 2, Opens: in(0)}, stages: []cases.Stage{change.StageTake}},
		"a window runs":                    {state: change.State{Status: change.ObjectionWindow}, counts: change.Counts{Customers: 2, Told: 2, Waiting: 2, Opens: in(time.Hour)}, wake: in(time.Hour)},
		"everybody was told":               {state: change.State{Status: change.Sending}, counts: change.Counts{Customers: 1, Told: 1, Waiting: 1, Opens: in(time.Hour)}, stages: []cases.Stage{change.StageStatus}, wake: in(time.Hour)},
		"it took effect for everybody":     {state: change.State{Status: change.ObjectionWindow}, counts: change.Counts{Customers: 2, Told: 2, Taken: 1, Spared: 1}, stages: []cases.Stage{change.StageStatus}},
		"what is over waits for nothing":   {state: change.State{Status: change.Withdrawn}, counts: change.Counts{Customers: 2, Told: 2, Waiting: 2, Opens: in(0)}},
		"an objection stays with a person": {state: change.State{Status: change.ObjectionWindow}, counts: change.Counts{Customers: 1, Told: 1, Objected: 1}, next: change.Next{Objection: in(time.Hour)}, wake: in(time.Hour)},
	} {
		agenda := change.Agenda(c.state, c.counts, c.next, now)
		require.Equal(t, c.stages, agenda.Stages, name)
		require.Equal(t, c.wake, agenda.Wake, name)
	}
}

func fieldOf(err error) string {
	if refused, ok := err.(*problem.Error); ok {
		return refused.Field
	}
	return ""
}

func blocker(err error) string {
	if refused, ok := err.(*problem.Error); ok && len(refused.Blockers) > 0 {
		return refused.Blockers[0].Code
	}
	return ""
}
