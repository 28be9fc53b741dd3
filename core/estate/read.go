package estate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/problem"
)

// Read reads an estate from its files: any number of fideslang dataset files, as they are, and at most one file of Docket's own,
// told apart by their first member (dataset, stores). It is strict with Docket's own: an unknown member, a member given twice or
// without a value is a problem.Invalid that names the file (by its place, when there are several), line and member. What a
// fideslang file says and Docket cannot carry out becomes a finding of the estate. Read does not judge: Validate does.
//
// Each dataset becomes a store of kind postgres whose id is its fides_key in lower case, with hyphens for all but letters and
// digits. What Docket's own file says of the same store, collection or field stands over what the dataset says.
func Read(files ...[]byte) (Estate, error) {
	var own *Estate
	var read Estate
	for i, data := range files {
		r := reading{}
		if len(files) > 1 {
			r.file = fmt.Sprintf("file %d, ", i+1)
		}
		root, err := r.document(data)
		if err != nil {
			return Estate{}, err
		}
		if !has(root, "dataset") {
			if own != nil {
				return Estate{}, r.refuse("stores", root, "a second file of Docket's own: keep all stores in one, and datasets in theirs")
			}
			own = new(Estate)
			if err := r.strict(root, reflect.TypeFor[Estate](), ""); err != nil {
				return Estate{}, err
			}
			if err := r.decode(root, own); err != nil {
				return Estate{}, err
			}
			continue
		}
		stores, findings, err := r.fides(root)
		if err != nil {
			return Estate{}, err
		}
		read.Stores, read.Findings = append(read.Stores, stores...), append(read.Findings, findings...)
	}
	read.turn()
	if own == nil {
		return read, nil
	}
	return own.over(read), nil
}

// reading is the reading of one file.
type reading struct {
	file string
	// lenient takes unknown members instead of refusing them.
	lenient func(path string)
}

func (r reading) refuse(field string, node *yaml.Node, detail string) error {
	return problem.InvalidField(field, "%sline %d: %s", r.file, node.Line, detail)
}

// yamlLine finds the line in an error of the YAML reader; the rest of such an error may quote the file.
var yamlLine = regexp.MustCompile(`line (\d+)`)

func (r reading) broken(err error) error {
	line := "a line that the reader does not name"
	if found := yamlLine.FindString(err.Error()); found != "" {
		line = found
	}
	return problem.InvalidField("estate", "%s%s is not YAML that can be read as an estate: check the indentation and the kind of value", r.file, line)
}

// document is the file's one mapping.
func (r reading) document(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var node, more yaml.Node
	if err := decoder.Decode(&node); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, problem.InvalidField("estate", "%sis empty: begin with version and stores", r.file)
		}
		return nil, r.broken(err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, problem.InvalidField("estate", "%sholds more than one YAML document: keep one in a file", r.file)
	}
	if len(node.Content) != 1 || node.Content[0].Kind != yaml.MappingNode {
		return nil, problem.InvalidField("estate", "%smust be a mapping with version and stores, or with dataset", r.file)
	}
	return node.Content[0], nil
}

func (r reading) decode(node *yaml.Node, into any) error {
	if err := node.Decode(into); err != nil {
		return r.broken(err)
	}
	return nil
}

func has(mapping *yaml.Node, key string) bool {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return true
		}
	}
	return false
}

// strict holds a node against the type that will take it.
func (r reading) strict(node *yaml.Node, into reflect.Type, path string) error {
	if into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return r.refuse(path, node, "is an anchor or alias: write it out, so that a reader sees what holds")
	case into.Kind() == reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			return r.refuse(path, node, "must be a list")
		}
		for i, item := range node.Content {
			if err := r.strict(item, into.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case into.Kind() == reflect.Struct:
		return r.members(node, into, path)
	case into.Kind() == reflect.String || into.Kind() == reflect.Bool:
		if node.Kind != yaml.ScalarNode {
			return r.refuse(path, node, "must be one value, not a list or a mapping")
		}
	}
	return nil
}

func (r reading) members(node *yaml.Node, into reflect.Type, path string) error {
	if node.Kind != yaml.MappingNode {
		return r.refuse(path, node, "must be a mapping")
	}
	known := map[string]reflect.Type{}
	var names []string
	for _, field := range reflect.VisibleFields(into) {
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "-" {
			known[name] = field.Type
			names = append(names, name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		below := strings.TrimPrefix(path+"."+key.Value, ".")
		member, is := known[key.Value]
		switch {
		case seen[key.Value]:
			return r.refuse(below, key, "is given twice")
		case !is && r.lenient != nil:
			r.lenient(below)
			continue
		case !is:
			return r.refuse(below, key, "is unknown here; the members are "+strings.Join(names, ", "))
		case value.Tag == "!!null" && member == reflect.TypeFor[MaskWith]() && value.Value != "":
			value.Tag, value.Value = "!!str", string(Null) // `with: null` is what one would write.
		case value.Tag == "!!null" && r.lenient == nil:
			return r.refuse(below, value, "has no value: give one or leave the member out")
		case value.Tag == "!!null":
			continue
		}
		seen[key.Value] = true
		if err := r.strict(value, member, below); err != nil {
			return err
		}
	}
	return nil
}

// over lays what Docket's own file says over what datasets say, store by store, collection by collection, field by field. What
// it says of a place settles the findings there.
func (e Estate) over(read Estate) Estate {
	settled := map[string]bool{}
	for i, own := range e.Stores {
		at := slices.IndexFunc(read.Stores, func(s Store) bool { return s.ID == own.ID })
		if at < 0 {
			continue
		}
		settled[own.ID] = true
		below := read.Stores[at]
		for j, c := range own.Collections {
			address := string(AddressOf(own.ID, c.Name))
			settled[address] = true
			for _, f := range c.Fields {
				settled[address+"."+f.Name] = true
			}
			if k := slices.IndexFunc(below.Collections, func(b Collection) bool { return b.Name == c.Name }); k >= 0 {
				if c.Strategy == Delete && c.Retention == nil { // What the dataset would mask goes.
					for n := range below.Collections[k].Fields {
						below.Collections[k].Fields[n].Mask = nil
					}
				}
				own.Collections[j].Fields = lay(c.Fields, below.Collections[k].Fields, func(f Field) string { return f.Name })
			}
		}
		own.Collections = lay(own.Collections, below.Collections, func(c Collection) string { return c.Name })
		e.Stores[i] = fill(own, below)
		read.Stores = slices.Delete(read.Stores, at, at+1)
	}
	e.Stores = append(e.Stores, read.Stores...)
	for _, f := range read.Findings {
		if !settled[f.At] {
			e.Findings = append(e.Findings, f)
		}
	}
	return e
}

// lay is below, in its order, with above's items over those of the same name; then what only above has.
func lay[T any](above, below []T, name func(T) string) []T {
	var laid []T
	for _, b := range below {
		if i := slices.IndexFunc(above, func(a T) bool { return name(a) == name(b) }); i >= 0 {
			b = fill(above[i], b)
		}
		laid = append(laid, b)
	}
	for _, a := range above {
		if !slices.ContainsFunc(below, func(b T) bool { return name(a) == name(b) }) {
			laid = append(laid, a)
		}
	}
	return laid
}

// fill gives every member of above that is empty below's value.
func fill[T any](above, below T) T {
	a, b := reflect.ValueOf(&above).Elem(), reflect.ValueOf(below)
	for i := range a.NumField() {
		if a.Field(i).IsZero() {
			a.Field(i).Set(b.Field(i))
		}
	}
	return above
}
