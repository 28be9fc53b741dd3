package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/export"
)

func head() export.Head {
	return export.Head{Company: "Example & Co", Contact: "privacy@example.test", Reference: "REQ-1", Language: "en", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func pages(all ...[]export.Record) export.Pages {
	return func(f func([]export.Record) error) error {
		for _, page := range all {
			if err := f(page); err != nil {
				return err
			}
		}
		return nil
	}
}

func read(t *testing.T, body []byte) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NotContains(t, files, f.Name)
		files[f.Name] = string(text)
	}
	return files
}

// Both forms show the same records, the fields that are shown and no others, and numbers keep every digit.
func TestBothFormsShowTheSameRecords(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	a := export.New(&body, head())
	require.NoError(t, a.Add(export.Place{Store: "app", Collection: "notes", Class: estate.CustomerContent, Fields: []string{"id", "text", "tags", "none"}}, pages(
		[]export.Record{{"id": json.Number("12345678901234567890"), "text": "a \"b\",\nc", "tags": []any{"x", json.Number("0.1")}, "secret": "others"}},
		[]export.Record{{"id": json.Number("2"), "text": "é"}},
	)))
	require.NoError(t, a.Close())
	files := read(t, body.Bytes())
	require.JSONEq(t, `[{"id": 12345678901234567890, "text": "a \"b\",\nc", "tags": ["x", 0.1], "none": null}, {"id": 2, "text": "é", "tags": null, "none": null}]`, files["data/app/notes.json"])
	require.Contains(t, files["data/app/notes.json"], "12345678901234567890")
	lines, err := csv.NewReader(strings.NewReader(files["data/app/notes.csv"])).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"id", "text", "tags", "none"}, {"12345678901234567890", "a \"b\",\nc", `["x",0.1]`, ""}, {"2", "é", "", ""}}, lines)
	for name, text := range files {
		require.NotContains(t, text, "others", name)
	}
	require.Contains(t, files["index.html"], "<td>2</td>")
}

// No value is a formula to a spreadsheet, or a tag to a browser; no name leads out of its folder or over another.
func TestNothingOfWhatWasGatheredIsCarriedOut(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	a := export.New(&body, head())
	var page []export.Record
	dangerous := []string{"=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", " =1"}
	for _, value := range dangerous {
		page = append(page, export.Record{"v": value})
	}
	for _, name := range []string{"../../etc/passwd", "A/b", "a_b", "..", "."} {
		require.NoError(t, a.Add(export.Place{Store: "..", Collection: name, Fields: []string{"v"}, LeftOut: []export.LeftOut{{Field: "<script>", Why: "<b>"}}, Kept: "<i>"}, pages(page)))
	}
	require.NoError(t, a.Close())
	files := read(t, body.Bytes())
	require.Len(t, files, 5*2+2)
	lower := map[string]bool{}
	for name, text := range files {
		require.Equal(t, path.Clean(name), name)
		require.False(t, lower[strings.ToLower(name)], name)
		lower[strings.ToLower(name)] = true
		for part := range strings.SplitSeq(name, "/") {
			require.NotEmpty(t, strings.Trim(part, "."), name)
		}
		if !strings.HasSuffix(name, ".csv") {
			continue
		}
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		require.Len(t, lines, len(dangerous)+1)
		for _, line := range lines[1:] {
			require.Contains(t, line[0], "'", line[0])
			require.NotContains(t, "=+-@\t\r＝＋－＠", string([]rune(line[0])[0]))
		}
	}
	for _, tag := range []string{"<script>", "<b>", "<i>"} {
		require.NotContains(t, files["index.html"], tag)
	}
}

// Every language has every phrase, and every data class a name; an unknown one is English.
func TestTheIndexSpeaksTheLanguageOfTheLetters(t *testing.T) {
	t.Parallel()
	titles := map[string]string{"en": "Your data", "de": "Ihre Daten", "fr": "Vos données", "es": "Sus datos", "xx": "Your data"}
	for language, title := range titles {
		var body bytes.Buffer
		h := head()
		h.Language, h.Unsearched = language, []export.Unsearched{{Address: "app/dumps", Why: "no index", Instead: "expires after 35 days"}, {Address: "app/other"}}
		a := export.New(&body, h)
		for _, class := range []estate.Class{estate.CustomerContent, estate.CustomerPersonalData, estate.OperationalMetadata, estate.Account, estate.Billing} {
			require.NoError(t, a.Add(export.Place{Store: "app", Collection: string(class), Class: class, ByHand: class == estate.Billing}, pages()))
		}
		require.NoError(t, a.Close())
		index := read(t, body.Bytes())["index.html"]
		require.Contains(t, index, "<title>"+title)
		require.NotContains(t, index, "<td></td><td>")
		require.NotContains(t, index, "customer_content</td><td>customer_content")
		require.Contains(t, index, "expires after 35 days")
	}
}

// An archive whose records change between its two forms is not finished.
func TestRecordsThatChangeMeanwhileEndTheExport(t *testing.T) {
	t.Parallel()
	a := export.New(io.Discard, head())
	calls := 0
	err := a.Add(export.Place{Store: "app", Collection: "notes", Fields: []string{"id"}}, func(f func([]export.Record) error) error {
		calls++
		return f(make([]export.Record, calls))
	})
	require.ErrorContains(t, err, "changed meanwhile")
}
