package estate

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FidesUnsupported is the code of what a fideslang file says and Docket cannot carry out, FidesUndecided of what such a file leaves
// to a person. A line in Docket's own file about the same place settles either.
const (
	FidesUnsupported = "fides_unsupported"
	FidesUndecided   = "fides_undecided"
)

// fidesPassed are the members that have no bearing on where a person's data is or how it goes: what is described, by whom and
// for what use, and how values are cast.
var fidesPassed = []string{
	"name", "description", "organization_fides_key", "tags", "meta", "data_uses", "data_purposes", "data_subjects", "data_qualifier",
	"third_country_transfers", "joint_controller", "resource_id", "data_type", "length", "return_all_elements",
}

// What the members of a dataset file mean is in fideslang's models (Dataset, DatasetCollection, DatasetField, FidesMeta); the
// older name of fides_meta is fidesops_meta.
type (
	fidesFile struct {
		Dataset []fidesDataset `yaml:"dataset"`
	}
	fidesDataset struct {
		Key        string           `yaml:"fides_key"`
		Categories []string         `yaml:"data_categories"`
		Meta       fidesDatasetMeta `yaml:"fides_meta"`
		Older      fidesDatasetMeta `yaml:"fidesops_meta"`
		// Collections and their fields are listed in the order of the file.
		Collections []fidesCollection `yaml:"collections"`
	}
	fidesDatasetMeta struct {
		After     []string       `yaml:"after"`
		Namespace fidesNamespace `yaml:"namespace"`
	}
	fidesNamespace struct {
		Schema string `yaml:"schema"`
	}
	fidesCollection struct {
		Name       string              `yaml:"name"`
		Categories []string            `yaml:"data_categories"`
		Meta       fidesCollectionMeta `yaml:"fides_meta"`
		Older      fidesCollectionMeta `yaml:"fidesops_meta"`
		Fields     []fidesField        `yaml:"fields"`
	}
	fidesCollectionMeta struct {
		After      []string      `yaml:"after"`
		EraseAfter []string      `yaml:"erase_after"`
		Skip       bool          `yaml:"skip_processing"`
		Masking    *fidesMasking `yaml:"masking_strategy_override"`
	}
	fidesField struct {
		Name       string         `yaml:"name"`
		Categories []string       `yaml:"data_categories"`
		Meta       fidesFieldMeta `yaml:"fides_meta"`
		Older      fidesFieldMeta `yaml:"fidesops_meta"`
		Fields     []fidesField   `yaml:"fields"`
	}
	fidesFieldMeta struct {
		Identity   string           `yaml:"identity"`
		PrimaryKey bool             `yaml:"primary_key"`
		ReadOnly   bool             `yaml:"read_only"`
		References []fidesReference `yaml:"references"`
		Masking    *fidesMasking    `yaml:"masking_strategy_override"`
	}
	fidesReference struct {
		Dataset   string    `yaml:"dataset"`
		Field     string    `yaml:"field"`
		Direction Direction `yaml:"direction"`
	}
	fidesMasking struct {
		Strategy      string             `yaml:"strategy"`
		Configuration fidesMaskingConfig `yaml:"configuration"`
	}
	fidesMaskingConfig struct {
		RewriteValue string `yaml:"rewrite_value"`
	}
)

// fides reads a dataset file. Of a member that this format does not have it makes a finding: fides itself passes over them.
func (r reading) fides(root *yaml.Node) ([]Store, []Finding, error) {
	t := translation{}
	r.lenient = func(path string) {
		member := path[strings.LastIndex(path, ".")+1:]
		if !slices.Contains(fidesPassed, member) {
			t.unknown = append(t.unknown, path)
		}
	}
	if err := r.strict(root, reflect.TypeFor[fidesFile](), ""); err != nil {
		return nil, nil, err
	}
	var file fidesFile
	if err := r.decode(root, &file); err != nil {
		return nil, nil, err
	}
	for _, path := range t.unknown {
		t.found = append(t.found, Finding{At: file.at(path), Code: FidesUnsupported, Detail: path[strings.LastIndex(path, ".")+1:] + " is not carried over: say in Docket's own file what is to hold here"})
	}
	var stores []Store
	for _, d := range file.Dataset {
		stores = append(stores, t.store(d))
	}
	return stores, t.found, nil
}

// fidesPlace finds the places in a member's path.
var fidesPlace = regexp.MustCompile(`^dataset\[(\d+)\](?:\.collections\[(\d+)\](?:\.fields\[(\d+)\])?)?`)

// at is the place that a member's path means.
func (f fidesFile) at(path string) string {
	var d, c, n int
	found := fidesPlace.FindStringSubmatch(path)
	if found == nil {
		return ""
	}
	_, _ = fmt.Sscan(strings.Join(found[1:], " "), &d, &c, &n) // Digits, or nothing from some place on.
	at := storeOf(f.Dataset[d].Key)
	if found[2] != "" {
		at += "/" + f.Dataset[d].Collections[c].Name
	}
	if found[3] != "" {
		at += "." + f.Dataset[d].Collections[c].Fields[n].Name
	}
	return at
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

// storeOf is the id of a dataset's store.
func storeOf(fidesKey string) string {
	return strings.Trim(notInID.ReplaceAllString(strings.ToLower(fidesKey), "-"), "-")
}

// translation turns datasets into stores.
type translation struct {
	unknown []string
	found   []Finding
}

func (t *translation) add(at, code, detail string, args ...any) {
	t.found = append(t.found, Finding{At: at, Code: code, Detail: fmt.Sprintf(detail, args...)})
}

func (t *translation) store(d fidesDataset) Store {
	meta := older(d.Meta, d.Older)
	s := Store{ID: storeOf(d.Key), Kind: Postgres, Schema: meta.Namespace.Schema}
	d.Categories = t.known(s.ID, d.Categories)
	if len(meta.After) > 0 {
		t.add(s.ID, FidesUnsupported, "fides_meta.after puts whole datasets in order: say after at the collections that need it")
	}
	for _, c := range d.Collections {
		s.Collections = append(s.Collections, t.collection(s.ID, d, c))
	}
	return s
}

func (t *translation) collection(store string, d fidesDataset, c fidesCollection) Collection {
	at, meta := string(AddressOf(store, c.Name)), older(c.Meta, c.Older)
	read := Collection{Name: c.Name, After: t.addresses(at, meta.After), EraseAfter: t.addresses(at, meta.EraseAfter)}
	categories := slices.Concat(d.Categories, t.known(at, c.Categories))
	masked := false
	for _, f := range c.Fields {
		field, below := t.field(at+"."+f.Name, f)
		read.Fields = append(read.Fields, field)
		categories = append(categories, below...)
		masked = masked || field.Mask != nil
		if older(f.Meta, f.Older).PrimaryKey {
			read.Key = append(read.Key, f.Name)
		}
	}
	read.Class = classOf(categories)
	switch {
	case meta.Skip:
		read.NotSearchable = &NotSearchable{Why: "the dataset says skip_processing"} // Validate asks for what is done instead.
	case meta.Masking != nil && meta.Masking.Strategy == "delete":
		read.Strategy = Delete
	case meta.Masking != nil:
		t.add(at, FidesUnsupported, "fideslang's only strategy for a collection is delete, and this one is another: say the strategy")
	case masked:
		read.Strategy = MaskFields
	case !slices.ContainsFunc(categories, func(c string) bool { return c == "user" || strings.HasPrefix(c, "user.") }):
		t.add(at, FidesUndecided, "no field of it has a category of user data, yet Docket would delete its records when a reference leads to them: say strategy delete, or not_searchable if the records are not about one person")
	}
	if read.Strategy == Delete || read.NotSearchable != nil {
		for i, f := range read.Fields {
			if f.Mask != nil {
				read.Fields[i].Mask = nil
				t.add(at+"."+f.Name, FidesUnsupported, "it has a masking strategy and its collection is deleted or skipped: say which of the two is meant")
			}
		}
	}
	return read
}

// field is a field and the categories of all that is nested in it. Docket treats a nested value as one.
func (t *translation) field(at string, f fidesField) (Field, []string) {
	meta := older(f.Meta, f.Older)
	categories := t.known(at, f.Categories)
	for _, nested := range f.Fields {
		below, more := t.field(at, nested)
		categories = append(categories, more...)
		if below.Identity != "" || below.References != nil || below.Mask != nil {
			t.add(at, FidesUnsupported, "%s is nested in it and has an identity, a reference or a masking strategy: Docket compares and masks whole columns only", nested.Name)
		}
	}
	field := Field{Name: f.Name, Class: classOf(categories), Identity: meta.Identity, Mask: t.mask(at, meta.Masking)}
	if meta.ReadOnly {
		t.add(at, FidesUnsupported, "read_only is not carried over: Docket deletes whole records unless the collection is masked or kept on a ground")
	}
	for i, reference := range meta.References {
		if i > 0 {
			t.add(at, FidesUnsupported, "it has more than one reference: Docket follows the first; give the others to the fields at their other end")
			break
		}
		name, inner, _ := strings.Cut(reference.Field, ".")
		field.References = &Reference{Collection: AddressOf(storeOf(reference.Dataset), name), Field: inner, Direction: reference.Direction}
	}
	return field, categories
}

// turn turns references around that datasets write at the parent's end: from a key, "to" a field that is none. The field that
// repeats a key is the child's, and is erased first.
func (e Estate) turn() {
	byAddress := map[Address]Collection{}
	for _, p := range e.places() {
		byAddress[p.address] = p.collection
	}
	for _, p := range e.places() {
		for i, f := range p.collection.Fields {
			if f.References == nil || f.References.Direction != To || !slices.Contains(p.collection.Key, f.Name) {
				continue
			}
			other := byAddress[f.References.Collection]
			if child := other.field(f.References.Field); child != nil && child.References == nil && !slices.Contains(other.Key, child.Name) {
				child.References = &Reference{Collection: p.address, Field: f.Name, Direction: From}
				p.collection.Fields[i].References = nil
			}
		}
	}
}

func (t *translation) addresses(at string, keys []string) []Address {
	var read []Address
	for _, key := range keys {
		dataset, name, ok := strings.Cut(key, ".")
		if !ok {
			t.add(at, FidesUnsupported, "%q is not dataset.collection", key)
			continue
		}
		read = append(read, AddressOf(storeOf(dataset), name))
	}
	return read
}

func (t *translation) mask(at string, m *fidesMasking) *Mask {
	switch {
	case m == nil:
		return nil
	case m.Strategy == "null_rewrite":
		return &Mask{With: Null}
	case m.Strategy == "hash":
		return &Mask{With: Hash}
	case m.Strategy == "hmac":
		return &Mask{With: HMAC}
	case m.Strategy == "string_rewrite" && m.Configuration.RewriteValue != "":
		return &Mask{With: Fixed, Value: m.Configuration.RewriteValue}
	}
	t.add(at, FidesUnsupported, "the masking strategy %q is not carried over: say a mask with one of %s", m.Strategy, words(Masks))
	return nil
}

// fidesClasses are the classes of fideslang's data categories; each means those below it too, and the first that fits holds.
var fidesClasses = []struct {
	category string
	class    Class
}{
	{"user.content", CustomerContent},
	{"user.financial", Billing}, {"user.payment", Billing},
	{"user.account", Account}, {"user.authorization", Account}, {"user.credentials", Account},
	{"user", CustomerPersonalData},
	{"system", OperationalMetadata},
}

// telling are the classes, the most telling last: a collection has the last that any of its fields has.
var telling = []Class{"", OperationalMetadata, Billing, Account, CustomerPersonalData, CustomerContent}

// classOf is the most telling class of the categories, "" for none.
func classOf(categories []string) Class {
	best := 0
	for _, category := range categories {
		for _, c := range fidesClasses {
			if category == c.category || strings.HasPrefix(category, c.category+".") {
				best = max(best, slices.Index(telling, c.class))
				break
			}
		}
	}
	return telling[best]
}

// known are the categories, with a finding for each that has no class.
func (t *translation) known(at string, categories []string) []string {
	for _, category := range categories {
		if classOf([]string{category}) == "" {
			t.add(at, FidesUnsupported, "the data category %q is none of fideslang's: say the class", category)
		}
	}
	return slices.Clone(categories)
}

// older is the meta, or the one under its older name.
func older[T any](meta, fidesops T) T {
	if reflect.ValueOf(meta).IsZero() {
		return fidesops
	}
	return meta
}
