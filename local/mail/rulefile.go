package mail

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// ruleFile keeps the script beside the messages, so that an address which refuses
// still refuses after a restart. Without a folder it keeps nothing.
type ruleFile struct {
	dir string
	mu  sync.Mutex // held while the script changes, so that the file is never behind
}

func (f *ruleFile) path() string { return filepath.Join(f.dir, "rules.json") }

func (f *ruleFile) read() ([]Rule, error) {
	if f.dir == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the script: %w", err)
	}
	var rules []Rule
	if err := json.Unmarshal(text, &rules); err != nil {
		return nil, fmt.Errorf("cannot read the script: %w", err)
	}
	return rules, nil
}

// write replaces the file in one step, so that a crash leaves the old or the new.
func (f *ruleFile) write(rules []Rule) error {
	if f.dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(rules, "", "  ")
	if err == nil {
		err = os.WriteFile(f.path()+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(f.path()+".new", f.path())
	}
	if err != nil {
		return fmt.Errorf("cannot keep the script: %w", err)
	}
	return nil
}
