package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// place is where something stands.
type place struct {
	file string
	line int
}

// row is one record, from either format: its cells by key or column.
type row struct {
	place
	cells map[string]cell
}

// cell is one value: a text, a list of texts, or nested records.
type cell struct {
	line   int
	text   string
	items  []string
	nested []row
}

// sections are the top-level keys of a YAML file.
var sections = []string{"company", "documents", "customers", "contacts", "acceptances", "groups"}

// csvFiles are the tables that CSV files may hold, by name, with their columns.
var csvFiles = map[string]struct {
	section string
	columns []string
}{
	"customers.csv":   {"customers", customerFields},
	"contacts.csv":    {"contacts", append([]string{"customer"}, contactFields...)},
	"acceptances.csv": {"acceptances", acceptanceFields},
}

// tables gathers the records of all files by section.
type tables struct {
	draft *draft
	rows  map[string][]row
}

// yamlLine finds the line in an error of the YAML reader. The rest of such an
// error may quote the file, and is not passed on.
var yamlLine = regexp.MustCompile(`line (\d+)`)

func (t *tables) readYAML(name string, text []byte) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil {
		at := place{file: name}
		if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
			at.line, _ = strconv.Atoi(found[1])
		}
		t.draft.refuse(at, "", "the file is empty or no YAML from here on; check indentation and quotes")
		return
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		t.draft.refuse(place{name, more.Line}, "", "the file holds more than one YAML document; split it")
		return
	}
	if document.Content[0].Kind != yaml.MappingNode {
		t.draft.refuse(place{name, document.Content[0].Line}, "", "the file must hold the keys "+strings.Join(sections, ", "))
		return
	}
	root := t.mapping(name, document.Content[0])
	t.draft.allow(root, sections)
	for _, section := range sections {
		given, present := root.cells[section]
		if present && given.nested == nil && (given.text != "" || given.items != nil) {
			t.draft.refuse(place{name, given.line}, section, "must hold records")
		}
		t.rows[section] = append(t.rows[section], given.nested...)
	}
}

// mapping turns a YAML mapping into a row.
func (t *tables) mapping(file string, node *yaml.Node) row {
	r := row{place: place{file, node.Line}, cells: make(map[string]cell, len(node.Content)/2)}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, twice := r.cells[key.Value]; twice {
			t.draft.refuse(place{file, key.Line}, fieldName(key.Value), "is given twice; keep one")
			continue
		}
		c, understood := t.value(file, value)
		if !understood {
			t.draft.refuse(place{file, value.Line}, fieldName(key.Value), "is neither a text, a list of texts, nor a list of records; anchors and aliases are not read")
			continue
		}
		r.cells[key.Value] = c
	}
	return r
}

// value turns a YAML value into a cell. Aliases are refused: a record says itself
// what it holds, and no short file grows into a long one.
func (t *tables) value(file string, node *yaml.Node) (cell, bool) {
	c := cell{line: node.Line}
	switch node.Kind {
	case yaml.ScalarNode:
		if node.Tag != "!!null" {
			c.text = strings.TrimSpace(node.Value)
		}
		return c, true
	case yaml.MappingNode:
		c.nested = []row{t.mapping(file, node)}
		return c, true
	case yaml.SequenceNode:
		for _, item := range node.Content {
			switch item.Kind {
			case yaml.ScalarNode:
				c.items = append(c.items, strings.TrimSpace(item.Value))
			case yaml.MappingNode:
				c.nested = append(c.nested, t.mapping(file, item))
			default:
				return c, false
			}
		}
		return c, c.items == nil || c.nested == nil
	default:
		return c, false
	}
}

func (t *tables) readCSV(name string, text []byte) {
	table, known := csvFiles[path.Base(name)]
	if !known {
		t.draft.refuse(place{file: name}, "", "a CSV file is named customers.csv, contacts.csv or acceptances.csv")
		return
	}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := reader.Read()
	if err != nil {
		t.draft.refuse(place{name, 1}, "", "the file has no header row; it needs the columns "+strings.Join(table.columns, ", "))
		return
	}
	for i, column := range header {
		header[i] = strings.TrimSpace(column)
		if !slices.Contains(table.columns, header[i]) || slices.Contains(header[:i], header[i]) {
			t.draft.refuse(place{name, 1}, fieldName(header[i]), "is an unknown or repeated column; the columns are "+strings.Join(table.columns, ", "))
		}
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			t.draft.refuse(place{name, broken.Line}, "", "the row cannot be read: "+broken.Err.Error())
			return
		}
		line, _ := reader.FieldPos(0)
		r := row{place: place{name, line}, cells: make(map[string]cell, len(record))}
		for i, value := range record {
			r.cells[header[i]] = cell{line: line, text: strings.TrimSpace(value)}
		}
		t.rows[table.section] = append(t.rows[table.section], r)
	}
}

// plainField is what a key or column looks like. Anything else may be a value
// that slipped into the wrong place, a name even, and is not repeated.
var plainField = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)

func fieldName(key string) string {
	if plainField.MatchString(key) {
		return key
	}
	return "(unreadable)"
}
