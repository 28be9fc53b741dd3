package httpstore

import (
	"context"
	"net/http"
	"slices"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/http/contract"
)

// Check compares the estate with what the service says it can be asked for, in both directions.
func (s *Store) Check(ctx context.Context, declared estate.Store) ([]estate.Finding, error) {
	var said contract.Collections
	if _, err := s.call(ctx, http.MethodGet, contract.PathCollections, nil, &said); err != nil {
		return nil, err
	}
	if said.Type != contract.TypeCollections {
		return nil, fail(erasure.Broken, "the answer to collections is not a %s", contract.TypeCollections)
	}
	var findings []estate.Finding
	add := func(at, code, detail string) {
		findings = append(findings, estate.Finding{At: at, Code: code, Detail: detail})
	}
	for _, collection := range declared.Collections {
		at := declared.ID + "/" + collection.Name
		i := slices.IndexFunc(said.Collections, func(c contract.Collection) bool { return c.Name == collection.Name })
		if collection.NotSearchable != nil {
			continue // Nothing is ever asked about it.
		}
		if i < 0 {
			add(at, "unknown_collection", "the service does not offer the collection: correct its name, or take it out")
			continue
		}
		offered := said.Collections[i]
		for _, field := range collection.Fields {
			at := at + "." + field.Name
			switch {
			case !offered.Has(field.Name):
				add(at, "unknown_field", "the service's records have no such field: correct its name, or take it out")
			case (field.Identity != "" || field.References != nil) && !offered.CanSearch(field.Name):
				add(at, "field_not_searchable", "the service cannot search by the field: have it added there, or find the records by another")
			case field.Mask != nil && !offered.CanMask(field.Name, field.Mask.With):
				add(at, "field_not_maskable", "the service cannot mask the field so: choose one of its ways")
			}
		}
		for _, field := range offered.Fields {
			if !slices.ContainsFunc(collection.Fields, func(f estate.Field) bool { return f.Name == field.Name }) {
				add(at+"."+field.Name, "undeclared_field", "the service's records have a field that the estate does not say: declare it")
			}
		}
	}
	for _, offered := range said.Collections {
		if !slices.ContainsFunc(declared.Collections, func(c estate.Collection) bool { return c.Name == offered.Name }) {
			add(declared.ID+"/"+offered.Name, "undeclared_collection", "the service offers a collection that the estate does not say: declare it, or nobody is ever found there")
		}
	}
	return findings, nil
}
