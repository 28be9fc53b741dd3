package request

// Reason is a stable code for why a request was not carried out, in part or whole.
type Reason string

// Reasons to deny a request.
const (
	IdentityNotVerified  Reason = "identity_not_verified"
	NoMatch              Reason = "no_match"
	ManifestlyUnfounded  Reason = "manifestly_unfounded"
	Excessive            Reason = "excessive"
	SuspectedFraud       Reason = "suspected_fraud"
	OutsideJurisdiction  Reason = "outside_jurisdiction"
	ClaimNotCovered      Reason = "claim_not_covered"
	NotTheController     Reason = "not_the_controller"
	LegallyExempt        Reason = "legally_exempt"
	WithdrawnByRequester Reason = "withdrawn_by_requester"
)

// Justification is the DPV term of a reason to deny; "" where DPV has none.
func (r Reason) Justification() string { return justifications[r] }

var justifications = map[Reason]string{
	IdentityNotVerified: "IdentityVerificationFailure",
	NoMatch:             "FulfilmentImpossible",
	ManifestlyUnfounded: "ProcessUnfounded",
	Excessive:           "ProcessExcessive",
	SuspectedFraud:      "ProcessMalicious",
	OutsideJurisdiction: "",
	ClaimNotCovered:     "",
	NotTheController:    "FulfilmentImpossible",
	LegallyExempt:       "LegalObligationImpaired",
}

// CanDeny says whether people may deny a request for it.
func (r Reason) CanDeny() bool { _, known := justifications[r]; return known }

// Wire is a status as other systems know it.
type Wire struct {
	// OpenDSR is the status of OpenDSR 2.0; Extension what its extensions add so that nothing is lost.
	OpenDSR   string
	Extension string
	// DPV is the term of W3C DPV 2.3.
	DPV string
}

// Wire maps a status to OpenDSR 2.0 and DPV. The extension carries our own status, so that the map loses nothing.
func (s Status) Wire() Wire {
	open := map[Status]string{Received: "pending", VerifyingIdentity: "pending", Scoping: "pending", AwaitingApproval: "pending",
		Completed: "completed", CompletedWithRetention: "completed", Duplicate: "cancelled", Denied: "cancelled", Expired: "cancelled", Cancelled: "cancelled"}
	dpv := map[Status]string{Received: "RequestAcknowledged", VerifyingIdentity: "RequestRequiresAction", Scoping: "RequestAcknowledged",
		AwaitingApproval: "RequestAcknowledged", ActionRequired: "RequestActionDelayed", AwaitingExpiry: "RequestActionDelayed",
		Completed: "RequestFulfilled", CompletedWithRetention: "RequestFulfilled", Forwarded: "RequestAcknowledged",
		Duplicate: "RequestRejected", Denied: "RequestRejected", Expired: "RequestUnfulfilled", Cancelled: "RequestUnfulfilled"}
	w := Wire{OpenDSR: open[s], Extension: string(s), DPV: dpv[s]}
	if w.OpenDSR == "" {
		w.OpenDSR = "in_progress"
	}
	if w.DPV == "" {
		w.DPV = "RequestAccepted"
	}
	return w
}
