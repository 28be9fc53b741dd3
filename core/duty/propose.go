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
			place = PlaceOf("", company)
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
	named := b.Company != "" && slices.Contains(company.Traits, Trait(b.Company))
	if len(b.People) == 0 {
		total, uncertain := total(people)
		if !named || controller && !uncertain && total < b.AtLeast {
			return "", false
		}
		return fmt.Sprintf("the company profile says %s", b.Company), true
	}
	number, live, uncertain := living(people, b.People)
	switch {
	case controller && live:
		if !uncertain && number < b.AtLeast {
			return "", false
		}
		return fmt.Sprintf("about %d affected people live in %s, whose data the company controls", number, places(b.People)), true
	case controller && !uncertain: // They are all known to live elsewhere.
		return "", false
	default:
		return fmt.Sprintf("the company profile says %s", b.Company), named
	}
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

// living adds up the people who live in one of the places. More may live there where a number is 0 or not given, where
// only the country of a part is told (US of US-CA), and where it is not known where people live.
func living(people map[string]int, in []string) (number int, live, uncertain bool) {
	_, uncertain = people[""]
	for _, place := range in {
		country, _, part := strings.Cut(place, "-")
		if n, known := people[place]; known {
			number, live, uncertain = number+n, true, uncertain || n == 0
		}
		if _, known := people[country]; part && known {
			live, uncertain = true, true
		}
	}
	return number, live, uncertain
}

// total adds up all people; uncertain where a number is 0, which says that it was not told.
func total(people map[string]int) (number int, uncertain bool) {
	for _, n := range people {
		number, uncertain = number+n, uncertain || n == 0
	}
	return number, uncertain
}

func places(codes []string) string {
	if len(codes) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(codes[:3], ", "), len(codes)-3)
	}
	return strings.Join(codes, ", ")
}
