package textdiff_test

import (
	"encoding/xml"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/textdiff"
)

// without drops one op, lines and words, and puts the rest together.
func without(op textdiff.Op, lines []textdiff.Line) string {
	var kept []string
	for _, line := range lines {
		if line.Op == op {
			continue
		}
		var text strings.Builder
		for _, span := range line.Spans {
			if span.Op != op {
				text.WriteString(span.Text)
			}
		}
		kept = append(kept, text.String())
	}
	return strings.Join(kept, "\n")
}

// documents are two texts that share some of their lines and words, with odd bytes among them.
var documents = rapid.Custom(func(t *rapid.T) [2]string {
	text := rapid.StringMatching(`([ab]|the|30|days|[ \t\r]| |\n|\n\n|é|日本|\x{202e}|[.,;<&]){0,60}`)
	before := text.Draw(t, "before") + rapid.SampledFrom([]string{"", "\xff", "\n"}).Draw(t, "end")
	if rapid.Bool().Draw(t, "independent") {
		return [2]string{before, text.Draw(t, "after")}
	}
	from := rapid.IntRange(0, len(before)).Draw(t, "from")
	until := rapid.IntRange(from, len(before)).Draw(t, "until")
	return [2]string{before, before[:from] + text.Draw(t, "put in") + before[until:]}
})

func TestBothVersionsAreInTheDiff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		both := documents.Draw(t, "documents")
		lines := textdiff.Between(both[0], both[1])
		require.Equal(t, both[0], without(textdiff.Added, lines))
		require.Equal(t, both[1], without(textdiff.Removed, lines))
		for _, line := range lines {
			for _, span := range line.Spans {
				require.Contains(t, []textdiff.Op{textdiff.Same, line.Op}, span.Op)
			}
		}
	})
}

func TestNothingIsMarkedBetweenEqualVersions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := documents.Draw(t, "document")[0]
		for _, line := range textdiff.Between(text, text) {
			require.Equal(t, textdiff.Same, line.Op)
		}
	})
}

const before = `1. Retention

Content is kept for up to seven days & then deleted.

2. Providers

We use the providers that this list names.

3. Contact

Write to privacy@example.test.`

const after = `1. Retention

Content is kept for up to 30 days & then deleted.

2. Providers

We use the providers that this list names.

3. Contact

Write to privacy@example.test.

4. Law

The law of <France> applies.`

func TestATerminalShowsWhatChanged(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	require.NoError(t, textdiff.Text(&text, textdiff.Between(before, after), 1))
	require.Equal(t, `…
  
- Content is kept for up to seven days & then deleted.
+ Content is kept for up to 30 days & then deleted.
  
…
  Write to privacy@example.test.
+ 
+ 4. Law
+ 
+ The law of <France> applies.
`, text.String())
}

func TestAPageMarksTheWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, `<p class="left-out">…</p>
<p class="removed" dir="auto"><span role="img" aria-label="Removed:">−</span> Content is kept for up to <del>seven</del> days &amp; then deleted.</p>
<p class="added" dir="auto"><span role="img" aria-label="Added:">+</span> Content is kept for up to <ins>30</ins> days &amp; then deleted.</p>
<p class="left-out">…</p>
<p class="added" dir="auto"><span role="img" aria-label="Added:">+</span> </p>
<p class="added" dir="auto"><span role="img" aria-label="Added:">+</span> <ins>4. Law</ins></p>
<p class="added" dir="auto"><span role="img" aria-label="Added:">+</span> </p>
<p class="added" dir="auto"><span role="img" aria-label="Added:">+</span> <ins>The law of &lt;France&gt; applies.</ins></p>
`, string(textdiff.HTML(textdiff.Between(before, after), 0)))
}

func TestLinesWithLittleInCommonAreMarkedWhole(t *testing.T) {
	t.Parallel()
	require.Equal(t, []textdiff.Line{
		{Op: textdiff.Removed, Spans: []textdiff.Span{{Op: textdiff.Removed, Text: "We keep the logs."}}},
		{Op: textdiff.Added, Spans: []textdiff.Span{{Op: textdiff.Added, Text: "Nobody reads the mail of others."}}},
	}, textdiff.Between("We keep the logs.", "Nobody reads the mail of others."))
}

// What nobody sees would be approved unread.
func TestWhatCannotBeSeenIsShown(t *testing.T) {
	t.Parallel()
	lines := textdiff.Between("it is kept\n", "it is kept\u202e\x1b\n")
	var text strings.Builder
	require.NoError(t, textdiff.Text(&text, lines, -1))
	require.Equal(t, "- it is kept\n+ it is kept\uFFFD\uFFFD\n  \n", text.String())
	require.Contains(t, string(textdiff.HTML(lines, -1)), "it is kept<ins>\uFFFD\uFFFD</ins>")
}

func TestNothingInADocumentIsReadAsHTML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		both := documents.Draw(t, "documents")
		hostile := rapid.SampledFrom([]string{`<script>alert(1)</script>`, `"><img src=x onerror=1>`, `</p></ins>`, `]]>`, `<!--`}).Draw(t, "hostile")
		page := xml.NewDecoder(strings.NewReader(string(textdiff.HTML(textdiff.Between(both[0], hostile+both[1]), 2))))
		for {
			token, err := page.Token()
			if err == io.EOF {
				return
			}
			require.NoError(t, err)
			if element, is := token.(xml.StartElement); is {
				require.Contains(t, []string{"p", "span", "ins", "del"}, element.Name.Local)
			}
		}
	})
}

// A rewritten middle of more differences than the library looks for still shows what stayed in it.
func TestALongRewriteKeepsItsHeadings(t *testing.T) {
	t.Parallel()
	var old, renewed strings.Builder
	for i := range 200 {
		n := strconv.Itoa(i)
		old.WriteString("Section " + n + "\nkept for " + n + " days\n")
		renewed.WriteString("Section " + n + "\nkept for " + n + " weeks\n")
	}
	headings := 0
	for _, line := range textdiff.Between(old.String(), renewed.String()) {
		if line.Op == textdiff.Same && line.Spans[0].Text != "" {
			headings++
		}
	}
	require.Equal(t, 200, headings)
}

// Documents that are made to be compared slowly are compared to their end: what grew with the square of their length would not.
func TestLongDocumentsAreComparedToTheirEnd(t *testing.T) {
	t.Parallel()
	const size = 60_000
	random := rand.New(rand.NewPCG(1, 2))
	text := func(alphabet string) string {
		b := make([]byte, size)
		for i := range b {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(b)
	}
	for name, both := range map[string][2]string{
		"one line of short words":     {text("ab "), text("ab ")},
		"short lines":                 {text("ab\n"), text("ab\n")},
		"nothing alike":               {text("abc \n"), text("xyz\t\r")},
		"one character again and on":  {strings.Repeat("a\n", size/2), strings.Repeat("b\na\n", size/4)},
		"signs":                       {text("<>&.,"), text("<>&.,")},
		"words of a long line turned": {strings.Repeat("a b c ", size/6), strings.Repeat("c b a ", size/6)},
	} {
		lines := textdiff.Between(both[0], both[1])
		require.Equal(t, both[0], without(textdiff.Added, lines), name)
		require.Equal(t, both[1], without(textdiff.Removed, lines), name)
	}
}
