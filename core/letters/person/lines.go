package person

import (
	"slices"
	"strconv"
	"strings"

	"github.com/atlascloudai/docket/core/letters"
)

// Rights for whose answer the company searches; with an erasure what was found is removed, with the others it is told.
const (
	erasure     = "erasure"
	access      = "access"
	portability = "portability"
)

// became says what became of each kind of data.
func (w words) became(v Values) (said []block) {
	section := func(heading string, of []Line, say func(Line) []string) {
		if len(of) > 0 {
			said = append(said, block{Style: heading2, Text: heading})
		}
		for _, line := range of {
			said = append(said, block{Style: item, Text: w.line(line, say(line))})
		}
	}
	switch {
	case !slices.Contains([]string{erasure, access, portability}, v.Right):
	case v.Search == NotShown:
		said = append(said, block{Text: w.Lines.NotShown})
	case v.Search == Searching:
		said = append(said, block{Text: w.Lines.Searching})
	case len(v.Gone)+len(v.Going)+len(v.Kept) > 0:
	case len(v.Unsearched)+len(v.Unreached) > 0:
		said = append(said, block{Text: w.Lines.NothingFound})
	default:
		said = append(said, block{Text: w.Lines.Nothing})
	}
	section(w.Lines.Gone, v.Gone, func(l Line) []string {
		seen, at := w.Lines.Seen, w.Lines.SeenAt
		if l.Attested {
			seen, at = w.Lines.Attested, w.Lines.AttestedAt
		}
		if day := w.day(l.At, v.Zone); day != "" {
			seen = strings.ReplaceAll(at, "{at}", day)
		}
		return []string{seen}
	})
	going := w.Lines.Going
	if v.Right == access || v.Right == portability {
		going = w.Lines.Held // Nothing is removed for whoever asks what there is.
	}
	section(going, v.Going, func(l Line) []string {
		return []string{fill(w.Lines.By, "{until}", w.day(l.Until, v.Zone)), w.Waits[l.Wait]}
	})
	section(w.Lines.Kept, v.Kept, func(l Line) []string {
		until := w.Lines.Open
		if day := w.day(l.Until, v.Zone); day != "" {
			until = fill(w.Lines.Until, "{until}", day)
		}
		return []string{fill(w.Lines.Why, "{why}", w.why(l)), until}
	})
	section(w.Lines.Unsearched, v.Unsearched, func(l Line) []string {
		return []string{letters.Printable(l.Why, false)}
	})
	section(w.Lines.Unreached, v.Unreached, func(Line) []string { return nil })
	return said
}

// line is one kind of data with what is said of it.
func (w words) line(l Line, said []string) string {
	named := []string{w.Classes[l.Class], letters.Printable(l.Where, false)}
	head := strings.Join(slices.DeleteFunc(named, empty), ", ")
	if l.Count > 0 {
		said = append([]string{fill(w.Lines.Records, "{count}", strconv.FormatInt(l.Count, 10))}, said...)
	}
	tail := strings.Join(slices.DeleteFunc(said, empty), "; ")
	return strings.Join(slices.DeleteFunc([]string{head, tail}, empty), ": ")
}

// why is the ground in this language, and the provision as the estate quotes it.
func (w words) why(l Line) string {
	provision := letters.Printable(l.Why, false)
	if ground := w.Grounds[l.Ground]; ground != "" && provision != "" {
		return ground + " (" + provision + ")"
	} else if ground != "" {
		return ground
	}
	return provision
}

// fill puts a value into a phrase; without the value there is no phrase.
func fill(phrase, name, value string) string {
	if value = letters.Printable(value, false); value == "" {
		return ""
	}
	return strings.ReplaceAll(phrase, name, value)
}

func empty(s string) bool { return s == "" }
