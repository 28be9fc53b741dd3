package letters

import "time"

// The ids of what an incident notice to a customer has to say.
const (
	Nature               = "nature"
	Timeline             = "timeline"
	ResourcesAffected    = "resources_affected"
	CategoriesAndNumbers = "categories_and_numbers"
	LikelyConsequences   = "likely_consequences"
	MeasuresTaken        = "measures_taken"
	RecommendedMeasures  = "recommended_measures"
	ContactPoint         = "contact_point"
	UnknownsAndNext      = "unknowns_and_next_update"
	// NoAdmission is that the notice admits no fault. Agreements may ask for it; the
	// fixed text of every template version says it, so nobody fills it in.
	NoAdmission = "no_admission"
)

// The ids of what a notice of change to a customer has to say, beside ContactPoint.
const (
	WhatChanges  = "what_changes"
	Why          = "why"
	WhatItMeans  = "what_it_means"
	WhatYouCanDo = "what_you_can_do"
)

// Requirement is one element that a letter must answer.
type Requirement struct {
	// ID is the key in Content.Elements.
	ID string `json:"id"`
	// Title is the element's English name, for whoever drafts.
	Title string `json:"title"`
	// Source is where the requirement comes from.
	Source string `json:"source"`
}

var incidentCustomer = []Requirement{
	{Nature, "Nature of the incident", "GDPR art. 33(3)(a)"},
	{Timeline, "Timeline", "GDPR art. 33(5); usual DPA terms on the content of an incident notice"},
	{ResourcesAffected, "Your resources and tenants affected", "usual DPA terms on the content of an incident notice"},
	{CategoriesAndNumbers, "Categories and approximate numbers of data subjects and records", "GDPR art. 33(3)(a)"},
	{LikelyConsequences, "Likely consequences", "GDPR art. 33(3)(c)"},
	{MeasuresTaken, "Measures taken and proposed", "GDPR art. 33(3)(d)"},
	{RecommendedMeasures, "Measures we recommend to you", "GDPR art. 33(3)(d); usual DPA terms on the content of an incident notice"},
	{ContactPoint, "Contact point", "GDPR art. 33(3)(b)"},
	{UnknownsAndNext, "What is not yet known, and when the next update comes", "GDPR art. 33(4)"},
}

var incidentPeople = []Requirement{
	{Nature, "Nature of the incident", "GDPR art. 34(2)"},
	{LikelyConsequences, "Likely consequences", "GDPR art. 34(2), 33(3)(c)"},
	{MeasuresTaken, "Measures taken and proposed", "GDPR art. 34(2), 33(3)(d)"},
	{RecommendedMeasures, "What people can do to protect themselves", "GDPR recital 86"},
	{ContactPoint, "Contact point", "GDPR art. 34(2), 33(3)(b)"},
}

var changeCustomer = []Requirement{
	{WhatChanges, "What changes", "GDPR art. 28(2); usual DPA terms on notices of change"},
	{Why, "Why", "usual DPA terms on notices of change"},
	{WhatItMeans, "What it means for you", "usual DPA terms on notices of change"},
	{WhatYouCanDo, "What you can do", "GDPR art. 28(2): the opportunity to object"},
	{ContactPoint, "Contact point", "usual DPA terms on notices of change"},
}

// Required lists what a letter of this template can answer, in the order in which
// the letter says it, and must answer where no agreement has a list of its own; nil
// for a template that does not exist.
func Required(template string) []Requirement {
	switch template {
	case IncidentCustomer:
		return append([]Requirement(nil), incidentCustomer...)
	case IncidentPeople:
		return append([]Requirement(nil), incidentPeople...)
	case ChangeCustomer:
		return append([]Requirement(nil), changeCustomer...)
	default:
		return nil
	}
}

// Elements are the ids that an agreement's list for incident notices may name: together, the union of
// what agreements usually ask.
func Elements() []string {
	var all []string
	for _, requirement := range incidentCustomer {
		all = append(all, requirement.ID)
	}
	return append(all, NoAdmission)
}

// Audience is who is told: each has a list of its own.
type Audience string

// The audiences.
const (
	// Customer is told under an agreement, whose own list counts.
	Customer Audience = "customer"
	// Authority is told under GDPR art. 33.
	Authority Audience = "authority"
	// People are told under GDPR art. 34.
	People Audience = "people"
	// Changed are the customers that a notice of change tells.
	Changed Audience = "change"
)

// Wanted is what a notice to an audience has to say. agreed is the list for incident
// notices in a customer's agreement; without one it is everything.
func Wanted(audience Audience, agreed []string) []string {
	switch {
	case audience == Authority: // Art. 33(3)(a) to (d).
		return []string{Nature, CategoriesAndNumbers, ContactPoint, LikelyConsequences, MeasuresTaken}
	case audience == People: // Art. 34(2): the nature, and art. 33(3)(b) to (d).
		return []string{Nature, ContactPoint, LikelyConsequences, MeasuresTaken}
	case audience == Changed:
		return []string{WhatChanges, Why, WhatItMeans, WhatYouCanDo, ContactPoint}
	case len(agreed) > 0:
		return agreed
	}
	return Elements()
}

// State says how an element is answered. All three allow approval.
type State string

// The ways to answer an element.
const (
	// Filled: Text is the answer.
	Filled State = "filled"
	// NotApplicable: the element does not arise here; Reason says why.
	NotApplicable State = "not_applicable"
	// NotYetKnown: the answer will be given by the instant By (GDPR art. 33(4):
	// information may be provided in phases).
	NotYetKnown State = "not_yet_known"
)

// Fill is the answer to one element in one language.
type Fill struct {
	State State `json:"state"`
	// Text is the answer of a filled element, and may add a remark to one that is
	// not yet known. It is data: braces and tags in it stay as they are.
	Text string `json:"text,omitempty"`
	// Reason says why a not applicable element does not arise.
	Reason string `json:"reason,omitempty"`
	// By is when a not yet known element will be answered.
	By *time.Time `json:"by,omitempty"`
}
