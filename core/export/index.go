package export

import (
	"html/template"
	"io"

	"github.com/atlascloudai/docket/core/estate"
)

// index writes the page that a person opens first: it loads nothing and needs no connection.
func (a *Archive) index(to io.Writer) error {
	language := a.head.Language
	words, known := languages[language]
	if !known {
		language, words = "en", languages["en"]
	}
	return page.Execute(to, struct {
		Head
		Language string
		W        phrases
		Places   []placed
	}{a.head, language, words, a.places})
}

// phrases are the index's own words. What the estate says of a place stands in the estate's words.
type phrases struct {
	Title, Intro, Where, What, Records, Files, LeftOut, Nothing, Kept, Listed, ByHand, Unsearched, NoWay, Ask string
	Classes                                                                                                   map[estate.Class]string
}

var languages = map[string]phrases{
	"en": {
		Title: "Your data", Intro: "This is a copy of the data that we found about you. The same records are in each pair of files: JSON for programs, CSV for spreadsheets.",
		Where: "Where", What: "What it is", Records: "Records", Files: "Files", LeftOut: "Left out, and why", Nothing: "nothing", Kept: "Why some of it stays",
		Listed: "Files are listed here without their contents.", ByHand: "Only the owner of this system can look there; ask us for what it holds.",
		Unsearched: "Where we did not look", NoWay: "nothing that you told us leads there", Ask: "Questions, or the missing parts:",
		Classes: map[estate.Class]string{estate.CustomerContent: "what you wrote, uploaded or generated", estate.CustomerPersonalData: "personal data in what customers submitted",
			estate.OperationalMetadata: "technical records of operation", estate.Account: "your account and support", estate.Billing: "invoices and payments"},
	},
	"de": {
		Title: "Ihre Daten", Intro: "Dies ist eine Kopie der Daten, die wir über Sie gefunden haben. Jedes Dateipaar enthält dieselben Datensätze: JSON für Programme, CSV für Tabellen.",
		Where: "Wo", What: "Was es ist", Records: "Datensätze", Files: "Dateien", LeftOut: "Weggelassen, und warum", Nothing: "nichts", Kept: "Warum manches bleibt",
		Listed: "Dateien sind hier ohne ihren Inhalt aufgeführt.", ByHand: "Nur wer dieses System betreut, kann dort nachsehen; fragen Sie uns danach.",
		Unsearched: "Wo wir nicht gesucht haben", NoWay: "keine Ihrer Angaben führt dorthin", Ask: "Fragen, oder was fehlt:",
		Classes: map[estate.Class]string{estate.CustomerContent: "was Sie geschrieben, hochgeladen oder erzeugt haben", estate.CustomerPersonalData: "personenbezogene Daten in Eingaben von Kunden",
			estate.OperationalMetadata: "technische Aufzeichnungen des Betriebs", estate.Account: "Ihr Konto und Support", estate.Billing: "Rechnungen und Zahlungen"},
	},
	"fr": {
		Title: "Vos données", Intro: "Voici une copie des données que nous avons trouvées à votre sujet. Chaque paire de fichiers contient les mêmes enregistrements : JSON pour les programmes, CSV pour les tableurs.",
		Where: "Où", What: "De quoi il s’agit", Records: "Enregistrements", Files: "Fichiers", LeftOut: "Omis, et pourquoi", Nothing: "rien", Kept: "Pourquoi une partie est conservée",
		Listed: "Les fichiers sont énumérés ici sans leur contenu.", ByHand: "Seul le responsable de ce système peut y chercher ; demandez-nous ce qu’il contient.",
		Unsearched: "Où nous n’avons pas cherché", NoWay: "rien de ce que vous avez indiqué n’y mène", Ask: "Questions, ou parties manquantes :",
		Classes: map[estate.Class]string{estate.CustomerContent: "ce que vous avez écrit, envoyé ou généré", estate.CustomerPersonalData: "données personnelles dans ce que des clients ont envoyé",
			estate.OperationalMetadata: "traces techniques d’exploitation", estate.Account: "votre compte et l’assistance", estate.Billing: "factures et paiements"},
	},
	"es": {
		Title: "Sus datos", Intro: "Esta es una copia de los datos que hemos encontrado sobre usted. Cada par de archivos contiene los mismos registros: JSON para programas, CSV para hojas de cálculo.",
		Where: "Dónde", What: "Qué es", Records: "Registros", Files: "Archivos", LeftOut: "Omitido, y por qué", Nothing: "nada", Kept: "Por qué una parte se conserva",
		Listed: "Los archivos se enumeran aquí sin su contenido.", ByHand: "Solo el responsable de este sistema puede buscar allí; pregúntenos qué contiene.",
		Unsearched: "Dónde no hemos buscado", NoWay: "nada de lo que indicó lleva allí", Ask: "Preguntas, o las partes que faltan:",
		Classes: map[estate.Class]string{estate.CustomerContent: "lo que usted escribió, subió o generó", estate.CustomerPersonalData: "datos personales en lo que enviaron clientes",
			estate.OperationalMetadata: "registros técnicos de operación", estate.Account: "su cuenta y la asistencia", estate.Billing: "facturas y pagos"},
	},
}

var page = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.W.Title}}</title><style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}th,td{border:1px solid;padding:.4rem;text-align:left;vertical-align:top}</style></head><body>
<h1>{{.W.Title}}</h1>
<p>{{.Company}}, {{.Reference}}, {{.At.UTC.Format "2006-01-02 15:04"}} UTC</p>
<p>{{.W.Intro}}</p>
<table><thead><tr><th>{{.W.Where}}</th><th>{{.W.What}}</th><th>{{.W.Records}}</th><th>{{.W.Files}}</th><th>{{.W.LeftOut}}</th><th>{{.W.Kept}}</th></tr></thead><tbody>
{{range .Places}}<tr><td>{{.Store}}/{{.Collection}}</td><td>{{with index $.W.Classes .Class}}{{.}}{{else}}{{.Class}}{{end}}</td>
{{- if .ByHand}}<td colspan="4">{{$.W.ByHand}}</td>{{else}}<td>{{.Records}}</td><td><a href="{{.JSON}}">JSON</a> <a href="{{.CSV}}">CSV</a>{{if .Listed}}<br>{{$.W.Listed}}{{end}}</td>
<td>{{range .LeftOut}}{{.Field}}: {{.Why}}<br>{{else}}{{$.W.Nothing}}{{end}}</td><td>{{.Kept}}</td>{{end}}</tr>
{{end}}</tbody></table>
{{with .Unsearched}}<h2>{{$.W.Unsearched}}</h2><ul>
{{range .}}<li>{{.Address}}: {{if .Why}}{{.Why}}{{with .Instead}}; {{.}}{{end}}{{else}}{{$.W.NoWay}}{{end}}</li>
{{end}}</ul>{{end}}
<p>{{.W.Ask}} {{.Contact}}</p>
</body></html>
`))
