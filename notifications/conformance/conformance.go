// Package conformance holds every channel to the same promises: that an outcome
// never says more than the other side confirmed, that a resend is the same message,
// and that nothing leaks. A channel's tests call Run with the real channel against
// a real other side over TCP.
package conformance

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications"
)

// Behaviour is what the other side does to every attempt.
type Behaviour string

// The behaviours that a harness plays.
const (
	// Accept takes the message and says so.
	Accept Behaviour = "accept"
	// Temporary refuses it for now.
	Temporary Behaviour = "temporary"
	// Permanent refuses it for good.
	Permanent Behaviour = "permanent"
	// CutAfter takes the message and cuts the connection before it answers.
	CutAfter Behaviour = "cut after the message"
	// SilentAfter takes the message and never answers.
	SilentAfter Behaviour = "silent after the message"
	// CutBefore cuts the connection before the message can have been sent.
	CutBefore Behaviour = "cut before the message"
	// SilentBefore takes the connection and says nothing.
	SilentBefore Behaviour = "silent before the message"
	// Unreachable takes no connection.
	Unreachable Behaviour = "unreachable"
)

// Copy is one message as the other side took it.
type Copy struct {
	// ID is the message's id as the other side reads it.
	ID string
	// Bytes is the message as it arrived.
	Bytes []byte
}

// Side is a channel with an other side of known behaviour.
type Side struct {
	Channel notifications.Channel
	// Outbound is a message that may be sent to that side.
	Outbound notifications.Outbound
	// Copies lists what the other side took.
	Copies func() []Copy
}

// Harness is how a channel is put to the test.
type Harness struct {
	// Start gives a fresh channel whose other side behaves so. Its time limits are
	// short, and it cleans up with the test.
	Start func(t *testing.T, b Behaviour) Side
	// Yes is what the other side's yes is worth: Accepted or HandedOn.
	Yes notifications.Outcome
	// Secrets are the channel's credentials, which must show nowhere.
	Secrets []string
}

// expectation is what an attempt must come to.
type expectation struct {
	behaviour Behaviour
	outcome   notifications.Outcome // empty: the harness's Yes
	classes   []notifications.Class
	taken     bool
}

var expectations = []expectation{
	{Accept, "", []notifications.Class{notifications.OK}, true},
	{Temporary, notifications.Deferred, []notifications.Class{notifications.Temporary, notifications.RateLimited}, false},
	{Permanent, notifications.Refused, []notifications.Class{notifications.Permanent}, false},
	{CutAfter, notifications.Unknown, []notifications.Class{notifications.Cut}, true},
	{SilentAfter, notifications.Unknown, []notifications.Class{notifications.Timeout}, true},
	{CutBefore, notifications.Deferred, []notifications.Class{notifications.Cut}, false},
	{SilentBefore, notifications.Deferred, []notifications.Class{notifications.Timeout}, false},
	{Unreachable, notifications.Deferred, []notifications.Class{notifications.Connect}, false},
}

// Run checks all promises.
func Run(t *testing.T, h Harness) {
	for _, want := range expectations {
		t.Run("outcome: "+string(want.behaviour), func(t *testing.T) { h.outcome(t, want) })
	}
	t.Run("a resend has the same id and the same bytes", h.resend)
	t.Run("preparing is pure", h.pure)
	t.Run("what could forge a header is refused", h.injection)
	t.Run("a withdrawn attempt sends nothing", h.cancelled)
	t.Run("a message that was changed after it was prepared is not sent", h.changed)
}

func (h Harness) outcome(t *testing.T, want expectation) {
	side := h.Start(t, want.behaviour)
	p, err := side.Channel.Prepare(side.Outbound)
	require.NoError(t, err)
	answer := side.Channel.Send(t.Context(), p)

	if want.outcome == "" {
		want.outcome = h.Yes
	}
	require.Equal(t, want.outcome, answer.Outcome, "%+v", answer)
	require.Contains(t, want.classes, answer.Class)
	require.False(t, answer.At.IsZero(), "an answer has its instant")
	if answer.Outcome == h.Yes || answer.Outcome == notifications.Refused {
		require.NotZero(t, answer.Code, "a yes or a never is the other side's own word")
		require.NotEmpty(t, answer.Reply)
	}
	require.Len(t, side.Copies(), map[bool]int{true: 1, false: 0}[want.taken])
	h.silent(t, side, answer)
}

// silent looks for secrets and addresses where logs and metrics would take them from.
func (h Harness) silent(t *testing.T, side Side, answer notifications.Answer) {
	t.Helper()
	all, err := json.Marshal(answer)
	require.NoError(t, err)
	for _, secret := range h.Secrets {
		require.NotContains(t, string(all), secret)
	}
	require.NotContains(t, answer.Reason, side.Outbound.To)
	require.LessOrEqual(t, len(answer.Reply), notifications.MaxReply)
	require.Contains(t, notifications.Classes(), answer.Class)
	require.Contains(t, notifications.Outcomes(), answer.Outcome)
}

func (h Harness) resend(t *testing.T) {
	side := h.Start(t, CutAfter)
	for range 2 {
		p, err := side.Channel.Prepare(side.Outbound)
		require.NoError(t, err)
		require.Equal(t, notifications.Unknown, side.Channel.Send(t.Context(), p).Outcome)
	}
	copies := side.Copies()
	require.Len(t, copies, 2)
	require.Equal(t, copies[0], copies[1])
	require.Contains(t, copies[0].ID, side.Outbound.ID)
}

func (h Harness) pure(t *testing.T) {
	side := h.Start(t, Accept)
	first, err := side.Channel.Prepare(side.Outbound)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again, err := side.Channel.Prepare(side.Outbound)
			if err != nil || again.Digest != first.Digest || !slices.Equal(again.Bytes, first.Bytes) {
				t.Error("the same message was prepared differently")
			}
		})
	}
	wg.Wait()
	for name, change := range map[string]func(*notifications.Outbound){
		"id":      func(o *notifications.Outbound) { o.ID += "x" },
		"subject": func(o *notifications.Outbound) { o.Subject += "x" },
		"text":    func(o *notifications.Outbound) { o.Text += "x" },
		"instant": func(o *notifications.Outbound) { o.Instant = o.Instant.Add(1e9) },
	} {
		other := side.Outbound
		change(&other)
		p, err := side.Channel.Prepare(other)
		require.NoError(t, err)
		require.NotEqual(t, first.Digest, p.Digest, "another %s is another message", name)
	}
	require.Empty(t, side.Copies(), "preparing sends nothing")
}

func (h Harness) injection(t *testing.T) {
	side := h.Start(t, Accept)
	for _, end := range []string{"\r\n", "\n", "\r", "\x00", "\u2028"} {
		forged := end + "Bcc: mallory@example.test"
		for field, change := range map[string]func(*notifications.Outbound){
			"id":      func(o *notifications.Outbound) { o.ID += forged },
			"to":      func(o *notifications.Outbound) { o.To += forged },
			"subject": func(o *notifications.Outbound) { o.Subject += forged },
			"headers": func(o *notifications.Outbound) { o.Headers = map[string]string{"X-Case": "a" + forged} },
		} {
			o := side.Outbound
			change(&o)
			_, err := side.Channel.Prepare(o)
			require.Equal(t, problem.Invalid, problem.CodeOf(err), "%s with %q: %v", field, end, err)
			require.False(t, strings.Contains(err.Error(), side.Outbound.To), "a refusal carries no address")
		}
	}
}

func (h Harness) cancelled(t *testing.T) {
	side := h.Start(t, Accept)
	p, err := side.Channel.Prepare(side.Outbound)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer := side.Channel.Send(ctx, p)
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.Cancelled, answer.Class)
	require.Empty(t, side.Copies())
}

func (h Harness) changed(t *testing.T) {
	side := h.Start(t, Accept)
	p, err := side.Channel.Prepare(side.Outbound)
	require.NoError(t, err)
	p.Bytes = append(slices.Clone(p.Bytes), '!')
	answer := side.Channel.Send(t.Context(), p)
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.Config, answer.Class)
	require.Empty(t, side.Copies())
}
