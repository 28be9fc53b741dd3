package packs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestADiffNamesWhatChangesAndNothingElse(t *testing.T) {
	t.Parallel()
	ours, err := Load()
	require.NoError(t, err)
	require.Empty(t, Diff(ours, ours))

	for name, c := range map[string]struct {
		file, from, to string
		want           []Change
	}{
		"a period": {
			"rules/eu.yaml", "    period: 72 hours", "    period: 1 hour",
			[]Change{{"gdpr-33-1", "period", "72 hours", "1 hour"}},
		},
		"a number in place of none": {
			"rules/switzerland.yaml", "    period: none\n    internal_target: 72 hours", "    period: 72 hours",
			[]Change{{"ch-fadp-24", "period", "none", "72 hours"}, {"ch-fadp-24", "internal_target", "72 hours", "none"}},
		},
		"a number in place of the contract's": {
			"rules/contracts.yaml", "    period: from the contract", "    period: 48 hours",
			[]Change{{"dpa-incident", "period", "from the contract", "48 hours"}},
		},
		"a term that goes": {
			"rules/eu.yaml", "    relief: {option: weekend_relief, roll: noon_next_working_day, citation: Del. Reg. (EU) 2025/301 art 5(4)}\n    cap", "    cap",
			[]Change{{"dora-initial", "relief", "{weekend_relief noon_next_working_day Del. Reg. (EU) 2025/301 art 5(4)}", "none"}},
		},
		"an adoption": {
			"rules/eu.yaml", "    adoption: {by: Docket rule pack editors, on: 2026-11-02}", "    adoption: unadopted",
			[]Change{{"gdpr-33-1", "adoption", "{Docket rule pack editors 2026-11-02}", "none"}},
		},
		"an id": {
			"rules/switzerland.yaml", "id: ch-fadp-24\n", "id: ch-fadp\n",
			[]Change{{"ch-fadp", "", "", "FADP art 24(1)"}, {"ch-fadp-24", "", "FADP art 24(1)", ""}},
		},
		"a holiday": {
			"calendars.yaml", "{name: State Holiday, on: 05-01}", "{name: State Holiday, on: 05-01, from: 2025}",
			[]Change{{"calendar AT", "2024-05-01", "State Holiday", "none"}},
		},
		"a closing day": {
			"calendars.yaml", "{name: Carnival Monday, on: easter-48}", "{name: Carnival Monday, on: [2024-02-12, 2025-03-03, 2026-02-16]}",
			[]Change{{"calendar BR+PF", "closed 2027-02-08", "Carnival Monday", "none"}},
		},
		"what is known": {
			"calendars.yaml", "until: 2027-12-31, note: \"New Year's Day, early May and", "until: 2027-12-28, note: \"New Year's Day, early May and",
			[]Change{{"calendar GB-ENG", "known", "2024-01-01 to 2027-12-31", "2024-01-01 to 2027-12-28"}},
		},
		"a weekend": {
			"calendars.yaml", "weekend: [sunday]", "weekend: [saturday, sunday]",
			[]Change{{"calendar CA", "weekend", "[Sunday]", "[Saturday Sunday]"}},
		},
		"a calendar": {
			"calendars.yaml", "  - name: AT\n", "  - name: ZZ\n",
			[]Change{{"calendar AT", "", "Austria", ""}, {"calendar ZZ", "", "", "Austria"}},
		},
		"the zone data": {
			"zones/release.yaml", "version: ", "version: later-",
			[]Change{{"zone data", "version", ours.ZoneVersion, "later-" + ours.ZoneVersion}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs, err := LoadFrom(changed(t, c.file, c.from, c.to))
			require.NoError(t, err)
			require.Equal(t, c.want, Diff(ours, theirs))
		})
	}
}
