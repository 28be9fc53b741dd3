package letters_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
)

// changeNotice is a complete notice of change in three languages.
func changeNotice() letters.Notice {
	n := letters.Notice{Template: letters.ChangeCustomer, TemplateVersion: 1, Version: 2, Fallback: "en", Languages: map[string]letters.Content{}}
	for language, subject := range map[string]string{"en": "A new sub-processor", "de": "Ein neuer Unterauftragnehmer", "fr": "Un nouveau sous-traitant"} {
		content := letters.Content{Subject: subject, Elements: map[string]letters.Fill{}}
		for _, id := range letters.Wanted(letters.Changed, nil) {
			content.Elements[id] = letters.Fill{State: letters.Filled, Text: language + " text of " + id}
		}
		n.Languages[language] = content
	}
	return n
}

// changeValues are a customer's whose window crosses the end of summer time in Berlin.
func changeValues(t require.TestingT, language string) letters.Values {
	return letters.Values{
		Customer: "Müller & Söhne <GmbH>", Reference: "MS-2041",
		Contract: letters.Contract{Document: "Data Processing Addendum", Clause: "clause 5.3"},
		Zone:     "Europe/Berlin", Location: place(t, "Europe/Berlin"), Language: language,
		Change: &letters.ChangeDates{
			SendBy:           time.Date(2026, 9, 30, 21, 59, 59, 999_999_000, time.UTC),
			Effective:        time.Date(2026, 10, 30, 23, 0, 0, 0, time.UTC),
			WindowCloses:     time.Date(2026, 10, 14, 21, 59, 59, 999_999_000, time.UTC),
			TerminationUntil: time.Date(2026, 11, 29, 22, 59, 59, 999_999_000, time.UTC),
			Page:             "https://notices.example.test/n/3f1d?s=a&k=7",
		},
	}
}

func TestANoticeOfChangeSaysTheCustomersOwnDatesInItsZoneAndLanguage(t *testing.T) {
	for language, said := range map[string][]string{
		"en": {
			"We give you notice of a change under Data Processing Addendum, clause 5.3.", "6. Your dates",
			"takes effect for you not before 31 October 2026, 00:00 (Europe/Berlin, UTC+01:00).",
			"You may object until 14 October 2026, 23:59 (Europe/Berlin, UTC+02:00).",
			"You may terminate because of the change until 29 November 2026, 23:59 (Europe/Berlin, UTC+01:00).",
			"These dates are counted from 30 September 2026, 23:59 (Europe/Berlin, UTC+02:00). If this notice reached you later, yours are later too: your page shows them.",
			"where you read every version of this notice, acknowledge it and object. It shows nothing before you ask it to.",
		},
		"de": {
			"Wir unterrichten Sie gemäß Data Processing Addendum, clause 5.3, über eine Änderung.", "6. Ihre Termine",
			"Die Änderung wird für Sie nicht vor dem 31. Oktober 2026, 00:00 Uhr (Europe/Berlin, UTC+01:00) wirksam.",
			"Sie können bis zum 14. Oktober 2026, 23:59 Uhr (Europe/Berlin, UTC+02:00) widersprechen.",
			"Sie können wegen der Änderung bis zum 29. November 2026, 23:59 Uhr (Europe/Berlin, UTC+01:00) kündigen.",
			"Diese Termine sind ab dem 30. September 2026, 23:59 Uhr (Europe/Berlin, UTC+02:00) gerechnet.",
			"die Kenntnisnahme bestätigen und widersprechen. Sie zeigt nichts, bevor Sie es verlangen.",
		},
		"fr": {
			"Nous vous informons, au titre de Data Processing Addendum, clause 5.3, d’une modification.", "6. Vos dates",
			"La modification ne prend pas effet pour vous avant le 31 octobre 2026 à 00 h 00 (Europe/Berlin, UTC+01:00).",
			"Vous pouvez vous y opposer jusqu’au 14 octobre 2026 à 23 h 59 (Europe/Berlin, UTC+02:00).",
			"Vous pouvez résilier en raison de la modification jusqu’au 29 novembre 2026 à 23 h 59 (Europe/Berlin, UTC+01:00).",
			"Ces dates sont comptées à partir du 30 septembre 2026 à 23 h 59 (Europe/Berlin, UTC+02:00).",
			"en accusez réception et vous opposez à la modification. Elle ne montre rien avant que vous ne le demandiez.",
		},
	} {
		letter, err := letters.Render(changeNotice(), changeValues(t, language), instant)
		require.NoError(t, err)
		require.Equal(t, language, letter.Language)
		require.Equal(t, changeNotice().Languages[language].Subject+" [MS-2041]", letter.Subject)
		for _, id := range letters.Wanted(letters.Changed, nil) {
			said = append(said, language+" text of "+id)
		}
		for _, line := range said {
			require.Contains(t, letter.Text, line)
			require.Contains(t, html.UnescapeString(letter.HTML), line)
		}
		require.Contains(t, letter.Text, "\nhttps://notices.example.test/n/3f1d?s=a&k=7\n", "the address stands alone on its line")
		require.Contains(t, letter.HTML, `<a href="https://notices.example.test/n/3f1d?s=a&amp;k=7">https://notices.example.test/n/3f1d?s=a&amp;k=7</a>`)
		for _, wrong := range []string{"no value", "0001", "incident", "Vorfall", "fault", "Anerkenntnis", "faute"} {
			require.NotContains(t, letter.Text+letter.HTML, wrong)
		}
		for _, remote := range []string{"<img", "<script", "<link", "src="} {
			require.NotContains(t, letter.HTML, remote)
		}
	}
}

func TestAWindowThatNoAgreementGivesIsLeftOut(t *testing.T) {
	for language, words := range map[string]struct{ object, terminate, page string }{
		"en": {"object", "terminate", "where you read every version of this notice and acknowledge it. It shows"},
		"de": {"widersprechen", "kündigen", "auf der Sie jede Fassung dieser Mitteilung lesen und die Kenntnisnahme bestätigen. Sie zeigt"},
		"fr": {"oppose", "résilier", "où vous lisez chaque version de cet avis et en accusez réception. Elle ne montre"},
	} {
		v := changeValues(t, language)
		v.Change.WindowCloses, v.Change.TerminationUntil = time.Time{}, time.Time{}
		letter, err := letters.Render(changeNotice(), v, instant)
		require.NoError(t, err)
		for _, form := range []string{letter.Text, letter.HTML} {
			require.NotContains(t, form, words.object, "whoever has no right to object is promised none")
			require.NotContains(t, form, words.terminate)
			require.NotContains(t, form, "0001")
			require.Contains(t, form, words.page)
			require.Contains(t, form, "2026", "what is left stays")
		}
	}
}

func TestACustomerWithoutAnAgreementIsToldUnderNone(t *testing.T) {
	for language, said := range map[string]string{
		"en": "We give you notice of a change. All", "de": "Wir unterrichten Sie über eine Änderung. Alle", "fr": "Nous vous informons d’une modification. Les",
	} {
		v := changeValues(t, language)
		v.Contract = letters.Contract{}
		letter, err := letters.Render(changeNotice(), v, instant)
		require.NoError(t, err)
		require.Contains(t, letter.Text, said)
		require.Contains(t, letter.HTML, said)
	}
}

func TestACorrectionSaysWhichNoticeItTakesThePlaceOf(t *testing.T) {
	for language, said := range map[string]string{
		"en": "This notice takes the place of the one sent on 1 September 2026, 10:15 (Europe/Berlin, UTC+02:00).",
		"de": "Diese Mitteilung tritt an die Stelle derjenigen vom 1. September 2026, 10:15 Uhr (Europe/Berlin, UTC+02:00).",
		"fr": "Cet avis remplace celui qui a été envoyé le 1 septembre 2026 à 10 h 15 (Europe/Berlin, UTC+02:00).",
	} {
		v := changeValues(t, language)
		first, err := letters.Render(changeNotice(), v, instant)
		require.NoError(t, err)
		v.Change.Corrects = time.Date(2026, 9, 1, 8, 15, 0, 0, time.UTC)
		correction, err := letters.Render(changeNotice(), v, instant)
		require.NoError(t, err)
		require.NotContains(t, first.Text+html.UnescapeString(first.HTML), said)
		require.Contains(t, correction.Text, said)
		require.Contains(t, html.UnescapeString(correction.HTML), said)
	}
}

func TestANoticeOfChangeSaysThatItIsADrillOrInAnotherLanguage(t *testing.T) {
	for language, said := range map[string]string{"en": "Nothing changes for you.", "de": "Für Sie ändert sich nichts.", "fr": "Rien ne change pour vous."} {
		v := changeValues(t, language)
		v.Drill = true
		letter, err := letters.Render(changeNotice(), v, instant)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(letter.Subject, "["), letter.Subject)
		require.Contains(t, letter.Text, said)
		require.Contains(t, letter.HTML, said)
	}
	for fallback, said := range map[string]string{"en": "You asked for notices in “pl”", "de": "in der Sprache „pl“ gewünscht", "fr": "Vous avez demandé des avis en « pl »"} {
		n := changeNotice()
		n.Fallback = fallback
		letter, err := letters.Render(n, changeValues(t, "pl"), instant)
		require.NoError(t, err)
		require.True(t, letter.FallbackUsed)
		require.Contains(t, letter.Text, said)
		require.Contains(t, letter.HTML, said)
	}
}

func TestHostileTextInANoticeOfChangeStaysData(t *testing.T) {
	for _, text := range []string{"{{.Dates.Page}} {{template \"x\"}}", "<script>alert(1)</script>", `<a href="javascript:x">y</a>`, "{instant} {reason}"} {
		n := changeNotice()
		n.Languages["en"].Elements[letters.WhatYouCanDo] = letters.Fill{State: letters.Filled, Text: text}
		letter, err := letters.Render(n, changeValues(t, "en"), instant)
		require.NoError(t, err)
		require.Contains(t, letter.Text, text)
		require.Contains(t, letter.HTML, "Müller &amp; Söhne &lt;GmbH&gt;")
		require.NotContains(t, letter.HTML, "<script")
		require.Equal(t, 1, strings.Count(letter.HTML, "<a "), "the customer's own page is the only link")
	}
	v := changeValues(t, "en")
	v.Change.Page = `javascript:alert(1)//"><script>`
	letter, err := letters.Render(changeNotice(), v, instant)
	require.NoError(t, err)
	require.NotContains(t, letter.HTML, `href="javascript`)
	require.NotContains(t, letter.HTML, "<script")
}

func TestANoticeOfChangeShowsNothingOfAnotherRecipient(t *testing.T) {
	other := changeValues(t, "en")
	other.Customer, other.Reference, other.Contract = "Canary Ltd", "CN-1", letters.Contract{Document: "Canary Terms", Clause: "§ 99"}
	other.Change = &letters.ChangeDates{
		SendBy: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), Effective: time.Date(2032, 2, 2, 0, 0, 0, 0, time.UTC),
		WindowCloses: time.Date(2033, 3, 3, 0, 0, 0, 0, time.UTC), TerminationUntil: time.Date(2034, 4, 4, 0, 0, 0, 0, time.UTC),
		Page: "https://notices.example.test/n/canary", Corrects: time.Date(2035, 5, 5, 0, 0, 0, 0, time.UTC),
	}
	theirs := []string{"Canary Ltd", "CN-1", "Canary Terms", "§ 99", "2031", "2032", "2033", "2034", "n/canary", "2035"}
	first, err := letters.Render(changeNotice(), changeValues(t, "en"), instant)
	require.NoError(t, err)
	canary, err := letters.Render(changeNotice(), other, instant)
	require.NoError(t, err)
	after, err := letters.Render(changeNotice(), changeValues(t, "en"), instant)
	require.NoError(t, err)
	require.Equal(t, first, after, "whoever was rendered in between leaves nothing behind")
	for _, value := range theirs {
		require.Contains(t, canary.Subject+canary.Text, value)
		require.NotContains(t, after.Subject+after.Text+after.HTML, value)
	}
}

func TestANoticeOfChangeWithoutItsCustomersDatesIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		field  string
		change func(*letters.Values)
	}{
		"no dates":            {"change", func(v *letters.Values) { v.Change = nil }},
		"counted from never":  {"change.send_by", func(v *letters.Values) { v.Change.SendBy = time.Time{} }},
		"effective never":     {"change.effective", func(v *letters.Values) { v.Change.Effective = time.Time{} }},
		"no page":             {"change.page", func(v *letters.Values) { v.Change.Page = " " }},
		"a page of two lines": {"change.page", func(v *letters.Values) { v.Change.Page = "https://a.test/\r\nBcc: x@y.test" }},
		"a turned page":       {"change.page", func(v *letters.Values) { v.Change.Page = "https://a.test/\u202egnp" }},
		"a broken page":       {"change.page", func(v *letters.Values) { v.Change.Page = "https://a.test/\xff" }},
	} {
		v := changeValues(t, "en")
		row.change(&v)
		_, err := letters.Render(changeNotice(), v, instant)
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, problem.Invalid, refusal.Code, name)
		require.Equal(t, row.field, refusal.Field, name)
	}
}

func TestAnIncidentLetterHasNothingOfAChange(t *testing.T) {
	plain, err := letters.Render(notice(), values(t), instant)
	require.NoError(t, err)
	v := values(t)
	v.Change = &letters.ChangeDates{Page: "a\nb"}
	with, err := letters.Render(notice(), v, instant)
	require.NoError(t, err)
	require.Equal(t, plain, with)
}

func TestANoticeOfChangeAnswersFiveElements(t *testing.T) {
	var required []string
	for _, requirement := range letters.Required(letters.ChangeCustomer) {
		required = append(required, requirement.ID)
	}
	require.Equal(t, []string{"what_changes", "why", "what_it_means", "what_you_can_do", "contact_point"}, required)
	require.Equal(t, required, letters.Wanted(letters.Changed, []string{letters.Nature}), "an agreement's list is for incidents")
	require.NotContains(t, letters.Elements(), letters.WhatChanges)

	n := changeNotice()
	require.Empty(t, n.Blockers())
	require.Empty(t, gaps(n, required))
	n.Languages["en"].Elements[letters.Nature] = letters.Fill{State: letters.Filled, Text: "x"}
	require.Equal(t, []string{"element_unknown en/nature"}, codes(n))
	for _, language := range []string{"de", "en", "fr"} {
		delete(n.Languages[language].Elements, letters.Why)
	}
	require.Equal(t, []string{"element_missing de/why", "element_missing en/why", "element_missing fr/why"}, gaps(n, required))
}
