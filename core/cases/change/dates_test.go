package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
)

func instant(t require.TestingT, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func counter(t require.TestingT, zone, planned string, terms duty.ChangeTerms) change.Counter {
	pack, err := packs.Load()
	require.NoError(t, err)
	home, err := pack.Zone(zone)
	require.NoError(t, err)
	return change.Counter{Terms: terms, Planned: instant(t, planned), Home: home, Places: pack, Rules: pack.Rule}
}

func term(kind, period string) duty.Term {
	p, err := clock.ParsePeriod(period)
	if err != nil {
		panic(err)
	}
	return duty.Term{ID: kind + "/" + period, Kind: kind, Period: &p}
}

func terms(all ...duty.Term) (of duty.ChangeTerms) {
	for _, t := range all {
		switch t.Kind {
		case duty.ChangeNotice:
			of.Notice = append(of.Notice, t)
		case duty.ObjectionWindow:
			of.Objection = append(of.Objection, t)
		case duty.TerminationWindow:
			of.Termination = append(of.Termination, t)
		}
	}
	return of
}

// Vectors K03, K04 and K08.
func TestANoticeSentOnTheLastDayTakesEffectAsPlanned(t *testing.T) {
	t.Parallel()
	c := counter(t, "Europe/Paris", "2027-01-25T00:00:00+01:00", terms(term(duty.ChangeNotice, "30 days"), term(duty.ObjectionWindow, "15 days")))
	dates, err := c.Dates(nil)
	require.NoError(t, err)
	require.Equal(t, "2026-12-25T23:59:59.999999+01:00", dates.LastSending.Format(time.RFC3339Nano))
	require.Nil(t, dates.WindowCloses, "nothing is counted from a notice that was not sent")

	sent := dates.LastSending
	dates, err = c.Dates(&sent)
	require.NoError(t, err)
	require.Equal(t, "2027-01-09T23:59:59.999999+01:00", dates.WindowCloses.Format(time.RFC3339Nano))
	require.Equal(t, "2027-01-25T00:00:00+01:00", dates.Effective.Format(time.RFC3339))

	sent = sent.Add(time.Microsecond) // Midnight of Boxing Day.
	dates, err = c.Dates(&sent)
	require.NoError(t, err)
	require.Equal(t, "2027-01-26T00:00:00+01:00", dates.Effective.Format(time.RFC3339), "a day late is a day later, and no breach")
}

func TestTheLongestPeriodOfACustomersAgreementsHolds(t *testing.T) {
	t.Parallel()
	all := terms(term(duty.ChangeNotice, "10 days"), term(duty.ChangeNotice, "6 months"), term(duty.ObjectionWindow, "10 business days"), term(duty.TerminationWindow, "90 days"))
	c := counter(t, "America/Los_Angeles", "2027-08-31T09:00:00-07:00", all)
	dates, err := c.Dates(nil)
	require.NoError(t, err)
	require.Equal(t, "2027-02-28", dates.LastSending.Format(time.DateOnly))
	sent := instant(t, "2027-02-01T10:00:00-08:00")
	dates, err = c.Dates(&sent)
	require.NoError(t, err)
	require.Equal(t, "2027-02-15", dates.WindowCloses.Format(time.DateOnly), "business days are Monday to Friday where no calendar is named")
	require.Equal(t, "2027-05-02", dates.TerminationUntil.Format(time.DateOnly))
	require.True(t, dates.Effective.Equal(c.Planned), "a window to terminate holds no change back")
}

// The round trip of clocks.md: what leaves by the last sending date may take effect when it was planned to, anywhere, on any
// day, and what leaves later never takes effect before every period is over.
func TestTheTwoSidesOfAPeriodMeet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "UTC"}).Draw(t, "zone")
		notice := rapid.SampledFrom([]string{"10 days", "14 days", "15 days", "30 days", "90 days", "1 month", "3 months", "6 months", "10 business days", "72 hours"}).Draw(t, "notice")
		window := rapid.SampledFrom([]string{"8 days", "10 days", "10 business days", "30 days", "90 days"}).Draw(t, "window")
		c := counter(t, zone, "2027-01-01T00:00:00Z", terms(term(duty.ChangeNotice, notice), term(duty.ObjectionWindow, window)))
		c.Planned = c.Planned.Add(time.Duration(rapid.Int64Range(0, int64(3*365*24*time.Hour)).Draw(t, "planned"))).Truncate(time.Second)
		before, err := c.Dates(nil)
		require.NoError(t, err)

		early := before.LastSending.Add(-time.Duration(rapid.Int64Range(0, int64(200*24*time.Hour)).Draw(t, "early")))
		dates, err := c.Dates(&early)
		require.NoError(t, err)
		require.True(t, dates.Effective.Equal(c.Planned), "sent by %s, planned for %s, effective %s", early, c.Planned, dates.Effective)

		late := before.LastSending.Add(time.Duration(rapid.Int64Range(int64(time.Microsecond), int64(200*24*time.Hour)).Draw(t, "late")))
		dates, err = c.Dates(&late)
		require.NoError(t, err)
		require.False(t, dates.Effective.Before(c.Planned))
		require.True(t, dates.Effective.After(*dates.WindowCloses), "nothing takes effect inside a window")
		least := map[string]int{"10 days": 10, "14 days": 14, "15 days": 15, "30 days": 30, "90 days": 90, "1 month": 28, "3 months": 89, "6 months": 181, "10 business days": 12, "72 hours": 3}[notice]
		require.GreaterOrEqual(t, dates.Effective.Sub(late), time.Duration(least)*24*time.Hour-time.Hour, "the whole period lies between, but for an hour of summer time")
	})
}
