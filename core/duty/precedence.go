package duty

import (
	"fmt"
	"slices"
	"strings"
)

// The default order on data-protection subjects, strongest first. Standing
// between negotiated agreements and service documentation, standard terms give
// way to whatever was negotiated with the one customer.
var defaultOrder = []Kind{SCC, ZDRAddendum, DPA, OrderForm, EnterpriseAgreement, StandardTerms, ServiceDocumentation, Policy}

// candidate is a term that applies, with its document and where it stands.
type candidate struct {
	term     Term
	document Document
	// root is the id of the document itself, or of the one that an amendment
	// goes back to.
	root string
	// standing is the kind by which the candidate is ranked; Amendment where
	// the amended document is not known.
	standing Kind
}

// candidate places a term of the set for a subject.
func (s Set) candidate(term Term, document Document, subject Subject) candidate {
	root := document
	for range s.Documents {
		if root.Kind != Amendment {
			break
		}
		amended, found := s.document(root.Amends)
		if !found {
			break
		}
		root = amended
	}
	standing := root.Kind
	// An Addendum is above the DPA only for the services it names (policy
	// section 4.2). Where the service is not named or not known it stands
	// beside the DPA, so that it cannot relax it.
	if standing == ZDRAddendum && !slices.Contains(term.Scope.Services, subject.Service) {
		standing = DPA
	}
	return candidate{term: term, document: document, root: root.ID, standing: standing}
}

// beats says whether a prevails over b, and why. Where neither beats the other,
// no clause and no order decides between them.
func (s Set) beats(a, b candidate) (string, bool) {
	if a.root == b.root {
		return amends(a.document, b.document)
	}
	if a.standing == SCC || b.standing == SCC {
		return "standard contractual clauses prevail over related agreements (their clause 5)",
			a.standing == SCC && b.standing != SCC
	}
	if ours, theirs := s.clauses(a.standing, b.standing); len(ours)+len(theirs) > 0 {
		return strings.Join(ours, " and "), len(theirs) == 0
	}
	if a.standing == b.standing {
		return "", false
	}
	if a.standing == Amendment {
		return "an executed amendment prevails over what nobody executed", b.standing == Policy || b.standing == ServiceDocumentation
	}
	why := fmt.Sprintf("by the default order on data protection, %s prevails over %s", a.standing.Name(), b.standing.Name())
	return why, b.standing != Amendment && slices.Index(defaultOrder, a.standing) < slices.Index(defaultOrder, b.standing)
}

// amends says whether a changes b, both going back to one document: an
// amendment prevails over the document, a later one over an earlier.
func amends(a, b Document) (string, bool) {
	switch {
	case a.ID == b.ID || a.Kind != Amendment:
		return "", false
	case b.Kind != Amendment:
		return "an amendment prevails over the document it amends", true
	default:
		return "the later amendment prevails over the earlier", compareDates(a, b) > 0
	}
}

// clauses cites the precedence clauses in force that put a before b, and those
// that put b before a.
func (s Set) clauses(a, b Kind) (ours, theirs []string) {
	for _, document := range s.Documents {
		i, j := slices.Index(document.Precedence, a), slices.Index(document.Precedence, b)
		if i < 0 || j < 0 || i == j {
			continue
		}
		if i < j {
			ours = append(ours, fmt.Sprintf("%s of %s puts %s before %s", clauseName(document.PrecedenceClause), document.Name(), a.Name(), b.Name()))
		} else {
			theirs = append(theirs, document.ID)
		}
	}
	return ours, theirs
}

// undominated are the candidates that nothing prevails over, be it through
// others. Where clauses put some above each other in a ring, the ring stands together.
func (s Set) undominated(candidates []candidate) (top, rest []candidate) {
	n := len(candidates)
	above := make([][]bool, n)
	for i := range n {
		above[i] = make([]bool, n)
		for j := range n {
			_, above[i][j] = s.beats(candidates[i], candidates[j])
		}
	}
	for via := range n {
		for i := range n {
			for j := range n {
				above[i][j] = above[i][j] || above[i][via] && above[via][j]
			}
		}
	}
	for i, c := range candidates {
		beaten := false
		for j := range n {
			beaten = beaten || above[j][i] && !above[i][j]
		}
		if beaten {
			rest = append(rest, c)
		} else {
			top = append(top, c)
		}
	}
	return top, rest
}

// Name is the kind as people write it.
func (k Kind) Name() string {
	switch k {
	case ZDRAddendum:
		return "the ZDR Addendum for the services it names"
	case DPA:
		return "the DPA"
	case SCC:
		return "the standard contractual clauses"
	case OrderForm:
		return "the order form"
	case EnterpriseAgreement:
		return "the Enterprise Agreement"
	case StandardTerms:
		return "the standard terms"
	case ServiceDocumentation:
		return "service documentation"
	case Policy:
		return "the policy"
	case Amendment:
		return "the amendment"
	default:
		return string(k)
	}
}

// Name is the document's title and version.
func (d Document) Name() string {
	if d.Version == "" {
		return d.Title
	}
	return d.Title + ", version " + d.Version
}

// clauseName puts the word before a bare clause number.
func clauseName(clause string) string {
	if clause != "" && clause[0] >= '0' && clause[0] <= '9' {
		return "section " + clause
	}
	return clause
}
