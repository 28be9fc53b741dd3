package request

import (
	"regexp"
	"strings"
)

// The words by which people ask in English, German, French and Spanish. A word stands for its beginning.
var asked = map[Right]*regexp.Regexp{
	Erasure:       words(`delet`, `eras`, `lösch`, `loesch`, `effac`, `supprim`, `suppression`, `borr(ar|en|ad)`, `elimin`, `suprim`, `supresión`, `right to be forgotten`),
	Access:        words(`copy of`, `access request`, `access to my`, `subject access`, `auskunft`, `kopie meiner`, `droit d.accès`, `copie de`, `derecho de acceso`, `copia de`),
	Portability:   words(`portab`, `datenübertrag`, `übertragbarkeit`),
	Rectification: words(`rectif`, `correct my`, `berichtig`, `corriger`, `corregir`),
	Restriction:   words(`restrict`, `einschränkung der verarbeitung`, `limitation du traitement`, `limitación del tratamiento`),
	Objection:     words(`i object`, `objection`, `widerspr`, `m.oppose`, `opposition`, `me opongo`, `oposición`),
	OptOut:        words(`opt.?out`, `do not sell`, `don.t sell`, `unsubscrib`, `abmeld`, `désabonn`, `désinscri`, `darme de baja`),
}

var denied = regexp.MustCompile(`(?i)(^|\PL)(not|no|never|without|nicht|kein\pL*|nie|ne|pas|jamais|sin|nunca|\pL+n['’]t)(\PL|$)`)

var spoken = []struct {
	language string
	words    *regexp.Regexp
}{
	{"de", regexp.MustCompile(`(?i)(^|\PL)(ich|bitte|meine[rn]?|und|nicht|daten|sie)(\PL|$)`)},
	{"fr", regexp.MustCompile(`(?i)(^|\PL)(je|vous|mes|veuillez|bonjour|données|les|et)(\PL|$)`)},
	{"es", regexp.MustCompile(`(?i)(^|\PL)(mis|por|favor|hola|datos|los|quiero|solicito)(\PL|$)`)},
}

func words(beginnings ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|\PL)(` + strings.Join(beginnings, "|") + `)`)
}

// ReadRight says what a letter asks for, where its words name exactly one right. It never guesses: two rights, none, or an
// erasure in a letter with a "not" in it are a person's to decide, and so is what is about an earlier request. Quoted
// lines are another's words.
func ReadRight(letter string) (right Right, decided bool) {
	own := own(letter)
	for one, words := range asked {
		if !words.MatchString(own) {
			continue
		}
		if decided {
			return "", false
		}
		right, decided = one, true
	}
	if right == Erasure && denied.MatchString(own) {
		return "", false
	}
	return right, decided
}

// LanguageOf is the language a letter seems to be written in: de, fr, es, or else en.
func LanguageOf(letter string) string {
	language, most := "en", 1 // one word alone may be a name
	for _, one := range spoken {
		if n := len(one.words.FindAllString(own(letter), -1)); n > most {
			language, most = one.language, n
		}
	}
	return language
}

func own(letter string) string {
	var kept []string
	for line := range strings.Lines(letter) {
		if !strings.HasPrefix(strings.TrimSpace(line), ">") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
