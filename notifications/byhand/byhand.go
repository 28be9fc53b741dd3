// Package byhand prepares what a person files or serves: by an authority's portal,
// by post, in person. It sends nothing. What counts as done is what the person
// records afterwards with its receipt, confirmed by a second person.
package byhand

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
)

// Name is the channel's name as agreements and ledgers know it.
const Name = "by_hand"

// Filing is one letter to be filed or served by a person.
type Filing struct {
	// ID is the delivery's id; it is the pack's folder.
	ID string
	// Addressee is who receives it, such as an authority or a notice address.
	Addressee string
	// Means is how it is to be filed: the portal's address, "registered post", and so on.
	Means string
	// Duty names the clause or article that is carried out.
	Duty string
	// Target and Limit are the duty's instants; a zero one is left out.
	Target, Limit time.Time
	// Location is the zone in which the person who files reads instants.
	Location *time.Location
	// Instant is when the pack was first prepared, on every preparation.
	Instant time.Time
	// Letter is the approved letter.
	Letter letters.Letter
	// Values are the recipient's own, for the form fields of a portal.
	Values letters.Values
}

// Pack is a zip of the letter, the values that a portal asks for, and the list of
// what to record. It is pure: the same filing gives the same bytes, whose SHA-256
// is the digest. A filing that lacks a part is refused as invalid.
func Pack(f Filing) (pack []byte, digest [32]byte, err error) {
	if err := f.check(); err != nil {
		return nil, digest, err
	}
	sum := sha256.Sum256([]byte(f.Letter.Text))
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, file := range []struct{ name, content string }{
		{"read-me-first.txt", f.instructions(sum)},
		{"letter.txt", f.Letter.Subject + "\n\n" + f.Letter.Text},
		{"letter.html", f.Letter.HTML},
		{"values.txt", f.values()},
		{"record.txt", f.record(sum)},
	} {
		if file.content == "" {
			continue
		}
		// Stored, not compressed: what a compressor writes may change with its version.
		w, err := archive.CreateHeader(&zip.FileHeader{Name: f.ID + "/" + file.name, Method: zip.Store, Modified: f.Instant.UTC()})
		if err != nil {
			return nil, digest, fmt.Errorf("cannot add %s to pack: %w", file.name, err)
		}
		if _, err := w.Write([]byte(file.content)); err != nil {
			return nil, digest, fmt.Errorf("cannot write %s to pack: %w", file.name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, digest, fmt.Errorf("cannot finish pack: %w", err)
	}
	return out.Bytes(), sha256.Sum256(out.Bytes()), nil
}

func (f Filing) check() error {
	plain := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
	}
	switch {
	case f.ID == "" || strings.Trim(f.ID, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "":
		return problem.InvalidField("id", "needs letters, digits, - and _ only")
	case !plain(f.Addressee):
		return problem.InvalidField("addressee", "say on one line who receives it")
	case !plain(f.Means):
		return problem.InvalidField("means", "say on one line how it is to be filed")
	case !plain(f.Duty):
		return problem.InvalidField("duty", "name on one line the clause or article")
	case f.Location == nil:
		return problem.InvalidField("location", "needs the zone of the person who files")
	case f.Instant.Year() < 1980 || f.Instant.Year() > 2107:
		return problem.InvalidField("instant", "is outside what a zip can hold")
	case f.Letter.Text == "":
		return problem.InvalidField("letter", "is empty")
	}
	return nil
}

func (f Filing) instructions(sum [32]byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "To be filed by a person\n\nAddressee: %s\nHow:       %s\nDuty:      %s\n", f.Addressee, f.Means, f.Duty)
	for _, row := range []struct {
		name string
		at   time.Time
	}{{"Target:    ", f.Target}, {"Limit:     ", f.Limit}} {
		if !row.at.IsZero() {
			fmt.Fprintf(&b, "%s%s\n", row.name, f.instant(row.at))
		}
	}
	fmt.Fprintf(&b, "Letter:    letter.txt, SHA-256 of its text %x\n\n", sum)
	b.WriteString("File the letter unchanged: it is the text that was approved. If it needs another word, go back and have that approved.\n" +
		"Preparing this pack has met no duty. The duty is met by what record.txt asks for, once it is recorded.\n")
	return b.String()
}

// record asks for what makes a filing evidence.
func (f Filing) record(sum [32]byte) string {
	return fmt.Sprintf(`What to record for delivery %s

[ ] Filed at: date, time and time zone on the addressee's clock where it shows one
[ ] Filed by: the person who filed
[ ] By what means, if not %q
[ ] Reference that the addressee gave
[ ] Receipt: the file or scan itself; its SHA-256 is taken when it is uploaded
[ ] Text filed is the text approved (SHA-256 %x)
[ ] What was filed as not yet known, and by when it will be
[ ] If it was filed with an authority after the limit: the reasons for the delay, or by when they follow
[ ] Second person, not the one who filed, who has seen the receipt
`, f.ID, f.Means, sum)
}

// values lists what a form may ask for beside the letter.
func (f Filing) values() string {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	v := f.Values
	row("Customer", v.Customer)
	row("Reference", v.Reference)
	row("Document", v.Contract.Document)
	row("Clause", v.Contract.Clause)
	if !v.Aware.IsZero() {
		row("Aware", f.instant(v.Aware))
	}
	if !v.Confirmed.IsZero() {
		row("Confirmed", f.instant(v.Confirmed))
	}
	row("Resources", strings.Join(v.Resources, "; "))
	if v.DataSubjects != nil {
		row("Data subjects, approximately", fmt.Sprint(*v.DataSubjects))
	}
	if v.Records != nil {
		row("Records, approximately", fmt.Sprint(*v.Records))
	}
	return b.String()
}

// instant gives an instant in the filer's zone and in UTC.
func (f Filing) instant(t time.Time) string {
	return t.In(f.Location).Format("2006-01-02 15:04 -07:00") + " (" + f.Location.String() + "), " + t.UTC().Format("2006-01-02 15:04") + " UTC"
}
