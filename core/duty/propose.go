package duty

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/clock"
)

// Situation is what is known of an incident, as far as laws look at it.
type Situation struct {
	Impact
	// Groups are the affected parties that are no customers.
	Groups []Party
	// Touched is everything that the incident reached, at whomever.
	Touched []Touch
}

// Propose names what the company may owe under the rules of the pack, beside what it owes to customers: to authorities,
// to people, to the public, to its insurer, and to itself where an assessment has a clock. Authorities of the GDPR and
// the UK GDPR are found by ProposeAuthorities. A rule that starts with an earlier filing waits for that filing.
func Propose(company CompanyProfile, situation Situation, rules []clock.Rule) []Proposal {
	find := func(id string) (clock.Rule, bool) {
		i := slices.IndexFunc(rules, func(r clock.Rule) bool { return r.ID == id })
		if i < 0 {
			return clock.Rule{}, false
		}
		return rules[i], true
	}
	proposals := ProposeAuthorities(company, situation.Impact, situation.Groups, find)
	for _, rule := range rules {
		if rule.ID == ruleGDPR || rule.ID == ruleUKGDPR || !rule.Start.OfIncident() || rule.Binds.To == clock.ToCustomer {
			continue
		}
		why, binds := situation.binds(rule, company)
		if !binds {
			continue
		}
		place := Place{rule.Zone, rule.Calendar}
		if rule.Zone == "" {
			place = placeOf("", company)
		}
		proposals = append(proposals, Proposal{
			Rule: rule.ID, To: rule.Binds.To, Name: cmp.Or(rule.Addressee, rule.Regime), Place: place, Adopted: rule.Adoption != nil && rule.InForce, Why: why,
		})
	}
	return proposals
}

// binds says whether a rule may bind the company in the situation, and why. What is not known binds: a person decides.
func (s Situation) binds(rule clock.Rule, company CompanyProfile) (why string, binds bool) {
	b := rule.Binds
	if !reached(b.Touched, s.Touched) || b.HighRisk && s.Risk != RiskHigh {
		return "", false
	}
	people, controller := affected(s.Groups)
	if !s.enough(people, b) {
		return "", false
	}
	if len(b.People) > 0 {
		if number, live := living(people, b.People); controller && live {
			return fmt.Sprintf("about %d affected people live in %s, whose data the company controls", number, places(b.People)), true
		}
	}
	if b.Company != "" && slices.Contains(company.Traits, Trait(b.Company)) {
		return fmt.Sprintf("the company profile says %s", b.Company), true
	}
	return "", false
}

// enough says whether as many people may be affected as the rule asks for. A group without numbers may be of any size, and
// people whose place is not told may live anywhere.
func (s Situation) enough(people map[string]int, b clock.Binds) bool {
	if slices.ContainsFunc(s.Groups, func(p Party) bool { return p.controlled() && len(p.People) == 0 }) {
		return true
	}
	number := 0
	for place, n := range people {
		may := func(asked string) bool {
			country, _, _ := strings.Cut(asked, "-")
			return place == asked || place == country
		}
		if place == "" || len(b.People) == 0 || slices.ContainsFunc(b.People, may) {
			number += n
		}
	}
	return number == 0 || number >= b.AtLeast
}

// OwedToCustomer lists the rules of the pack under which a supplier owes a customer more than its agreement says: the
// customer's profile has the trait (a bank, a covered entity), or the company's has (a recipient of its service is told).
func OwedToCustomer(company CompanyProfile, customer Customer, touched []Touch, rules []clock.Rule) []clock.Rule {
	var owed []clock.Rule
	for _, rule := range rules {
		b := rule.Binds
		byTrait := b.Customer != "" && slices.Contains(customer.Traits, Trait(b.Customer)) ||
			b.Customer == "" && b.Company != "" && slices.Contains(company.Traits, Trait(b.Company))
		if b.To == clock.ToCustomer && rule.InForce && rule.Start.OfIncident() && byTrait && reached(b.Touched, touched) {
			owed = append(owed, rule)
		}
	}
	return owed
}

// Estimates lists the rules by which a customer's own regulator may be owed, as far as its profile tells. Their clocks
// are the customer's: shown as an estimate, if theirs started at our notice, and never a duty of ours.
func Estimates(customer Customer, rules []clock.Rule) []clock.Rule {
	var theirs []clock.Rule
	for _, rule := range rules {
		b := rule.Binds
		if b.To == clock.ToAuthority && rule.InForce && b.Company != "" && slices.Contains(customer.Traits, Trait(b.Company)) && rule.Start.OfIncident() {
			theirs = append(theirs, rule)
		}
	}
	return theirs
}

// reached says whether the incident reached one of what a rule asks for. Nothing asked, or nothing known, is reached.
func reached(asked []string, touched []Touch) bool {
	return len(asked) == 0 || len(touched) == 0 || slices.ContainsFunc(asked, func(a string) bool { return slices.Contains(touched, Touch(a)) })
}

// living adds up the people who live in one of the places. Of a country whose part is not told (US of US-CA) it says
// that some may.
func living(people map[string]int, in []string) (number int, live bool) {
	for _, place := range in {
		country, _, part := strings.Cut(place, "-")
		if n, known := people[place]; known {
			number, live = number+n, true
		} else if _, known := people[country]; part && known {
			live = true
		}
	}
	return number, live
}

func places(codes []string) string {
	if len(codes) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(codes[:3], ", "), len(codes)-3)
	}
	return strings.Join(codes, ", ")
}
