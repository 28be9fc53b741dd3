package packs_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// worked are questions whose answers were counted by hand from the provisions, beside the vectors of testdata.
// A target or a limit of "" is not asked after; a limit of "none" is withheld or does not exist.
var worked = []struct{ name, question, target, limit string }{
	// Reg. 1182/71 art 3(1): 12:17 and 12:59 begin at the same full hour.
	{"the last minute of an hour", `"rule":"gdpr-33-1","at":"2020-12-22T12:59:00+01:00","zone":"Europe/Berlin","calendar":"DE"`,
		"2020-12-25T12:59:00+01:00", "2020-12-25T13:00:00+01:00"},
	{"on the full hour", `"rule":"gdpr-33-1","at":"2026-06-12T15:00:00+02:00","zone":"Europe/Berlin","calendar":"DE"`,
		"", "2026-06-15T15:00:00+02:00"},
	{"a second after the full hour", `"rule":"gdpr-33-1","at":"2026-06-12T15:00:01+02:00","zone":"Europe/Berlin","calendar":"DE"`,
		"2026-06-15T15:00:01+02:00", "2026-06-15T16:00:00+02:00"},
	// Begins at 18:00+01:00; 72 elapsed hours later the wall shows 19:00.
	{"spring and the hour of the event", `"rule":"gdpr-33-1","at":"2026-03-27T17:20:00+01:00","zone":"Europe/Berlin","calendar":"DE"`,
		"", "2026-03-30T19:00:00+02:00"},
	// Begins at 10:00+02:00.
	{"autumn and the hour of the event", `"rule":"gdpr-33-1","at":"2026-10-23T09:15:00+02:00","zone":"Europe/Berlin","calendar":"DE"`,
		"", "2026-10-26T09:00:00+01:00"},
	// Art 3(4) and 3(5) are not for hours: no roll, no two working days.
	{"hours over Easter", `"rule":"gdpr-33-1","at":"2026-04-02T16:30:00+02:00","zone":"Europe/Berlin","calendar":"DE"`,
		"2026-04-05T16:30:00+02:00", "2026-04-05T17:00:00+02:00"},
	// The hour is that of the wall, not of UTC.
	{"a zone at a half hour", `"rule":"gdpr-33-1","at":"2026-11-20T10:10:00+05:30","zone":"Asia/Kolkata","calendar":"NONE"`,
		"2026-11-23T10:10:00+05:30", "2026-11-23T11:00:00+05:30"},
	{"autumn in London", `"rule":"uk-gdpr-33-1","at":"2026-10-23T09:15:00+01:00","zone":"Europe/London","calendar":"GB-ENG"`,
		"2026-10-26T08:15:00Z", "2026-10-26T08:15:00Z"},
	{"the second of two equal hours", `"rule":"gdpr-33-1","at":"2026-10-25T02:30:00+01:00","zone":"Europe/Berlin","calendar":"DE"`,
		"2026-10-28T02:30:00+01:00", "2026-10-28T03:00:00+01:00"},
	// Its hour ends when the clocks go back.
	{"the first of two equal hours", `"rule":"gdpr-33-1","at":"2026-10-25T02:30:00+02:00","zone":"Europe/Berlin","calendar":"DE"`,
		"", "2026-10-28T02:00:00+01:00"},
	{"a final report after a progress report", `"rule":"nis2-progress-final","at":"2026-08-31T17:00:00+02:00","zone":"Europe/Brussels","calendar":"BE"`,
		"", "2026-09-30T23:59:59+02:00"},
	{"a final report on a Sunday that is a holiday", `"rule":"nis2-final-report","at":"2026-10-01T09:00:00+02:00","zone":"Europe/Brussels","calendar":"BE"`,
		"2026-11-01T23:59:59+01:00", "2026-11-02T23:59:59+01:00"},
	{"trust services have 24 hours", `"rule":"nis2-notification-trust-service","at":"2026-05-22T22:10:00+02:00","zone":"Europe/Brussels","calendar":"BE"`,
		"", "2026-05-23T22:10:00+02:00"},
	// Art 5(2): four hours alone; min(4 h, 24 h) would lie in the past.
	{"classified after the day of awareness", `"rule":"dora-initial","at":"2026-09-10T09:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","facts":{"aware":"2026-09-08T08:00:00+02:00"}`,
		"2026-09-10T13:00:00+02:00", "2026-09-10T13:00:00+02:00"},
	// Not yet after the 24 hours: the instant itself is the limit, and its hour does not matter.
	{"classified at the last instant of the day of awareness", `"rule":"dora-initial","at":"2026-09-09T08:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","facts":{"aware":"2026-09-08T08:00:00+02:00"}`,
		"2026-09-09T08:00:00+02:00", "2026-09-09T08:00:00+02:00"},
	{"the hour of awareness on the last day of a leap year", `"rule":"gdpr-33-1","at":"2028-12-31T12:17:00+01:00","zone":"Europe/Berlin","calendar":"DE"`,
		"2029-01-03T12:17:00+01:00", "2029-01-03T13:00:00+01:00"},
	{"a bank that has no relief", `"rule":"dora-intermediate","at":"2026-09-09T10:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","options":{"weekend_relief":false}`,
		"", "2026-09-12T10:00:00+02:00"},
	{"the relief is never taken for granted", `"rule":"dora-intermediate","at":"2026-09-09T10:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL"`,
		"", "2026-09-12T10:00:00+02:00"},
	// Noon, not the end of the day.
	{"a final report with the relief", `"rule":"dora-final","at":"2026-08-12T15:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","options":{"weekend_relief":true}`,
		"2026-09-12T23:59:59+02:00", "2026-09-14T12:00:00+02:00"},
	// Friday 1 May, Saturday, Sunday.
	{"the relief over Labour Day and a weekend", `"rule":"dora-intermediate","at":"2026-04-30T10:00:00+02:00","zone":"Europe/Berlin","calendar":"DE","options":{"weekend_relief":true}`,
		"", "2026-05-04T12:00:00+02:00"},
	{"the relief for an initial report", `"rule":"dora-initial","at":"2026-09-12T10:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","options":{"weekend_relief":true}`,
		"2026-09-12T14:00:00+02:00", "2026-09-14T12:00:00+02:00"},
	// The limit of art 5(1)(a) is the earlier of both, and the relief moves that one.
	{"the relief for an initial report that the day of awareness bounds", `"rule":"dora-initial","at":"2026-09-12T10:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","facts":{"aware":"2026-09-11T12:00:00+02:00"},"options":{"weekend_relief":true}`,
		"2026-09-12T12:00:00+02:00", "2026-09-14T12:00:00+02:00"},
	// 28 February 2027 is a Sunday.
	{"31 January", `"rule":"gdpr-12-3","at":"2027-01-31T18:00:00+01:00","zone":"Europe/Brussels","calendar":"BE"`,
		"2027-02-28T23:59:59+01:00", "2027-03-01T23:59:59+01:00"},
	// 28 February 2026 is a Saturday.
	{"31 January of another year", `"rule":"gdpr-12-3","at":"2026-01-31T18:00:00+01:00","zone":"Europe/Brussels","calendar":"BE"`,
		"", "2026-03-02T23:59:59+01:00"},
	// No public holiday there.
	{"Good Friday in Ireland", `"rule":"gdpr-12-3","at":"2026-03-03T09:00:00Z","zone":"Europe/Dublin","calendar":"IE"`,
		"", "2026-04-03T23:59:59+01:00"},
	// A Saturday has no substitute.
	{"Christmas in Ireland", `"rule":"gdpr-12-3","at":"2026-11-25T09:00:00Z","zone":"Europe/Dublin","calendar":"IE"`,
		"", "2026-12-28T23:59:59Z"},
	{"Good Friday in Germany", `"rule":"gdpr-12-3","at":"2026-03-03T09:00:00+01:00","zone":"Europe/Berlin","calendar":"DE"`,
		"", "2026-04-07T23:59:59+02:00"},
	// 00:30 on 1 October in Berlin; 1 November is a Sunday.
	{"the day of receipt is the local one", `"rule":"gdpr-12-3","at":"2026-09-30T22:30:00Z","zone":"Europe/Berlin","calendar":"DE"`,
		"2026-11-01T23:59:59+01:00", "2026-11-02T23:59:59+01:00"},
	// Nominal Saturday; the working days are Tuesday and Wednesday.
	{"two days before Easter", `"rule":"eu-1182-days","at":"2026-04-02T15:00:00+02:00","zone":"Europe/Berlin","calendar":"DE","period":"2 days"`,
		"", "2026-04-08T23:59:59+02:00"},
	// Friday is the first working day, Tuesday the second.
	{"two days before Whitsun", `"rule":"eu-1182-days","at":"2026-05-21T15:00:00+02:00","zone":"Europe/Berlin","calendar":"DE","period":"2 days"`,
		"", "2026-05-26T23:59:59+02:00"},
	{"one day needs no two working days", `"rule":"eu-1182-days","at":"2026-05-21T15:00:00+02:00","zone":"Europe/Berlin","calendar":"DE","period":"1 day"`,
		"", "2026-05-22T23:59:59+02:00"},
	{"72 hours as an order sets them", `"rule":"eu-1182-days","at":"2026-06-12T15:20:00+02:00","zone":"Europe/Berlin","calendar":"DE","period":"72 hours"`,
		"", "2026-06-15T16:00:00+02:00"},
	{"31 January of a leap year", `"rule":"uk-gdpr-12-3","at":"2024-01-31T10:00:00Z","zone":"Europe/London","calendar":"GB-ENG"`,
		"", "2024-02-29T23:59:59Z"},
	{"1 April", `"rule":"uk-gdpr-12-3","at":"2026-04-01T10:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG"`,
		"", "2026-05-01T23:59:59+01:00"},
	// 1 May 2027 is a Saturday, 3 May the early May bank holiday.
	{"1 April before a weekend and a bank holiday", `"rule":"uk-gdpr-12-3","at":"2027-04-01T10:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG"`,
		"", "2027-05-04T23:59:59+01:00"},
	{"no pause for erasure", `"rule":"uk-gdpr-12-3","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG","facts":{"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00"},"options":{"right":"erasure"}`,
		"", "2026-07-01T23:59:59+01:00"},
	{"no pause while the right is not told", `"rule":"uk-gdpr-12-3","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG","facts":{"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00"}`,
		"", "2026-07-01T23:59:59+01:00"},
	// 26 and 27 November are off.
	{"ten business days with Thanksgiving", `"rule":"ccpa-7021-acknowledge","at":"2026-11-20T15:00:00-08:00","zone":"America/Los_Angeles","calendar":"US-CA"`,
		"", "2026-12-08T23:59:59-08:00"},
	{"ten business days with Cesar Chavez Day", `"rule":"ccpa-7021-acknowledge","at":"2026-03-26T09:00:00-07:00","zone":"America/Los_Angeles","calendar":"US-CA"`,
		"", "2026-04-10T23:59:59-07:00"},
	{"verification runs inside the 45 days", `"rule":"ccpa-7021-respond","at":"2026-03-02T09:00:00-08:00","zone":"America/Los_Angeles","calendar":"NONE","facts":{"identity_confirmed":"2026-03-20T09:00:00-07:00"}`,
		"2026-04-15T23:59:59-07:00", "2026-04-16T23:59:59-07:00"},
	{"verification for an erasure", `"rule":"ccpa-7021-respond","at":"2026-03-02T09:00:00-08:00","zone":"America/Los_Angeles","calendar":"NONE","facts":{"identity_confirmed":"2026-03-20T09:00:00-07:00"},"options":{"right":"erasure"}`,
		"", "2026-04-16T23:59:59-07:00"},
	// Gen. Instr. B.1: begins with and includes Monday.
	{"determined on a Saturday", `"rule":"sec-8k-1-05","at":"2026-07-11T11:00:00-04:00","zone":"America/New_York","calendar":"US-FED"`,
		"", "2026-07-16T17:30:00-04:00"},
	// Friday 3 July 2026; Monday is the first day.
	{"determined on a federal holiday as observed", `"rule":"sec-8k-1-05","at":"2026-07-03T11:00:00-04:00","zone":"America/New_York","calendar":"US-FED"`,
		"", "2026-07-09T17:30:00-04:00"},
	{"Saturday in UTC, Friday in New York", `"rule":"sec-8k-1-05","at":"2026-07-11T01:00:00Z","zone":"America/New_York","calendar":"US-FED"`,
		"", "2026-07-16T17:30:00-04:00"},
	{"Friday in UTC, Thursday in New York", `"rule":"sec-8k-1-05","at":"2026-07-10T01:00:00Z","zone":"America/New_York","calendar":"US-FED"`,
		"", "2026-07-15T17:30:00-04:00"},
	// 1 March 2025 is a Saturday and does not roll.
	{"small breaches of 2024", `"rule":"hipaa-164-408-small","at":"2024-05-14T10:00:00-04:00","zone":"America/New_York","calendar":"NONE"`,
		"", "2025-03-01T23:59:59-05:00"},
	// 29 February 2024.
	{"small breaches of 2023", `"rule":"hipaa-164-408-small","at":"2023-06-01T10:00:00-04:00","zone":"America/New_York","calendar":"NONE"`,
		"", "2024-02-29T23:59:59-05:00"},
	// 29 February 2028.
	{"small breaches of 2027", `"rule":"hipaa-164-408-small","at":"2027-06-01T10:00:00-04:00","zone":"America/New_York","calendar":"NONE"`,
		"", "2028-02-29T23:59:59-05:00"},
	{"Carnival without closing days", `"rule":"lgpd-incident","at":"2027-02-05T14:00:00-03:00","zone":"America/Sao_Paulo","calendar":"BR"`,
		"2027-02-10T23:59:59-03:00", "2027-02-10T23:59:59-03:00"},
	{"closing days never move a target", `"rule":"lgpd-incident","at":"2027-02-05T14:00:00-03:00","zone":"America/Sao_Paulo","calendar":"BR+PF"`,
		"2027-02-10T23:59:59-03:00", ""},
	{"a small agent", `"rule":"lgpd-incident","at":"2026-10-09T14:00:00-03:00","zone":"America/Sao_Paulo","calendar":"BR","options":{"small_agent":true}`,
		"", "2026-10-20T23:59:59-03:00"},
	// Leaves out 2 and 20 November.
	{"the supplement of a small agent", `"rule":"lgpd-incident-supplement","at":"2026-10-15T10:00:00-03:00","zone":"America/Sao_Paulo","calendar":"BR","options":{"small_agent":true}`,
		"", "2026-12-14T23:59:59-03:00"},
	{"PIPEDA extended", `"rule":"pipeda-8-3","at":"2026-10-05T10:00:00-04:00","zone":"America/Toronto","calendar":"NONE","options":{"extended":true}`,
		"", "2026-12-04T23:59:59-05:00"},
	// 7 September 2026.
	{"PIPEDA rolls over Labour Day", `"rule":"pipeda-8-3","at":"2026-08-08T10:00:00-04:00","zone":"America/Toronto","calendar":"CA"`,
		"", "2026-09-08T23:59:59-04:00"},
	{"Singapore over the end of the year", `"rule":"sg-pdpa-26d","at":"2026-12-31T23:30:00+08:00","zone":"Asia/Singapore","calendar":"NONE"`,
		"", "2027-01-03T23:59:59+08:00"},
	// 01:00 on 14 February there.
	{"Singapore after midnight", `"rule":"sg-pdpa-26d","at":"2026-02-13T17:00:00Z","zone":"Asia/Singapore","calendar":"NONE"`,
		"", "2026-02-17T23:59:59+08:00"},
	{"an improper purpose", `"rule":"jp-appi-final","at":"2026-06-01T10:00:00+09:00","zone":"Asia/Tokyo","calendar":"JP-ADM","options":{"improper_purpose":true}`,
		"", "2026-07-30T23:59:59+09:00"},
	// Closed from 29 December to 3 January.
	{"the end of the year in Japan", `"rule":"jp-appi-final","at":"2026-12-02T10:00:00+09:00","zone":"Asia/Tokyo","calendar":"JP-ADM"`,
		"2026-12-31T23:59:59+09:00", "2027-01-04T23:59:59+09:00"},
	// Friday, then Boxing Day on Saturday with its substitute on Monday.
	{"Christmas in Australia", `"rule":"au-28-days","at":"2026-11-27T10:00:00+11:00","zone":"Australia/Sydney","calendar":"AU"`,
		"2026-12-25T23:59:59+11:00", "2026-12-29T23:59:59+11:00"},
	{"Boxing Day in Australia", `"rule":"au-ndb-assessment","at":"2026-11-26T10:00:00+11:00","zone":"Australia/Sydney","calendar":"AU"`,
		"", "2026-12-29T23:59:59+11:00"},
	{"Colorado extended", `"rule":"colorado-1306","at":"2026-07-01T09:00:00-06:00","zone":"America/Denver","calendar":"NONE","options":{"extended":true}`,
		"", "2026-09-29T23:59:59-06:00"},
	{"24 hours over a weekend", `"rule":"dpa-incident","at":"2026-06-12T18:00:00+02:00","zone":"Europe/Paris","calendar":"NONE","period":"24 hours"`,
		"", "2026-06-13T18:00:00+02:00"},
	{"a window in business days of France", `"rule":"dpa-objection-window","at":"2026-12-18T10:00:00+01:00","zone":"Europe/Paris","calendar":"FR","period":"10 business days"`,
		"", "2027-01-05T23:59:59+01:00"},
	{"a window in business days of no place", `"rule":"dpa-objection-window","at":"2026-12-18T10:00:00+01:00","zone":"Europe/Paris","calendar":"NONE","period":"10 business days"`,
		"", "2027-01-01T23:59:59+01:00"},
	{"six months before a change", `"rule":"dpa-subprocessor-notice","at":"2027-03-31T00:00:00+02:00","zone":"Europe/Paris","calendar":"NONE","period":"6 months"`,
		"", "2026-09-30T23:59:59+02:00"},
	{"48 hours over the autumn change in America", `"rule":"dpa-incident","at":"2026-10-31T21:00:00-07:00","zone":"America/Los_Angeles","calendar":"NONE","period":"48 hours"`,
		"", "2026-11-02T20:00:00-08:00"},
	{"72 hours over the autumn change in Europe", `"rule":"dpa-incident","at":"2026-10-24T09:00:00+02:00","zone":"Europe/Paris","calendar":"NONE","period":"72 hours"`,
		"", "2026-10-27T08:00:00+01:00"},
	// No day of the pause lies in the period.
	{"answered before the month began anew", `"rule":"uk-gdpr-12-3","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG","facts":{"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00","identity_confirmed":"2026-06-20T12:00:00+01:00"},"options":{"right":"access"}`,
		"", "2026-07-20T23:59:59+01:00"},
	// 12 to 15 June, four days.
	{"asked before the month began anew", `"rule":"uk-gdpr-12-3","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG","facts":{"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00","identity_confirmed":"2026-06-12T12:00:00+01:00"},"options":{"right":"access"}`,
		"", "2026-07-16T23:59:59+01:00"},
	{"the last day of the 24 hours", `"rule":"uk-pecr-breach","at":"2025-08-19T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG"`,
		"", "2025-08-20T12:00:00+01:00"},
	{"the first instant of the 72 hours", `"rule":"uk-pecr-breach","at":"2025-08-20T00:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG"`,
		"", "2025-08-23T00:00:00+01:00"},
	{"California before its number", `"rule":"ca-1798-82-residents","at":"2025-12-31T12:00:00-08:00","zone":"America/Los_Angeles","calendar":"NONE"`,
		"", "none"},
	{"California before its number, with a target of one's own", `"rule":"ca-1798-82-residents","at":"2025-12-31T12:00:00-08:00","zone":"America/Los_Angeles","calendar":"NONE","options":{"internal_target":"48 hours"}`,
		"", "none"},
	{"art 34 has no number", `"rule":"gdpr-34","at":"2026-06-01T12:00:00+02:00","zone":"Europe/Berlin","calendar":"DE"`,
		"", "none"},
	{"Australia has no number", `"rule":"au-ndb-notification","at":"2026-06-01T12:00:00+10:00","zone":"Australia/Sydney","calendar":"AU"`,
		"", "none"},
	{"deletion in Brazil has no number", `"rule":"lgpd-18-deletion","at":"2026-06-01T12:00:00-03:00","zone":"America/Sao_Paulo","calendar":"BR"`,
		"", "none"},
	{"a right that plays no part", `"rule":"gdpr-12-3","at":"2026-03-03T09:00:00+01:00","zone":"Europe/Berlin","calendar":"DE","options":{"right":"erasure"}`,
		"", "2026-04-07T23:59:59+02:00"},
	{"a ransom under a rule that is no law yet", `"rule":"circia-ransom-payment","at":"2026-10-31T20:00:00-04:00","zone":"America/New_York","calendar":"NONE","options":{"include_not_in_force":true}`,
		"", "2026-11-01T19:00:00-05:00"},
	{"extended from the last of December", `"rule":"gdpr-12-3","at":"2026-12-31T12:00:00+01:00","zone":"Europe/Brussels","calendar":"BE","options":{"extended":true}`,
		"", "2027-03-31T23:59:59+02:00"},
	{"the pause moves the notice of extension too", `"rule":"uk-gdpr-12-3-extension-notice","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG","facts":{"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00"},"options":{"right":"access"}`,
		"", "2026-07-09T23:59:59+01:00"},
	// 1 September and 8 days.
	{"extended and paused", `"rule":"uk-gdpr-12-3","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG","facts":{"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00"},"options":{"right":"access","extended":true}`,
		"", "2026-09-09T23:59:59+01:00"},
}

func TestWhatWasCountedByHandHolds(t *testing.T) {
	t.Parallel()
	for _, want := range worked {
		t.Run(want.name, func(t *testing.T) {
			t.Parallel()
			line, answered := load(t).AnswerLine([]byte(`{"id":"w",` + want.question + `}`))
			require.True(t, answered, string(line))
			var got struct{ Target, Limit *string }
			require.NoError(t, json.Unmarshal(line, &got))
			if want.target != "" {
				require.Equal(t, want.target, *got.Target, string(line))
			}
			if want.limit == "none" {
				require.Nil(t, got.Limit, string(line))
			} else if want.limit != "" {
				require.NotNil(t, got.Limit, string(line))
				require.Equal(t, want.limit, *got.Limit, string(line))
			}
		})
	}
}
