package duty

import (
	"time"

	"github.com/atlascloudai/docket/core/clock"
)

// PolicyDocument is the published Data Retention & Enterprise Zero Data
// Retention Policy, as last updated in June 2026.
func PolicyDocument() Document {
	return Document{
		ID:            "atlas-2026-06",
		Kind:          Policy,
		Title:         "Data Retention & Enterprise Zero Data Retention Policy",
		Version:       "June 2026",
		EffectiveFrom: time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC),
	}
}

// PolicyTerm is section 12 of the policy: a notification about confirmed
// security incidents that affect customer personal data, without a number.
func PolicyTerm() Term {
	return Term{
		ID:       "atlas-2026-06-12",
		Document: PolicyDocument().ID,
		Kind:     IncidentNotice,
		Start:    clock.StartConfirmedProcessor,
		Scope:    Scope{Touched: []Touch{CustomerPersonalData}},
		Rule:     "dpa-incident-no-number",
		Notify:   []ContactRole{RoleIncidentNotice},
		Channels: []Channel{Email},
		Contacts: AnyContact,
		Meets:    Acceptance,
		Clause:   "12",
	}
}

// withPolicy adds the policy's section 12 beneath the agreements, unless the set
// holds a policy of its own that is in force and speaks of the kind. The
// published policy is a promise to everybody, so its date does not keep it from
// being the last resort.
func (s Set) withPolicy(kind string) Set {
	if kind != IncidentNotice {
		return s
	}
	for _, term := range s.Terms {
		if document, found := s.document(term.Document); found && document.Kind == Policy && term.Kind == kind {
			return s
		}
	}
	s.Documents = append(s.Documents[:len(s.Documents):len(s.Documents)], PolicyDocument())
	s.Terms = append(s.Terms[:len(s.Terms):len(s.Terms)], PolicyTerm())
	return s
}
