package person_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
)

var kinds = []person.Kind{
	person.Acknowledgement, person.Identity, person.ContactTold, person.Answer, person.Supplement, person.Denial, person.Extension,
	person.Forwarded, person.AskController, person.ToCustomer, person.ExportReady, person.Task,
}

var languages = []string{"en", "de", "fr", "es"}

var rights = []string{"erasure", "access", "portability", "rectification", "restriction", "objection", "opt_out", "appeal", "complaint",
	"authority_inquiry", ""}

var (
	received = time.Date(2031, 3, 4, 10, 0, 0, 0, time.UTC)
	due      = time.Date(2032, 4, 5, 10, 0, 0, 0, time.UTC)
	expires  = time.Date(2033, 5, 6, 10, 7, 0, 0, time.UTC)
	seen     = time.Date(2034, 6, 7, 10, 0, 0, 0, time.UTC)
	until    = time.Date(2035, 7, 8, 10, 0, 0, 0, time.UTC)
)

// full holds everything that a letter can show.
func full() person.Values {
	return person.Values{
		Company: "Example Cloud", Contact: "privacy@example.com", Name: "Ana Example", Reference: "REQ-7", Right: "erasure",
		ReceivedAt: received, DueAt: &due, ExpiresAt: &expires, Zone: time.UTC, Code: "K7M2QX9TRA", Link: "https://privacy.example.com/identity/1",
		Customer: "Customer Example", Words: "First reason.\nSecond reason.", Regime: "gdpr",
		Gone:       []person.Line{{Class: "account", Where: "helpdesk", Count: 31, At: &seen}, {Class: "customer_content", Where: "chat", Attested: true, At: &seen}},
		Going:      []person.Line{{Class: "operational_metadata", Where: "vault/nightly", Wait: person.WaitsForOwner, Until: &until}},
		Kept:       []person.Line{{Class: "billing", Where: "billing", Count: 2, Ground: "tax_law", Why: "section 147", Until: &until}},
		Unsearched: []person.Line{{Where: "edge/logs", Why: "they go after 30 days"}},
	}
}

// facts are what the letter of a kind has to say.
var facts = map[person.Kind][]string{
	person.Acknowledgement: {"Ana Example", "2031", "2032", "REQ-7", "privacy@example.com"},
	person.Identity:        {"\nK7M2QX9TRA\n", "\nhttps://privacy.example.com/identity/1\n", "2033", "10", "07", "REQ-7"},
	person.ContactTold:     {"2033", "privacy@example.com", "REQ-7"},
	person.Answer: {", helpdesk: ", "31", "2034", ", chat: ", "vault/nightly", "2035", ", billing: ", "(section 147)", "edge/logs",
		"they go after 30 days", "First reason.\nSecond reason.", "77", "REQ-7"},
	person.Supplement:    {", helpdesk: ", "2034", "vault/nightly", "(section 147)", "edge/logs", "REQ-7"},
	person.Denial:        {"2031", "First reason.\nSecond reason.", "77", "privacy@example.com", "REQ-7"},
	person.Extension:     {"2031", "First reason.\nSecond reason.", "2032", "REQ-7"},
	person.Forwarded:     {"Customer Example", "REQ-7"},
	person.AskController: {"Example Cloud", "REQ-7"},
	person.ToCustomer:    {"Customer Example", "Ana Example", "> First reason.\n> Second reason.", "privacy@example.com", "2031", "REQ-7"},
	person.ExportReady:   {"\nhttps://privacy.example.com/identity/1\n", "2033", "REQ-7"},
	person.Task:          {"vault/nightly", "2032"},
}

var (
	leftover = regexp.MustCompile(`[{}]|<no value>|%!|ZgotmplZ`)
	mailed   = regexp.MustCompile(`\b[2-9A-HJ-NP-TV-Z]{10}\b`)
)

func TestEachLetterSaysWhatItsKindNeedsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		for _, kind := range kinds {
			for _, right := range rights {
				v := full()
				v.Right = right
				letter, err := person.Write(kind, language, v)
				require.NoError(t, err)
				require.Equal(t, language, letter.Language)
				require.False(t, letter.FallbackUsed)
				for _, fact := range facts[kind] {
					require.Contains(t, letter.Text, fact, "%s/%s", language, kind)
					for line := range strings.SplitSeq(strings.Trim(fact, "\n"), "\n") {
						require.Contains(t, html.UnescapeString(letter.HTML), strings.TrimPrefix(line, "> "), "%s/%s", language, kind)
					}
				}
				require.NotRegexp(t, leftover, letter.Subject+letter.Text, "%s/%s", language, kind)
				require.NotRegexp(t, `<no value>|%!|ZgotmplZ`, letter.HTML, "%s/%s", language, kind)
				require.NotContains(t, letter.Text, "\n\n\n", "%s/%s", language, kind)
				require.Equal(t, kind == person.Identity || kind == person.ExportReady, mailed.MatchString(letter.Text), "%s/%s: only a code looks like a code", language, kind)
				for _, private := range []string{"Ana", "@", "K7M2", "http", "Customer", "reason"} {
					require.NotContains(t, letter.Subject, private, "%s/%s", language, kind)
				}
			}
		}
	}
}

func TestWhoeverMayBeAnotherReadsNoName(t *testing.T) {
	t.Parallel()
	for _, kind := range []person.Kind{person.Identity, person.ContactTold} {
		letter, err := person.Write(kind, "en", full())
		require.NoError(t, err)
		require.NotContains(t, letter.Text+letter.HTML, "Ana")
	}
}

func TestATaskNamesNobody(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		letter, err := person.Write(person.Task, language, full())
		require.NoError(t, err)
		for _, private := range []string{"Ana", "@", "K7M2", "Customer", "reason"} {
			require.NotContains(t, letter.Text+letter.HTML, private)
		}
		require.Contains(t, letter.Subject, "vault/nightly")
	}
}

func TestAnAnswerClaimsNoMoreThanWasSeen(t *testing.T) {
	t.Parallel()
	v := full()
	letter, err := person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.Contains(t, letter.Text, "- account and support, helpdesk: records: 31; seen to be gone on 7 June 2034\n")
	require.Contains(t, letter.Text, "- what you sent to or made with the service, chat: the system's owner confirmed it on 7 June 2034\n")
	require.NotContains(t, letter.Text, "verified")

	v.Gone, v.Going, v.Kept = nil, nil, nil
	letter, err = person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.Contains(t, letter.Text, "Where we can search, we hold nothing about you.")

	v.Unsearched = nil
	letter, err = person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.Contains(t, letter.Text, "\nWe hold nothing about you.\n")

	v.Search = person.NotShown
	letter, err = person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.NotContains(t, letter.Text, "hold nothing", "nobody searched for somebody who was not shown to be the person")
	require.Contains(t, letter.Text, "We did not search yet")

	v.Search = person.Searching
	letter, err = person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.NotContains(t, letter.Text, "hold nothing")
	require.Contains(t, letter.Text, "We are still searching")

	v.Search, v.Right = person.Searched, "rectification"
	letter, err = person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.NotContains(t, letter.Text, "hold nothing", "nobody searched")

	v = full()
	v.Right = "access"
	letter, err = person.Write(person.Answer, "en", v)
	require.NoError(t, err)
	require.NotContains(t, letter.Text, "being removed")
	require.Contains(t, letter.Text, "What we hold about you")
}

func TestEveryClassGroundAndRegimeHasItsWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		said := map[string]bool{}
		tell := func(right, regime string, change func(*person.Values)) string {
			v := person.Values{Company: "Example Cloud", Reference: "REQ-7", Right: right, Regime: regime, Zone: time.UTC}
			change(&v)
			letter, err := person.Write(person.Answer, language, v)
			require.NoError(t, err)
			return letter.Text
		}
		fresh := func(text, of string) {
			require.False(t, said[text], "%s: %s reads as another", language, of)
			said[text] = true
		}
		for _, class := range []estate.Class{estate.CustomerContent, estate.CustomerPersonalData, estate.OperationalMetadata, estate.Account, estate.Billing} {
			text := tell("erasure", "", func(v *person.Values) { v.Gone = []person.Line{{Class: string(class), Where: "app"}} })
			fresh(text, string(class))
			require.NotContains(t, text, "- app", "%s: %s has no words", language, class)
		}
		for _, ground := range append(slices.Clone(estate.Grounds), "store_lock") {
			text := tell("erasure", "", func(v *person.Values) {
				v.Kept = []person.Line{{Class: "billing", Where: "app", Ground: string(ground)}}
			})
			fresh(text, string(ground))
		}
		for _, wait := range []person.Wait{person.WaitsForOwner, person.WaitsForSystem, person.WaitsForNothing} {
			fresh(tell("erasure", "", func(v *person.Values) { v.Going = []person.Line{{Class: "billing", Where: "app", Wait: wait}} }), string(wait))
		}
		bare := tell("access", "", func(*person.Values) {})
		for _, regime := range request.Regimes() {
			require.NotEqual(t, bare, tell("access", string(regime), func(*person.Values) {}), "%s: %s says where to complain", language, regime)
		}
	}
}

func TestALetterIsInTheLanguageAskedForOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{"de-AT": "de", "FR": "fr", "es-419": "es", "": "en"} {
		letter, err := person.Write(person.Acknowledgement, asked, full())
		require.NoError(t, err)
		require.Equal(t, want, letter.Language)
		require.False(t, letter.FallbackUsed)
	}
	letter, err := person.Write(person.Acknowledgement, "pt", full())
	require.NoError(t, err)
	require.Equal(t, "en", letter.Language)
	require.True(t, letter.FallbackUsed)
	require.Contains(t, letter.Text, "in the language that you asked for")
}

func TestALetterThatCannotSayItsPartIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind  person.Kind
		field string
		spoil func(*person.Values)
	}{
		{"nonsense", "kind", func(*person.Values) {}},
		{person.Answer, "zone", func(v *person.Values) { v.Zone = nil }},
		{person.Answer, "company", func(v *person.Values) { v.Company = " \n" }},
		{person.Answer, "reference", func(v *person.Values) { v.Reference = "" }},
		{person.Acknowledgement, "received_at", func(v *person.Values) { v.ReceivedAt = time.Time{} }},
		{person.Identity, "code", func(v *person.Values) { v.Code = "" }},
		{person.Identity, "code", func(v *person.Values) { v.Code = "K7M2 QX9TRA" }},
		{person.Identity, "link", func(v *person.Values) { v.Link = "" }},
		{person.Identity, "link", func(v *person.Values) { v.Link = "javascript:alert(1)" }},
		{person.Identity, "expires_at", func(v *person.Values) { v.ExpiresAt = nil }},
		{person.ContactTold, "contact", func(v *person.Values) { v.Contact = "" }},
		{person.Denial, "words", func(v *person.Values) { v.Words = "" }},
		{person.Extension, "words", func(v *person.Values) { v.Words = "\t" }},
		{person.Extension, "due_at", func(v *person.Values) { v.DueAt = nil }},
		{person.Forwarded, "customer", func(v *person.Values) { v.Customer = "" }},
		{person.ToCustomer, "contact", func(v *person.Values) { v.Contact = "" }},
		{person.ToCustomer, "received_at", func(v *person.Values) { v.ReceivedAt = time.Time{} }},
		{person.ExportReady, "link", func(v *person.Values) { v.Link = "" }},
		{person.Task, "going", func(v *person.Values) { v.Going = nil }},
	} {
		v := full()
		tt.spoil(&v)
		_, err := person.Write(tt.kind, "en", v)
		require.Equal(t, problem.Invalid, problem.CodeOf(err))
		require.ErrorContains(t, err, " "+tt.field+":", "%s", tt.kind)
	}
}

func TestWhatAPersonWritesStaysInert(t *testing.T) {
	t.Parallel()
	v := full()
	v.Name = "Eve\r\nBcc: x@example.test\u202e <script>{code}"
	v.Reference = "REQ\r\nBcc: x@example.test"
	v.Words = "Bye\r\nBcc: x@example.test\n\u202eEvil <img src=x>{code}\x00"
	letter, err := person.Write(person.ToCustomer, "en", v)
	require.NoError(t, err)
	require.Equal(t, "A person's request for you [REQ Bcc: x@example.test]", letter.Subject)
	require.Contains(t, letter.Text, "Eve Bcc: x@example.test[U+202E] <script>{code}\n")
	require.Contains(t, letter.Text, "> Bye\n> Bcc: x@example.test\n> [U+202E]Evil <img src=x>{code}\n")
	require.NotContains(t, letter.HTML, "<script")
	require.NotContains(t, letter.HTML, "<img")
	require.NotContains(t, letter.HTML+letter.Text, v.Code)
}

func TestNoInputBreaksALetter(t *testing.T) {
	t.Parallel()
	frame := regexp.MustCompile(`</?(?:html|head|body|title|h2|p|strong|blockquote|meta|a|!DOCTYPE)\b[^<>]*>|<!DOCTYPE html>`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "<b>{code}", "\r\nBcc: x", "\u202e\u2028", "\xff", "{lines}", "\"><script>"}),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		say := func(name string) string { return text.Draw(t, name) }
		at := time.Unix(rapid.Int64().Draw(t, "at"), 0)
		line := []person.Line{{Class: say("class"), Ground: say("ground"), Where: say("where"), Count: rapid.Int64().Draw(t, "count"), Why: say("why"), Until: &at, At: &at}}
		v := person.Values{
			Company: "C" + say("company"), Contact: "C" + say("contact"), Name: say("name"), Reference: "R" + say("reference"), Right: say("right"),
			ReceivedAt: at, DueAt: &at, ExpiresAt: &at, Zone: time.UTC, Code: "K7M2QX9TRA", Link: "https://privacy.example.com/?" + say("link"),
			Customer: "C" + say("customer"), Gone: line, Going: line, Kept: line, Unsearched: line, Words: say("words"), Regime: say("regime"),
		}
		letter, err := person.Write(rapid.SampledFrom(kinds).Draw(t, "kind"), say("language"), v)
		if err != nil {
			require.Equal(t, problem.Invalid, problem.CodeOf(err))
			return
		}
		require.NotEmpty(t, letter.Subject)
		require.NotRegexp(t, `[\x00-\x1f\x7f\x{80}-\x{9f}\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]`, letter.Subject)
		require.NotRegexp(t, `[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]`, letter.Text)
		require.NotContains(t, frame.ReplaceAllString(letter.HTML, ""), "<")
	})
}
