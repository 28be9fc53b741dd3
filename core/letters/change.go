package letters

import (
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// ownDates are a customer's own dates as the fixed text shows them; "" is left out.
type ownDates struct {
	Number                                                      int
	SendBy, Effective, WindowCloses, TerminationUntil, Corrects string
	Page                                                        string
}

// dates are what no drafter writes in a notice of change: they are the customer's, and count as the approver saw them.
func (w words) dates(c ChangeDates, number int, zone *time.Location) *ownDates {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return w.instant(t, zone)
	}
	return &ownDates{
		Number: number, SendBy: at(c.SendBy), Effective: at(c.Effective), WindowCloses: at(c.WindowCloses),
		TerminationUntil: at(c.TerminationUntil), Corrects: at(c.Corrects), Page: c.Page,
	}
}

// check refuses a notice of change that does not say from when, or where its customer answers.
func (c *ChangeDates) check() error {
	switch {
	case c == nil:
		return problem.InvalidField("change", "a notice of change needs the customer's own dates")
	case c.SendBy.IsZero():
		return problem.InvalidField("change.send_by", "the customer's dates need the instant from which they are counted")
	case c.Effective.IsZero():
		return problem.InvalidField("change.effective", "the letter needs the instant before which the change does not take effect")
	case strings.TrimSpace(c.Page) == "":
		return problem.InvalidField("change.page", "the letter needs the address of the customer's own page")
	case unprintable(c.Page, false): // An address is not shown with its characters replaced: it would be another.
		return problem.InvalidField("change.page", "it has line breaks, control or text direction characters or broken UTF-8")
	}
	return nil
}
