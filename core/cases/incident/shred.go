package incident

import (
	"slices"

	"github.com/atlascloudai/docket/core/problem"
)

// Grounds of an erasure. The reason is a code, because words would be erased with the rest.
const (
	RetentionOver = "retention_over"
	ErasureOrder  = "erasure_order"
	OpenedInError = "opened_in_error"
)

// Shred erases the words of a closed incident. The privacy lead begins, a second person confirms the same ground; a legal
// hold refuses either. Codes, instants and the chain stay.
type Shred struct {
	Ground string
	// Holds is how many legal holds stand.
	Holds int
}

func (c Shred) decide(d *Decision) error {
	if !slices.Contains([]string{RetentionOver, ErasureOrder, OpenedInError}, c.Ground) {
		return problem.InvalidField("ground", "must be one of retention_over, erasure_order, opened_in_error")
	}
	if err := d.in("shredding", Closed); err != nil {
		return err
	}
	if c.Holds > 0 {
		return Held(c.Holds)
	}
	first, begun := d.State.Pending["shred"]
	if (!begun || first.By == d.Actor || first.Value != c.Ground) && !d.PrivacyLead {
		return problem.New(problem.Forbidden, "the privacy lead begins the shredding of a case; a second person confirms it")
	}
	body := map[string]any{"ground": c.Ground}
	if !d.second("shred", c.Ground) {
		d.write("case.shred_proposed", d.Now, body, nil)
		return nil
	}
	d.write("case.shredded", d.Now, body, nil)
	return nil
}

// Held is the refusal to erase what a legal hold keeps.
func Held(holds int) error {
	return problem.Blocked(problem.Blocker{Code: "legal_hold", Count: holds, Detail: "a legal hold stands on the case: nothing of it is shredded until counsel releases it"})
}
