package config

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/seal"
)

// Report is what docket keys check prints: which keys there are, and everything
// that is wrong with them. It holds ids only.
type Report struct {
	// Dir is the directory that was checked.
	Dir string
	// Content and Payload are the two keyrings.
	Content, Payload RingReport
	// Problems is everything that must be put right, each with its remedy.
	Problems []string
}

// RingReport is one keyring.
type RingReport struct {
	// Current is the id that new data keys are wrapped with.
	Current string
	// IDs are the keys that can be read, sorted.
	IDs []string
}

// OK tells whether a process could start with these keys.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// String lists what was found, line by line; ids only.
func (r Report) String() string {
	lines := []string{
		fmt.Sprintf("%s: content keys %v, current %s; payload keys %v, current %s", r.Dir, r.Content.IDs, r.Content.Current, r.Payload.IDs, r.Payload.Current),
	}
	return strings.Join(append(lines, r.Problems...), "\n")
}

// Err is nil where a process could start with these keys.
func (r Report) Err() error {
	if r.OK() {
		return nil
	}
	return fmt.Errorf("%d problems with the keys: %s", len(r.Problems), strings.Join(r.Problems, "; "))
}

// CheckKeys looks at everything in a keys directory. signing.pem is looked at
// where it exists; a configuration may name another file. The error says that
// the directory cannot be read at all; what is wrong within it is in the report.
func CheckKeys(dir string) (Report, error) {
	report := Report{Dir: dir}
	info, err := os.Stat(dir)
	if err != nil {
		return report, fmt.Errorf("cannot read keys directory: %w", err)
	}
	if !info.IsDir() {
		return report, fmt.Errorf("cannot read keys directory: %s is no directory", dir)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		report.problem("%s may be changed by others (mode %04o); run: chmod 700 %s", dir, mode, dir)
	}
	content := report.ring(dir, &report.Content)
	payload := report.ring(filepath.Join(dir, PayloadKeys), &report.Payload)
	secret, err := LoadLookupSecret(dir)
	if err != nil {
		report.problem("%v", err)
	}
	signing := filepath.Join(dir, SigningKey)
	if _, err := os.Stat(signing); err == nil {
		if _, _, err := LoadSigningKey(signing); err != nil {
			report.problem("%v", err)
		}
	}
	report.shared(content, payload, secret)
	return report, nil
}

// ring checks one keyring file by file and answers the keys that can be read.
func (r *Report) ring(dir string, ring *RingReport) map[string][]byte {
	files, _ := filepath.Glob(filepath.Join(dir, "*"+keySuffix)) // the pattern is sound
	if len(files) == 0 {
		r.problem("%s holds no key; run: docket keys new", dir)
		return nil
	}
	keys := map[string][]byte{}
	for _, file := range files {
		raw, err := readKey(file)
		if err != nil {
			r.problem("%v", err)
			continue
		}
		id := strings.TrimSuffix(filepath.Base(file), keySuffix)
		keys[id] = raw
		ring.IDs = append(ring.IDs, id)
	}
	slices.Sort(ring.IDs)
	current, err := os.ReadFile(filepath.Join(dir, currentFile))
	if err != nil {
		r.problem("cannot read which key is current: %v", err)
		return keys
	}
	ring.Current = strings.TrimSpace(string(current))
	if _, err := seal.NewKeyring(ring.Current, keys); err != nil {
		r.problem("%s: %v", dir, err)
	}
	return keys
}

// shared finds one key in two places: what is meant to be apart would fall together.
func (r *Report) shared(content, payload map[string][]byte, secret []byte) {
	for _, id := range slices.Sorted(maps.Keys(content)) {
		for _, other := range slices.Sorted(maps.Keys(payload)) {
			if bytes.Equal(content[id], payload[other]) {
				r.problem("the content key %q is the payload key %q; make a new payload key", id, other)
			}
		}
		if bytes.Equal(content[id], secret) {
			r.problem("the content key %q is the look-up secret; they must differ", id)
		}
	}
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}
