package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Variable is one variable of the environment, as the tags of its field describe it.
type Variable struct {
	// Name is the full name, Prefix included.
	Name string
	// Group is the heading under which it is documented; empty for the general ones.
	Group string
	// Default is the value where it is not set.
	Default string
	// Required says that there is no configuration without it.
	Required bool
	// Secret says that it may be given as a file by Name + "_FILE".
	Secret bool
	// Doc says what it is for.
	Doc string

	kind  reflect.Type
	tag   reflect.StructTag
	index []int
}

// Variables are all variables, in the order of the documentation.
func Variables() []Variable { return variablesOf(reflect.TypeFor[Config]()) }

func variablesOf(structure reflect.Type) []Variable {
	return walk(structure, Prefix, "", nil)
}

func walk(structure reflect.Type, prefix, group string, index []int) []Variable {
	var variables []Variable
	for i := range structure.NumField() {
		field := structure.Field(i)
		at := append(slices.Clone(index), i)
		if title, isGroup := field.Tag.Lookup("title"); isGroup {
			variables = append(variables, walk(field.Type, prefix+field.Tag.Get("envPrefix"), title, at)...)
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("env"), ",")
		variables = append(variables, Variable{
			Name:     prefix + name,
			Group:    group,
			Default:  field.Tag.Get("envDefault"),
			Required: strings.Contains(options, "required"),
			Secret:   field.Type == reflect.TypeFor[Secret]() || field.Type == reflect.TypeFor[[]Secret](),
			Doc:      field.Tag.Get("doc"),
			kind:     field.Type,
			tag:      field.Tag,
			index:    at,
		})
	}
	return variables
}

// check applies the tags min, max, oneof and check to a value.
func (v Variable) check(value reflect.Value) error {
	if err := v.checkRange(value); err != nil {
		return err
	}
	if choices := v.tag.Get("oneof"); choices != "" && !slices.Contains(strings.Fields(choices), value.String()) {
		return fmt.Errorf("is %q; write one of %s", value.String(), strings.Join(strings.Fields(choices), ", "))
	}
	name := v.tag.Get("check")
	if name == "" {
		return nil
	}
	for _, text := range texts(value) {
		if err := checks[name](text); err != nil {
			return err
		}
	}
	return nil
}

// texts are the entries of a list, or a text that is not empty.
func texts(value reflect.Value) []string {
	if value.Kind() == reflect.Slice {
		all := make([]string, value.Len())
		for i := range all {
			all[i] = value.Index(i).String()
		}
		return all
	}
	if value.String() == "" {
		return nil
	}
	return []string{value.String()}
}

func (v Variable) checkRange(value reflect.Value) error {
	least, limited := v.tag.Lookup("min")
	if !limited {
		return nil
	}
	most := v.tag.Get("max")
	if n := value.Int(); n < v.number(least) || n > v.number(most) {
		return fmt.Errorf("is %v; write %s to %s", value.Interface(), least, most)
	}
	return nil
}

// number reads a bound of a tag; a bound that cannot be read is a mistake in this package.
func (v Variable) number(text string) int64 {
	if v.kind == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil {
			panic("config: " + v.Name + ": " + err.Error())
		}
		return int64(d)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("config: " + v.Name + ": " + err.Error())
	}
	return n
}
