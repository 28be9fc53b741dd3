package drill

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Moment is an instant of a story: so long after its beginning ("+1d 6h", "-2h"), or a civil one with its offset.
type Moment struct {
	after time.Duration
	at    time.Time
}

// In is the moment in a story that began at an instant.
func (m Moment) In(began time.Time) time.Time {
	if m.at.IsZero() {
		return began.Add(m.after)
	}
	return m.at
}

// span is days of 24 hours, hours, minutes and seconds, in this order, each of them only where it is needed.
var span = regexp.MustCompile(`^([+-])(?:(\d{1,4})d)? ?(?:(\d{1,5})h)? ?(?:(\d{1,6})m)? ?(?:(\d{1,7})s)?$`)

const momentForms = `write a time after the beginning such as "+4h", "+1d 6h" or "+90m", or an instant with its offset such as 2033-10-30T20:00:00+01:00`

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *Moment) UnmarshalYAML(node *yaml.Node) error {
	text := node.Value
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		m.at = at
		return nil
	}
	parts := span.FindStringSubmatch(text)
	if parts == nil || len(text) < 2 {
		return fmt.Errorf("%q is no time: %s", text, momentForms)
	}
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(parts[2+i]) // "" is none
		m.after += time.Duration(n) * unit
	}
	if parts[1] == "-" {
		m.after = -m.after
	}
	return nil
}

// Beginning is when a story begins: now, at the next instant of a time of day, or at a civil instant.
type Beginning struct {
	hour, minute int
	clock        bool
	at           time.Time
}

// After is the beginning of a story that is started now, by people in a zone.
func (b Beginning) After(now time.Time, zone *time.Location) (time.Time, error) {
	switch {
	case b.clock:
		year, month, day := now.In(zone).Date()
		at := time.Date(year, month, day, b.hour, b.minute, 0, 0, zone)
		if !at.After(now) {
			at = time.Date(year, month, day+1, b.hour, b.minute, 0, 0, zone)
		}
		return at, nil
	case b.at.IsZero():
		return now.Truncate(time.Second), nil
	case b.at.Before(now):
		return b.at, fmt.Errorf(`%s lies in the past, and a case's clock only goes forward: `+
			`choose an instant ahead or a time of day such as "03:00", or leave it out to begin now`, b.at.Format(time.RFC3339))
	default:
		return b.at, nil
	}
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (b *Beginning) UnmarshalYAML(node *yaml.Node) (err error) {
	if b.at, err = time.Parse(time.RFC3339, node.Value); err == nil {
		return nil
	}
	at, err := time.Parse("15:04", node.Value)
	if err != nil {
		return fmt.Errorf(`%q is no beginning: write a time of day such as "03:00", or an instant with its offset such as 2033-10-30T20:00:00+01:00`, node.Value)
	}
	b.hour, b.minute, b.clock = at.Hour(), at.Minute(), true
	return nil
}
