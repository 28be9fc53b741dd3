package clock

import (
	"slices"

	"github.com/atlascloudai/docket/core/problem"
)

// Convention is how a rule counts its period.
type Convention string

// The counting conventions.
const (
	// CountElapsed counts hours from the event itself, so that the limit is the target. Agreements, which may name any
	// unit, count days as CountDayAfter does.
	CountElapsed Convention = "elapsed"
	// CountReg1182 counts as Regulation (EEC, Euratom) 1182/71 art 3 does for acts of the Union. Hours: the hour of the
	// event is not counted, so the period begins at the next full local hour; an event exactly on the hour begins it
	// there (the stricter reading). Days and months: the day of the event is not counted, and a period of two days or
	// more holds at least two working days.
	CountReg1182 Convention = "reg-1182-71"
	// CountDayAfter does not count the day of the event; a month ends on the date of the event.
	CountDayAfter Convention = "day-after"
	// CountDayOfEvent counts the day of the event as the first.
	CountDayOfEvent Convention = "day-of-event"
)

// Roll says what happens to a limit that falls on a day off. Hour clocks never roll by themselves (Reg. 1182/71 art
// 3(4)), and nothing rolls where no calendar is named.
type Roll string

// The rolls.
const (
	// RollNone leaves the limit where it falls.
	RollNone Roll = "none"
	// RollNextWorkingDay moves it to the end of the next working day.
	RollNextWorkingDay Roll = "next_working_day"
	// RollNoonNextWorkingDay moves it to noon of the next working day (Del. Reg. 2025/301 art 5(4)).
	RollNoonNextWorkingDay Roll = "noon_next_working_day"
)

// Direction says on which side of its instant a clock must be acted on.
type Direction string

// The directions.
const (
	// DirectionNotAfter is a deadline.
	DirectionNotAfter Direction = "not_after"
	// DirectionNotBefore is a waiting period: acting before its instant is the breach.
	DirectionNotBefore Direction = "not_before"
	// DirectionBackward counts back from a later event: the last instant at which something may be sent.
	DirectionBackward Direction = "backward"
)

// Role is in which capacity a rule binds the company.
type Role string

// The roles.
const (
	// RoleController decides on purposes and means (GDPR art 4(7)).
	RoleController Role = "controller"
	// RoleProcessor handles data for a controller (GDPR art 4(8)), or data of a customer under a contract.
	RoleProcessor Role = "processor"
	// RoleEntity is regulated by a security law, whatever the data: an essential or important entity, a service provider,
	// a network operator, a covered or financial entity.
	RoleEntity Role = "entity"
	// RoleSupplier serves an entity that is regulated.
	RoleSupplier Role = "supplier"
)

// Confidence says how a rule's number was checked.
type Confidence string

// The labels.
const (
	// ConfidenceVerified: read in the source itself.
	ConfidenceVerified Confidence = "V"
	// ConfidenceSecondary: read in secondary sources only.
	ConfidenceSecondary Confidence = "V2"
	// ConfidenceGeneral: general knowledge, not verified.
	ConfidenceGeneral Confidence = "G"
)

// Validity is the span of civil dates on which a rule applies, both included. Dates are compared with the
// local date of the event. A zero From or To is open.
type Validity struct {
	From, To Date
	// Confidence says how the dates were checked, which may be less well than the number.
	Confidence Confidence
}

// Adoption records who made a rule the company's own, and when. A rule without one opens no duty.
type Adoption struct {
	By string
	On Date
}

// Addressee is the kind of party that is owed.
type Addressee string

// The addressees.
const (
	// ToAuthority: a supervisor, a regulator, a CSIRT.
	ToAuthority Addressee = "authority"
	// ToCustomer: a customer of the company.
	ToCustomer Addressee = "customer"
	// ToPeople: the people whose data it is.
	ToPeople Addressee = "people"
	// ToPublic: the media, the market, anybody.
	ToPublic Addressee = "public"
	// ToInsurer: whoever insures the company against the incident.
	ToInsurer Addressee = "insurer"
	// ToOurselves: an internal step with a legal clock, e.g. an assessment.
	ToOurselves Addressee = "ourselves"
)

// Binds says whom a rule binds. Of Company and People one is enough, for a law may bind a company wherever people live, and
// people whatever its profile says; every other condition that is given has to hold. Where something is not known it holds,
// because a person decides about what is proposed.
type Binds struct {
	// To is the kind of party that is owed.
	To Addressee
	// Company is the trait by which the company's own profile says that the rule binds it, e.g. "nis2-entity".
	Company string
	// Customer is the trait by which a customer's profile says that the rule binds us toward it, e.g. "us-bank".
	Customer string
	// People are the places (ISO 3166 codes, e.g. "BR", "US-CA") in which affected people live whose data the company controls.
	People []string
	// AtLeast is how many of them, or of all people where no place is given, have to be affected; 0 for any number.
	AtLeast int
	// Touched lists what the incident has to have reached; empty for anything, availability included.
	Touched []string
	// HighRisk asks for a high risk to people (GDPR art 34).
	HighRisk bool
}

// Rule is one clock of a law or an agreement as a record; its numbers come from a rule pack, never from code.
type Rule struct {
	// ID names the rule for good, e.g. "gdpr-33-1".
	ID string
	// Regime is the law or kind of agreement, e.g. "GDPR".
	Regime string
	// Citation is the provision that gives the period, e.g. "GDPR art 33(1)".
	Citation string
	// LegalText identifies the text itself, e.g. a CELEX number.
	LegalText string
	// Source is the reference by which the number was read, e.g. "R11" in docs/legal-time.md.
	Source string
	// Recipient says in words who must be told.
	Recipient string
	// Addressee is the recipient's short name in lists, e.g. "NYDFS"; "" where it depends on the case.
	Addressee string
	// Binds says whom the rule binds.
	Binds Binds
	// Role is the capacity in which the rule binds.
	Role Role
	// Start is the event that the period hangs on. In a contract rule it is the usual one: an agreement with
	// another start word sets it on its copy of the rule.
	Start StartWord
	// Follows is the id of the rule whose submission starts this clock when Start is StartFilingSubmitted, else it is empty.
	Follows string
	// Words are what the rule says about time, e.g. "without undue delay". A rule without a number has them always.
	Words string
	// Period is the period the rule gives. Its unit is UnitNone where the rule has no number; it is zero
	// where FromContract is set.
	Period Period
	// FromContract says that the agreement gives the period (Request.Period).
	FromContract bool
	// InternalTarget is the company's own target where the rule gives no number, or where its number is an outer limit
	// only; else it is zero.
	InternalTarget Period
	// OuterLimit says that the duty itself has no number ("without unreasonable delay") and the period only bounds it.
	OuterLimit bool
	// Counting is how the limit is counted.
	Counting Convention
	// Strict is a stricter reading that some take of the same text; the target follows it.
	Strict Strict
	// ArisesAfter is how long the event has to last before there is a duty at all, e.g. 4 hours of disruption.
	ArisesAfter Period
	// FromYearEnd counts from the end of the event's calendar year.
	FromYearEnd bool
	// CutOff is the local time of the last day by which the act is done, "" for the whole day.
	CutOff TimeOfDay
	// Roll is what happens on a day off.
	Roll Roll
	// Relief is a roll that only some may use.
	Relief *Relief
	// Cap is a second clock of the same rule; the earlier of both governs.
	Cap *Cap
	// Extension is how the period may be made longer.
	Extension *Extension
	// Variants are periods for special circumstances.
	Variants []Variant
	// Reset lists facts of which the latest starts the period anew.
	Reset *Reset
	// Pause is a span of days that does not count.
	Pause *Pause
	// Delay is a delay that an authority may ask for, nil where the rule knows none.
	Delay *Delay
	// Direction is the side of the instant that keeps the rule.
	Direction Direction
	// Zone and Calendar are those of the place where the rule wants the act done, "" where they depend on the case.
	Zone, Calendar string
	// Validity is when the rule applies.
	Validity Validity
	// Earlier are the rule's numbers before Validity.From, the latest first.
	Earlier []Earlier
	// InForce is false for a rule that is not law yet; it is computed only on request.
	InForce bool
	// Confidence says how the rule was checked.
	Confidence Confidence
	// Adoption is nil while nobody has adopted the rule.
	Adoption *Adoption
	// Note tells the reader of the pack what is easily got wrong.
	Note string
	// PackVersion is the version of the pack the rule was read from.
	PackVersion string
	// ZoneData is the IANA release that the same pack holds, by which its clocks are counted.
	ZoneData string
}

// HasNumber says whether the law or the agreement gives a period at all.
func (r Rule) HasNumber() bool { return r.FromContract || r.Period.Unit != UnitNone }

// Validate refuses a record that contradicts itself. Errors are *problem.Error whose Field is the name the
// rule pack uses, e.g. "period" or "internal_target".
func (r Rule) Validate() error {
	for _, required := range []struct{ field, value string }{
		{"id", r.ID}, {"regime", r.Regime}, {"citation", r.Citation},
		{"legal_text", r.LegalText}, {"recipient", r.Recipient},
	} {
		if required.value == "" {
			return problem.InvalidField(required.field, "must not be empty")
		}
	}
	if !r.Start.Known() {
		return problem.InvalidField("start", "unknown start word %q", string(r.Start))
	}
	if (r.Start == StartFilingSubmitted) != (r.Follows != "") {
		return problem.InvalidField("follows", "is given with the start word %s and only with it", StartFilingSubmitted)
	}
	if err := r.validateChoices(); err != nil {
		return err
	}
	return r.validatePeriod()
}

func (r Rule) validateChoices() error {
	for _, choice := range []struct {
		field, value string
		known        []string
	}{
		{"role", string(r.Role), []string{string(RoleController), string(RoleProcessor), string(RoleEntity), string(RoleSupplier)}},
		{"counting", string(r.Counting), conventions},
		{"roll", string(r.Roll), []string{string(RollNone), string(RollNextWorkingDay), string(RollNoonNextWorkingDay)}},
		{"direction", string(r.Direction), []string{string(DirectionNotAfter), string(DirectionNotBefore), string(DirectionBackward)}},
		{"binds.to", string(r.Binds.To), []string{"", string(ToAuthority), string(ToCustomer), string(ToPeople), string(ToPublic), string(ToInsurer), string(ToOurselves)}},
		{"confidence", string(r.Confidence), labels},
		{"validity.confidence", string(r.Validity.Confidence), labels},
	} {
		if !slices.Contains(choice.known, choice.value) {
			return problem.InvalidField(choice.field, "%q is none of %q", choice.value, choice.known)
		}
	}
	if !r.Validity.To.IsZero() && r.Validity.To.Before(r.Validity.From) {
		return problem.InvalidField("validity.to", "%s lies before %s", r.Validity.To, r.Validity.From)
	}
	if r.Adoption != nil && (r.Adoption.By == "" || r.Adoption.On.IsZero()) {
		return problem.InvalidField("adoption", "names who adopted the rule and on which date")
	}
	return nil
}

// conventions are the counting conventions as the pack writes them.
var conventions = []string{string(CountElapsed), string(CountReg1182), string(CountDayAfter), string(CountDayOfEvent)}

// labels are the confidence labels as the pack writes them.
var labels = []string{string(ConfidenceVerified), string(ConfidenceSecondary), string(ConfidenceGeneral)}

func (r Rule) validatePeriod() error {
	if r.FromContract && r.Period != (Period{}) {
		return problem.InvalidField("period", "comes either from the contract or from the rule, not from both")
	}
	if !r.FromContract {
		if err := r.Period.Validate(); err != nil {
			return err
		}
	}
	hours := r.Period.Unit == UnitHour
	switch {
	case !r.HasNumber() && r.Words == "":
		return problem.InvalidField("words", "a rule without a number needs the words it uses instead")
	case r.HasNumber() && !r.OuterLimit && r.InternalTarget != (Period{}):
		return problem.InvalidField("internal_target", "stands only where the rule gives no number or an outer limit")
	case r.OuterLimit && !r.HasNumber():
		return problem.InvalidField("outer_limit", "a rule without a number has no limit at all")
	case (r.OuterLimit || !r.HasNumber()) && (r.InternalTarget.Unit != UnitHour || r.InternalTarget.Validate() != nil):
		return problem.InvalidField("internal_target", "a rule without a number, or with an outer limit only, needs one in hours")
	case hours && r.Roll != RollNone:
		return problem.InvalidField("roll", "a period in hours never rolls (Reg. 1182/71 art 3(4))")
	case r.Direction == DirectionBackward && (r.Roll != RollNone || r.Relief != nil):
		return problem.InvalidField("roll", "a period counted backward never rolls later (Reg. 1182/71 art 3(4))")
	case hours && (r.Counting == CountDayAfter || r.Counting == CountDayOfEvent):
		return problem.InvalidField("counting", "%s counts days, and the period is in hours", r.Counting)
	case hours && (r.CutOff != "" || r.FromYearEnd || r.Pause != nil):
		return problem.InvalidField("period", "a period in hours knows no cut-off, no end of the year and no paused days")
	}
	return r.validateTerms()
}
