// Package packs holds the data that legal time and duties run on, embedded in the binary: rules with their sources,
// calendars of days off, one release of the IANA zone data, and the company's policy as a default pack of terms.
//
// The data is engineering material and not legal advice.
package packs

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

//go:embed pack.yaml calendars.yaml rules/*.yaml zones/release.yaml zones/zoneinfo.zip policy/*.yaml
var embedded embed.FS

// Pack is one version of everything a clock runs on. It is read only and safe for concurrent use.
type Pack struct {
	// Version is the pack's version, e.g. "2026.11.0"; it is every result's rule_version.
	Version string
	// ZoneVersion is the IANA release of the zone data, e.g. "2025c".
	ZoneVersion string

	rules map[string]clock.Rule
	// files are the files in which the rules stand, and written how they stand there.
	files     map[string]string
	written   map[string]string
	calendars map[string]clock.Calendar
	zones     *zoneData
}

// packVersion is year.month.patch.
var packVersion = regexp.MustCompile(`^20\d\d\.(0[1-9]|1[0-2])\.\d+$`)

// loadEmbedded reads the embedded pack once per process.
var loadEmbedded = sync.OnceValues(func() (*Pack, error) { return load(embedded) })

// Load is the pack that this binary carries. Its error is a *SchemaError that names file, rule and field; a released
// binary has none, because the tests load the same files.
func Load() (*Pack, error) { return loadEmbedded() }

// LoadFrom is a pack in a folder that is laid out as the embedded one, so that a team can try a rule before trusting it.
// Its error is a *SchemaError, or wraps that a file cannot be read.
func LoadFrom(files fs.FS) (*Pack, error) { return load(files) }

// load reads and checks a pack.
func load(files fs.FS) (*Pack, error) {
	pack := &Pack{rules: map[string]clock.Rule{}, files: map[string]string{}, written: map[string]string{}, calendars: map[string]clock.Calendar{}}
	if err := pack.readVersions(files); err != nil {
		return nil, err
	}
	if err := pack.readCalendars(files); err != nil {
		return nil, err
	}
	archive, err := fs.ReadFile(files, "zones/zoneinfo.zip")
	if err != nil {
		return nil, fmt.Errorf("cannot read zone data: %w", err)
	}
	if pack.zones, err = readZones(archive); err != nil {
		return nil, err
	}
	return pack, pack.readRules(files)
}

func (p *Pack) readVersions(files fs.FS) error {
	if err := readFile(files, "pack.yaml", fields{"version": &p.Version}); err != nil {
		return err
	}
	if !packVersion.MatchString(p.Version) {
		return &SchemaError{File: "pack.yaml", Field: "version", Detail: fmt.Sprintf("%q is not year.month.patch", p.Version)}
	}
	var origin, digest string
	return readFile(files, "zones/release.yaml", fields{"version": &p.ZoneVersion, "from": &origin, "sha256": &digest})
}

func (p *Pack) readRules(files fs.FS) error {
	names, err := fs.Glob(files, "rules/*.yaml")
	if err != nil {
		return fmt.Errorf("cannot list rules: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("cannot read rules: %w", err)
		}
		rules, written, err := readRules(name, text)
		if err != nil {
			return err
		}
		for i, rule := range rules {
			if _, twice := p.rules[rule.ID]; twice {
				return &SchemaError{File: name, Rule: rule.ID, Field: "id", Detail: "another rule has the same id"}
			}
			rule.PackVersion, rule.ZoneData = p.Version, p.ZoneVersion
			p.rules[rule.ID], p.files[rule.ID], p.written[rule.ID] = rule, name, written[i]
		}
	}
	return p.checkReferences()
}

// checkReferences wants every rule, zone and calendar that a rule names to be there.
func (p *Pack) checkReferences() error {
	for _, rule := range p.Rules() {
		named := map[string]string{"follows": rule.Follows}
		if rule.Extension != nil {
			named["extension.notice"] = rule.Extension.Notice
		}
		for field, id := range named {
			if _, known := p.rules[id]; id != "" && !known {
				return &SchemaError{File: p.files[rule.ID], Rule: rule.ID, Field: field, Detail: fmt.Sprintf("there is no rule %q", id)}
			}
		}
		if _, err := p.Zone(rule.Zone); rule.Zone != "" && err != nil {
			return &SchemaError{File: p.files[rule.ID], Rule: rule.ID, Field: "zone", Detail: fromProblem(err).Detail}
		}
		if _, err := p.Calendar(rule.Calendar); rule.Calendar != "" && err != nil {
			return &SchemaError{File: p.files[rule.ID], Rule: rule.ID, Field: "calendar", Detail: fromProblem(err).Detail}
		}
	}
	return nil
}

// readFile reads a file that is one mapping.
func readFile(files fs.FS, name string, keys fields) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", path.Base(name), err)
	}
	root, broken := document(name, text)
	if broken != nil {
		return broken
	}
	if broken := keys.read(root); broken != nil {
		return broken.in(name)
	}
	return nil
}

// Rule is the rule of this id, e.g. "gdpr-33-1".
func (p *Pack) Rule(id string) (clock.Rule, bool) {
	rule, ok := p.rules[id]
	return rule, ok
}

// Written is the rule as its file writes it, and that file; both are "" if there is no such rule.
func (p *Pack) Written(id string) (text, file string) { return p.written[id], p.files[id] }

// Calendars are the names of all calendars, sorted; "NONE" is among them.
func (p *Pack) Calendars() []string { return slices.Sorted(maps.Keys(p.calendars)) }

// Rules are all rules in the order of their ids.
func (p *Pack) Rules() []clock.Rule {
	return slices.SortedFunc(maps.Values(p.rules), func(a, b clock.Rule) int { return strings.Compare(a.ID, b.ID) })
}

// Zone is the zone of an IANA name by the pack's own release; the machine's data is never asked.
// An unknown name is a *problem.Error on field "zone".
func (p *Pack) Zone(name string) (*time.Location, error) { return p.zones.location(name) }

// Calendar is the calendar of a name, e.g. "NONE" or "DE". An unknown name is a *problem.Error on field "calendar".
func (p *Pack) Calendar(name string) (clock.Calendar, error) {
	calendar, ok := p.calendars[name]
	if !ok {
		return clock.Calendar{}, problem.InvalidField("calendar", "no calendar %q in pack %s; \"NONE\" is the one without holidays", name, p.Version)
	}
	return calendar, nil
}

// Circumstances are the options of rules that hold for a company or do not: shorter, longer and relieved periods. What is
// chosen for one computation only, such as an extension that was given notice of, is none.
func (p *Pack) Circumstances() []string {
	known := map[string]bool{}
	for _, rule := range p.rules {
		if rule.Relief != nil {
			known[rule.Relief.Option] = true
		}
		for _, variant := range rule.Variants {
			known[variant.Option] = true
		}
	}
	delete(known, "")
	return slices.Sorted(maps.Keys(known))
}
