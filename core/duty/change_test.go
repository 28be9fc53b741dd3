package duty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

func TestTheTermsAboutAChangeAreThoseInForceThatSpeakOfIt(t *testing.T) {
	t.Parallel()
	begin, now := instant("2025-01-01T00:00:00Z"), instant("2026-06-01T00:00:00Z")
	of := func(id, kind string, days int, scope duty.Scope) duty.Term {
		period := clock.Period{Amount: days, Unit: clock.UnitCalendarDay}
		return duty.Term{ID: id, Document: "dpa", Kind: kind, Period: &period, Scope: scope}
	}
	ended := of("ended", duty.ChangeNotice, 180, duty.Scope{})
	end := now.Add(-time.Hour)
	ended.EffectiveTo = &end
	set := duty.Set{
		Documents: []duty.Document{{ID: "dpa", Kind: duty.DPA, EffectiveFrom: begin}, {ID: "next", Kind: duty.DPA, EffectiveFrom: now.Add(time.Hour)}},
		Terms: []duty.Term{
			of("any", duty.ChangeNotice, 14, duty.Scope{}), ended,
			of("chat", duty.ChangeNotice, 60, duty.Scope{Services: []string{"chat-api"}}),
			of("policy", duty.ChangeNotice, 90, duty.Scope{Changes: []duty.ChangeKind{duty.PolicyChange}}),
			of("urgent", duty.ChangeNotice, 3, duty.Scope{Emergency: true, Changes: []duty.ChangeKind{duty.SubprocessorChange}}),
			of("window", duty.ObjectionWindow, 10, duty.Scope{}), of("incident", duty.IncidentNotice, 1, duty.Scope{}),
		},
	}
	for name, c := range map[string]struct {
		about  duty.About
		notice []string
	}{
		"a sub-processor of every service": {duty.About{Kind: duty.SubprocessorChange}, []string{"any", "chat"}},
		"one of another service":           {duty.About{Kind: duty.SubprocessorChange, Services: []string{"video-api"}}, []string{"any"}},
		"a policy":                         {duty.About{Kind: duty.PolicyChange, Services: []string{"video-api"}}, []string{"any", "policy"}},
		"an emergency with a clause":       {duty.About{Kind: duty.SubprocessorChange, Emergency: true}, []string{"urgent"}},
		"an emergency without one":         {duty.About{Kind: duty.PolicyChange, Services: []string{"video-api"}, Emergency: true}, []string{"any", "policy"}},
	} {
		found := duty.TermsAbout(set, c.about, now)
		var notice []string
		for _, term := range found.Notice {
			notice = append(notice, term.ID)
		}
		require.Equal(t, c.notice, notice, name)
		require.Len(t, found.Objection, 1, name)
		require.Empty(t, found.Termination, name)
	}
}

func TestAChangeReachesWhoeverUsesWhatChangesAndWhoeverIsNotKnownNotTo(t *testing.T) {
	t.Parallel()
	uses := duty.Customer{Services: []string{"chat-api"}, Providers: []string{"openai"}, Regions: []string{"eu"}}
	for name, c := range map[string]struct {
		about duty.About
		of    duty.Customer
		reach bool
	}{
		"everything":                     {duty.About{}, uses, true},
		"its provider":                   {duty.About{Providers: []string{"google", "openai"}}, uses, true},
		"another provider":               {duty.About{Providers: []string{"google"}}, uses, false},
		"its provider, another service":  {duty.About{Providers: []string{"openai"}, Services: []string{"video-api"}}, uses, false},
		"another region":                 {duty.About{Regions: []string{"us"}}, uses, false},
		"nothing recorded of a customer": {duty.About{Providers: []string{"google"}, Regions: []string{"us"}}, duty.Customer{}, true},
	} {
		require.Equal(t, c.reach, c.about.Reaches(c.of), name)
	}
}
