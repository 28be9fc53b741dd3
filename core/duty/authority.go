package duty

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/atlascloudai/docket/core/clock"
)

// The rules under which an authority is told.
const (
	ruleGDPR   = "gdpr-33-1"
	ruleUKGDPR = "uk-gdpr-33-1"
)

// CompanyProfile is what decides which authorities are competent for the company.
type CompanyProfile struct {
	// EUMainEstablishment is the company's main establishment in the EU (GDPR
	// art. 4(16)), nil if it has none. A representative (art. 27) is none.
	EUMainEstablishment *Establishment
	// UK says that the UK GDPR applies to the company.
	UK bool
	// Traits are what laws hang duties of the company's own on, e.g. NIS2Entity.
	Traits []Trait
	// Zone is the company's own zone, for acts that are due at no certain place; "" is UTC.
	Zone string
	// Circumstances are options of rules that hold for the company, e.g. "small_agent", "weekend_relief".
	Circumstances []string
}

// british says whether the UK GDPR applies to the company.
func (c CompanyProfile) british() bool { return c.UK || slices.Contains(c.Traits, UKController) }

// Establishment is a main establishment and the authority that leads there (GDPR art. 56).
type Establishment struct {
	// Country is the ISO 3166-1 alpha-2 code, e.g. "DE".
	Country string
	// Authority is the lead authority's short code, e.g. "DE-BE" for Berlin's.
	Authority string
}

// Risk is the recorded assessment of the risk to people.
type Risk string

// The outcomes. RiskNotAssessed is the zero value.
const (
	// RiskNotAssessed: nobody has recorded an assessment; duties are proposed all the same.
	RiskNotAssessed Risk = ""
	// RiskUnlikely: the one outcome that frees a controller from telling the authority (GDPR art. 33(1)).
	RiskUnlikely Risk = "unlikely"
	// RiskLikely: a risk to the rights and freedoms of people.
	RiskLikely Risk = "risk"
	// RiskHigh: a high risk; the people themselves must be told too (GDPR art. 34).
	RiskHigh Risk = "high_risk"
)

// Impact is what the case has found out about the consequences.
type Impact struct {
	Risk Risk
}

// PartyKind is who is affected.
type PartyKind string

// The kinds of affected parties.
const (
	// PartyCustomer is a customer; the company is processor of its content.
	PartyCustomer PartyKind = "customer"
	// PartyAccountHolders are the people behind the company's own accounts; the company is controller.
	PartyAccountHolders PartyKind = "account_holders"
	// PartyGroup is another group of people whose data the company decides about, e.g. who wrote to support.
	PartyGroup PartyKind = "group"
)

// Certainty says how sure it is that a party was affected.
type Certainty string

// The certainties.
const (
	// Suspected: not confirmed; duties are opened all the same.
	Suspected Certainty = "suspected"
	// Confirmed: found to be affected.
	Confirmed Certainty = "confirmed"
	// RuledOut: found not to be affected.
	RuledOut Certainty = "ruled_out"
)

// Party is an affected party, as far as authorities look at it.
type Party struct {
	Kind      PartyKind
	Touched   []Touch
	Certainty Certainty
	// People is the approximate number of affected people by ISO 3166-1 alpha-2
	// country; "" holds those whose country is not known.
	People map[string]int
}

// controlled says whether the company is controller of what was touched.
func (p Party) controlled() bool {
	return p.Certainty != RuledOut && (p.Kind == PartyAccountHolders || p.Kind == PartyGroup) &&
		(slices.Contains(p.Touched, AccountData) || slices.Contains(p.Touched, BillingData))
}

// Proposal is a duty under a law that a person with the legal role confirms
// or turns down. Until then its clock runs.
type Proposal struct {
	// Rule is the id of the rule that gives the clock.
	Rule string
	// To is the kind of party that is owed; Name whom to tell, e.g. "lead SA DE-BE", "ICO", "NYDFS".
	To   clock.Addressee
	Name string
	// Place is where the act must be done.
	Place Place
	// Adopted is false where the pack has not adopted the rule, or lacks it: the
	// proposal is shown, and no duty is opened from it before a person adopts the rule.
	Adopted bool
	// Why says why this authority, and what the person who confirms must look at.
	Why string
}

// ProposeAuthorities names the authorities that the company may owe a
// notification as controller: the lead authority if it has a main establishment
// in the EU, else one per member state in which affected people live (EDPB
// Guidelines 9/2022 v2.0, paragraph 73), and the ICO for the UK. It proposes
// nothing for data of which the company is processor, nor once the risk was
// assessed as unlikely (GDPR art. 33(1)); the breach is documented all the same
// (art. 33(5)). People whose country is not known lead to a proposal of their
// own rather than to silence.
func ProposeAuthorities(profile CompanyProfile, impact Impact, parties []Party, rules Rules) []Proposal {
	people, controller := affected(parties)
	if !controller || impact.Risk == RiskUnlikely {
		return nil
	}
	var proposals []Proposal
	propose := func(rule, authority, country, why string) {
		found, known := rules(rule)
		proposals = append(proposals, Proposal{
			Rule: rule, To: clock.ToAuthority, Name: authority, Place: PlaceOf(country, profile), Adopted: known && found.Adoption != nil, Why: why,
		})
	}
	if lead := profile.EUMainEstablishment; lead != nil {
		propose(ruleGDPR, "lead SA "+cmp.Or(lead.Authority, lead.Country), lead.Country,
			fmt.Sprintf("the main establishment in the EU is in %s, so its authority leads for all member states (GDPR art. 56(1))", lead.Country))
	} else {
		for _, country := range slices.Sorted(maps.Keys(people)) {
			if _, member := memberStates[country]; member {
				propose(ruleGDPR, "SA "+country, country, fmt.Sprintf("about %d affected people live in %s and there is no main establishment in the EU: "+
					"every such member state's authority is told (EDPB 9/2022, paragraph 73)", people[country], country))
			}
		}
	}
	unknown, anyUnknown := people[""]
	if anyUnknown && profile.EUMainEstablishment == nil {
		propose(ruleGDPR, "SA not yet known", "", fmt.Sprintf("the country of about %d affected people is not known: find out whether they live in a member state", unknown))
	}
	if british, lives := people["GB"]; lives {
		propose(ruleUKGDPR, "ICO", "GB", fmt.Sprintf("about %d affected people live in the United Kingdom%s", british, unless(profile.british())))
	} else if profile.british() && anyUnknown {
		propose(ruleUKGDPR, "ICO", "GB", fmt.Sprintf("the UK GDPR applies to the company, and the country of about %d affected people is not known", unknown))
	}
	return proposals
}

// affected adds up the people of the parties whose data the company controls. A
// party without numbers counts as people whose country is not known.
func affected(parties []Party) (people map[string]int, controller bool) {
	people = make(map[string]int)
	for _, party := range parties {
		if !party.controlled() {
			continue
		}
		controller = true
		numbers := party.People
		if len(numbers) == 0 {
			numbers = map[string]int{"": 0}
		}
		for country, number := range numbers {
			people[country] += number
		}
	}
	return people, controller
}

func unless(uk bool) string {
	if uk {
		return ""
	}
	return "; the company profile does not say whether the UK GDPR applies: decide that first"
}
