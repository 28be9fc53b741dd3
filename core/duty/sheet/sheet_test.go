package sheet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/core/packs"
)

var now = time.Date(2026, time.November, 9, 14, 30, 0, 0, time.UTC)

const good = `documents:
  - id: dpa-1
    kind: dpa
    title: Data Processing Addendum
    version: "2.0"
    customer: C-1
    executed: 2025-03-01
    effective_to: 2027-02-28
    terms:
      - id: dpa-1-incident
        start: confirmed_processor
        touched: [customer_personal_data]
        services: [chat]
        period: 36 hours
        notify: [incident_notice, privacy]
        channels: [email, webhook]
        contacts: all
        meets: acknowledgement
        content: [nature]
        clause: "7.2"
        page: 4
customers:
  - ref: C-1
    name: Invented Customer GmbH
    plan: standard
    language: de
    zone: Europe/Berlin
    services: [chat]
    contacts:
      - {id: C-1-a, role: incident_notice, address: notices@invented.test, last_proven: 2026-05-02}
`

func read(t require.TestingT, files map[string]string) (sheet.Book, sheet.Report) {
	pack, err := packs.Load()
	require.NoError(t, err)
	raw := make(map[string][]byte, len(files))
	for name, text := range files {
		raw[name] = []byte(text)
	}
	return sheet.Read(raw, now, pack)
}

func TestAFileIsReadAsItStands(t *testing.T) {
	t.Parallel()
	book, report := read(t, map[string]string{"book.yaml": good})
	require.Equal(t, sheet.Report{}, report)

	period := clock.Hours(36)
	end := time.Date(2027, time.February, 28, 23, 0, 0, 0, time.UTC)
	proven := time.Date(2026, time.May, 2, 0, 0, 0, 0, time.UTC)
	signed := time.Date(2025, time.February, 28, 23, 0, 0, 0, time.UTC)
	require.Equal(t, sheet.Book{
		Documents: []duty.Document{{
			ID: "dpa-1", Kind: duty.DPA, Title: "Data Processing Addendum", Version: "2.0",
			Executed: clock.Date{Year: 2025, Month: time.March, Day: 1}, EffectiveFrom: signed, EffectiveTo: &end,
		}},
		Terms: []duty.Term{{
			ID: "dpa-1-incident", Document: "dpa-1", Kind: duty.IncidentNotice, Start: clock.StartConfirmedProcessor,
			Scope:  duty.Scope{Touched: []duty.Touch{duty.CustomerPersonalData}, Services: []string{"chat"}},
			Period: &period, Rule: "dpa-incident", Notify: []duty.ContactRole{duty.RoleIncidentNotice, duty.RolePrivacy},
			Channels: []duty.Channel{duty.Email, duty.Webhook}, Contacts: duty.AllContacts, Meets: duty.Acknowledgement,
			Content: []string{"nature"}, Clause: "7.2", Page: 4,
		}},
		Customers: []sheet.Customer{{Name: "Invented Customer GmbH", Customer: duty.Customer{
			Ref: "C-1", Plan: "standard", Language: "de", Zone: "Europe/Berlin", Services: []string{"chat"},
		}}},
		Contacts: []sheet.Contact{{Customer: "C-1", Channel: duty.Email, Address: "notices@invented.test", Contact: duty.Contact{
			ID: "C-1-a", Role: duty.RoleIncidentNotice, LastProven: &proven,
		}}},
		Acceptances: []sheet.Acceptance{{Customer: "C-1", Document: "dpa-1", At: signed}},
	}, book)
	require.Len(t, book.Sets()["C-1"].Terms, 1)
}

const changes = `
documents:
  - id: dpa-2
    kind: dpa
    title: Data Processing Addendum
    version: "1.0"
    effective_from: 2025-01-01
    terms:
      - {id: n, kind: change-notice, changes: [subprocessor, provider], period: 30 days, notify: [privacy], channels: [email], clause: "5.1"}
      - {id: e, kind: change-notice, emergency: true, period: 3 days, notify: [privacy], channels: [email], clause: "5.4"}
      - {id: w, kind: objection-window, period: 10 business days, clause: "5.2"}
      - {id: r, kind: objection-resolution, period: 30 days, clause: "5.3"}
      - {id: t, kind: termination-window, period: 90 days, clause: "12"}
`

func TestTermsAboutChangesNeedNoMoreThanTheirPeriod(t *testing.T) {
	t.Parallel()
	book, report := read(t, map[string]string{"book.yaml": good, "changes.yaml": changes})
	require.Empty(t, report.Errors)
	rules := map[string]string{}
	for _, term := range book.Terms[1:] {
		rules[term.ID] = term.Rule + " from " + string(term.Start)
	}
	require.Equal(t, map[string]string{
		"n": "dpa-subprocessor-notice from change_effective", "e": "dpa-subprocessor-notice from change_effective",
		"w": "dpa-objection-window from notice_sent", "r": "dpa-objection-resolution from complaint_received",
		"t": "dpa-termination-window from notice_sent",
	}, rules)
	require.Equal(t, []duty.ChangeKind{duty.SubprocessorChange, duty.ProviderChange}, book.Terms[1].Scope.Changes)
	require.True(t, book.Terms[2].Scope.Emergency)

	for name, c := range map[string]struct{ old, with, field string }{
		"an incident's term that names changes": {"kind: change-notice, changes", "start: aware_processor, changes", "changes"},
		"a window without a number":             {"period: 10 business days, ", "", "period"},
		"a kind of change that nobody knows":    {"[subprocessor, provider]", "[everything]", "changes"},
		"an emergency window":                   {"kind: objection-window,", "kind: objection-window, emergency: true,", "emergency"},
		"a notice to nobody":                    {"period: 3 days, notify: [privacy],", "period: 3 days,", "notify"},
	} {
		require.Contains(t, changes, c.old)
		_, report := read(t, map[string]string{"book.yaml": good, "changes.yaml": strings.Replace(changes, c.old, c.with, 1)})
		require.NotEmpty(t, report.Errors, name)
		require.Equal(t, c.field, report.Errors[0].Field, name)
	}
}

func TestTablesSayTheSameAsRecords(t *testing.T) {
	t.Parallel()
	whole, _ := read(t, map[string]string{"book.yaml": good})
	documents, _, _ := strings.Cut(good, "customers:")
	parts, report := read(t, map[string]string{
		"documents.yml": documents,
		"customers.csv": "\xef\xbb\xbfref,name,plan,zone,language,services\nC-1,Invented Customer GmbH,standard,Europe/Berlin,de,chat\n",
		"contacts.csv":  "customer,id,role,address,last_proven\nC-1,C-1-a,incident_notice,notices@invented.test,2026-05-02\n",
	})
	require.Empty(t, report.Errors)
	require.Equal(t, whole, parts)
}

// broken replaces one piece of the good file.
func broken(t *testing.T, old, with string) map[string]string {
	t.Helper()
	require.Contains(t, good, old)
	return map[string]string{"book.yaml": strings.Replace(good, old, with, 1)}
}

func TestEveryMistakeIsNamedWithFileLineAndField(t *testing.T) {
	t.Parallel()
	second := func(extra string) map[string]string {
		return map[string]string{"book.yaml": good, "more.yaml": extra}
	}
	cases := map[string]struct {
		files map[string]string
		file  string
		line  int
		field string
		text  string
	}{
		"an unknown key":             {broken(t, "page: 4", "pgae: 4"), "book.yaml", 21, "pgae", "is unknown here"},
		"an unknown section":         {second("people: []"), "more.yaml", 1, "people", "is unknown here"},
		"a key given twice":          {broken(t, "page: 4", "clause: x"), "book.yaml", 21, "clause", "given twice"},
		"a missing key":              {broken(t, "        clause: \"7.2\"\n", ""), "book.yaml", 10, "clause", "is missing"},
		"an unknown kind":            {broken(t, "kind: dpa", "kind: contract"), "book.yaml", 3, "kind", "enterprise_agreement"},
		"an unknown start word":      {broken(t, "confirmed_processor", "noticed_by_cat"), "book.yaml", 11, "start", "aware_processor"},
		"an unknown touch":           {broken(t, "[customer_personal_data]", "[everything]"), "book.yaml", 12, "touched", "billing_data"},
		"no period and no words":     {broken(t, "        period: 36 hours\n", ""), "book.yaml", 10, "period", "without undue delay"},
		"a period without a unit":    {broken(t, "36 hours", "soon"), "book.yaml", 14, "period", "48 hours"},
		"a calendar that nobody has": {broken(t, "period: 36 hours", "period: 3 business days\n        calendar: XX"), "book.yaml", 15, "calendar", "no calendar"},
		"a rule that nobody has": {broken(t, "period: 36 hours", "period: 36 hours\n        rule: dpa-moon"),
			"book.yaml", 14, "period", "no rule"},
		"a rule that takes no period": {broken(t, "period: 36 hours", "period: 36 hours\n        rule: dpa-incident-no-number"),
			"book.yaml", 14, "period", "takes none"},
		"an unknown element":      {broken(t, "content: [nature]", "content: [natur]"), "book.yaml", 19, "content", "likely_consequences"},
		"nobody to notify":        {broken(t, "[incident_notice, privacy]", "[]"), "book.yaml", 15, "notify", "is missing"},
		"a text in two lines":     {broken(t, "title: Data Processing Addendum", "title: \"Data\\nBcc: x\""), "book.yaml", 4, "title", "one line"},
		"a date of nowhere":       {broken(t, "2025-03-01", "2025-02-30"), "book.yaml", 7, "executed", "YYYY-MM-DD"},
		"an end before the start": {broken(t, "2027-02-28", "2025-02-01"), "book.yaml", 8, "effective_to", "lies before"},
		"a zone of nowhere":       {broken(t, "Europe/Berlin", "Mars/Olympus"), "book.yaml", 27, "zone", "IANA"},
		"a language of nowhere":   {broken(t, "language: de", "language: German"), "book.yaml", 26, "language", "BCP 47"},
		"an address with a header": {broken(t, "notices@invented.test", "\"a@b.test\\r\\nBcc: c@d.test\""),
			"book.yaml", 30, "address", "one line"},
		"an address with a name":     {broken(t, "notices@invented.test", "Notices <notices@invented.test>"), "book.yaml", 30, "address", "one mailbox"},
		"an insecure webhook":        {broken(t, "address: notices@invented.test", "channel: webhook, address: http://invented.test"), "book.yaml", 30, "address", "https"},
		"a list where a text stands": {broken(t, "plan: standard", "plan: [standard]"), "book.yaml", 25, "plan", "not a list"},
		"an amendment of nothing":    {broken(t, "kind: dpa\n", "kind: amendment\n"), "book.yaml", 2, "amends", "names the amended document"},
		"a clause without an order":  {broken(t, "    customer: C-1", "    precedence_clause: \"1\"\n    customer: C-1"), "book.yaml", 6, "precedence_clause", "both or neither"},
		"a ZDR Addendum for all services": {broken(t, "kind: dpa\n", "kind: zdr_addendum\n    effective_from: 2025-03-01\n    zone: UTC\n    terms:\n"+
			"      - {id: z, start: aware_processor, period: 24 hours, notify: [privacy], channels: [email], clause: \"1\"}\n  - id: dpa-2\n    kind: dpa\n"),
			"book.yaml", 7, "services", "the services it names"},
		"a policy that somebody signed":   {broken(t, "kind: dpa\n", "kind: policy\n"), "book.yaml", 6, "customer", "nobody executes a policy"},
		"a customer that nobody knows":    {second("contacts:\n  - {id: x, customer: C-9, role: privacy, address: x@y.test}"), "more.yaml", 2, "customer", "no customer C-9"},
		"a document that nobody knows":    {second("acceptances:\n  - {customer: C-1, document: dpa-9, at: 2025-01-01}"), "more.yaml", 2, "document", "no document dpa-9"},
		"one customer twice":              {second("customers:\n  - {ref: C-1, name: x, plan: standard}"), "more.yaml", 2, "ref", "first in book.yaml, line 23"},
		"a ring of amendments":            {second("documents:\n  - {id: a, kind: amendment, amends: b, title: A, version: \"1\", effective_from: 2025-01-01}\n  - {id: b, kind: amendment, amends: a, title: B, version: \"1\", effective_from: 2025-01-01}"), "more.yaml", 2, "amends", "ring"},
		"an alias":                        {second("customers:\n  - &a {ref: C-2, name: x, plan: standard}\n  - *a"), "more.yaml", 2, "customers", "aliases are not read"},
		"two YAML documents":              {second("customers: []\n---\ncustomers: []"), "more.yaml", 2, "", "more than one"},
		"no YAML at all":                  {second("customers:\n  - {ref: [}"), "more.yaml", 1, "", "no YAML from here on"},
		"an empty file":                   {second(""), "more.yaml", 0, "", "empty"},
		"a file of another kind":          {map[string]string{"book.xlsx": "x"}, "book.xlsx", 0, "", "neither YAML nor CSV"},
		"a table of another name":         {map[string]string{"people.csv": "x"}, "people.csv", 0, "", "customers.csv"},
		"an unknown column":               {map[string]string{"customers.csv": "ref,name,plan,mood\n"}, "customers.csv", 1, "mood", "unknown or repeated column"},
		"a repeated column":               {map[string]string{"customers.csv": "ref,name,name\n"}, "customers.csv", 1, "name", "unknown or repeated column"},
		"a table without a header":        {map[string]string{"customers.csv": ""}, "customers.csv", 1, "", "no header row"},
		"a row that is too short":         {map[string]string{"customers.csv": "ref,name,plan\nC-1,x\n"}, "customers.csv", 2, "", "wrong number of fields"},
		"a missing cell":                  {map[string]string{"customers.csv": "ref,name,plan\nC-2,x,standard\nC-1,,standard\n"}, "customers.csv", 3, "name", "is missing"},
		"people in no country":            {second("groups:\n  - {ref: G, kind: group, holds: [account_data], people: {Germany: 3}}"), "more.yaml", 2, "people", "by country"},
		"a group that holds nothing":      {second("groups:\n  - {ref: G, kind: group}"), "more.yaml", 2, "holds", "is missing"},
		"an establishment without a code": {second("company:\n  eu_main_establishment: {country: Germany, authority: DE-BE}"), "more.yaml", 2, "country", "two capital letters"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book, report := read(t, c.files)
			require.Equal(t, sheet.Book{}, book, "nothing is imported by halves")
			require.Empty(t, report.Gaps)
			require.Contains(t, places(report.Errors), fmt.Sprintf("%s:%d:%s", c.file, c.line, c.field))
			for _, e := range report.Errors {
				if e.File == c.file && e.Line == c.line && e.Field == c.field {
					require.Contains(t, e.Text, c.text)
				}
			}
		})
	}
}

func places(findings []sheet.Finding) []string {
	list := make([]string, len(findings))
	for i, f := range findings {
		list[i] = fmt.Sprintf("%s:%d:%s", f.File, f.Line, f.Field)
	}
	return list
}

func TestGapsNameTheCustomerAndTheRemedy(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		files    map[string]string
		line     int
		customer string
		text     string
	}{
		"no contact for the notice":       {broken(t, "role: incident_notice", "role: account"), 23, "C-1", "no contact with role incident_notice, privacy on email, webhook"},
		"a contact on no counted channel": {broken(t, "address: notices@invented.test", "channel: slack, address: C024BE91L"), 23, "C-1", "on email, webhook"},
		"a contact never proven":          {broken(t, ", last_proven: 2026-05-02", ""), 30, "C-1", "contact C-1-a of customer C-1 was never proven; send a test message"},
		"no language":                     {broken(t, "    language: de\n", ""), 23, "C-1", "no language"},
		"no zone":                         {broken(t, "    zone: Europe/Berlin\n", ""), 23, "C-1", "no time zone"},
		"words without a number":          {broken(t, "period: 36 hours", "words: promptly"), 10, "", "has no number"},
		"nothing in force any more":       {broken(t, "2027-02-28", "2026-02-28"), 23, "C-1", "section 12 of the policy applies"},
		"nothing for other services":      {broken(t, "services: [chat]", "services: [video]"), 23, "C-1", "section 12 of the policy applies"},
		"a document that binds nobody":    {broken(t, "    customer: C-1\n", ""), 2, "", "binds nobody"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book, report := read(t, c.files)
			require.Empty(t, report.Errors)
			require.NotEmpty(t, book.Customers, "a gap does not keep the book from being imported")
			found := false
			for _, gap := range report.Gaps {
				found = found || gap.File == "book.yaml" && gap.Line == c.line && gap.Customer == c.customer && strings.Contains(gap.Text, c.text)
			}
			require.True(t, found, report.Gaps)
		})
	}
}

func TestTermsOfEqualRankThatDifferAreReportedOnceForAllCustomers(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("documents:\n")
	for id, hours := range map[string]int{"a": 24, "b": 48} {
		fmt.Fprintf(&text, "  - {id: %s, kind: standard_terms, title: T, version: \"1\", effective_from: 2025-01-01, terms: [{id: %s-1, start: aware_processor, period: %d hours, notify: [privacy], channels: [email], clause: \"1\"}]}\n", id, id, hours)
	}
	text.WriteString("customers:\n")
	for i := range 5 {
		fmt.Fprintf(&text, "  - {ref: C-%d, name: x, plan: standard}\n", i)
	}
	text.WriteString("acceptances:\n")
	for i := range 5 {
		fmt.Fprintf(&text, "  - {customer: C-%d, document: a, at: 2025-01-01}\n  - {customer: C-%d, document: b, at: 2025-01-01}\n", i, i)
	}
	_, report := read(t, map[string]string{"book.yaml": text.String()})
	require.Empty(t, report.Errors)
	require.Len(t, report.Contradictions, 1)
	require.Equal(t, "C-0", report.Contradictions[0].Customer)
	require.Contains(t, report.Contradictions[0].Text, "term a-1 of document a and term b-1 of document b")
	require.Contains(t, report.Contradictions[0].Text, "(5 customers)")
}

// Whatever is wrong with the files, a report never repeats a name or an address.
func TestNoReportRepeatsANameOrAnAddress(t *testing.T) {
	t.Parallel()
	secrets := []string{"Invented Customer", "notices@invented.test", "invented.test"}
	lines := strings.SplitAfter(good, "\n")
	rapid.Check(t, func(t *rapid.T) {
		text := make([]string, len(lines))
		copy(text, lines)
		for range rapid.IntRange(1, 4).Draw(t, "mistakes") {
			i, j := rapid.IntRange(0, len(text)-1).Draw(t, "line"), rapid.IntRange(0, len(text)-1).Draw(t, "other")
			switch rapid.IntRange(0, 3).Draw(t, "mistake") {
			case 0:
				text[i] = ""
			case 1:
				text[i], text[j] = text[j], text[i]
			case 2:
				text[i] = strings.Replace(text[i], ":", "", 1)
			default:
				text[i] = strings.Replace(text[i], ": ", ": "+rapid.SampledFrom(secrets).Draw(t, "secret")+" ", 1)
			}
		}
		_, report := read(t, map[string]string{"book.yaml": strings.Join(text, "")})
		for _, findings := range [][]sheet.Finding{report.Errors, report.Gaps, report.Contradictions} {
			for _, f := range findings {
				for _, secret := range secrets {
					require.NotContains(t, f.Text+f.Field+f.Customer, secret)
				}
			}
		}
	})
}

func FuzzReadNeverPanics(f *testing.F) {
	f.Add("book.yaml", good)
	f.Add("customers.csv", "ref,name,plan\nC-1,x,standard\n")
	f.Add("contacts.csv", "id,customer,role,address\na,C-1,privacy,x@y.test\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		book, report := read(t, map[string]string{name: text})
		if len(report.Errors) > 0 {
			require.Equal(t, sheet.Book{}, book)
		}
	})
}
