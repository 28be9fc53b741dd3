// Package certificate is what is handed over once personal data was erased: per place how many records were found, erased
// and seen to be gone, what stays and why. It is signed, its versions are chained by hash, and it is checked without a
// server. It names no person: every text in it is of a type that says what may stand there.
package certificate

import (
	"time"

	"github.com/atlascloudai/docket/core/audit"
)

// Texts, each with a form of its own (forms); Words alone are free, and come from the estate.
type (
	// ID is the certificate's UUID, the same in all its versions.
	ID string
	// Reference is the case's public reference, e.g. "DSR-7K3F".
	Reference string
	// Code is a word of Docket's or of the estate's own, e.g. "tax_law".
	Code string
	// Address is "store/collection".
	Address string
	// Label is a version of the estate.
	Label string
	// Words are sentences of the estate about a collection, never about a person; at most 1000 bytes, without "@".
	Words string
)

// Certificate is one version of what is certified.
type Certificate struct {
	ID      ID        `json:"id"`
	Request Reference `json:"request"`
	// Version counts from 1; Previous is the SHA-256 of the JWS of the version before, see audit.FileDigest.
	Version  int          `json:"version"`
	Previous audit.Digest `json:"previous,omitzero"`
	IssuedAt time.Time    `json:"issued_at"`
	// Right is what the person asked for, Regime the law.
	Right         Code         `json:"right"`
	Regime        Code         `json:"regime"`
	Outcome       Outcome      `json:"outcome"`
	EstateVersion Label        `json:"estate_version"`
	PlanDigest    audit.Digest `json:"plan_digest"`
	ReceivedAt    time.Time    `json:"received_at"`
	Chain         Head         `json:"chain"`
	Targets       []Target     `json:"targets,omitempty"`
	Unsearched    []Unsearched `json:"unsearched,omitempty"`
}

// Head is the end of the case's audit chain when the certificate was made.
type Head struct {
	Seq  int64        `json:"seq"`
	Hash audit.Digest `json:"hash"`
}

// Outcome is what became of the whole request.
type Outcome string

// The outcomes.
const (
	// Completed: nothing is kept and nothing is open.
	Completed Outcome = "completed"
	// CompletedWithRetention: nothing is open; what is kept has a ground and an end.
	CompletedWithRetention Outcome = "completed_with_retention"
	// Incomplete: records are still there, are kept without an end, or nobody has looked yet.
	Incomplete Outcome = "incomplete"
)

// Method is how a target was erased.
type Method string

// The methods.
const (
	// Deleted rows.
	Deleted Method = "deleted"
	// Masked fields.
	Masked Method = "masked"
	// DeletedObjects with all their versions.
	DeletedObjects Method = "deleted_objects"
	// Service: an internal service erased.
	Service Method = "service"
	// AttestedByPerson: the system's owner erased, and a second person checked.
	AttestedByPerson Method = "attested_by_person"
)

// Verification is who saw that it is gone.
type Verification string

// The verifications.
const (
	// Verified by another read path than the one that erased.
	Verified Verification = "verified"
	// Attested by a person, never verified.
	Attested Verification = "attested"
	// None: nobody has looked yet.
	None Verification = "none"
)

// Target is one collection. Erased, Masked, Absent, Kept and Open records add up to Located.
type Target struct {
	Address Address `json:"address"`
	Kind    Code    `json:"kind"`
	Class   Code    `json:"class"`
	Method  Method  `json:"method"`
	Located int64   `json:"located"`
	Erased  int64   `json:"erased"`
	Masked  int64   `json:"masked"`
	// Absent were located and gone before they could be erased.
	Absent int64 `json:"absent"`
	// Kept stay on a ground: Residuals add up to it.
	Kept int64 `json:"kept"`
	// Open are still there.
	Open         int64        `json:"open"`
	AcceptedAt   *time.Time   `json:"accepted_at,omitempty"`
	ErasedAt     *time.Time   `json:"erased_at,omitempty"`
	VerifiedAt   *time.Time   `json:"verified_at,omitempty"`
	Verification Verification `json:"verification"`
	// EvidenceDigest is over what the verification answered.
	EvidenceDigest audit.Digest `json:"evidence_digest,omitzero"`
	Residuals      []Residual   `json:"residuals,omitempty"`
}

// Residual are records that stay on one ground until one instant.
type Residual struct {
	Count  int64      `json:"count"`
	Ground Code       `json:"ground"`
	Words  Words      `json:"words"`
	Until  *time.Time `json:"until,omitempty"`
	// Reviewed is when a person last looked at the ground.
	Reviewed *time.Time `json:"reviewed,omitempty"`
}

// Unsearched is a collection that cannot be searched by an identifier, and what is done instead.
type Unsearched struct {
	Address Address `json:"address"`
	Why     Words   `json:"why"`
	Instead Words   `json:"instead"`
}
