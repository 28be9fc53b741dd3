package estate

// Ground is a reason in law to keep records that erasure would otherwise take.
type Ground string

// The grounds. There are no others: a reason that is none of them does not keep a record from a person who may have it erased.
const (
	// TaxLaw is a duty to keep under tax law (GDPR art 17(3)(b)).
	TaxLaw Ground = "tax_law"
	// AccountingLaw is a duty to keep under accounting or commercial law (GDPR art 17(3)(b)).
	AccountingLaw Ground = "accounting_law"
	// LegalClaims is the establishment, exercise or defence of legal claims (GDPR art 17(3)(e)).
	LegalClaims Ground = "legal_claims"
	// FreedomOfExpression is freedom of expression and information (GDPR art 17(3)(a)).
	FreedomOfExpression Ground = "freedom_of_expression"
	// PublicHealth is the public interest in public health (GDPR art 17(3)(c)).
	PublicHealth Ground = "public_health"
	// ArchivingResearch is archiving in the public interest, research or statistics (GDPR art 17(3)(d)).
	ArchivingResearch Ground = "archiving_research"
	// PublicTask is a task in the public interest or in the exercise of official authority (GDPR art 17(3)(b)).
	PublicTask Ground = "public_task"
	// SecurityIncidentEvidence is the documentation of a personal data breach that art 33(5) demands (GDPR art 17(3)(b)).
	SecurityIncidentEvidence Ground = "security_incident_evidence"
)

// Grounds are all grounds.
var Grounds = []Ground{TaxLaw, AccountingLaw, LegalClaims, FreedomOfExpression, PublicHealth, ArchivingResearch, PublicTask, SecurityIncidentEvidence}

var grounds = map[Ground]struct{ letter, dpv string }{
	TaxLaw:                   {"b", "LegalObligationImpaired"},
	AccountingLaw:            {"b", "LegalObligationImpaired"},
	LegalClaims:              {"e", "LegalClaimDefenceImpaired"},
	FreedomOfExpression:      {"a", "FreedomOfExpressionImpaired"},
	PublicHealth:             {"c", "PublicHealthCompromised"},
	ArchivingResearch:        {"d", "PublicInterestArchivingImpaired"},
	PublicTask:               {"b", "OfficialAuthorityExerciseImpaired"},
	SecurityIncidentEvidence: {"b", "SecurityImpaired"},
}

// Letter is the ground's letter in GDPR art 17(3), e.g. "b"; "" for an unknown ground.
func (g Ground) Letter() string { return grounds[g].letter }

// DPV is the term of the W3C Data Privacy Vocabulary's justifications, e.g. "LegalObligationImpaired"; "" for an unknown ground.
func (g Ground) DPV() string { return grounds[g].dpv }
