package register

import (
	"encoding/json"
	"io"

	"github.com/atlascloudai/docket/core/audit"
)

// JSON is one JSON document, written as it comes: a head, lists by name, and in the list of breaches each breach with its
// duties. Every item stands on a line of its own, the signature on the last.
type JSON struct {
	sheet
	// listed, items and duties say what is open: a list, an item in it, the duties of a breach.
	listed, items, breach, duties bool
}

// OpenJSON begins a document with its head under a name.
func OpenJSON(to io.Writer, name string, head Head) (*JSON, error) {
	j := &JSON{sheet: newSheet(to, name, "json", head)}
	j.text(`{`)
	j.value(name)
	j.text(`:`)
	j.value(head)
	return j, j.err
}

// List begins a list of its own name.
func (j *JSON) List(name string) error {
	j.end()
	j.text(",\n")
	j.value(name)
	j.text(":[\n")
	j.listed, j.items = true, false
	return j.err
}

// Item adds one thing to the list.
func (j *JSON) Item(v any) error {
	if j.items {
		j.text(",\n")
	}
	j.items = true
	j.value(v)
	return j.err
}

// Breach implements Book.
func (j *JSON) Breach(b Breach) error {
	if j.endBreach(); !j.listed {
		_ = j.List("breaches") // j.err keeps it
	}
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if j.items {
		j.text(",\n")
	}
	j.text(string(body[:len(body)-1]) + `,"duties":[`)
	j.items, j.breach, j.duties = true, true, false
	j.count++
	return j.err
}

// Duty implements Book.
func (j *JSON) Duty(d Duty) error {
	if j.duties {
		j.text(",")
	}
	j.text("\n")
	j.duties = true
	j.value(d)
	return j.err
}

// Close implements Book.
func (j *JSON) Close(sign audit.Signer) error {
	if j.count == 0 && !j.listed {
		_ = j.List("breaches")
	}
	j.end()
	j.text(",\n")
	return j.sign(sign)
}

// end closes what is open.
func (j *JSON) end() {
	if j.endBreach(); j.listed {
		j.text("\n]")
	}
	j.listed = false
}

func (j *JSON) endBreach() {
	if j.breach {
		j.text("]}")
	}
	j.breach = false
}

func (j *JSON) value(v any) {
	body, err := json.Marshal(v)
	if err != nil && j.err == nil {
		j.err = err
	}
	j.text(string(body))
}
