package packs

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// zoneData is one IANA release, read from the pack and never from the machine.
type zoneData struct {
	// files are the zones as they lie in the archive, by name.
	files map[string]*zip.File
	// loaded keeps each *time.Location that was asked for: reading one takes some microseconds.
	loaded sync.Map
}

func readZones(archive []byte) (*zoneData, error) {
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("cannot open zone data: %w", err)
	}
	data := &zoneData{files: make(map[string]*zip.File, len(reader.File))}
	for _, file := range reader.File {
		if !strings.HasSuffix(file.Name, "/") {
			data.files[file.Name] = file
		}
	}
	return data, nil
}

// location is the zone of exactly this IANA name.
func (d *zoneData) location(name string) (*time.Location, error) {
	if kept, ok := d.loaded.Load(name); ok {
		return kept.(*time.Location), nil
	}
	file, ok := d.files[name]
	if !ok {
		return nil, problem.InvalidField("zone", "no zone %q; use an IANA name, e.g. \"Europe/Berlin\"", name)
	}
	content, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("cannot open zone %s: %w", name, err)
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, fmt.Errorf("cannot read zone %s: %w", name, err)
	}
	location, err := time.LoadLocationFromTZData(name, text)
	if err != nil {
		return nil, fmt.Errorf("cannot decode zone %s: %w", name, err)
	}
	kept, _ := d.loaded.LoadOrStore(name, location)
	return kept.(*time.Location), nil
}
