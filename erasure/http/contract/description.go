package contract

import (
	"slices"

	"github.com/atlascloudai/docket/core/estate"
)

// Collections says what the service can be asked for.
type Collections struct {
	Type        string       `json:"type"`
	Collections []Collection `json:"collections"`
}

// Collection is one kind of records of the service.
type Collection struct {
	Name   string  `json:"name"`
	Fields []Field `json:"fields"`
}

// Field is one member of a record.
type Field struct {
	Name string `json:"name"`
	// Searchable says that Locate finds records by the field.
	Searchable bool `json:"searchable"`
	// Masks are the ways in which the service can mask the field.
	Masks []estate.MaskWith `json:"masks,omitempty"`
}

// Has says whether the collection has the field.
func (c Collection) Has(name string) bool { return c.field(name).Name != "" }

// CanSearch says whether the service finds records by the field.
func (c Collection) CanSearch(name string) bool { return c.field(name).Searchable }

// CanMask says whether the service can mask the field so.
func (c Collection) CanMask(name string, with estate.MaskWith) bool {
	return slices.Contains(c.field(name).Masks, with)
}

func (c Collection) field(name string) (none Field) {
	for _, field := range c.Fields {
		if field.Name == name {
			return field
		}
	}
	return none
}
