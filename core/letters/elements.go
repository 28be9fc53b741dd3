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

// Required lists what a letter of this template must answer, in the order in
// which the letter says it; nil for a template that does not exist.
func Required(template string) []Requirement {
	if template != IncidentCustomer {
		return nil
	}
	return append([]Requirement(nil), incidentCustomer...)
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
