package manual_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/manual"
)

func order(id string, items ...erasure.Item) erasure.Order {
	return erasure.Order{ID: id, Collection: archive().Collections[0], Items: items}
}

func class(t *testing.T, want erasure.Class, err error) {
	t.Helper()
	failure, ok := errors.AsType[*erasure.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, failure.Class, failure.Detail)
}

func TestTheOwnerIsAskedOnceForAnOrderHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	o := newOffice()
	s := manual.New(archive(), o)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			_, err := s.Erase(t.Context(), order("o-1", located(t, ana...)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	require.Equal(t, 1, o.opened)
	require.Equal(t, manual.Task{
		Order: "o-1", Store: "archive", Collection: "letters", Owner: "olga", Subject: located(t, ana...).Key, Identities: ana,
	}, o.tasks["o-1"])

	o.work(t)
	_, err := s.Erase(t.Context(), order("o-1", located(t, ana...)))
	require.NoError(t, err)
	require.Equal(t, manual.Attested, o.states["o-1"].State, "a repeated order does not open it again")
}

func TestATaskSaysWhatToMaskAndWhy(t *testing.T) {
	t.Parallel()
	o := newOffice()
	s := manual.New(archive(), o)
	keep := order("o-1", located(t, ana...))
	keep.Keep = true
	_, err := s.Erase(t.Context(), keep)
	class(t, erasure.Mismatch, err) // Without a mask the owner would be told to delete what has to stay.
	keep.Collection.Fields = slices.Clone(keep.Collection.Fields)
	keep.Collection.Fields[1].Mask = &estate.Mask{With: estate.Null}
	_, err = s.Erase(t.Context(), keep)
	require.NoError(t, err)
	require.True(t, o.tasks["o-1"].Keep)
	require.Equal(t, keep.Collection.Fields[1:], o.tasks["o-1"].Masks)

	o.work(t)
	page, err := s.Locate(t.Context(), query(ana...), "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1, "what was kept can be located when its ground ends")
}

func TestTheSamePeopleAreTheSameItemHoweverTheyAreNamed(t *testing.T) {
	t.Parallel()
	email := erasure.Match{Field: "email", Values: []string{"b@example.test", "a@example.test", "b@example.test"}}
	phone := erasure.Match{Field: "phone", Values: []string{"+100"}}
	same := located(t, phone, erasure.Match{Field: "email", Values: []string{"a@example.test"}}, erasure.Match{Field: "email", Values: []string{"b@example.test"}})
	require.Equal(t, located(t, email, phone), same)
	require.NotEqual(t, located(t, email).Key, same.Key)
}

func TestAnItemThatWasKeptAsJSONCanStillBeOrdered(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(located(t, ana...))
	require.NoError(t, err)
	var kept erasure.Item
	require.NoError(t, json.Unmarshal(text, &kept))
	results, err := manual.New(archive(), newOffice()).Erase(t.Context(), order("o-1", kept))
	require.NoError(t, err)
	require.Equal(t, []erasure.Result{{Outcome: erasure.Accepted}}, results)
}

func TestAnOrderIsAboutOneItemThatWasLocatedHere(t *testing.T) {
	t.Parallel()
	o := newOffice()
	s := manual.New(archive(), o)
	anas, bobs := located(t, ana...), located(t, erasure.Match{Field: "email", Values: []string{"bob@example.test"}})
	for name, items := range map[string][]erasure.Item{
		"two items":             {anas, bobs},
		"another's identities":  {{Key: anas.Key, Values: bobs.Values}},
		"without identities":    {{Key: anas.Key}},
		"identities of no form": {{Key: anas.Key, Values: map[string]any{"email": 7}}},
	} {
		_, err := s.Erase(t.Context(), order("o-1", items...))
		class(t, erasure.Mismatch, err)
		_, err = s.Verify(t.Context(), order("o-1", items...))
		class(t, erasure.Mismatch, err)
		require.Zero(t, o.opened, name)
	}
	elsewhere := order("o-1", anas)
	elsewhere.Collection.Name = "faxes"
	_, err := s.Erase(t.Context(), elsewhere)
	class(t, erasure.Mismatch, err)
	_, err = s.Erase(t.Context(), order("", anas))
	class(t, erasure.Mismatch, err)
}

func TestNothingIsAttestedUntilItWasCheckedWithEvidence(t *testing.T) {
	t.Parallel()
	o := newOffice()
	s := manual.New(archive(), o)
	asked := order("o-1", located(t, ana...))
	state := func() erasure.State {
		findings, err := s.Verify(t.Context(), asked)
		require.NoError(t, err)
		return findings[0].State
	}
	require.Equal(t, erasure.Residue, state(), "nobody was asked")
	_, err := s.Erase(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, erasure.Pending, state())
	for _, wrong := range []manual.Status{{State: manual.Attested}, {State: "done"}, {}} {
		o.states["o-1"] = wrong
		_, err := s.Verify(t.Context(), asked)
		class(t, erasure.Broken, err)
	}
	o.states["o-1"] = manual.Status{State: manual.Open}
	o.work(t)
	require.Equal(t, erasure.Attested, state())
}

func TestACheckNamesWhatKeepsATaskFromItsOwner(t *testing.T) {
	t.Parallel()
	declared := archive()
	declared.Owner = ""
	declared.Collections = append(declared.Collections,
		estate.Collection{Name: "faxes", Strategy: estate.MaskFields},
		estate.Collection{Name: "cellar", NotSearchable: &estate.NotSearchable{Why: "unsorted", Instead: "burnt after a year"}})
	findings, err := manual.New(declared, newOffice()).Check(t.Context(), declared)
	require.NoError(t, err)
	var codes []string
	for _, finding := range findings {
		codes = append(codes, finding.At+" "+finding.Code)
	}
	require.Equal(t, []string{"archive no_owner", "archive/faxes no_identity", "archive/faxes no_mask"}, codes)
}
