package drill_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/cmd/docket/drill"
)

// What can be known to be wrong is refused before anything starts, with its file, its line, its field and the remedy.
func TestABadScenarioIsRefusedWithItsRemedy(t *testing.T) {
	t.Parallel()
	const head = "title: T\nteaches: t\n"
	const open = head + "steps:\n  - {do: open, title: X}\n"
	for name, one := range map[string]struct{ text, says string }{
		"empty":                  {"", "x.yaml:1: the file is empty or no YAML"},
		"no YAML":                {"title: [", "x.yaml:1: the file is empty or no YAML from here on; check indentation"},
		"two documents":          {open + "---\ntitle: U\n", "more than one YAML document; split it"},
		"no mapping":             {"- a\n- b\n", "x.yaml:1: a scenario is written as keys with values"},
		"no title":               {"teaches: t\nsteps: []\n", "x.yaml:1: title: is missing; a scenario needs it"},
		"unknown key":            {open + "titel: U\n", "x.yaml:5: titel: is unknown; a scenario takes title, teaches, zone, begins, agreements, company, adopts, steps, ends, expect"},
		"twice":                  {open + "teaches: u\n", "x.yaml:5: teaches: is given twice; keep one"},
		"no zone":                {open + "zone: Berlin\n", "x.yaml:5: zone: \"Berlin\" is no IANA zone; write one such as Europe/Berlin"},
		"begins in the past":     {open + "begins: 2020-01-01T00:00:00Z\n", "x.yaml:5: begins: 2020-01-01T00:00:00Z lies in the past, and a case's clock only goes forward: choose an instant ahead"},
		"begins far ahead":       {open + "begins: 9998-01-01T00:00:00Z\n", "x.yaml:5: begins: lies more than 10 years ahead"},
		"a step far ahead":       {open + "  - {at: +9999d, do: declare}\n", "x.yaml:5: at: lies more than 10 years after the beginning"},
		"ends far ahead":         {open + "ends: +9999d\n", "x.yaml:5: ends: lies more than 10 years after the beginning"},
		"huge":                   {open + strings.Repeat("# nothing\n", 1<<17), "x.yaml has more than 1 MiB"},
		"begins without offset":  {open + "begins: 2033-01-01 10:00\n", "x.yaml:5: begins: \"2033-01-01 10:00\" is no beginning: write a time of day"},
		"adopts no rule":         {open + "adopts: [no-such-rule]\n", "x.yaml:5: adopts: \"no-such-rule\" is no rule; docket clock rules lists them"},
		"adopts what is no law":  {open + "adopts: circia-ransom-payment\n", "x.yaml:5: adopts: circia-ransom-payment is not in force"},
		"no agreements":          {open + "agreements: there\n", "x.yaml:5: agreements: name a folder beside the scenario"},
		"agreements outside":     {open + "agreements: ../there\n", "x.yaml:5: agreements: name a folder beside the scenario"},
		"no steps":               {head + "steps: []\n", "x.yaml:3: steps: the first step opens the case: {do: open, title: …}"},
		"steps no list":          {head + "steps: {do: open}\n", "x.yaml:3: steps: write a list of steps"},
		"step no mapping":        {head + "steps: [open]\n", "x.yaml:3: do: \"\" is no command; a step does one of acknowledge, approve, "},
		"unknown command":        {open + "  - {do: notify}\n", "x.yaml:5: do: \"notify\" is no command; a step does one of "},
		"missing field":          {open + "  - {do: decide, rule: gdpr-33-1, required: true}\n", "x.yaml:5: reason: is missing; the step decide needs it"},
		"unknown field":          {open + "  - {do: declare, severty: high}\n", "x.yaml:5: severty: is unknown; the step declare takes at, do, as, refused, severity"},
		"unknown role":           {open + "  - {do: declare, as: boss}\n", "x.yaml:5: as: \"boss\" plays no part; take one of responder, "},
		"unknown refusal":        {open + "  - {do: declare, refused: no}\n", "x.yaml:5: refused: \"no\" is no refusal; write one of [forbidden conflict invalid]"},
		"unknown word":           {open + "  - {do: start, word: [aware_processor, knew]}\n", "x.yaml:5: word: \"knew\" starts no clock; write a start word such as"},
		"unknown touch":          {open + "  - {do: parties, customers: C-1, touched: data}\n", "x.yaml:5: touched: \"data\" cannot be touched; write some of [customer_content"},
		"nobody is affected":     {open + "  - {do: parties, touched: availability}\n", "x.yaml:5: customers: name customers, or in kind the people"},
		"a time that is none":    {open + "  - {at: 4h, do: declare}\n", "x.yaml:5: at: \"4h\" is no time: write a time after the beginning such as \"+4h\""},
		"a sign alone":           {open + "  - {at: +, do: declare}\n", "x.yaml:5: at: \"+\" is no time"},
		"back in time":           {open + "  - {at: +2h, do: declare}\n  - {at: +1h, do: draft}\n", "x.yaml:6: at: lies before the step above it; a clock only goes forward"},
		"before the beginning":   {open + "  - {at: -1h, do: declare}\n", "x.yaml:5: at: lies before the step above it"},
		"opened later":           {head + "steps:\n  - {at: +1h, do: open, title: X}\n", "x.yaml:4: at: the case is opened at the beginning"},
		"opened twice":           {open + "  - {do: open, title: Y}\n", "x.yaml:5: do: a scenario opens one case, in its first step"},
		"ends before":            {open + "  - {at: +2h, do: declare}\nends: +1h\n", "x.yaml:6: ends: lies before the last step"},
		"no number":              {open + "expect: {met: all}\n", "x.yaml:5: met: write a whole number"},
		"no counts":              {open + "expect:\n  raised: [half]\n", "x.yaml:6: raised: write names with whole numbers, such as {half: 1}"},
		"unknown expectation":    {open + "expect: {sent: 3}\n", "x.yaml:5: sent: is unknown; expect takes duties, met, late, missed, waiting, open, raised, mails, due, raises"},
		"due to nobody":          {open + "expect:\n  due:\n    - {limit: +4h}\n", "x.yaml:7: to: is missing; due needs it"},
		"due that is no list":    {open + "expect:\n  due: {to: C-1}\n", "x.yaml:6: due: write a list"},
		"expectation in a step":  {open + "  - {do: expect, sent: 3}\n", "x.yaml:5: sent: is unknown; the step expect takes at, do, as, refused, duties"},
		"breach that is no bool": {head + "steps:\n  - {do: open, title: X, breach: maybe}\n", "x.yaml:4: breach: write true or false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, fstest.MapFS{"x.yaml": {Data: []byte(one.text)}}, "x.yaml")
			require.ErrorContains(t, err, one.says)
		})
	}
	_, err := read(t, fstest.MapFS{"x.yaml": {Data: []byte(open + "  - {do: declare, as: boss, severty: high}\n  - {do: shout}\n")}}, "x.yaml")
	require.Len(t, strings.Split(err.Error(), "\n"), 2, "every fault of the form is named at once: %v", err)
	_, err = read(t, fstest.MapFS{}, "x.yaml")
	require.ErrorContains(t, err, "x.yaml")
}

func TestAStoryMayTryAgreementsOfItsOwn(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"s.yaml":             {Data: []byte("title: T\nteaches: t\nagreements: new\nsteps:\n  - {do: open, title: X}\n")},
		"new/customers.csv":  {Data: []byte("ref\n")},
		"new/agreement.yaml": {Data: []byte("documents: []\n")},
		"new/letter.pdf":     {Data: []byte("%PDF")},
	}
	s, err := read(t, files, "s.yaml")
	require.NoError(t, err)
	require.Len(t, s.Files, 2)
}

// The document names every command with what it takes.
func TestTheDocumentNamesEveryCommand(t *testing.T) {
	t.Parallel()
	text := document(t)
	for _, row := range drill.Reference() {
		require.Contains(t, text, "\n"+row, "put this row into docs/drills.md, or mend the one that is there")
	}
	require.Equal(t, len(drill.Reference()), strings.Count(text[strings.Index(text, "| do |"):], "\n| `"), "docs/drills.md names a command that does not exist")
}

// document is what people learn to write scenarios from.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/drills.md")
	require.NoError(t, err)
	return string(text)
}

// documented is the scenario that stands in it.
func documented(t *testing.T) drill.Scenario {
	t.Helper()
	_, example, _ := strings.Cut(document(t), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	s, err := read(t, fstest.MapFS{"mine.yaml": {Data: []byte(example)}}, "mine.yaml")
	require.NoError(t, err)
	return s
}
