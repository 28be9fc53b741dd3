package duty_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/duty"
)

func TestAuthoritiesAreProposedOnlyForDataThatTheCompanyControls(t *testing.T) {
	t.Parallel()
	accounts := func(people map[string]int) duty.Party {
		return duty.Party{Kind: duty.PartyAccountHolders, Touched: []duty.Touch{duty.AccountData}, Certainty: duty.Suspected, People: people}
	}
	with := func(p duty.Party, change func(*duty.Party)) duty.Party { change(&p); return p }
	berlin := duty.CompanyProfile{EUMainEstablishment: &duty.Establishment{Country: "DE", Authority: "DE-BE"}, UK: true}
	abroad := duty.CompanyProfile{UK: true}
	cases := map[string]struct {
		profile duty.CompanyProfile
		risk    duty.Risk
		parties []duty.Party
		want    []string
	}{
		"one lead authority with a main establishment": {
			berlin, duty.RiskLikely, []duty.Party{accounts(map[string]int{"DE": 10, "FR": 5, "US": 3})}, []string{"lead SA DE-BE"}},
		"one per member state without": {
			abroad, duty.RiskHigh, []duty.Party{accounts(map[string]int{"DE": 10, "FR": 5, "US": 3, "NO": 1})}, []string{"SA DE", "SA FR", "SA NO"}},
		"the ICO beside the lead authority": {
			berlin, duty.RiskLikely, []duty.Party{accounts(map[string]int{"GB": 10})}, []string{"lead SA DE-BE", "ICO"}},
		"people add up over parties": {
			abroad, duty.RiskLikely, []duty.Party{accounts(map[string]int{"ES": 1}), accounts(map[string]int{"ES": 2, "GB": 1})}, []string{"SA ES", "ICO"}},
		"a risk that nobody assessed is none that is unlikely": {
			abroad, duty.RiskNotAssessed, []duty.Party{accounts(map[string]int{"IE": 10})}, []string{"SA IE"}},
		"people of an unknown country are not silence": {
			abroad, duty.RiskLikely, []duty.Party{accounts(map[string]int{"": 10})}, []string{"SA not yet known", "ICO"}},
		"nor are people without any number": {
			duty.CompanyProfile{}, duty.RiskLikely, []duty.Party{accounts(nil)}, []string{"SA not yet known"}},
		"the UK although the profile is silent": {
			duty.CompanyProfile{}, duty.RiskLikely, []duty.Party{accounts(map[string]int{"GB": 10})}, []string{"ICO"}},
		"people elsewhere only": {
			abroad, duty.RiskLikely, []duty.Party{accounts(map[string]int{"US": 10, "CH": 1})}, nil},
		"risk assessed as unlikely": {
			berlin, duty.RiskUnlikely, []duty.Party{accounts(map[string]int{"DE": 10})}, nil},
		"a customer's content": {
			berlin, duty.RiskHigh, []duty.Party{with(accounts(map[string]int{"DE": 10}), func(p *duty.Party) {
				p.Kind, p.Touched = duty.PartyCustomer, []duty.Touch{duty.CustomerPersonalData}
			})}, nil},
		"a group whose billing data was touched": {
			berlin, duty.RiskLikely, []duty.Party{with(accounts(map[string]int{"DE": 10}), func(p *duty.Party) {
				p.Kind, p.Touched = duty.PartyGroup, []duty.Touch{duty.BillingData}
			})}, []string{"lead SA DE-BE"}},
		"account holders whose metadata alone was touched": {
			berlin, duty.RiskLikely, []duty.Party{with(accounts(map[string]int{"DE": 10}), func(p *duty.Party) {
				p.Touched = []duty.Touch{duty.OperationalMetadata, duty.Availability}
			})}, nil},
		"a party that was ruled out": {
			berlin, duty.RiskLikely, []duty.Party{with(accounts(map[string]int{"DE": 10}), func(p *duty.Party) { p.Certainty = duty.RuledOut })}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, proposal := range duty.ProposeAuthorities(c.profile, duty.Impact{Risk: c.risk}, c.parties, pack(t).Rule) {
				got = append(got, proposal.Name)
				require.NotEmpty(t, proposal.Why)
				rule, known := pack(t).Rule(proposal.Rule)
				require.True(t, known, "the pack has every rule that is proposed")
				require.Equal(t, rule.Adoption != nil, proposal.Adopted)
			}
			require.Equal(t, c.want, got)
		})
	}
}
