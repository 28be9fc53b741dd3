package clock

import (
	"maps"
	"slices"
)

// StartWord is the event that a law or agreement hangs its period on. The words differ on purpose:
// one incident has several of these instants, each recorded as a fact of its own.
type StartWord string

// The start words, each with what must have happened and who uses it.
const (
	// StartAwareController: the controller is reasonably certain that personal data was compromised
	// (GDPR art 33(1), UK GDPR, Korea, India DPDP).
	StartAwareController StartWord = "aware_controller"
	// StartAwareProcessor: the processor is aware of a breach of its customer's data
	// (GDPR art 33(2), most data processing agreements).
	StartAwareProcessor StartWord = "aware_processor"
	// StartConfirmedProcessor: the processor has confirmed the incident (some data processing agreements).
	StartConfirmedProcessor StartWord = "confirmed_processor"
	// StartAwareSignificant: the entity is aware that the incident is significant (NIS2 art 23).
	StartAwareSignificant StartWord = "aware_significant"
	// StartClassifiedMajor: the recorded decision that the incident is major (DORA art 19).
	StartClassifiedMajor StartWord = "classified_major"
	// StartDeterminedMaterial: the recorded decision that the incident is material (SEC Form 8-K Item 1.05).
	StartDeterminedMaterial StartWord = "determined_material"
	// StartDeterminedIncident: the recorded decision that a notifiable incident occurred (23 NYCRR 500.17(a)).
	StartDeterminedIncident StartWord = "determined_incident"
	// StartAssessedNotifiable: the outcome of a statutory assessment (Singapore s.26D, Australia s.26WK).
	StartAssessedNotifiable StartWord = "assessed_notifiable"
	// StartSuspected: reasonable grounds to suspect (Australia s.26WH, Korea's 2026 amendment).
	StartSuspected StartWord = "suspected"
	// StartDiscoveredConstructive: known, or would have been known with reasonable diligence (HIPAA 164.404).
	StartDiscoveredConstructive StartWord = "discovered_constructive"
	// StartNotifiedByOther: told by a supplier or a controller (California 1798.82(b), a controller after its processor).
	StartNotifiedByOther StartWord = "notified_by_other"
	// StartNoticed: seen by anyone, or brought to notice (CERT-In Directions).
	StartNoticed StartWord = "noticed"
	// StartFilingSubmitted: the earlier stage, named by Rule.Follows, was submitted and accepted
	// (NIS2 final report, DORA intermediate and final report, California's Attorney General).
	StartFilingSubmitted StartWord = "filing_submitted"
	// StartFixAvailable: a corrective or mitigating measure is available (Cyber Resilience Act art 14).
	StartFixAvailable StartWord = "fix_available"
	// StartHandlingConcluded: the handling of the incident has ended (China CAC summary, NIS2 after a progress report).
	StartHandlingConcluded StartWord = "handling_concluded"
	// StartPaymentMade: an extortion payment was made (23 NYCRR 500.17(c), CIRCIA).
	StartPaymentMade StartWord = "payment_made"
	// StartKnewDataAffected: the controller knows that the incident affected personal data (Brazil Res. CD/ANPD 15/2024).
	StartKnewDataAffected StartWord = "knew_data_affected"
	// StartServiceDisrupted: a service that others depend on began to be disrupted (12 CFR 53.4, 225.303, 304.24).
	StartServiceDisrupted StartWord = "service_disrupted"
	// StartInformationAvailable: information that an earlier filing lacked is there (SEC Form 8-K Item 1.05, instruction 2).
	StartInformationAvailable StartWord = "information_available"
	// StartNoticeSent: a notice left, so that the windows of whoever received it begin.
	StartNoticeSent StartWord = "notice_sent"
	// StartUpdateSent: the latest update was given; a promised cadence counts from it.
	StartUpdateSent StartWord = "update_sent"
	// StartErrorFound: something that was told turned out to be wrong and has to be taken back.
	StartErrorFound StartWord = "error_found"
	// StartChangeEffective: the instant at which a change is to take effect; periods count back from it.
	StartChangeEffective StartWord = "change_effective"
	// StartTerminated: an agreement ended.
	StartTerminated StartWord = "terminated"
	// StartTransitionEnded: the transition to another provider ended (Data Act art 25(2)).
	StartTransitionEnded StartWord = "transition_ended"
	// StartRequestReceived: a person's request arrived (GDPR art 12(3) and its like).
	StartRequestReceived StartWord = "request_received"
	// StartRequestDenied: the person was told that a request is denied; appeals count from it.
	StartRequestDenied StartWord = "request_denied"
	// StartAppealReceived: a person's appeal against a denial arrived.
	StartAppealReceived StartWord = "appeal_received"
	// StartComplaintReceived: a person's complaint arrived (UK DPA 2018 s.164A).
	StartComplaintReceived StartWord = "complaint_received"
	// StartDecisionMade: an administrative decision was made (Australian Acts Interpretation Act s.36).
	StartDecisionMade StartWord = "decision_made"
)

// happenings says of each start word, as the end of a sentence, what happened.
var happenings = map[StartWord]string{
	StartAwareController:        "the controller became aware",
	StartAwareProcessor:         "the processor became aware",
	StartConfirmedProcessor:     "the processor confirmed the incident",
	StartAwareSignificant:       "the entity became aware that the incident is significant",
	StartClassifiedMajor:        "the incident was classified as major",
	StartDeterminedMaterial:     "the incident was determined to be material",
	StartDeterminedIncident:     "the incident was determined to have occurred",
	StartAssessedNotifiable:     "the breach was assessed as notifiable",
	StartSuspected:              "there were reasonable grounds to suspect",
	StartDiscoveredConstructive: "the breach was known or should have been known",
	StartNotifiedByOther:        "another party gave notice of it",
	StartNoticed:                "the incident was noticed",
	StartFilingSubmitted:        "the earlier stage was submitted",
	StartFixAvailable:           "a corrective measure became available",
	StartHandlingConcluded:      "the handling was concluded",
	StartPaymentMade:            "the payment was made",
	StartKnewDataAffected:       "it was known that the incident affected personal data",
	StartServiceDisrupted:       "the service began to be disrupted",
	StartInformationAvailable:   "the missing information became available",
	StartNoticeSent:             "the notice was sent",
	StartUpdateSent:             "the latest update was given",
	StartErrorFound:             "what had been told turned out to be wrong",
	StartChangeEffective:        "the change is to take effect",
	StartTerminated:             "the agreement ended",
	StartTransitionEnded:        "the transition ended",
	StartRequestReceived:        "the request was received",
	StartRequestDenied:          "the denial was told",
	StartAppealReceived:         "the appeal was received",
	StartComplaintReceived:      "the complaint was received",
	StartDecisionMade:           "the decision was made",
}

// StartWords lists every word of the taxonomy, sorted.
func StartWords() []StartWord { return slices.Sorted(maps.Keys(happenings)) }

// Known says whether the word is one of the taxonomy.
func (w StartWord) Known() bool { return happenings[w] != "" }

// Happening says in words what happened, to end a sentence that begins "The clock starts when".
func (w StartWord) Happening() string { return happenings[w] }

// ofIncidents are the words that are recorded about an incident while it is found out about and judged.
var ofIncidents = map[StartWord]bool{
	StartAwareController: true, StartAwareProcessor: true, StartConfirmedProcessor: true, StartAwareSignificant: true, StartClassifiedMajor: true,
	StartDeterminedMaterial: true, StartDeterminedIncident: true, StartAssessedNotifiable: true, StartSuspected: true, StartDiscoveredConstructive: true,
	StartNotifiedByOther: true, StartNoticed: true, StartPaymentMade: true, StartKnewDataAffected: true, StartServiceDisrupted: true,
	StartFixAvailable: true, StartHandlingConcluded: true, StartInformationAvailable: true,
}

// OfIncident says whether the word is recorded about incidents, so that an incident can start a clock with it.
func (w StartWord) OfIncident() bool { return ofIncidents[w] }

// Contingent says that the word is recorded only about some incidents (a payment, a fix, a disruption): a rule that starts
// with it asks for nothing before, while a rule that starts with a decision reminds people to take it.
func (w StartWord) Contingent() bool {
	switch w {
	case StartPaymentMade, StartFixAvailable, StartHandlingConcluded, StartServiceDisrupted, StartNotifiedByOther, StartInformationAvailable:
		return true
	default:
		return false
	}
}

// IncidentWords lists the words of which OfIncident holds, sorted.
func IncidentWords() []StartWord { return slices.Sorted(maps.Keys(ofIncidents)) }

// Aware says whether the word is one's own awareness: the fact "aware" that some rules weigh is the earliest of them.
func (w StartWord) Aware() bool {
	return w == StartAwareController || w == StartAwareProcessor || w == StartAwareSignificant
}
