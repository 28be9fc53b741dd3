// Package noticepage renders a customer's own page about a notice of change. It works without a script, so that an answer can be
// given from any browser and under a policy that lets none run. It is pure.
package noticepage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"time"
)

//go:embed page.html
var forms string

//go:embed style.css
var style string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}).Parse(forms))

// SecurityPolicy is the Content-Security-Policy that the pages are served under: their own style, a form that goes where the page
// came from, and nothing else.
var SecurityPolicy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}()

// The longest answers that the form lets anybody type, in characters.
const (
	LongestName  = 200
	LongestWords = 20_000
)

// View is a notice of change as one customer sees it. All text in it is data.
type View struct {
	// Company is who tells, Contact where its customers write to; empty where nothing says so.
	Company, Contact string
	// Language is the customer's, as a BCP 47 tag: that of its letters, and of the page where it has the words.
	Language            string
	Customer, Reference string
	Drill               bool
	// Letters are newest first.
	Letters []Letter
	// The customer's own dates, nil where there is none. Effective is the first instant at which the change may take effect.
	SentAt, WindowCloses, TerminationUntil, Effective, TakenAt *time.Time
	// Zone is where instants are read; UTC if nil.
	Zone           *time.Location
	AcknowledgedAt *time.Time
	// Answer is "", objected, or the end of the objection; AnsweredAt is when it came to that.
	Answer     string
	AnsweredAt *time.Time
	MayObject  bool
	// Withdrawn says that the change does not come; Corrected that another notice takes its place, and is on its way to the customer.
	Withdrawn, Corrected bool
	// Log is the address of the public entry.
	Log string
}

// Letter is one version of the notice. A later one takes the place of one that is Superseded.
type Letter struct {
	At            time.Time
	Subject, Text string
	Superseded    bool
}

// Said is what the page says about what was just asked of it.
type Said string

// What a page can say. Acknowledged and Objected confirm, every other one refuses.
const (
	Nothing      Said = ""
	Acknowledged Said = "acknowledged"
	Objected     Said = "objected"
	// WindowOver, Answered, NoWindow and NotTold are why nobody can object now; they are the desk's codes.
	WindowOver Said = "window_over"
	Answered   Said = "answered"
	NoWindow   Said = "no_window"
	NotTold    Said = "not_told"
	// Refused: something else stands in the way.
	Refused Said = "refused"
	// Incomplete: a field of the form is empty or too long.
	Incomplete Said = "incomplete"
	// Unreadable: what came is not what the page's own forms send.
	Unreadable Said = "unreadable"
	// TooLong: it is more than anybody reads.
	TooLong Said = "too_long"
	// Elsewhere: another site sent the form.
	Elsewhere Said = "elsewhere"
	// Unknown: the link is forged, has expired, or leads to nothing; nobody is told which.
	Unknown Said = "unknown"
	// Away: a fault that is not the customer's.
	Away Said = "away"
)

// Turn is what somebody just did on the page, shown with it again.
type Turn struct {
	Said Said
	// Field is the form's field that Incomplete speaks of: name or words. Name and Words are what was typed.
	Field, Name, Words string
}

// form is what the template reads.
type form struct {
	View
	Turn
	Say words
	// Door says that nothing is shown of the notice, Open that its button is.
	Door, Open                bool
	LongestName, LongestWords int
}

// Door writes the page before anybody asked for the notice: whoever looks at it learns nothing but the company's name. accepted is
// what languages the browser asked for (RFC 9110 section 12.5.4).
func Door(w io.Writer, company, accepted string, said Said) error {
	return pages.ExecuteTemplate(w, "page", form{View: View{Company: company}, Turn: Turn{Said: said}, Say: wordsIn(accepted), Door: true, Open: said != Unknown})
}

// Page writes the notice, what was answered, and the forms for what still can be.
func Page(w io.Writer, v View, t Turn) error {
	if v.Zone == nil {
		v.Zone = time.UTC
	}
	return pages.ExecuteTemplate(w, "page", form{View: v, Turn: t, Say: wordsIn(v.Language), LongestName: LongestName, LongestWords: LongestWords})
}

// Sure says that what was asked was done.
func (f form) Sure() bool { return f.Said == Acknowledged || f.Said == Objected }

// Message is what the page says first; "" for nothing.
func (f form) Message() string { return f.Say.Said[f.Said] }

// Fault is what is wrong with a field; "" for nothing.
func (f form) Fault(field string) string {
	if f.Said != Incomplete || f.Field != field {
		return ""
	}
	return f.Say.Faults[field]
}

// MayAcknowledge says that the customer was told and did not acknowledge yet.
func (f form) MayAcknowledge() bool {
	return f.SentAt != nil && f.AcknowledgedAt == nil && !f.Withdrawn
}

// AnswerSays is how an objection stands; "" where there is none.
func (f form) AnswerSays() string { return f.Say.Answers[f.Answer] }

// instant is a moment to be shown: for people, and for machines.
type instant struct{ Says, Machine string }

// Instant is a moment in the customer's zone, with the zone's name and its offset then, which tells the two readings of a
// repeated hour apart.
func (f form) Instant(t time.Time) instant {
	local := t.In(f.Zone)
	zone := f.Zone.String()
	if zone != "UTC" {
		zone += ", UTC" + local.Format("-07:00")
	}
	return instant{Says: f.Say.instant(local, zone), Machine: local.Format(time.RFC3339)}
}
