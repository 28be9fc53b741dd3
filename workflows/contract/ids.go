package contract

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// IncidentID is the workflow id of a case's process.
func IncidentID(caseID uuid.UUID) string { return Incident + "/" + caseID.String() }

// CampaignID is the workflow id of a campaign's process.
func CampaignID(campaignID uuid.UUID) string { return Campaign + "/" + campaignID.String() }

// RequestID is the workflow id of a request's process.
func RequestID(caseID uuid.UUID) string { return Request + "/" + caseID.String() }

// ChangeID is the workflow id of a notice of change's process.
func ChangeID(caseID uuid.UUID) string { return Change + "/" + caseID.String() }

// ParseID reads a workflow id: the workflow's type and the id of its subject. It refuses whatever the
// builders above would not have written.
func ParseID(workflowID string) (workflowType string, subject uuid.UUID, err error) {
	workflowType, text, _ := strings.Cut(workflowID, "/")
	if workflowType != Incident && workflowType != Campaign && workflowType != Request && workflowType != Change {
		return "", uuid.Nil, fmt.Errorf("cannot parse workflow id %q: it begins with none of %s/, %s/, %s/ and %s/", workflowID, Incident, Request, Change, Campaign)
	}
	subject, err = uuid.Parse(text)
	if err != nil || subject.String() != text {
		return "", uuid.Nil, fmt.Errorf("cannot parse workflow id %q: after the slash comes a UUID in its usual form", workflowID)
	}
	return workflowType, subject, nil
}
