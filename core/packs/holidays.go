package packs

import (
	"fmt"
	"math"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/clock"
)

// holiday is one holiday of a calendar as its law words it.
type holiday struct {
	name string
	on   []dayForm
	// from and until are the first and the last year of the holiday.
	from, until int
	observed    observance
}

// occurrence is a holiday in one year.
type occurrence struct {
	holiday *holiday
	day     clock.Date
}

// readHolidays reads the list of a calendar under the key.
func readHolidays(key string, nodes []yaml.Node) ([]holiday, *SchemaError) {
	holidays := make([]holiday, 0, len(nodes))
	for i := range nodes {
		holiday, broken := readHoliday(&nodes[i])
		if broken != nil {
			place := holiday.name
			if place == "" {
				place = fmt.Sprintf("#%d", i+1)
			}
			return nil, broken.under(key + "." + place)
		}
		holidays = append(holidays, holiday)
	}
	return holidays, nil
}

// readHoliday reads one holiday. The one it returns beside an error has as much as was read.
func readHoliday(node *yaml.Node) (holiday, *SchemaError) {
	read := holiday{until: math.MaxInt}
	var on yaml.Node
	keys := fields{"name": &read.name, "on": &on, "from": &read.from, "until": &read.until, "observed": &read.observed}
	if broken := keys.read(node, "from", "until", "observed"); broken != nil {
		return read, broken
	}
	switch {
	case read.name == "":
		return read, &SchemaError{Field: "name", Detail: "is empty"}
	case read.until < read.from:
		return read, &SchemaError{Field: "until", Detail: fmt.Sprintf("%d is before %d", read.until, read.from)}
	case read.observed != "" && !slices.Contains(observances, read.observed):
		return read, &SchemaError{Field: "observed", Detail: fmt.Sprintf("%q is none of %q", read.observed, observances)}
	}
	var broken *SchemaError
	read.on, broken = readDays(&on)
	return read, broken.under("on")
}

// readDays reads one day or a list of days.
func readDays(node *yaml.Node) ([]dayForm, *SchemaError) {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	days := make([]dayForm, 0, len(nodes))
	for _, node := range nodes {
		day, err := parseDay(node.Value)
		if err != nil {
			return nil, &SchemaError{Detail: fmt.Sprintf("%q: %v", node.Value, err)}
		}
		days = append(days, day)
	}
	if len(days) == 0 {
		return nil, &SchemaError{Detail: "names no day"}
	}
	return days, nil
}

// occurrences are the holidays of some years, in the order of their days.
func occurrences(holidays []holiday, firstYear, lastYear int) []occurrence {
	var found []occurrence
	for i := range holidays {
		h := &holidays[i]
		for year := max(firstYear, h.from); year <= min(lastYear, h.until); year++ {
			for _, on := range h.on {
				if day, exists := on(year); exists {
					found = append(found, occurrence{holiday: h, day: day})
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b occurrence) int { return b.day.DaysUntil(a.day) })
	return found
}
