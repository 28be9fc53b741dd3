package httpstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
)

func subscribersStore() estate.Store {
	return estate.Store{ID: "newsletter", Kind: estate.HTTP, Collections: []estate.Collection{subscribers()}}
}

func TestACheckFindsWhatTheEstateAndTheServiceDoNotBothSay(t *testing.T) {
	t.Parallel()
	service, _ := newsletter(t)
	s := open(t, serve(t, service))
	declared := subscribersStore()
	declared.Collections[0].Fields = []estate.Field{
		{Name: "email", Identity: "email", Mask: &estate.Mask{With: estate.HMAC}}, {Name: "name", Identity: "name"}, {Name: "phone"},
	}
	findings, err := s.Check(t.Context(), declared)
	require.NoError(t, err)
	require.Equal(t, []string{
		"newsletter/subscribers.email field_not_maskable", "newsletter/subscribers.name field_not_searchable",
		"newsletter/subscribers.phone unknown_field", "newsletter/subscribers.account_id undeclared_field",
	}, said(findings))

	declared.Collections[0].Name = "readers"
	declared.Collections = append(declared.Collections, estate.Collection{
		Name: "backups", NotSearchable: &estate.NotSearchable{Why: "one file a day", Instead: "expires after 35 days"},
	})
	findings, err = s.Check(t.Context(), declared)
	require.NoError(t, err)
	require.Equal(t, []string{"newsletter/readers unknown_collection", "newsletter/subscribers undeclared_collection"}, said(findings))
}

func said(findings []estate.Finding) (said []string) {
	for _, finding := range findings {
		said = append(said, finding.At+" "+finding.Code)
	}
	return said
}
