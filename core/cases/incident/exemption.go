package incident

import (
	"maps"
	"strings"
)

const waiving = "waive:"

// Waive ends a duty under an exemption that its rule knows. One person proposes it, another approves it.
type Waive struct {
	Duty, Exemption string
	Reason          string
	// Instead is what is done in place of the notice, where the ground demands that.
	Instead string
}

func (c Waive) decide(d *Decision) error {
	if err := needReason(c.Reason); err != nil {
		return err
	}
	matter := waiving + c.Duty
	first := d.State.Pending[matter]
	body := map[string]any{"duty": c.Duty, "exemption": c.Exemption}
	content := map[string]any{"reason": c.Reason}
	if c.Instead != "" {
		content["instead"] = c.Instead
	}
	if !d.second(matter, c.Exemption) {
		d.write("duty.waiver_proposed", d.Now, body, content)
		return nil
	}
	body["proposed_by"] = first.By
	d.write("duty.waived", d.Now, body, content)
	return nil
}

// DropWaivers forgets proposals to waive that no second person has approved: they were made on facts that changed since.
func (s *State) DropWaivers() {
	maps.DeleteFunc(s.Pending, func(matter string, _ Pending) bool { return strings.HasPrefix(matter, waiving) })
}
