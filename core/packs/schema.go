package packs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SchemaError says what is wrong with a file of the pack, and where.
type SchemaError struct {
	// File is the file's path in the pack, e.g. "rules/eu.yaml".
	File string
	// Rule is the id of the rule or the name of the calendar, or its place in the file ("#3") while that is not known;
	// "" outside both.
	Rule string
	// Field is the key, with a dot before a nested one, e.g. "validity.from"; "" if the whole is wrong.
	Field string
	// Detail says what is wrong with it.
	Detail string
}

// Error implements error.
func (e *SchemaError) Error() string {
	var at strings.Builder
	at.WriteString(e.File)
	if e.Rule != "" {
		at.WriteString(": " + e.Rule)
	}
	if e.Field != "" {
		at.WriteString(": field " + e.Field)
	}
	return at.String() + ": " + e.Detail
}

// reader reads a value that is more than one scalar or list. Its error carries the field below the key only.
type reader func(*yaml.Node) *SchemaError

// fields are the keys that a mapping may have, each with the variable that takes its value.
type fields map[string]any

// read fills the variables from a mapping. It refuses unknown keys, keys given twice, values of another kind, and
// missing keys that are not named as optional. The *SchemaError it returns carries the field only.
func (f fields) read(node *yaml.Node, optional ...string) *SchemaError {
	if node.Kind != yaml.MappingNode {
		return &SchemaError{Detail: fmt.Sprintf("line %d: must be a mapping", node.Line)}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		target, known := f[key]
		switch {
		case !known:
			return &SchemaError{Field: key, Detail: "unknown key"}
		case seen[key]:
			return &SchemaError{Field: key, Detail: "given twice"}
		case value.Tag == "!!null":
			return &SchemaError{Field: key, Detail: "has no value"}
		}
		seen[key] = true
		if read, nested := target.(reader); nested {
			if broken := read(value); broken != nil {
				return broken.under(key)
			}
			continue
		}
		if err := value.Decode(target); err != nil {
			return &SchemaError{Field: key, Detail: err.Error()}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if !seen[key] && !slices.Contains(optional, key) {
			return &SchemaError{Field: key, Detail: "missing"}
		}
	}
	return nil
}

// under names the mapping in which the error's field lies.
func (e *SchemaError) under(parent string) *SchemaError {
	if e != nil {
		e.Field = strings.TrimSuffix(parent+"."+e.Field, ".")
	}
	return e
}

// in names the file in which the error lies.
func (e *SchemaError) in(file string) *SchemaError {
	e.File = file
	return e
}

// document is the root mapping of a YAML file.
func document(file string, text []byte) (*yaml.Node, *SchemaError) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, &SchemaError{File: file, Detail: err.Error()}
	}
	if len(root.Content) != 1 {
		return nil, &SchemaError{File: file, Detail: "is empty"}
	}
	return root.Content[0], nil
}
