package clock

// Calendar names the public holidays by which a clock rolls or counts business days: those of the
// state where the action is to be taken (Reg. 1182/71 art 2(1)). Hours neither roll nor skip days,
// so to an hour clock a calendar is only a name that is kept with the answer.
type Calendar struct {
	// Name is the calendar's name in the rule pack, e.g. "NONE", "DE", "GB-ENG", "US-FED".
	Name string
	// Place says in words which days it holds, e.g. "Germany, nationwide".
	Place string
}

// NoCalendar is the calendar of clocks that know no holidays, among them every contract clock
// that does not name any.
var NoCalendar = Calendar{Name: "NONE", Place: "no holidays: every day counts"}
