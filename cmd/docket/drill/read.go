package drill

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
)

// Rules finds IANA zones and rules; *packs.Pack is one.
type Rules interface {
	Zone(name string) (*time.Location, error)
	Rule(id string) (clock.Rule, bool)
}

// Read reads a scenario and the agreements that it names, and refuses whatever can be known to be wrong before
// anything is started: every fault with its file, its line, its field and the remedy.
func Read(from fs.FS, name string, rules Rules, now time.Time) (Scenario, error) {
	text, err := readFile(from, name, 1<<20)
	if err != nil {
		return Scenario{}, fmt.Errorf("cannot read the scenario: %w", err)
	}
	r := &reader{file: name}
	s := r.scenario(text)
	s.file = name
	if len(r.faults) == 0 {
		r.check(&s, rules, now)
	}
	if s.Agreements != "" && len(r.faults) == 0 {
		if s.Files, err = AgreementsIn(from, path.Join(path.Dir(name), s.Agreements)); err != nil {
			r.refuse(s.lines["agreements"], "agreements", "%v", err)
		}
	}
	return s, errors.Join(r.faults...)
}

// readFile reads a file of a bounded size: a device or a mistaken name does not fill the memory.
func readFile(from fs.FS, name string, most int64) ([]byte, error) {
	file, err := from.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d MiB", name, most>>20)
	}
	return text, err
}

// AgreementsIn are the files of a folder that an import reads, by name.
func AgreementsIn(from fs.FS, folder string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(from, folder)
	if err != nil {
		return nil, fmt.Errorf("name a folder beside the scenario that holds YAML and CSV files as an import takes them: %w", err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if !slices.Contains([]string{".yaml", ".yml", ".csv"}, path.Ext(entry.Name())) {
			continue
		}
		if files[entry.Name()], err = readFile(from, path.Join(folder, entry.Name()), 32<<20); err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, errors.New("the folder holds neither YAML nor CSV files")
	}
	return files, nil
}

// yamlError finds the line in an error of the YAML reader.
var yamlError = regexp.MustCompile(`line (\d+)`)

func (r *reader) scenario(text []byte) (s Scenario) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil {
		line := 1
		if found := yamlError.FindStringSubmatch(err.Error()); found != nil {
			fmt.Sscan(found[1], &line)
		}
		r.refuse(line, "", "the file is empty or no YAML from here on; check indentation and quotes")
		return s
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		r.refuse(more.Line, "", "the file holds more than one YAML document; split it")
		return s
	}
	r.fill(document.Content[0], "a scenario", &s)
	return s
}

func (r *reader) steps(key string, node *yaml.Node) (steps []Step) {
	if node.Kind != yaml.SequenceNode {
		r.refuse(node.Line, key, "write a list of steps")
		return nil
	}
	for _, item := range node.Content {
		step := Step{}
		does := ""
		for i := 0; i+1 < len(item.Content) && item.Kind == yaml.MappingNode; i += 2 {
			if item.Content[i].Value == "do" {
				does = item.Content[i+1].Value
			}
		}
		make, known := verbs[does]
		if !known {
			r.refuse(item.Line, "do", "%q is no command; a step does one of %s", does, strings.Join(Verbs(), ", "))
			continue
		}
		step.act = make()
		r.fill(item, "the step "+does, &step, step.act)
		steps = append(steps, step)
	}
	return steps
}

// mostYears is how far a story may lie ahead, and how long it may be: a case's clock moves no further at once.
const mostYears = 10

// check finds what is wrong with a scenario whose every field could be read.
func (r *reader) check(s *Scenario, rules Rules, now time.Time) {
	var err error
	if s.zone, err = rules.Zone(s.zoneName()); err != nil {
		r.refuse(s.lines["zone"], "zone", "%q is no IANA zone; write one such as Europe/Berlin", s.Zone)
		return
	}
	began, err := s.Begins.After(now, s.zone)
	if err == nil && began.After(now.AddDate(mostYears, 0, 0)) {
		err = fmt.Errorf("lies more than %d years ahead", mostYears)
	}
	if err != nil {
		r.refuse(s.lines["begins"], "begins", "%v", err)
		return
	}
	if len(s.Steps) == 0 || s.Steps[0].Do != "open" {
		r.refuse(s.lines["steps"], "steps", "the first step opens the case: {do: open, title: …}")
		return
	}
	for _, trait := range s.Company {
		if !duty.Trait(trait).Known() {
			r.refuse(s.lines["company"], "company", "%q is no trait of a company; write some of %v", trait, duty.Traits)
		}
	}
	for _, id := range s.Adopts {
		if rule, known := rules.Rule(id); !known {
			r.refuse(s.lines["adopts"], "adopts", "%q is no rule; docket clock rules lists them", id)
		} else if !rule.InForce {
			r.refuse(s.lines["adopts"], "adopts", "%s is not in force, so nobody adopts it; docket clock due computes it when it is named", id)
		}
	}
	last := began
	for i := range s.Steps {
		step := &s.Steps[i]
		if i > 0 && step.Do == "open" {
			r.refuse(step.lines["do"], "do", "a scenario opens one case, in its first step")
		}
		if step.As == "" {
			step.As = step.act.role()
		}
		if !slices.Contains(Roles, step.As) {
			r.refuse(step.lines["as"], "as", "%q plays no part; take one of %s", step.As, join(Roles))
		}
		if codes := []problem.Code{problem.Forbidden, problem.Conflict, problem.Invalid}; step.Refused != "" && !slices.Contains(codes, step.Refused) {
			r.refuse(step.lines["refused"], "refused", "%q is no refusal; write one of %v", step.Refused, codes)
		}
		if checked, ok := step.act.(interface{ check() (string, error) }); ok {
			if field, err := checked.check(); err != nil {
				r.refuse(step.line(field), field, "%v", err)
			}
		}
		at := step.when(began, last)
		switch {
		case i == 0 && !at.Equal(began):
			r.refuse(step.lines["at"], "at", `the case is opened at the beginning; write "+0m", or leave it out`)
		case at.Before(last):
			r.refuse(step.lines["at"], "at", "lies before the step above it; a clock only goes forward, so put the steps in the order of time")
		case at.After(began.AddDate(mostYears, 0, 0)):
			r.refuse(step.lines["at"], "at", "lies more than %d years after the beginning", mostYears)
		default:
			last = at
		}
	}
	switch {
	case s.Ends == nil:
	case s.Ends.In(began).Before(last):
		r.refuse(s.lines["ends"], "ends", "lies before the last step")
	case s.Ends.In(began).After(began.AddDate(mostYears, 0, 0)):
		r.refuse(s.lines["ends"], "ends", "lies more than %d years after the beginning", mostYears)
	}
}

func join(roles []access.Role) string {
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = string(role)
	}
	return strings.Join(words, ", ")
}
