package contract_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/http/contract"
)

// document is docs/erasure-contract.yaml, and the schemas in it ready to judge messages.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]struct{ Responses map[string]any }
	Components struct{ Schemas map[string]*huma.Schema }
	registry   huma.Registry
}

func read(t *testing.T) (d document) {
	text, err := os.ReadFile("../../../docs/erasure-contract.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &d))
	require.Equal(t, "3.1.0", d.OpenAPI)
	d.registry = huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for name, schema := range d.Components.Schemas {
		schema.PrecomputeMessages()
		d.registry.Map()[name] = schema
	}
	return d
}

// judge says what the document finds wrong with a message.
func (d document) judge(t *testing.T, schema string, message any) []error {
	t.Helper()
	text, ok := message.(string)
	if !ok {
		encoded, err := json.Marshal(message)
		require.NoError(t, err)
		text = string(encoded)
	}
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	require.Contains(t, d.Components.Schemas, schema)
	result := &huma.ValidateResult{}
	huma.Validate(d.registry, d.Components.Schemas[schema], huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, value, result)
	return result.Errors
}

func TestTheDocumentSaysEachMessageAsTheTypesDo(t *testing.T) {
	t.Parallel()
	d := read(t)
	described := map[string]any{
		"Collections": contract.Collections{}, "Collection": contract.Collection{}, "Field": contract.Field{}, "Locate": contract.Locate{},
		"Match": contract.Match{}, "Located": contract.Located{}, "Item": contract.Item{}, "Masking": contract.Masking{},
		"Erase": contract.Order{}, "Erased": contract.Erased{}, "Result": contract.Result{}, "Verify": contract.Order{},
		"Verified": contract.Verified{}, "Finding": contract.Finding{},
	}
	for name, schema := range d.Components.Schemas {
		if schema.Type != "object" {
			continue
		}
		require.Contains(t, described, name)
		require.Equal(t, any(false), schema.AdditionalProperties, name)
		var members, required []string
		for field := range reflect.TypeOf(described[name]).Fields() {
			member, optional, _ := strings.Cut(field.Tag.Get("json"), ",")
			members = append(members, member)
			if optional == "" {
				required = append(required, member)
			}
			require.Contains(t, schema.Properties, member, name)
		}
		require.Len(t, schema.Properties, len(members), name)
		require.ElementsMatch(t, required, schema.Required, name)
		delete(described, name)
	}
	require.Empty(t, described, "types that the document does not say")
}

func TestTheDocumentKnowsTheWordsAndTheLimits(t *testing.T) {
	t.Parallel()
	schemas := read(t).Components.Schemas
	words := func(of *huma.Schema) (words []string) {
		for _, word := range of.Enum {
			words = append(words, fmt.Sprint(word))
		}
		return words
	}
	for name, want := range map[string]string{
		"Collections": contract.TypeCollections, "Locate": contract.TypeLocate, "Located": contract.TypeLocated, "Erase": contract.TypeErase,
		"Erased": contract.TypeErased, "Verify": contract.TypeVerify, "Verified": contract.TypeVerified,
	} {
		require.Equal(t, []string{want}, words(schemas[name].Properties["type"]))
	}
	require.Equal(t, []string{string(estate.Null), string(estate.Hash), string(estate.HMAC), string(estate.Fixed)}, words(schemas["MaskWith"]))
	require.Equal(t, []string{string(erasure.Erased), string(erasure.Masked), string(erasure.Absent), string(erasure.Accepted), string(erasure.Held)},
		words(schemas["Result"].Properties["outcome"]))
	require.Equal(t, []string{string(erasure.Gone), string(erasure.Residue), string(erasure.Pending), string(erasure.StillHeld)},
		words(schemas["Finding"].Properties["state"]))
	require.Equal(t, contract.MaxKey, *schemas["Key"].MaxLength)
	require.Equal(t, contract.MaxKey, *schemas["Locate"].Properties["after"].MaxLength)
	require.Equal(t, contract.MaxDetail, *schemas["Result"].Properties["detail"].MaxLength)
	require.Equal(t, contract.MaxItems, *schemas["Keys"].MaxItems)
	require.Equal(t, contract.MaxItems, *schemas["Located"].Properties["items"].MaxItems)
	require.EqualValues(t, contract.MaxItems, *schemas["Locate"].Properties["limit"].Maximum)
}

func TestWhatGoesOverTheWireIsWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	d, b := read(t), newBench(t)
	var served []string
	for path, message := range map[string]struct{ question, asked, answered string }{
		contract.PathCollections: {"", "", "Collections"}, contract.PathLocate: {locate, "Locate", "Located"},
		contract.PathErase: {erase, "Erase", "Erased"}, contract.PathVerify: {verify, "Verify", "Verified"},
	} {
		require.Len(t, d.Paths[path], 1, path)
		for method, operation := range d.Paths[path] {
			require.Equal(t, message.question == "", method == "get")
			require.Contains(t, operation.Responses, "200")
		}
		if message.question != "" {
			require.Empty(t, d.judge(t, message.asked, message.question))
		}
		w := b.ask(path, path, message.question)
		require.Equal(t, 200, w.Code)
		require.Empty(t, d.judge(t, message.answered, w.Body.String()), path)
		require.NotEmpty(t, d.judge(t, message.answered, `{}`), path)
		served = append(served, path)
	}
	require.Len(t, d.Paths, len(served))

	now := time.Now().UTC()
	require.Empty(t, d.judge(t, "Result", contract.Result{Key: "n-1", Outcome: erasure.Held, Until: &now, Detail: "locked"}))
	require.Empty(t, d.judge(t, "Finding", contract.Finding{Key: "n-1", State: erasure.Pending, Until: &now, RetryAt: &now}))
	require.Empty(t, d.judge(t, "Masking", contract.Masking{Field: "email", With: estate.Fixed, Value: "x"}))
	require.Empty(t, d.judge(t, "Item", contract.Item{Key: "n-1", Values: map[string]any{"text": nil, "n": 7}}))
	require.NotEmpty(t, d.judge(t, "Finding", contract.Finding{Key: "n-1", State: erasure.Attested}))
}
