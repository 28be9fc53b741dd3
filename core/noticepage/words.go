package noticepage

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// words are what the page says in one language.
type words struct {
	// Lang is the language's tag.
	Lang   string
	Months []string
	// Date has {day}, {month}, {year}, {hour}, {minute} and {zone}.
	Date string

	Title, Skip, Error            string
	DoorSays, Show                string
	Drill, Withdrawn, Corrected   string
	For, Reference                string
	Dates, Sent                   string
	WindowCloses, Effective       string
	TerminationUntil, Taken       string
	Stands, AcknowledgedAt, Since string
	Letters, Superseded           string
	Log                           string
	Reply, Acknowledge            string
	AcknowledgeSays               string
	Object, ObjectSays            string
	Name, Why                     string
	Questions                     string
	// Said is by what was just asked, Faults by field, Answers by how an objection stands.
	Said    map[Said]string
	Faults  map[string]string
	Answers map[string]string
}

// languages are in the order of matcher's tags; the first is for whoever reads none of them.
var languages = []words{english, german, french}

var matcher = language.NewMatcher([]language.Tag{language.English, language.German, language.French})

// wordsIn finds the words for a language tag or for what a browser accepts.
func wordsIn(accepted string) words {
	_, index := language.MatchStrings(matcher, accepted)
	return languages[index]
}

// instant is to the minute: what ends at 23:59:59 is not shown to end a day later.
func (w words) instant(t time.Time, zone string) string {
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()), "{month}", w.Months[t.Month()-1], "{year}", strconv.Itoa(t.Year()),
		"{hour}", t.Format("15"), "{minute}", t.Format("04"), "{zone}", zone,
	).Replace(w.Date)
}

var english = words{
	Lang:   "en",
	Months: []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	Date:   "{day} {month} {year}, {hour}:{minute} ({zone})",

	Title: "Notice of a change", Skip: "Skip to the content", Error: "Error",
	DoorSays: "The link in our letter brought you here. Press the button to read the notice and to answer it.", Show: "Show the notice",
	Drill:     "This is an exercise. Nothing changes.",
	Withdrawn: "This notice was withdrawn: the change does not come.",
	Corrected: "Another notice takes the place of this one. It reaches you separately.",
	For:       "For", Reference: "Reference",
	Dates: "Your dates", Sent: "You were told",
	WindowCloses: "You can object until", Effective: "Takes effect for you at the earliest",
	TerminationUntil: "You can terminate because of the change until", Taken: "In effect for you since",
	Stands: "Your answer so far", AcknowledgedAt: "You acknowledged the notice", Since: "Since",
	Letters: "The notice", Superseded: "An earlier version, which no longer holds",
	Log:   "This change in our public change log",
	Reply: "Answer the notice", Acknowledge: "Acknowledge",
	AcknowledgeSays: "You confirm that you received the notice. It is no consent, and you can still object as long as your time for it runs.",
	Object:          "Object", ObjectSays: "Say who you are and why you object. We record it with the time, and a person looks for a way with you.",
	Name: "Your name", Why: "Why you object",
	Questions: "Questions? Write to us and give the reference:",
	Said: map[Said]string{
		Acknowledged: "Thank you. We recorded that you acknowledged the notice.",
		Objected:     "We recorded your objection. A person will get in touch with you.",
		WindowOver:   "Your time to object is over, and nothing was recorded. Please write to us.",
		Answered:     "You answered before. What we recorded then stays as it is.",
		NoWindow:     "Your agreements give no time to object to this change, and nothing was recorded. Please write to us.",
		NotTold:      "You have not been given this notice yet, and nothing was recorded.",
		Refused:      "This cannot be done now, and nothing was recorded.",
		Incomplete:   "Your objection was not recorded yet. Please look at this field:",
		Unreadable:   "We could not read what your browser sent, and nothing was recorded. Please try again.",
		TooLong:      "Your answer is too long, and nothing was recorded. Please shorten it, or write to us.",
		Elsewhere:    "Another site sent this, and nothing was recorded. Please use the button on this page.",
		Unknown:      "This link cannot be used. Please open the link in our latest letter, or answer that letter.",
		Away:         "This does not work at the moment. Please try again later. Reloading this page asks once more; nothing counts twice.",
	},
	Faults: map[string]string{
		"name":  "Enter your name, in at most 200 characters.",
		"words": "Enter why you object, in at most 20,000 characters.",
	},
	Answers: map[string]string{
		"objected":            "You objected. A person looks for a way with you.",
		"accommodated":        "Your objection was met: you are spared this change.",
		"withdrawn":           "You took your objection back.",
		"customer_terminates": "You objected, and you terminate because of the change.",
		"waived":              "You objected. Your time to object is over, and your agreement lets the change take effect.",
	},
}

var german = words{
	Lang:   "de",
	Months: []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	Date:   "{day}. {month} {year}, {hour}:{minute} Uhr ({zone})",

	Title: "Mitteilung über eine Änderung", Skip: "Zum Inhalt springen", Error: "Fehler",
	DoorSays: "Der Link in unserem Schreiben hat Sie hierher geführt. Mit der Schaltfläche öffnen Sie die Mitteilung und können sie beantworten.", Show: "Mitteilung zeigen",
	Drill:     "Dies ist eine Übung. Es ändert sich nichts.",
	Withdrawn: "Diese Mitteilung wurde zurückgezogen: Die Änderung kommt nicht.",
	Corrected: "Eine andere Mitteilung tritt an die Stelle dieser. Sie erhalten sie gesondert.",
	For:       "Für", Reference: "Aktenzeichen",
	Dates: "Ihre Termine", Sent: "Mitgeteilt",
	WindowCloses: "Sie können widersprechen bis", Effective: "Gilt für Sie frühestens ab",
	TerminationUntil: "Sie können wegen der Änderung kündigen bis", Taken: "Gilt für Sie seit",
	Stands: "Ihre Antwort bisher", AcknowledgedAt: "Sie haben den Empfang bestätigt", Since: "Seit",
	Letters: "Die Mitteilung", Superseded: "Eine frühere Fassung, die nicht mehr gilt",
	Log:   "Diese Änderung in unserem öffentlichen Änderungsverzeichnis",
	Reply: "Mitteilung beantworten", Acknowledge: "Empfang bestätigen",
	AcknowledgeSays: "Sie bestätigen, dass Sie die Mitteilung erhalten haben. Das ist keine Zustimmung; solange Ihre Frist läuft, können Sie weiterhin widersprechen.",
	Object:          "Widersprechen", ObjectSays: "Sagen Sie, wer Sie sind und warum Sie widersprechen. Wir halten es mit dem Zeitpunkt fest, und ein Mensch sucht mit Ihnen einen Weg.",
	Name: "Ihr Name", Why: "Warum Sie widersprechen",
	Questions: "Fragen? Schreiben Sie uns und nennen Sie das Aktenzeichen:",
	Said: map[Said]string{
		Acknowledged: "Vielen Dank. Wir haben festgehalten, dass Sie den Empfang bestätigt haben.",
		Objected:     "Wir haben Ihren Widerspruch festgehalten. Ein Mensch wird sich bei Ihnen melden.",
		WindowOver:   "Ihre Frist zum Widerspruch ist vorbei, und es wurde nichts festgehalten. Bitte schreiben Sie uns.",
		Answered:     "Sie haben schon geantwortet. Was wir damals festgehalten haben, bleibt, wie es ist.",
		NoWindow:     "Ihre Verträge sehen für diese Änderung keine Frist zum Widerspruch vor, und es wurde nichts festgehalten. Bitte schreiben Sie uns.",
		NotTold:      "Diese Mitteilung haben Sie noch nicht bekommen, und es wurde nichts festgehalten.",
		Refused:      "Das geht jetzt nicht, und es wurde nichts festgehalten.",
		Incomplete:   "Ihr Widerspruch ist noch nicht festgehalten. Bitte sehen Sie sich dieses Feld an:",
		Unreadable:   "Was Ihr Browser gesendet hat, konnten wir nicht lesen, und es wurde nichts festgehalten. Bitte versuchen Sie es noch einmal.",
		TooLong:      "Ihre Antwort ist zu lang, und es wurde nichts festgehalten. Bitte kürzen Sie sie, oder schreiben Sie uns.",
		Elsewhere:    "Das hat eine andere Website gesendet, und es wurde nichts festgehalten. Bitte nutzen Sie die Schaltfläche auf dieser Seite.",
		Unknown:      "Dieser Link kann nicht verwendet werden. Bitte öffnen Sie den Link in unserem neuesten Schreiben, oder antworten Sie auf das Schreiben.",
		Away:         "Das geht im Moment nicht. Bitte versuchen Sie es später noch einmal. Wenn Sie diese Seite neu laden, wird noch einmal gefragt; nichts zählt doppelt.",
	},
	Faults: map[string]string{
		"name":  "Geben Sie Ihren Namen an, mit höchstens 200 Zeichen.",
		"words": "Geben Sie an, warum Sie widersprechen, mit höchstens 20.000 Zeichen.",
	},
	Answers: map[string]string{
		"objected":            "Sie haben widersprochen. Ein Mensch sucht mit Ihnen einen Weg.",
		"accommodated":        "Ihrem Widerspruch wurde entsprochen: Diese Änderung bleibt Ihnen erspart.",
		"withdrawn":           "Sie haben Ihren Widerspruch zurückgenommen.",
		"customer_terminates": "Sie haben widersprochen, und Sie kündigen wegen der Änderung.",
		"waived":              "Sie haben widersprochen. Ihre Frist zum Widerspruch ist vorbei, und nach Ihrem Vertrag darf die Änderung gelten.",
	},
}

var french = words{
	Lang:   "fr",
	Months: []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	Date:   "{day} {month} {year} à {hour}:{minute} ({zone})",

	Title: "Avis de changement", Skip: "Aller au contenu", Error: "Erreur",
	DoorSays: "Le lien de notre lettre vous a conduit ici. Appuyez sur le bouton pour lire l’avis et y répondre.", Show: "Afficher l’avis",
	Drill:     "Ceci est un exercice. Rien ne change.",
	Withdrawn: "Cet avis a été retiré : le changement n’aura pas lieu.",
	Corrected: "Un autre avis remplace celui-ci. Vous le recevrez séparément.",
	For:       "Pour", Reference: "Référence",
	Dates: "Vos dates", Sent: "Vous avez été informé le",
	WindowCloses: "Vous pouvez vous opposer jusqu’au", Effective: "Prend effet pour vous au plus tôt le",
	TerminationUntil: "Vous pouvez résilier en raison du changement jusqu’au", Taken: "En vigueur pour vous depuis le",
	Stands: "Votre réponse jusqu’ici", AcknowledgedAt: "Vous avez accusé réception de l’avis le", Since: "Depuis le",
	Letters: "L’avis", Superseded: "Une version antérieure, qui ne vaut plus",
	Log:   "Ce changement dans notre journal public des changements",
	Reply: "Répondre à l’avis", Acknowledge: "Accuser réception",
	AcknowledgeSays: "Vous confirmez avoir reçu l’avis. Ce n’est pas un accord, et vous pouvez encore vous opposer tant que votre délai court.",
	Object:          "S’opposer", ObjectSays: "Dites qui vous êtes et pourquoi vous vous opposez. Nous l’enregistrons avec l’heure, et une personne cherche une solution avec vous.",
	Name: "Votre nom", Why: "Pourquoi vous vous opposez",
	Questions: "Des questions ? Écrivez-nous en indiquant la référence :",
	Said: map[Said]string{
		Acknowledged: "Merci. Nous avons enregistré votre accusé de réception.",
		Objected:     "Nous avons enregistré votre opposition. Une personne prendra contact avec vous.",
		WindowOver:   "Votre délai d’opposition est passé, et rien n’a été enregistré. Veuillez nous écrire.",
		Answered:     "Vous avez déjà répondu. Ce que nous avons enregistré alors reste inchangé.",
		NoWindow:     "Vos contrats ne prévoient pas de délai pour s’opposer à ce changement, et rien n’a été enregistré. Veuillez nous écrire.",
		NotTold:      "Cet avis ne vous a pas encore été remis, et rien n’a été enregistré.",
		Refused:      "Ce n’est pas possible maintenant, et rien n’a été enregistré.",
		Incomplete:   "Votre opposition n’est pas encore enregistrée. Veuillez vérifier ce champ :",
		Unreadable:   "Nous n’avons pas pu lire ce que votre navigateur a envoyé, et rien n’a été enregistré. Veuillez réessayer.",
		TooLong:      "Votre réponse est trop longue, et rien n’a été enregistré. Veuillez la raccourcir, ou nous écrire.",
		Elsewhere:    "Un autre site a envoyé cela, et rien n’a été enregistré. Veuillez utiliser le bouton de cette page.",
		Unknown:      "Ce lien ne peut pas être utilisé. Veuillez ouvrir le lien de notre dernière lettre, ou répondre à cette lettre.",
		Away:         "Cela ne fonctionne pas pour le moment. Veuillez réessayer plus tard. Recharger cette page refait la demande ; rien ne compte deux fois.",
	},
	Faults: map[string]string{
		"name":  "Indiquez votre nom, en 200 caractères au plus.",
		"words": "Indiquez pourquoi vous vous opposez, en 20 000 caractères au plus.",
	},
	Answers: map[string]string{
		"objected":            "Vous vous êtes opposé. Une personne cherche une solution avec vous.",
		"accommodated":        "Votre opposition a été suivie d’effet : ce changement vous est épargné.",
		"withdrawn":           "Vous avez retiré votre opposition.",
		"customer_terminates": "Vous vous êtes opposé, et vous résiliez en raison du changement.",
		"waived":              "Vous vous êtes opposé. Votre délai d’opposition est passé, et votre contrat permet au changement de prendre effet.",
	},
}
