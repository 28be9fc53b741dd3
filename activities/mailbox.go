package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
)

// Mailbox is where the copies of pages go by mail: the on-call address of the response team.
type Mailbox struct {
	Channel notifications.Channel
	// To is the team's address.
	To string
	// ReturnToken makes the return path of a copy from its id.
	ReturnToken func(id string) string
}

// send makes one attempt. The subject names no case, for subject lines are read by more people than the
// case may be; the text says no more than the page does.
func (m Mailbox) send(ctx context.Context, event pager.Event) notifications.Answer {
	prepared, err := m.Channel.Prepare(notifications.Outbound{
		ID:          event.ID,
		To:          m.To,
		Subject:     subject(event),
		Text:        text(event),
		Language:    "en",
		Instant:     event.At,
		ReturnToken: m.ReturnToken(event.ID),
	})
	if err != nil {
		return notifications.Answer{Outcome: notifications.Deferred, Class: notifications.Config, Reason: err.Error(), At: time.Now()}
	}
	return m.Channel.Send(ctx, prepared)
}

func subject(event pager.Event) string {
	mark := "[Docket]"
	if event.Drill {
		mark = "[DRILL] [Docket]"
	}
	return fmt.Sprintf("%s %s: somebody has to look (%d)", mark, words(event.Kind), event.Count)
}

func text(event pager.Event) string {
	var b strings.Builder
	if event.Drill {
		b.WriteString("This is a drill.\n\n")
	}
	if event.Restricted {
		b.WriteString("Case: restricted; sign in to see it\n")
	} else {
		fmt.Fprintf(&b, "Case: %s\n", event.Case)
		if event.CaseURL != "" {
			fmt.Fprintf(&b, "%s\n", event.CaseURL)
		}
	}
	fmt.Fprintf(&b, "Reason: %s, at %s\n", words(event.Kind), event.At.UTC().Format(time.RFC3339))
	fmt.Fprintf(&b, "Concerns: %d\n", event.Count)
	if event.Step > 0 {
		fmt.Fprintf(&b, "Nobody acknowledged the earlier page; this is escalation step %d.\n", event.Step)
	}
	b.WriteString("\nAcknowledge it in Docket, or it goes to the next person.\n")
	return b.String()
}

// words is a code for people: "nine_tenths" reads "nine tenths".
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }
