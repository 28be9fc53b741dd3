package request_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func planned(wide ...string) request.State {
	return request.State{Status: request.AwaitingApproval, Right: request.Access, Plan: &request.Plan{By: "ana", At: &noon, Digest: "d", Wide: wide}}
}

func decide(s request.State, actor string, at time.Time, c request.Command) (request.State, error) {
	next, _, err := request.Apply(request.Decision{State: s, Counts: request.Counts{Verified: 1, Targets: 1}, Actor: actor, Now: at}, c)
	return next, err
}

// A plan beyond its bounds is released by two people who release the same fields; neither is who asked for it.
func TestAWideExportTakesTwoWhoReleaseTheSame(t *testing.T) {
	t.Parallel()
	s := planned("records")
	_, err := decide(s, "ana", noon, request.Release{Digest: "d"})
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	s, err = decide(s, "ben", noon, request.Release{Digest: "d", Include: []string{"a/b.c"}})
	require.NoError(t, err)
	require.Equal(t, request.AwaitingApproval, s.Status)
	require.Empty(t, s.Export.ReleasedBy)
	_, err = decide(s, "ben", noon, request.Release{Digest: "d", Include: []string{"a/b.c"}})
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	_, err = decide(s, "cas", noon, request.Release{Digest: "d", Include: []string{"a/b.c"}})
	require.Equal(t, problem.Conflict, problem.CodeOf(err), "a sample is looked at first")
	s, err = decide(s, "cas", noon, request.Sample{})
	require.NoError(t, err)
	_, err = decide(s, "cas", noon, request.Release{Digest: "d"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	_, err = decide(s, "cas", noon, request.Fetch{})
	require.Equal(t, problem.Conflict, problem.CodeOf(err), "it is not released")
	s, err = decide(s, "cas", noon, request.Release{Digest: "d", Include: []string{"a/b.c"}})
	require.NoError(t, err)
	require.Equal(t, request.InHand, s.Status)
	require.Equal(t, noon.Add(request.ExportLasts), *s.Export.Until)
}

// What was gathered is wiped a day after it was fetched, and never later than its period; once, and not before.
func TestAnExportIsWipedADayAfterItWasFetchedAndAtTheEndOfItsPeriod(t *testing.T) {
	t.Parallel()
	released, err := decide(planned(), "ben", noon, request.Release{Digest: "d"})
	require.NoError(t, err)
	end := noon.Add(request.ExportLasts)
	for name, one := range map[string]struct {
		fetched *time.Time
		wiped   time.Time
	}{
		"never fetched":      {nil, end},
		"fetched at once":    {&noon, noon.Add(request.ExportLingers)},
		"fetched at the end": {new(end.Add(-time.Minute)), end},
	} {
		s := released
		if one.fetched != nil {
			s, err = decide(s, "docket", *one.fetched, request.Fetch{})
			require.NoError(t, err, name)
		}
		require.Equal(t, one.wiped, *request.Agenda(s, request.Counts{}, request.Next{}, one.wiped.Add(-time.Second)).Wake, name)
		same, err := decide(s, "docket", one.wiped.Add(-time.Second), request.Wipe{})
		require.NoError(t, err)
		require.Equal(t, s, same, name)
		s, err = decide(s, "docket", one.wiped, request.Wipe{})
		require.NoError(t, err)
		require.Equal(t, request.Completed, s.Status, name)
		require.Equal(t, one.wiped, *s.Export.WipedAt, name)
		require.NotContains(t, request.Agenda(s, request.Counts{}, request.Next{}, end).Stages, request.StageWipe, name)
	}
	require.Nil(t, released.Export.FetchedAt, "a decision changes nothing that was before it")
}

// Nothing of an erasure is exported, and no plan of a copy is approved to be carried out.
func TestAnErasureExportsNothingAndACopyDestroysNothing(t *testing.T) {
	t.Parallel()
	s := planned()
	_, err := decide(s, "ben", noon, request.Approve{Digest: "d"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	s.Right = request.Erasure
	_, err = decide(s, "ben", noon, request.Release{Digest: "d"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
}
