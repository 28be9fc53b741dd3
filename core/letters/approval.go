package letters

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"
)

// RecipientKey is one recipient of a notice together with everything that this
// recipient's letter will say.
type RecipientKey struct {
	// DutyID is the duty that the letter carries out.
	DutyID string
	// ContactID is the contact that it goes to.
	ContactID string
	// Channel is the channel's name.
	Channel string
	// Address is the address on that channel.
	Address string
	// Values are the recipient's own.
	Values Values
}

// Approval is the running digest over a notice, the fixed text of its template,
// and its recipients in order. It takes one recipient at a time, so that a list
// of any length needs the same memory.
type Approval struct {
	sum   hash.Hash
	count uint64
}

// NewApproval begins the digest with the notice: its text in all its languages,
// and the bytes of its template's version.
func NewApproval(n Notice) *Approval {
	a := &Approval{sum: sha256.New()}
	a.text("docket approval 1")
	a.text(string(n.Canonical()))
	digest := templateDigest(n.Template, n.TemplateVersion)
	a.text(string(digest[:]))
	return a
}

// Add takes the next recipient. The order counts: a snapshot of recipients is
// read in one fixed order by whoever approves and by whoever sends.
func (a *Approval) Add(r RecipientKey) {
	a.count++
	for _, part := range []string{r.DutyID, r.ContactID, r.Channel, r.Address} {
		a.text(part)
	}
	v := r.Values
	for _, part := range []string{v.Customer, v.Reference, v.Contract.Document, v.Contract.Clause, v.Zone, v.Language} {
		a.text(part)
	}
	a.instant(v.Aware)
	a.instant(v.Confirmed)
	a.number(uint64(len(v.Resources)))
	for _, resource := range v.Resources {
		a.text(resource)
	}
	a.optional(v.DataSubjects)
	a.optional(v.Records)
	if v.Drill {
		a.text("drill")
	} else {
		a.text("")
	}
	if !v.LateAfter.IsZero() { // Where it decides nothing it is no part, and earlier approvals stand.
		a.text("late after")
		a.instant(v.LateAfter)
	}
	if c := v.Change; c != nil { // Likewise: no letter but a notice of change has them.
		a.text("change")
		for _, at := range []time.Time{c.SendBy, c.Effective, c.WindowCloses, c.TerminationUntil, c.Corrects} {
			a.instant(at)
		}
		a.text(c.Page)
	}
}

// Sum is the digest over what was added so far. It may be asked for at any time.
func (a *Approval) Sum() [32]byte {
	var counted [40]byte
	a.sum.Sum(counted[:0])
	binary.BigEndian.PutUint64(counted[32:], a.count)
	return sha256.Sum256(counted[:])
}

// text writes its length first, so that no two lists of parts run together alike.
func (a *Approval) text(s string) {
	a.number(uint64(len(s)))
	a.sum.Write([]byte(s))
}

func (a *Approval) number(n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	a.sum.Write(b[:])
}

func (a *Approval) instant(t time.Time) {
	a.number(uint64(t.Unix()))
	a.number(uint64(t.Nanosecond()))
}

func (a *Approval) optional(n *int64) {
	if n == nil {
		a.number(0)
		return
	}
	a.number(1)
	a.number(uint64(*n))
}
