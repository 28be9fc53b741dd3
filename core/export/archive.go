// Package export writes what a person is given of their own data: a ZIP of JSON and CSV with an index that anyone can read, and
// a manifest. It is pure, and holds one page of records at a time.
package export

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/cells"
	"github.com/atlascloudai/docket/core/estate"
)

// Head is what the index says of the export as a whole.
type Head struct {
	// Company is the company's name, Contact its privacy address.
	Company, Contact string
	// Reference is what the person may quote; Language that of the letters. What has no words in it is English.
	Reference, Language string
	// At is when it was handed out.
	At time.Time
	// Unsearched are the places that were not looked into.
	Unsearched []Unsearched
}

// Unsearched is a place that was not looked into, and what is done instead; both are empty where nothing leads there.
type Unsearched struct{ Address, Why, Instead string }

// Place is one collection.
type Place struct {
	Store, Collection string
	Class             estate.Class
	// Fields are shown, in this order; whatever else a record holds is not.
	Fields []string
	// LeftOut are the fields that are not shown.
	LeftOut []LeftOut
	// Kept is the provision by which records stay for a time; "" where none does.
	Kept string
	// Listed says that files are listed, and their contents are not in the export.
	Listed bool
	// ByHand says that only the system's owner can look there: there are no records.
	ByHand bool
}

// LeftOut is a field that is not shown, and why.
type LeftOut struct{ Field, Why string }

// Record is one record by field.
type Record map[string]any

// Pages hands every page of a place to f, in order, and again whenever it is called; what f answers ends it.
type Pages func(f func([]Record) error) error

// Archive is a ZIP under way.
type Archive struct {
	zip    *zip.Writer
	head   Head
	places []placed
	files  []file
	names  map[string]bool
}

// placed is a place with what was written of it.
type placed struct {
	Place
	Records   int64
	JSON, CSV string
}

// file is one line of the manifest.
type file struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// New begins an archive.
func New(to io.Writer, head Head) *Archive {
	return &Archive{zip: zip.NewWriter(to), head: head, names: map[string]bool{}}
}

// Add writes one place as JSON and as CSV. It fails where the two passes over the pages do not see the same number of records.
func (a *Archive) Add(p Place, pages Pages) error {
	one := placed{Place: p}
	if p.ByHand {
		a.places = append(a.places, one)
		return nil
	}
	name := a.free(p)
	one.JSON, one.CSV = name+".json", name+".csv"
	err := a.write(one.JSON, func(to io.Writer) (err error) {
		one.Records, err = writeJSON(to, p.Fields, pages)
		return err
	})
	if err != nil {
		return err
	}
	var again int64
	err = a.write(one.CSV, func(to io.Writer) (err error) {
		again, err = writeCSV(to, p.Fields, pages)
		return err
	})
	if err == nil && again != one.Records {
		err = fmt.Errorf("cannot export %s/%s: its records changed meanwhile", p.Store, p.Collection)
	}
	a.places = append(a.places, one)
	return err
}

// Close writes the index and the manifest. An archive without them is not whole.
func (a *Archive) Close() error {
	if err := a.write("index.html", a.index); err != nil {
		return err
	}
	manifest := struct {
		Reference string    `json:"reference"`
		At        time.Time `json:"at"`
		Files     []file    `json:"files"`
	}{a.head.Reference, a.head.At.UTC(), a.files}
	err := a.write("manifest.json", func(to io.Writer) error {
		encoder := json.NewEncoder(to)
		encoder.SetIndent("", "  ")
		return encoder.Encode(manifest)
	})
	if err != nil {
		return err
	}
	if err := a.zip.Close(); err != nil {
		return fmt.Errorf("cannot end the export: %w", err)
	}
	return nil
}

// write writes one file and notes its digest.
func (a *Archive) write(name string, f func(io.Writer) error) error {
	entry, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.head.At.UTC()})
	if err != nil {
		return fmt.Errorf("cannot begin a file of the export: %w", err)
	}
	sum := &digest{Hash: sha256.New()}
	if err := f(io.MultiWriter(entry, sum)); err != nil {
		return fmt.Errorf("cannot write a file of the export: %w", err)
	}
	a.files = append(a.files, file{Name: name, Bytes: sum.bytes, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

type digest struct {
	hash.Hash
	bytes int64
}

func (d *digest) Write(part []byte) (int, error) {
	d.bytes += int64(len(part))
	return d.Hash.Write(part)
}

// free is a path that leads nowhere else, on any system, and that no other place has.
func (a *Archive) free(p Place) string {
	base := "data/" + safe(p.Store) + "/" + safe(p.Collection)
	name := base
	for n := 2; a.names[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	a.names[strings.ToLower(name)] = true
	return name
}

func safe(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, name)
	if strings.Trim(name, ".") == "" {
		return "_"
	}
	return name
}

func writeJSON(to io.Writer, fields []string, pages Pages) (records int64, err error) {
	if _, err := io.WriteString(to, "["); err != nil {
		return 0, err
	}
	err = pages(func(page []Record) error {
		var text bytes.Buffer
		for _, record := range page {
			if records++; records > 1 {
				text.WriteByte(',')
			}
			text.WriteString("\n  {")
			for i, field := range fields {
				if i > 0 {
					text.WriteString(", ")
				}
				name, value, err := member(field, record[field])
				if err != nil {
					return err
				}
				text.Write(name)
				text.WriteString(": ")
				text.Write(value)
			}
			text.WriteByte('}')
		}
		_, err := to.Write(text.Bytes())
		return err
	})
	if err == nil {
		_, err = io.WriteString(to, "\n]\n")
	}
	return records, err
}

func member(field string, value any) (name, text []byte, err error) {
	if name, err = json.Marshal(field); err == nil {
		text, err = json.Marshal(value)
	}
	return name, text, err
}

func writeCSV(to io.Writer, fields []string, pages Pages) (records int64, err error) {
	if _, err := io.WriteString(to, cells.Line(fields)); err != nil {
		return 0, err
	}
	err = pages(func(page []Record) error {
		for _, record := range page {
			records++
			line := make([]string, len(fields))
			for i, field := range fields {
				if line[i], err = cell(record[field]); err != nil {
					return err
				}
			}
			if _, err := io.WriteString(to, cells.Line(line)); err != nil {
				return err
			}
		}
		return nil
	})
	return records, err
}

// cell is a value as text; what has parts is JSON.
func cell(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}
