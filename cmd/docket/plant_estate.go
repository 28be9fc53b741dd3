package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure/places"
	"github.com/atlascloudai/docket/worker"
)

// readEstate reads an estate from its files; nil where there are none.
func readEstate(paths []string) (*estate.Estate, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	texts := make([][]byte, len(paths))
	for i, path := range paths {
		var err error
		if texts[i], err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("cannot read estate: %w", err)
		}
	}
	read, err := estate.Read(texts...)
	if err != nil {
		return nil, fmt.Errorf("cannot read estate: %w", err)
	}
	return &read, nil
}

// readConnections reads the connections of an estate; none where no file is named.
func readConnections(path string) (places.Connections, error) {
	if path == "" {
		return nil, nil
	}
	return places.ReadConnections(path)
}

// ready is an estate that requests can be carried out in, with its connections. The error names the first finding.
func ready(declared estate.Estate, path string) (places.Connections, error) {
	connections, err := readConnections(path)
	if err != nil {
		return nil, err
	}
	if found := append(declared.Validate(), connections.Fit(declared)...); len(found) > 0 {
		return nil, fmt.Errorf("the estate is not ready (%d findings; docket estate check tells all): %s", len(found), told(found[0]))
	}
	return connections, nil
}

// estateReady is what docket doctor says of the estate. On a machine of serve, which has no file with connections, it is
// held against itself alone; the stores are asked by docket estate check.
func estateReady(c config.Estate) error {
	declared, err := readEstate(c.Files)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.Connections); errors.Is(err, fs.ErrNotExist) {
		if found := declared.Validate(); len(found) > 0 {
			return fmt.Errorf("%d findings; docket estate check tells all: %s", len(found), told(found[0]))
		}
		return nil
	}
	_, err = ready(*declared, c.Connections)
	return err
}

// reach gives a worker the stores of the estate, and refuses to start where a request would fail on the way. The stores of
// drills are the same on the one-machine stack, which is of drills alone, and none elsewhere.
func (p *plant) reach(o *worker.Options) error {
	if p.estate == nil {
		return nil
	}
	connections, err := ready(*p.estate, p.config.Estate.Connections)
	if err != nil {
		return err
	}
	p.places = places.New(*p.estate, connections, activities.OwnerTasks{Desk: p.desk}, p.maskingKey)
	o.Stores = p.places
	if p.config.Dev {
		o.DrillStores = p.places
	}
	return nil
}

func told(f estate.Finding) string {
	if f.At == "" {
		return f.Detail
	}
	return f.At + ": " + f.Detail
}
