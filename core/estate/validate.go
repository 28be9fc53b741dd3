package estate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/certificate"
)

// The codes of what Validate finds.
const (
	BadVersion         = "bad_version"
	BadID              = "bad_id"
	BadName            = "bad_name"
	BadKind            = "bad_kind"
	BadClass           = "bad_class"
	BadBucket          = "bad_bucket"
	BadPrefix          = "bad_prefix"
	BadDirection       = "bad_direction"
	BadStrategy        = "bad_strategy"
	BadMask            = "bad_mask"
	BadRetention       = "bad_retention"
	BadSignal          = "bad_signal"
	BadMatch           = "bad_match"
	BadIdentity        = "bad_identity"
	BadOwner           = "bad_owner"
	Duplicate          = "duplicate"
	Empty              = "empty"
	Misplaced          = "misplaced"
	UnknownCollection  = "unknown_collection"
	UnknownField       = "unknown_field"
	MissingKey         = "missing_key"
	SecondRoot         = "second_root"
	Unreachable        = "unreachable"
	NotSearchableWords = "not_searchable_words"
	LocateCycle        = "locate_cycle"
	EraseCycle         = "erase_cycle"
)

// Kinds, Classes and Masks are the words that an estate may use.
var (
	Kinds   = []Kind{Postgres, S3, HTTP, Manual}
	Classes = []Class{CustomerContent, CustomerPersonalData, OperationalMetadata, Account, Billing}
	Masks   = []MaskWith{Null, Hash, HMAC, Fixed}
	Signals = []Signal{SoleOwner, AbuseInvestigation, Controller}
)

var (
	storeID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// identityKind is what a request may name as the kind of an identifier. The mark of a guess is none.
	identityKind = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
)

// quoted is the form of words that a certificate quotes.
const quoted = "in one line of at most 1000 bytes without \"@\""

// Validate finds what is wrong inside the estate: what reading a fideslang file could not carry over, then everything in the
// order of the file, then what concerns several collections. Nothing runs on an estate with a finding.
func (e Estate) Validate() []Finding {
	v := &validation{estate: e, known: map[Address]place{}, found: slices.Clone(e.Findings)}
	for _, p := range e.places() {
		v.known[p.address] = p
	}
	if !certificate.Label(e.Version).Valid() {
		v.add("", BadVersion, "give the estate a version of your own, of letters, digits, dots and hyphens, e.g. 2026-11-28: every plan and certificate names it")
	}
	if len(e.Stores) == 0 {
		v.add("", Empty, "name at least one store")
	}
	stores := map[string]bool{}
	for _, s := range e.Stores {
		if stores[s.ID] {
			v.add(s.ID, Duplicate, "two stores have this id: rename one")
		}
		stores[s.ID] = true
		v.store(s)
	}
	v.roots()
	v.reach()
	return v.found
}

type validation struct {
	estate Estate
	known  map[Address]place
	found  []Finding
}

func (v *validation) add(at, code, detail string, args ...any) {
	v.found = append(v.found, Finding{At: at, Code: code, Detail: fmt.Sprintf(detail, args...)})
}

func (v *validation) store(s Store) {
	if !storeID.MatchString(s.ID) {
		v.add(s.ID, BadID, "the id of a store is lower-case letters and digits, with hyphens between them")
	}
	if !slices.Contains(Kinds, s.Kind) {
		v.add(s.ID, BadKind, "the kind must be one of %s", words(Kinds))
	}
	if (s.Kind == S3) != (s.Bucket != "") {
		v.add(s.ID, BadBucket, "a store of kind s3 names its bucket, and no other does")
	}
	if s.Schema != "" && s.Kind != Postgres {
		v.add(s.ID, Misplaced, "only a store of kind postgres has a schema")
	}
	if s.Kind == Manual && s.Owner == "" {
		v.add(s.ID, BadOwner, "a store that only its owner can reach names the owner, who gets its tasks")
	}
	if len(s.Collections) == 0 {
		v.add(s.ID, Empty, "name at least one collection, or leave the store out")
	}
	names := map[string]bool{}
	for _, c := range s.Collections {
		p := place{AddressOf(s.ID, c.Name), s, c}
		if names[c.Name] {
			v.add(string(p.address), Duplicate, "two collections have this name: a table, prefix or part is described once")
		}
		names[c.Name] = true
		v.collection(p)
	}
}

func (v *validation) collection(p place) {
	c, at := p.collection, string(p.address)
	if storeID.MatchString(p.store.ID) && !certificate.Address(at).Valid() {
		v.add(at, BadName, "the name of a collection is letters, digits, underscores, dots and hyphens: certificates name it")
	}
	if !slices.Contains(Classes, c.Class) {
		v.add(at, BadClass, "the class must be one of %s", words(Classes))
	}
	if c.Strategy != "" && c.Strategy != Delete && c.Strategy != MaskFields {
		v.add(at, BadStrategy, "the strategy must be delete or mask")
	}
	names := map[string]bool{}
	for _, f := range c.Fields {
		if names[f.Name] {
			v.add(at+"."+f.Name, Duplicate, "two fields have this name")
		}
		names[f.Name] = true
		v.field(p, f)
	}
	v.key(p)
	v.prefix(p)
	v.neighbours(at, "after", c.After)
	v.neighbours(at, "erase_after", c.EraseAfter)
	v.masking(p)
	if c.Retention != nil {
		v.retention(p)
	}
	if n := c.NotSearchable; n != nil && !(certificate.Words(n.Why).Valid() && certificate.Words(n.Instead).Valid()) {
		v.add(at, NotSearchableWords, "say in not_searchable why nobody can look here by an identifier, and what is done instead, each "+quoted+": the person is told both, and certificates quote them")
	}
}

func (v *validation) field(p place, f Field) {
	at := string(p.address) + "." + f.Name
	if f.Name == "" {
		v.add(string(p.address), BadName, "a field has a name")
	}
	if f.Class != "" && !slices.Contains(Classes, f.Class) {
		v.add(at, BadClass, "the class must be one of %s", words(Classes))
	}
	if f.Identity != "" && !identityKind.MatchString(f.Identity) {
		v.add(at, BadIdentity, "the kind of an identifier is lower-case letters, digits and underscores, e.g. email, account_id; a mark ? is a guess that a person decides")
	}
	if f.Match != "" && (f.Match != Exact || f.Identity != "email" || p.store.Kind != Postgres) {
		v.add(at, BadMatch, "match: exact is for an identity email of a store of kind postgres; leave it out elsewhere")
	}
	switch {
	case f.Signal != "" && !slices.Contains(Signals, f.Signal):
		v.add(at, BadSignal, "the signal must be one of %s", words(Signals))
	case f.Signal != "" && p.store.Kind != Postgres && p.store.Kind != HTTP:
		v.add(at, Misplaced, "only stores of kind postgres and http answer with fields: a signal is read there")
	}
	name, _ := p.brace()
	if p.store.Kind == S3 && f.Name != name && (f.Identity != "" || f.References != nil) {
		v.add(at, Misplaced, "a bucket is only looked through by the name in the prefix's braces: give the identity or reference to a field of that name")
	}
	if r := f.References; r != nil {
		if r.Direction != "" && r.Direction != From && r.Direction != To {
			v.add(at, BadDirection, "the direction of a reference is from, to, or left out")
		}
		target, known := v.known[r.Collection]
		switch {
		case !known:
			v.add(at, UnknownCollection, "references %q: write the address of a collection of this estate, store/collection", r.Collection)
		case target.collection.field(r.Field) == nil && !slices.Contains(target.collection.Key, r.Field):
			v.add(at, UnknownField, "references %s.%s: list that field there", r.Collection, r.Field)
		}
	}
}

func (v *validation) key(p place) {
	c, at := p.collection, string(p.address)
	if p.store.Kind == Postgres && len(c.Key) == 0 && c.NotSearchable == nil {
		v.add(at, MissingKey, "name the fields that tell records apart, a table's primary key or a unique index that is not null")
	}
	seen := map[string]bool{}
	for _, name := range c.Key {
		if name == "" || seen[name] {
			v.add(at, Duplicate, "the key names each of its fields once")
		}
		seen[name] = true
		if len(c.Fields) > 0 && c.field(name) == nil {
			v.add(at+"."+name, UnknownField, "the key names it: list it among the fields")
		}
	}
}

func (v *validation) prefix(p place) {
	c, at := p.collection, string(p.address)
	if p.store.Kind != S3 {
		if c.Prefix != "" {
			v.add(at, Misplaced, "only a collection of a store of kind s3 has a prefix")
		}
		return
	}
	if !strings.HasSuffix(c.Prefix, "/") {
		v.add(at, BadPrefix, `the prefix must end in "/": t/1 would reach into t/10`)
	}
	inner := braces.FindAllStringSubmatch(c.Prefix, -1)
	rest := braces.ReplaceAllString(c.Prefix, "")
	if c.NotSearchable != nil && len(inner) == 0 && !strings.ContainsAny(rest, "{}") {
		return
	}
	if len(inner) != 1 || inner[0][1] == "" || strings.ContainsAny(rest, "{}") {
		v.add(at, BadPrefix, "the prefix has one name in braces, an identity or a field with a reference, e.g. t/{account_id}/")
		return
	}
	if !slices.Contains(strings.Split(c.Prefix, "/"), inner[0][0]) {
		v.add(at, BadPrefix, "the braces fill a whole part between slashes, else one person's prefix could begin like another's")
	}
	if c.Strategy == MaskFields || c.Retention != nil {
		v.add(at, Misplaced, "objects have no fields: they can be deleted, not masked, and not be kept on a ground by a field")
	}
}

func (v *validation) neighbours(at, member string, addresses []Address) {
	for _, a := range addresses {
		if _, known := v.known[a]; !known {
			v.add(at, UnknownCollection, "%s names %q: write the address of a collection of this estate, store/collection", member, a)
		}
	}
}

func (v *validation) masking(p place) {
	c, at := p.collection, string(p.address)
	masked := 0
	for _, f := range c.Fields {
		if f.Mask == nil {
			continue
		}
		masked++
		where := at + "." + f.Name
		switch {
		case !slices.Contains(Masks, f.Mask.With):
			v.add(where, BadMask, "mask with one of %s", words(Masks))
		case f.Mask.With == Fixed && f.Mask.Value == "":
			v.add(where, BadMask, "say the value that fixed writes")
		case f.Mask.With != Fixed && f.Mask.Value != "":
			v.add(where, BadMask, "only fixed has a value")
		}
		if slices.Contains(c.Key, f.Name) {
			v.add(where, BadMask, "the field is part of the key: masked, the record could not be verified")
		}
		if c.Root && f.Identity != "" {
			v.add(where, BadMask, "a root's identity is what everything else is found by: a root is deleted last, not masked")
		}
		if c.Strategy != MaskFields && c.Retention == nil {
			v.add(where, BadMask, "its record is deleted, so nothing is masked: take the mask away, or give strategy mask or a retention")
		}
	}
	if c.Strategy == MaskFields && masked == 0 {
		v.add(at, BadMask, "strategy mask would leave the record as it is: give at least one field a mask")
	}
}

func (v *validation) retention(p place) {
	r, at := *p.collection.Retention, string(p.address)
	if !slices.Contains(Grounds, Ground(r.Ground)) {
		v.add(at, BadRetention, "the ground must be one of %s", words(Grounds))
	}
	if !certificate.Words(r.Words).Valid() {
		v.add(at, BadRetention, "words names the provision that makes you keep the records, "+quoted+": the person's letter and the certificate quote it")
	}
	if _, err := r.Until(time.Unix(0, 0)); err != nil {
		v.add(at, BadRetention, "the period must be ISO 8601, years, months, weeks or days, e.g. P10Y or P6M")
	}
	switch {
	case r.From == "":
		v.add(at, BadRetention, "from names the field whose date the period is counted from")
	case p.collection.field(r.From) == nil:
		v.add(at+"."+r.From, UnknownField, "the retention counts from it: list it among the fields")
	case p.collection.field(r.From).Mask != nil:
		v.add(at+"."+r.From, BadMask, "the retention counts from it: masked, nobody could tell when the record may go")
	}
}

// roots finds roots beyond the first in each part of the estate that references and orders hold together.
func (v *validation) roots() {
	part := map[Address]Address{}
	var of func(Address) Address
	of = func(a Address) Address {
		if up, known := part[a]; known {
			part[a] = of(up)
			return part[a]
		}
		return a
	}
	all := v.estate.places()
	for _, p := range all {
		near := slices.Concat(p.collection.After, p.collection.EraseAfter)
		for _, f := range p.collection.Fields {
			if f.References != nil {
				near = append(near, f.References.Collection)
			}
		}
		for _, other := range near {
			if a, b := of(p.address), of(other); a != b {
				part[a] = b
			}
		}
	}
	first := map[Address]Address{}
	for _, p := range all {
		if !p.collection.Root {
			continue
		}
		if p.collection.NotSearchable != nil {
			v.add(string(p.address), Misplaced, "a root is found and erased last: it cannot be not_searchable")
		}
		if other, second := first[of(p.address)]; second {
			v.add(string(p.address), SecondRoot, "%s is already the root of what hangs together here: there is one record that is erased last", other)
			continue
		}
		first[of(p.address)] = p.address
	}
}

// reach finds what nothing leads to, and the cycles.
func (v *validation) reach() {
	identities := v.estate.Identities()
	for _, u := range v.estate.Unreached(identities) {
		if v.known[u.Address].collection.NotSearchable == nil {
			v.add(string(u.Address), Unreachable, "nothing leads here from an identity: give a field an identity or a reference, or declare it not_searchable with why and what is done instead")
		}
	}
	g := newGraph(v.estate)
	g.reach(identities)
	g.linkErasure()
	if ring := g.ring(Target.locatedAfter); ring != nil {
		v.add(string(ring[0]), LocateCycle, "%s", cycleDetail(ring, "located"))
	}
	if ring := g.ring(Target.erasedAfter); ring != nil {
		v.add(string(ring[0]), EraseCycle, "%s", cycleDetail(ring, "erased"))
	}
}

func words[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, word := range list {
		texts[i] = string(word)
	}
	return strings.Join(texts, ", ")
}
