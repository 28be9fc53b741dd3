package letters_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
)

var instant = time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)

func place(t require.TestingT, name string) *time.Location {
	location, err := time.LoadLocation(name)
	require.NoError(t, err)
	return location
}

// notice is a complete one in English and German.
func notice() letters.Notice {
	content := func(subject string) letters.Content {
		c := letters.Content{Subject: subject, Elements: map[string]letters.Fill{}}
		for _, requirement := range letters.Required(letters.IncidentCustomer) {
			c.Elements[requirement.ID] = letters.Fill{State: letters.Filled, Text: "text of " + requirement.ID}
		}
		return c
	}
	return letters.Notice{
		Template: letters.IncidentCustomer, TemplateVersion: 1, Version: 3, Fallback: "en",
		Languages: map[string]letters.Content{"en": content("Security incident"), "de": content("Sicherheitsvorfall")},
	}
}

func values(t require.TestingT) letters.Values {
	subjects := int64(1200)
	return letters.Values{
		Customer: "Müller & Söhne <GmbH>", Reference: "MS-2041",
		Contract: letters.Contract{Document: "Data Processing Addendum", Clause: "clause 7.2"},
		Aware:    instant.Add(-20 * time.Hour), Confirmed: instant.Add(-18 * time.Hour),
		Zone: "Europe/Berlin", Location: place(t, "Europe/Berlin"), Language: "de-AT",
		Resources: []string{"tenant-eu-7", "bucket <logs>"}, DataSubjects: &subjects,
	}
}

func TestALetterShowsEveryElementAndTheCustomersOwnValues(t *testing.T) {
	letter, err := letters.Render(notice(), values(t), instant)
	require.NoError(t, err)
	require.Equal(t, "de", letter.Language, "de-AT reads de")
	require.False(t, letter.FallbackUsed)
	require.Equal(t, "Sicherheitsvorfall [MS-2041]", letter.Subject)
	for _, requirement := range letters.Required(letters.IncidentCustomer) {
		require.Contains(t, letter.Text, "text of "+requirement.ID)
		require.Contains(t, letter.HTML, "text of "+requirement.ID)
	}
	for _, said := range []string{
		"Müller & Söhne <GmbH>", "Data Processing Addendum, clause 7.2",
		"20. November 2026, 09:30 Uhr (Europe/Berlin, UTC+01:00)",
		"Kenntnis erlangt: 19. November 2026, 13:30 Uhr", "- tenant-eu-7\n- bucket <logs>", "1200",
		"kein Anerkenntnis",
	} {
		require.Contains(t, letter.Text, said)
	}
	require.Contains(t, letter.HTML, "Müller &amp; Söhne &lt;GmbH&gt;")
	require.NotContains(t, letter.HTML, "<logs>")
	for _, remote := range []string{"<img", "<script", "<link", "http:", "https:", "src="} {
		require.NotContains(t, letter.HTML, remote)
	}
	require.NotContains(t, letter.Text, "ÜBUNG")
}

func TestTheFallbackLanguageIsSaidInTheLetter(t *testing.T) {
	v := values(t)
	for asked, want := range map[string]struct {
		language string
		fallback bool
	}{
		"": {"en", false}, "en": {"en", false}, "EN-gb": {"en", false}, "de": {"de", false},
		"pl": {"en", true}, "fr-CA": {"en", true}, "d": {"en", true},
	} {
		v.Language = asked
		letter, err := letters.Render(notice(), v, instant)
		require.NoError(t, err)
		require.Equal(t, want.language, letter.Language, asked)
		require.Equal(t, want.fallback, letter.FallbackUsed, asked)
		require.Equal(t, want.fallback, strings.Contains(letter.Text, "You asked for notices in “"+asked+"”"), asked)
		require.Equal(t, want.fallback, strings.Contains(letter.HTML, "You asked for notices in “"+asked+"”"), asked)
	}
}

func TestEveryLanguageOfTheTemplateRenders(t *testing.T) {
	n := notice()
	n.Languages["fr"] = n.Languages["en"]
	v := values(t)
	for language, said := range map[string]string{
		"en": "not an admission of fault", "de": "kein Anerkenntnis", "fr": "ne vaut pas reconnaissance",
	} {
		v.Language, v.Drill = language, true
		letter, err := letters.Render(n, v, instant)
		require.NoError(t, err)
		require.Contains(t, letter.Text, said)
		require.True(t, strings.HasPrefix(letter.Subject, "["), "a drill is marked: "+letter.Subject)
		require.NotContains(t, letter.Text+letter.HTML, "no value")
	}
}

func TestWhatIsNotKnownYetSaysByWhenInTheCustomersZone(t *testing.T) {
	by := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC) // the second 02:30 of that night in Berlin
	n := notice()
	n.Languages["en"].Elements[letters.LikelyConsequences] = letters.Fill{State: letters.NotYetKnown, By: &by}
	n.Languages["en"].Elements[letters.Nature] = letters.Fill{State: letters.NotApplicable, Reason: "nothing {{.Customer}} held"}
	v := values(t)
	v.Language = "en"
	letter, err := letters.Render(n, v, instant)
	require.NoError(t, err)
	require.Contains(t, letter.Text, "Not yet known, by 25 October 2026, 02:30 (Europe/Berlin, UTC+01:00).")
	require.Contains(t, letter.Text, "Not applicable: nothing {{.Customer}} held")
}

func TestUserTextIsDataAndNeverATemplate(t *testing.T) {
	n := notice()
	for _, text := range []string{
		"{{.Customer}} {{template \"x\"}}", "<script>alert(1)</script>", `<a href="javascript:x">y</a>`, "a & b + c", "{instant} {reason}",
	} {
		n.Languages["de"].Elements[letters.Nature] = letters.Fill{State: letters.Filled, Text: text}
		c := n.Languages["de"]
		c.Subject = text
		n.Languages["de"] = c
		v := values(t)
		v.Reference = "R&D + 1"
		letter, err := letters.Render(n, v, instant)
		require.NoError(t, err)
		require.Equal(t, text+" [R&D + 1]", letter.Subject, "a subject is not HTML")
		require.Contains(t, letter.Text, text)
		require.NotContains(t, letter.HTML, "<script>")
		require.NotContains(t, letter.HTML, "<a ")
	}
}

func TestANameCannotForgeALineNorTurnTheReadingOrder(t *testing.T) {
	for _, field := range []func(*letters.Values, string){
		func(v *letters.Values, s string) { v.Customer = s },
		func(v *letters.Values, s string) { v.Reference = s },
		func(v *letters.Values, s string) { v.Contract.Clause = s },
		func(v *letters.Values, s string) { v.Resources = []string{s} },
	} {
		v := values(t)
		field(&v, "Acme\u202eemcA")
		letter, err := letters.Render(notice(), v, instant)
		require.NoError(t, err)
		require.Contains(t, letter.Text, "Acme[U+202E]emcA")
		for _, forged := range []string{"a\r\nBcc: x@y.test", "a\nb", "a\x00", "a\u2028b", "a\xff"} {
			v := values(t)
			field(&v, forged)
			_, err := letters.Render(notice(), v, instant)
			require.Equal(t, problem.Invalid, problem.CodeOf(err), "%q", forged)
		}
	}
	v := values(t)
	v.Location = time.UTC
	_, err := letters.Render(notice(), v, instant)
	require.Equal(t, problem.Invalid, problem.CodeOf(err), "another zone than the customer's")
}

func TestTheSameArgumentsGiveTheSameLetter(t *testing.T) {
	first, err := letters.Render(notice(), values(t), instant)
	require.NoError(t, err)
	for range 20 {
		again, err := letters.Render(notice(), values(t), instant.In(place(t, "Asia/Tokyo")))
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestEveryWantedElementIsAnsweredInEveryLanguage(t *testing.T) {
	all := letters.Wanted(letters.Customer, nil)
	require.Empty(t, gaps(notice(), all))
	by, passed := instant.Add(time.Hour), instant
	for _, allowed := range []letters.Fill{
		{State: letters.Filled, Text: "x"}, {State: letters.NotApplicable, Reason: "x"}, {State: letters.NotYetKnown, By: &by},
	} {
		n := notice()
		n.Languages["en"].Elements[letters.Nature] = allowed
		require.Empty(t, gaps(n, all), "%+v", allowed)
	}
	for name, row := range map[string]struct {
		fill letters.Fill
		code string
	}{
		"an empty text":           {letters.Fill{State: letters.Filled, Text: " \n"}, "element_empty"},
		"no reason":               {letters.Fill{State: letters.NotApplicable, Text: "x"}, "element_empty"},
		"no instant":              {letters.Fill{State: letters.NotYetKnown, Text: "x"}, "element_empty"},
		"an instant that is gone": {letters.Fill{State: letters.NotYetKnown, By: &passed}, "promise_passed"},
	} {
		n := notice()
		n.Languages["de"].Elements[letters.Timeline] = row.fill
		require.Equal(t, []string{row.code + " de/timeline"}, gaps(n, all), name)
		require.Equal(t, []string{row.code + " de/timeline"}, gaps(n, nil), "%s: English answers it", name)
		require.Empty(t, n.Blockers(), name)
	}
	n := notice()
	delete(n.Languages["en"].Elements, letters.ContactPoint)
	require.Equal(t, []string{"element_missing en/contact_point"}, gaps(n, nil), "German answers it")
	delete(n.Languages["de"].Elements, letters.ContactPoint)
	require.Equal(t, []string{"element_missing de/contact_point", "element_missing en/contact_point"}, gaps(n, all))
	require.Empty(t, gaps(n, []string{letters.Nature, letters.NoAdmission}), "whoever agreed on less is told less, and the fixed text admits no fault")
}

// GDPR art. 33(3)(a) to (d) for an authority, art. 34(2) for people, the agreement's own list for a customer.
func TestEveryAudienceHasAListOfItsOwn(t *testing.T) {
	require.ElementsMatch(t, []string{"nature", "categories_and_numbers", "contact_point", "likely_consequences", "measures_taken"}, letters.Wanted(letters.Authority, []string{"timeline"}))
	require.ElementsMatch(t, []string{"nature", "contact_point", "likely_consequences", "measures_taken"}, letters.Wanted(letters.People, nil))
	require.Equal(t, []string{"timeline"}, letters.Wanted(letters.Customer, []string{"timeline"}))
	require.Equal(t, letters.Elements(), letters.Wanted(letters.Customer, nil))
}

// A notice may go late with what there is: an element without an answer is left out, and the numbers close up.
func TestAnElementWithoutAnAnswerIsLeftOut(t *testing.T) {
	n := notice()
	delete(n.Languages["de"].Elements, letters.Nature)
	n.Languages["de"].Elements[letters.Timeline] = letters.Fill{State: letters.NotYetKnown}
	letter, err := letters.Render(n, values(t), instant)
	require.NoError(t, err)
	require.NotContains(t, letter.Text, "Zeitlicher Ablauf")
	require.Contains(t, letter.Text, "1. Ihre betroffenen Ressourcen und Mandanten")
	require.Contains(t, letter.HTML, "1. Ihre betroffenen Ressourcen und Mandanten")
}

func TestTheReasonOfADelayIsPrintedInLateLettersOnly(t *testing.T) {
	n := notice()
	n.TemplateVersion = 2
	printed, err := n.PrintDelay(map[string]string{"en": "We looked too long.", "de": "Wir haben zu lange geprüft."})
	require.NoError(t, err)
	v := values(t)
	for name, row := range map[string]struct {
		notice letters.Notice
		after  time.Time
		says   bool
	}{
		"late": {printed, instant.Add(-time.Second), true}, "at the limit": {printed, instant, false}, "without a limit": {printed, time.Time{}, false},
		"not to be printed": {n, instant.Add(-time.Second), false},
	} {
		v.LateAfter = row.after
		letter, err := letters.Render(row.notice, v, instant)
		require.NoError(t, err)
		for _, said := range []string{"Warum diese Meldung verspätet ergeht", "Wir haben zu lange geprüft."} {
			require.Equal(t, row.says, strings.Contains(letter.Text, said), name)
			require.Equal(t, row.says, strings.Contains(letter.HTML, said), name)
		}
	}
	for field, reason := range map[string]map[string]string{
		"delay_reason.de": {"en": "x"}, "delay_reason.en": {"en": "a\x1bb", "de": "x"}, "delay_reason.fr": {"en": "x", "de": "x", "fr": "x"},
	} {
		_, err := n.PrintDelay(reason)
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, field, refusal.Field)
	}
	_, err = notice().PrintDelay(map[string]string{"en": "x", "de": "x"})
	require.ErrorContains(t, err, "version 2", "the fixed text of version 1 has no place for it")
}

func TestWhatIsNotYetKnownIsPromisedByTheEarliestInstant(t *testing.T) {
	n := notice()
	require.Empty(t, n.Promises())
	first, second := instant.Add(time.Hour), instant.Add(2*time.Hour)
	n.Languages["en"].Elements[letters.LikelyConsequences] = letters.Fill{State: letters.NotYetKnown, By: &second}
	n.Languages["de"].Elements[letters.LikelyConsequences] = letters.Fill{State: letters.NotYetKnown, By: &first}
	n.Languages["de"].Elements[letters.Nature] = letters.Fill{State: letters.NotYetKnown, By: &second}
	require.Equal(t, []letters.Promise{{Element: letters.Nature, By: second}, {Element: letters.LikelyConsequences, By: first}}, n.Promises())
}

func TestANoticeThatNoLetterCanBeMadeOfIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		fill letters.Fill
		code string
	}{
		"nothing":               {letters.Fill{}, "element_state_unknown"},
		"another word":          {letters.Fill{State: "later", Text: "x"}, "element_state_unknown"},
		"an escape character":   {letters.Fill{State: letters.Filled, Text: "a\x1bb"}, "control_character"},
		"a turned text":         {letters.Fill{State: letters.Filled, Text: "a\u2066b"}, "control_character"},
		"broken UTF-8":          {letters.Fill{State: letters.Filled, Text: "a\xff"}, "control_character"},
		"a text without an end": {letters.Fill{State: letters.Filled, Text: strings.Repeat("x", 20_001)}, "element_too_long"},
	} {
		n := notice()
		n.Languages["de"].Elements[letters.Timeline] = row.fill
		require.Equal(t, []string{row.code + " de/timeline"}, codes(n), name)
		_, err := letters.Render(n, values(t), instant)
		require.Equal(t, problem.Conflict, problem.CodeOf(err), name)
	}
	for name, row := range map[string]struct {
		change func(*letters.Notice)
		codes  []string
	}{
		"an extra element": {func(n *letters.Notice) { n.Languages["en"].Elements["x"] = letters.Fill{} }, []string{"element_unknown en/x"}},
		"no language":      {func(n *letters.Notice) { n.Languages = nil }, []string{"language_missing ", "fallback_missing en"}},
		"no fallback":      {func(n *letters.Notice) { n.Fallback = "fr" }, []string{"fallback_missing fr"}},
		"no fixed text":    {func(n *letters.Notice) { n.Languages["pl"] = n.Languages["en"] }, []string{"language_without_template pl"}},
		"no template":      {func(n *letters.Notice) { n.Template = "x" }, []string{"template_unknown x"}},
		"no such version":  {func(n *letters.Notice) { n.TemplateVersion = 99 }, []string{"template_unknown incident-customer"}},
		"an empty subject": {func(n *letters.Notice) {
			n.Languages["en"] = letters.Content{Subject: " ", Elements: n.Languages["en"].Elements}
		}, []string{"subject_empty en/subject"}},
		"a subject of two lines": {func(n *letters.Notice) {
			n.Languages["en"] = letters.Content{Subject: "a\nb", Elements: n.Languages["en"].Elements}
		}, []string{"control_character en/subject"}},
	} {
		n := notice()
		row.change(&n)
		require.Equal(t, row.codes, codes(n), name)
	}
	require.Nil(t, letters.Required("x"))
	require.Equal(t, 2, letters.LatestTemplate(letters.IncidentCustomer))
	require.Zero(t, letters.LatestTemplate("x"))
}

func codes(n letters.Notice) []string { return named(n.Blockers()) }

func gaps(n letters.Notice, wanted []string) []string { return named(n.Gaps(wanted, instant)) }

func named(blockers []problem.Blocker) []string {
	var found []string
	for _, b := range blockers {
		found = append(found, b.Code+" "+b.Ref)
	}
	return found
}

func TestCanonicalBytesSurviveStoring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := notice()
		by := instant.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "by"))).In(time.FixedZone("", 7200))
		n.Languages["en"].Elements[letters.Nature] = letters.Fill{State: letters.NotYetKnown, Text: rapid.String().Draw(t, "text"), By: &by}
		stored, err := json.Marshal(n)
		require.NoError(t, err)
		var back letters.Notice
		require.NoError(t, json.Unmarshal(stored, &back))
		require.Equal(t, string(n.Canonical()), string(back.Canonical()))
		require.True(t, json.Valid(n.Canonical()))
	})
}

// The fixed text is part of every approval: a released version is never edited, a
// new one is a new folder.
func TestReleasedTemplatesStayAsTheyAre(t *testing.T) {
	for template, digests := range map[string][]string{
		letters.IncidentCustomer: {"ac67156f5d4eb36b", "146009c470082b6f"},
		letters.IncidentPeople:   {"4fa91bfb1c7d3e98"},
		letters.ChangeCustomer:   {"a4c50989d7af2d07"},
	} {
		require.Equal(t, len(digests), letters.LatestTemplate(template), template)
		for i, digest := range digests {
			sum := letters.NewApproval(letters.Notice{Template: template, TemplateVersion: i + 1}).Sum()
			require.Equal(t, digest, fmt.Sprintf("%x", sum[:8]), "%s %d", template, i+1)
		}
	}
}

// What was stored under version 1 reads as it always did, to the byte.
func TestANoticeOfAnEarlierTemplateVersionRendersTheSameBytes(t *testing.T) {
	letter, err := letters.Render(notice(), values(t), instant)
	require.NoError(t, err)
	stored, err := json.Marshal(letter)
	require.NoError(t, err)
	require.Equal(t, "824e747a7136d7bf", fmt.Sprintf("%x", sha256.Sum256(stored))[:16])
}
