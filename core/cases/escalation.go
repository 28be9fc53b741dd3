package cases

import "time"

// Kinds of raise that do not come from a clock's milestone.
const (
	// RaiseRefused: the other side refused a notice; its duty is still owed.
	RaiseRefused = "delivery_refused"
	// RaiseUnreachable: no contact of a customer is left to try.
	RaiseUnreachable = "customer_unreachable"
	// RaiseUnknown: it could not be seen whether the other side took a notice.
	RaiseUnknown = "delivery_unknown"
	// RaiseUndecided: counsel has to choose which instant a duty's clock counts from.
	RaiseUndecided = "start_undecided"
	// RaiseFollowUp: a party that had been told was ruled out; it is owed a follow-up, not silence.
	RaiseFollowUp = "told_party_ruled_out"
	// RaiseDelay: an authority asked to wait with one notice, and other duties keep running: counsel decides about them.
	RaiseDelay = "authority_delay"
	// RaiseReopened: a late bounce re-opened a duty that had been met.
	RaiseReopened = "duty_reopened"
	// RaiseUnclear: somebody has to read what a letter asks for; its clock runs.
	RaiseUnclear = "letter_unclear"
	// RaiseController: an account's data shows that a customer decides about it; the request is owed to that customer.
	RaiseController = "controller_shown"
	// RaiseHoldReview: the day has come on which counsel looks again at a hold that keeps records of the request.
	RaiseHoldReview = "hold_review"
	// RaiseTask: the owner of a system that only people can reach has a task.
	RaiseTask = "owner_task"
	// RaiseTaskOverdue: the day by which such a task was to be done has come, whoever took it up.
	RaiseTaskOverdue = "owner_task_overdue"
	// RaiseTarget: a place where a person's data lies does not answer, or is not what the estate says.
	RaiseTarget = "target_failed"
	// RaiseObjection: a customer objected to a change; somebody looks for a way with it.
	RaiseObjection = "change_objection"
	// RaiseObjectionOverdue: the time to find a way after an objection is over; a person decides what becomes of it.
	RaiseObjectionOverdue = "change_objection_overdue"
	// RaiseSendByPassed: a notice of change was not sent to everybody by the day that its letters count from; the rest is held.
	RaiseSendByPassed = "change_send_by_passed"
	// RaiseExemptionReview: facts changed on which duties were found not to be owed.
	RaiseExemptionReview = "exemption_review"
)

// Step is one step of an escalation: whom to raise, and after how much case time
// the next step follows unless somebody acknowledges.
type Step struct {
	Roles []string
	// Then is the time to the next step; zero on the last step.
	Then time.Duration
}

const answerWithin = 15 * time.Minute

// Escalation is the chain of people for a kind of raise, in order.
func Escalation(kind string) []Step {
	switch kind {
	case "limit", "target":
		return []Step{
			{Roles: []string{"privacy_lead", "executive_sponsor"}, Then: answerWithin},
			{Roles: []string{"legal_counsel", "incident_commander"}, Then: answerWithin},
			{Roles: []string{"executive_sponsor"}},
		}
	case "nine_tenths":
		return []Step{
			{Roles: []string{"privacy_lead", "comms_lead"}, Then: answerWithin},
			{Roles: []string{"incident_commander", "legal_counsel"}, Then: answerWithin},
			{Roles: []string{"executive_sponsor"}},
		}
	case RaiseRefused, RaiseUnreachable, RaiseUnknown, RaiseReopened, RaiseFollowUp, RaiseSendByPassed:
		return []Step{{Roles: []string{"comms_lead"}, Then: answerWithin}, {Roles: []string{"privacy_lead"}}}
	case RaiseUnclear, RaiseController:
		return []Step{{Roles: []string{"responder", "privacy_lead"}, Then: 2 * 24 * time.Hour}, {Roles: []string{"privacy_lead", "legal_counsel"}}}
	case RaiseTask:
		return []Step{{Roles: []string{"responder"}, Then: 3 * 24 * time.Hour}, {Roles: []string{"responder", "privacy_lead"}, Then: 3 * 24 * time.Hour}, {Roles: []string{"security_lead"}}}
	case RaiseTaskOverdue:
		return []Step{{Roles: []string{"responder", "privacy_lead"}, Then: 24 * time.Hour}, {Roles: []string{"security_lead", "privacy_lead"}}}
	case RaiseTarget:
		return []Step{{Roles: []string{"privacy_lead"}, Then: 4 * time.Hour}, {Roles: []string{"security_lead"}}}
	case RaiseObjection:
		return []Step{{Roles: []string{"comms_lead", "privacy_lead"}, Then: 3 * 24 * time.Hour}, {Roles: []string{"legal_counsel", "privacy_lead"}}}
	case RaiseObjectionOverdue:
		return []Step{{Roles: []string{"legal_counsel", "privacy_lead"}, Then: 24 * time.Hour}, {Roles: []string{"executive_sponsor"}}}
	case RaiseHoldReview:
		return []Step{{Roles: []string{"legal_counsel"}, Then: 7 * 24 * time.Hour}, {Roles: []string{"legal_counsel", "privacy_lead"}}}
	case RaiseUndecided, RaiseDelay, RaiseExemptionReview:
		return []Step{{Roles: []string{"legal_counsel"}, Then: answerWithin}, {Roles: []string{"privacy_lead"}}}
	default:
		return []Step{{Roles: []string{"incident_commander"}, Then: time.Hour}, {Roles: []string{"privacy_lead"}}}
	}
}
