package drill

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader collects the faults of one file.
type reader struct {
	file   string
	faults []error
}

func (r *reader) refuse(line int, field, format string, args ...any) {
	if field != "" {
		field += ": "
	}
	r.faults = append(r.faults, fmt.Errorf("%s:%d: %s%s", r.file, line, field, fmt.Sprintf(format, args...)))
}

// located remembers where each field stands; "" is the record itself.
type located struct{ lines map[string]int }

func (l *located) at(field string, line int) {
	if l.lines == nil {
		l.lines = map[string]int{}
	}
	l.lines[field] = line
}

// field is one key that a record takes.
type field struct {
	key    string
	needed bool
	value  reflect.Value
}

// fieldsOf are a record's fields by their yaml tags; what is not marked omitempty is needed.
func fieldsOf(record any) (fields []field) {
	value := reflect.ValueOf(record).Elem()
	for _, one := range reflect.VisibleFields(value.Type()) {
		if tag, tagged := one.Tag.Lookup("yaml"); tagged {
			key, optional := strings.CutSuffix(tag, ",omitempty")
			fields = append(fields, field{key, !optional, value.FieldByIndex(one.Index)})
		}
	}
	return fields
}

// fill reads a mapping into records.
func (r *reader) fill(node *yaml.Node, what string, records ...any) {
	if node.Kind != yaml.MappingNode {
		r.refuse(node.Line, "", "%s is written as keys with values", what)
		return
	}
	values, needed, known := map[string]reflect.Value{}, []string{}, []string{}
	var places []interface{ at(string, int) }
	for _, record := range records {
		if place, ok := record.(interface{ at(string, int) }); ok {
			place.at("", node.Line)
			places = append(places, place)
		}
		for _, f := range fieldsOf(record) {
			values[f.key], known = f.value, append(known, f.key)
			if f.needed {
				needed = append(needed, f.key)
			}
		}
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, ok := values[key.Value]
		switch {
		case !ok:
			r.refuse(key.Line, key.Value, "is unknown; %s takes %s", what, strings.Join(known, ", "))
		case given[key.Value]:
			r.refuse(key.Line, key.Value, "is given twice; keep one")
		default:
			r.value(key.Value, value, field)
			for _, place := range places {
				place.at(key.Value, key.Line)
			}
		}
		given[key.Value] = true
	}
	for _, key := range needed {
		if !given[key] {
			r.refuse(node.Line, key, "is missing; %s needs it", what)
		}
	}
}

func (r *reader) value(key string, node *yaml.Node, field reflect.Value) {
	if step, ok := field.Addr().Interface().(*[]Step); ok {
		*step = r.steps(key, node)
		return
	}
	elem := field.Type()
	for elem.Kind() == reflect.Slice || elem.Kind() == reflect.Pointer {
		elem = elem.Elem()
	}
	_, reads := reflect.New(elem).Interface().(yaml.Unmarshaler)
	switch {
	case elem.Kind() != reflect.Struct || reads:
		if err := node.Decode(field.Addr().Interface()); err != nil {
			r.refuse(node.Line, key, "%s", remedy(err, elem))
		}
	case field.Kind() == reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			r.refuse(node.Line, key, "write a list")
			return
		}
		field.Set(reflect.MakeSlice(field.Type(), len(node.Content), len(node.Content)))
		for i, item := range node.Content {
			r.fill(item, key, field.Index(i).Addr().Interface())
		}
	default:
		field.Set(reflect.New(elem))
		r.fill(node, key, field.Interface())
	}
}

// remedy says what to write where YAML found something else.
func remedy(err error, wanted reflect.Type) string {
	if _, mistyped := errors.AsType[*yaml.TypeError](err); !mistyped {
		return err.Error()
	}
	switch wanted.Kind() {
	case reflect.Int, reflect.Int64:
		return "write a whole number"
	case reflect.Bool:
		return "write true or false"
	case reflect.Map:
		return "write names with whole numbers, such as {half: 1}"
	default:
		return "write a text, or where several are meant a list of texts"
	}
}
