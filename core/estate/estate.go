// Package estate describes where personal data lives: stores, their collections and fields, how a person is found in
// them, in which order they are erased, and what has to stay. It is a map that people write (YAML) and that
// `docket estate check` holds against the live stores; it reads no store itself.
package estate

import "slices"

// Kind is a kind of store; each is one folder of erasure/.
type Kind string

// The kinds of stores.
const (
	// Postgres is a PostgreSQL database; a collection is a table.
	Postgres Kind = "postgres"
	// S3 is a bucket of an S3-compatible object store; a collection is a prefix in it.
	S3 Kind = "s3"
	// HTTP is an internal service that implements the three signed calls of docs/erasure-contract.yaml.
	HTTP Kind = "http"
	// Manual is a system that only its owner can reach; a collection is a part of it that the owner looks through.
	Manual Kind = "manual"
)

// Class is a data class, in the words of the source policy.
type Class string

// The data classes.
const (
	// CustomerContent is information submitted to or generated through the services (policy, section 2.1).
	CustomerContent Class = "customer_content"
	// CustomerPersonalData is personal data in what customers submit, for which the company is processor (policy, sections 9 and 12).
	CustomerPersonalData Class = "customer_personal_data"
	// OperationalMetadata is technical and business records of operation (policy, sections 2.2 and 6).
	OperationalMetadata Class = "operational_metadata"
	// Account is account information and support communications (policy, section 7).
	Account Class = "account"
	// Billing is billing records, invoices and payment history (policy, section 7).
	Billing Class = "billing"
)

// Address names a collection across the estate: "store/collection".
type Address string

// Estate is the whole map.
type Estate struct {
	// Version is the file's own, kept with every plan that was made from it.
	Version string  `yaml:"version" json:"version"`
	Stores  []Store `yaml:"stores" json:"stores"`
	// Findings are what Read could not carry over from a fideslang file; Validate repeats them.
	Findings []Finding `yaml:"-" json:"-"`
}

// Store is one place.
type Store struct {
	// ID is how the estate names it: lower-case letters, digits, hyphens.
	ID   string `yaml:"id" json:"id"`
	Kind Kind   `yaml:"kind" json:"kind"`
	// Owner is the handle of the person who answers for the system.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// Bucket is the bucket of an S3 store.
	Bucket string `yaml:"bucket,omitempty" json:"bucket,omitempty"`
	// Schema is the schema of a PostgreSQL store; "public" if empty.
	Schema      string       `yaml:"schema,omitempty" json:"schema,omitempty"`
	Collections []Collection `yaml:"collections" json:"collections"`
}

// Collection is one table, prefix, resource or part of a system.
type Collection struct {
	Name  string `yaml:"name" json:"name"`
	Class Class  `yaml:"class" json:"class"`
	// Root says that the row leads to all others: it is erased last, before nothing but what it refers to itself.
	Root bool `yaml:"root,omitempty" json:"root,omitempty"`
	// Key are the fields that name a record; a table's primary key.
	Key    []string `yaml:"key,omitempty" json:"key,omitempty"`
	Fields []Field  `yaml:"fields,omitempty" json:"fields,omitempty"`
	// Prefix is where an S3 collection's objects of one person lie, e.g. "t/{tenant_id}/"; the braces hold an identity or
	// a field of a reference.
	Prefix string `yaml:"prefix,omitempty" json:"prefix,omitempty"`
	// After are collections that are located before this one although no reference says so; EraseAfter those that are
	// erased and verified before this one.
	After      []Address `yaml:"after,omitempty" json:"after,omitempty"`
	EraseAfter []Address `yaml:"erase_after,omitempty" json:"erase_after,omitempty"`
	// Strategy is what erasure does to a record.
	Strategy Strategy `yaml:"strategy,omitempty" json:"strategy,omitempty"`
	// Retention says that records stay for a time on a legal ground; their other fields are masked.
	Retention *Retention `yaml:"retention,omitempty" json:"retention,omitempty"`
	// NotSearchable says why the collection cannot be searched by an identifier, and what is done instead.
	NotSearchable *NotSearchable `yaml:"not_searchable,omitempty" json:"not_searchable,omitempty"`
}

// Strategy is what erasure does to a record.
type Strategy string

// The strategies.
const (
	// Delete takes the record away: a row, or an object with all its versions. It is the default.
	Delete Strategy = "delete"
	// MaskFields keeps the record and masks the fields that have a Mask.
	MaskFields Strategy = "mask"
)

// Field is a column, or a member of a record.
type Field struct {
	Name  string `yaml:"name" json:"name"`
	Class Class  `yaml:"class,omitempty" json:"class,omitempty"`
	// Identity is the kind of identifier that the field holds, e.g. "email", "account_id": a person is found by it.
	Identity string `yaml:"identity,omitempty" json:"identity,omitempty"`
	// Match is how the field is compared with an identity that is a mail address: without regard to case, or exactly where
	// addresses are stored in lower case.
	Match Match `yaml:"match,omitempty" json:"match,omitempty"`
	// References is the field of another collection that this one repeats.
	References *Reference `yaml:"references,omitempty" json:"references,omitempty"`
	// Mask is what masking writes.
	Mask *Mask `yaml:"mask,omitempty" json:"mask,omitempty"`
	// Redact says that an export leaves the field out until a reviewer releases it, and why (others' data, secrets).
	Redact string `yaml:"redact,omitempty" json:"redact,omitempty"`
	// Signal is what a value of the field says about how a request has to be handled.
	Signal Signal `yaml:"signal,omitempty" json:"signal,omitempty"`
}

// Match is how a field is compared.
type Match string

// Exact compares letter by letter.
const Exact Match = "exact"

// IgnoresCase says whether the field is compared without regard to case: people write one mailbox in many ways, and it is
// theirs all the same.
func (f Field) IgnoresCase() bool { return f.Identity == "email" && f.Match != Exact }

// Signal is what account data says about how a request has to be handled. A field says it where its value is anything but null,
// false, 0 or empty.
type Signal string

// The signals.
const (
	// SoleOwner: the account alone owns an organisation, which would be left without anybody. A person looks first.
	SoleOwner Signal = "sole_owner"
	// AbuseInvestigation: the account is looked into for abuse, and erasing would destroy evidence. A person looks first.
	AbuseInvestigation Signal = "abuse_investigation"
	// Controller: the value is the reference of the customer who decides about the data; the company is its processor (GDPR art
	// 4(7) and (8)). The request is forwarded to that customer, and nothing more is searched.
	Controller Signal = "controller"
)

// Reference is one end of a relation.
type Reference struct {
	Collection Address `yaml:"collection" json:"collection"`
	Field      string  `yaml:"field" json:"field"`
	// Direction says which of the two records is found by the other. Without it children are found by their parents, and parents
	// by children with an identity of their own if nothing else leads to the parents.
	Direction Direction `yaml:"direction,omitempty" json:"direction,omitempty"`
}

// Direction is the way in which a reference is followed when records are located. It changes nothing in the order of erasing.
type Direction string

// The directions, in the words of fideslang.
const (
	// From: records of this collection are found by the referenced field's values, never the other way.
	From Direction = "from"
	// To: records of the referenced collection are found by this field's values, never the other way.
	To Direction = "to"
)

// Mask is what stands in a field after masking.
type Mask struct {
	With MaskWith `yaml:"with" json:"with"`
	// Value is the fixed value.
	Value string `yaml:"value,omitempty" json:"value,omitempty"`
}

// MaskWith is a way to mask.
type MaskWith string

// The ways to mask.
const (
	// Null writes NULL.
	Null MaskWith = "null"
	// Hash writes the SHA-256 of the value, for values that cannot be guessed.
	Hash MaskWith = "hash"
	// HMAC writes the HMAC-SHA-256 of the value under the estate's masking key.
	HMAC MaskWith = "hmac"
	// Fixed writes Value.
	Fixed MaskWith = "fixed"
)

// Retention is a ground to keep records (GDPR art 17(3)) and how long.
type Retention struct {
	// Ground is one of Grounds, e.g. "tax_law".
	Ground string `yaml:"ground" json:"ground"`
	// Words is the provision, for the person's letter.
	Words string `yaml:"words" json:"words"`
	// Period is ISO 8601, e.g. "P10Y", counted from the field From of the record; with YearEnd from the end of its year.
	Period  string `yaml:"period" json:"period"`
	From    string `yaml:"from" json:"from"`
	YearEnd bool   `yaml:"year_end,omitempty" json:"year_end,omitempty"`
}

// NotSearchable is a place where nobody can look by an identifier.
type NotSearchable struct {
	Why string `yaml:"why" json:"why"`
	// Instead is what is done, e.g. "expires after 35 days".
	Instead string `yaml:"instead" json:"instead"`
}

// Finding is one thing that is wrong between the estate and a live store, or inside the estate.
type Finding struct {
	// At is where: "store", "store/collection" or "store/collection.field".
	At string `json:"at"`
	// Code is stable, e.g. "unknown_table".
	Code string `json:"code"`
	// Detail says what to do.
	Detail string `json:"detail"`
	// Advice marks what is worth knowing and keeps no request from running.
	Advice bool `json:"advice,omitempty"`
}

// Wrong are the findings that no request runs on.
func Wrong(findings []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Advice })
}
