package duty_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// TestALeastNumberIsHeldAgainstWhoeverMayBeMeant: a number that is known and too small proposes nothing, whether the
// profile or the people bind; what is not known proposes.
func TestALeastNumberIsHeldAgainstWhoeverMayBeMeant(t *testing.T) {
	t.Parallel()
	anywhere := clock.Rule{ID: "anywhere", Start: clock.StartNoticed, Binds: clock.Binds{To: clock.ToAuthority, Company: "hipaa-covered-entity", AtLeast: 500}}
	texas := clock.Rule{ID: "texas", Start: clock.StartNoticed, Binds: clock.Binds{To: clock.ToAuthority, Company: "us-state-business", People: []string{"US-TX"}, AtLeast: 250}}
	group := func(people map[string]int) duty.Party {
		return duty.Party{Kind: duty.PartyAccountHolders, Touched: []duty.Touch{duty.AccountData}, People: people}
	}
	for name, c := range map[string]struct {
		traits []duty.Trait
		groups []duty.Party
		want   []string
	}{
		"too few":                       {[]duty.Trait{duty.HIPAACoveredEntity, duty.USStateBusiness}, []duty.Party{group(map[string]int{"US-TX": 249})}, nil},
		"enough in the state":           {nil, []duty.Party{group(map[string]int{"US-TX": 250})}, []string{"texas"}},
		"too few in the state":          {[]duty.Trait{duty.HIPAACoveredEntity, duty.USStateBusiness}, []duty.Party{group(map[string]int{"US-TX": 249, "DE": 900})}, []string{"anywhere"}},
		"some of the country may":       {nil, []duty.Party{group(map[string]int{"US-TX": 249, "US": 10})}, []string{"texas"}},
		"whose country is not known":    {nil, []duty.Party{group(map[string]int{"US-TX": 249, "": 10})}, []string{"texas"}},
		"a group without a number":      {nil, []duty.Party{group(map[string]int{"US-TX": 1}), group(nil)}, []string{"texas"}},
		"nobody is known":               {[]duty.Trait{duty.HIPAACoveredEntity, duty.USStateBusiness}, nil, []string{"anywhere", "texas"}},
		"the profile, people elsewhere": {[]duty.Trait{duty.USStateBusiness}, []duty.Party{group(map[string]int{"DE": 900})}, []string{"texas"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rules []string
			for _, proposal := range duty.Propose(duty.CompanyProfile{Traits: c.traits}, duty.Situation{Groups: c.groups}, []clock.Rule{anywhere, texas}) {
				if proposal.Rule == "anywhere" || proposal.Rule == "texas" {
					rules = append(rules, proposal.Rule)
				}
			}
			require.Equal(t, c.want, rules)
		})
	}
}
