package byhand_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications/byhand"
)

func filing() byhand.Filing {
	at := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	return byhand.Filing{
		ID: "0198c5e0-7a11-7bbb-8c3d-2f60a1b2c3d4", Addressee: "Example data protection authority",
		Means: "portal https://authority.example.test/report", Duty: "GDPR art. 33(1)",
		Target: at.Add(48 * time.Hour), Limit: at.Add(72 * time.Hour), Location: time.FixedZone("Example/Zone", 3600), Instant: at,
		Letter: letters.Letter{Subject: "Notification", Text: "the approved text\n", HTML: "<p>the approved text</p>", Language: "en"},
		Values: letters.Values{Customer: "Sample Customer Ltd", Reference: "SC-1", Aware: at},
	}
}

func unpack(t *testing.T, pack []byte) map[string]string {
	archive, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		files[f.Name] = string(content)
	}
	return files
}

func TestAPackHoldsTheApprovedLetterAndWhatToRecord(t *testing.T) {
	f := filing()
	pack, digest, err := byhand.Pack(f)
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256(pack), digest)
	files := unpack(t, pack)
	require.Len(t, files, 5)
	require.Equal(t, "Notification\n\nthe approved text\n", files[f.ID+"/letter.txt"])
	require.Equal(t, f.Letter.HTML, files[f.ID+"/letter.html"])
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(f.Letter.Text)))
	for _, asked := range []string{"Filed at", "Reference", "Receipt", "Second person", sum} {
		require.Contains(t, files[f.ID+"/record.txt"], asked)
	}
	for _, said := range []string{f.Addressee, f.Means, f.Duty, "2026-11-23 09:30 +01:00 (Example/Zone), 2026-11-23 08:30 UTC", "has met no duty"} {
		require.Contains(t, files[f.ID+"/read-me-first.txt"], said)
	}
	require.Contains(t, files[f.ID+"/values.txt"], "Customer: Sample Customer Ltd")
}

func TestTheSameFilingGivesTheSamePack(t *testing.T) {
	first, _, err := byhand.Pack(filing())
	require.NoError(t, err)
	f := filing()
	f.Instant = f.Instant.In(time.FixedZone("", -7*3600))
	again, _, err := byhand.Pack(f)
	require.NoError(t, err)
	require.Equal(t, first, again)
	f.Letter.Text += "x"
	other, _, err := byhand.Pack(f)
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

func TestAFilingThatLacksAPartIsRefused(t *testing.T) {
	for field, change := range map[string]func(*byhand.Filing){
		"id":        func(f *byhand.Filing) { f.ID = "../x" },
		"addressee": func(f *byhand.Filing) { f.Addressee = "a\nb" },
		"means":     func(f *byhand.Filing) { f.Means = "" },
		"duty":      func(f *byhand.Filing) { f.Duty = "" },
		"location":  func(f *byhand.Filing) { f.Location = nil },
		"instant":   func(f *byhand.Filing) { f.Instant = time.Time{} },
		"letter":    func(f *byhand.Filing) { f.Letter.Text = "" },
	} {
		f := filing()
		change(&f)
		_, _, err := byhand.Pack(f)
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, field, refusal.Field)
	}
}
