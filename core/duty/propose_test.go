package duty_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// The conditions of a rule have all to hold; what is not known holds, because a person decides.
func TestARuleBindsWhereEveryConditionHoldsOrIsNotKnown(t *testing.T) {
	t.Parallel()
	residents := clock.Binds{To: clock.ToPeople, Company: "california-business", People: []string{"US-CA"}, Touched: []string{"account_data"}}
	general := clock.Binds{To: clock.ToAuthority, Company: "california-business", People: []string{"US-CA"}, AtLeast: 500, Touched: []string{"account_data"}}
	anybody := clock.Binds{To: clock.ToAuthority, Company: "ftc-financial-institution", AtLeast: 500, Touched: []string{"account_data"}}
	traits := []duty.Trait{duty.CaliforniaBusiness, duty.FTCFinancialInstitution}
	for _, c := range []struct {
		name   string
		binds  clock.Binds
		traits []duty.Trait
		waves  []map[string]int
		want   bool
	}{
		{"who lives there", residents, traits, []map[string]int{{"US-CA": 3}}, true},
		{"who lives there, whatever the profile says", residents, nil, []map[string]int{{"US-CA": 3}}, true},
		{"nobody lives there", residents, traits, []map[string]int{{"DE": 300, "US-TX": 20}}, false},
		{"some may live there", residents, traits, []map[string]int{{"US": 20}}, true},
		{"it is not known where they live", residents, traits, []map[string]int{{"": 20}}, true},
		{"it is not known where they live, and nothing says that the law binds", residents, nil, []map[string]int{{"": 20}}, false},
		{"nobody has looked for people yet", residents, traits, nil, true},
		{"too few", general, traits, []map[string]int{{"US-CA": 3}}, false},
		{"too few, and the rest live elsewhere", general, traits, []map[string]int{{"US-CA": 3, "DE": 3000}}, false},
		{"enough over two waves", general, traits, []map[string]int{{"US-CA": 300}, {"US-CA": 300}}, true},
		{"enough if some of the others live there", general, traits, []map[string]int{{"US-CA": 300, "US": 900}}, true},
		{"enough if some of the unknown live there", general, traits, []map[string]int{{"US-CA": 300, "": 900}}, true},
		{"no number is known", general, traits, []map[string]int{{"US-CA": 0}}, true},
		{"too few anywhere", anybody, traits, []map[string]int{{"US-CA": 3, "DE": 30}}, false},
		{"enough anywhere", anybody, traits, []map[string]int{{"US-CA": 300}, {"DE": 300}}, true},
		{"enough anywhere, but the law does not bind", anybody, nil, []map[string]int{{"US-CA": 3000}}, false},
		{"nobody has counted", anybody, traits, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			situation := duty.Situation{}
			for _, people := range c.waves {
				situation.Touched = []duty.Touch{duty.AccountData}
				situation.Groups = append(situation.Groups, duty.Party{Kind: duty.PartyAccountHolders, Touched: []duty.Touch{duty.AccountData}, People: people})
			}
			rule := clock.Rule{ID: "sample", Regime: "Sample Act", Start: clock.StartNoticed, Binds: c.binds, InForce: true}
			proposed := duty.Propose(duty.CompanyProfile{Traits: c.traits}, situation, []clock.Rule{rule})
			found := slices.ContainsFunc(proposed, func(p duty.Proposal) bool { return p.Rule == rule.ID })
			require.Equal(t, c.want, found, "%v", proposed)
		})
	}
}
