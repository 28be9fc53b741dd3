package packs

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

func TestThePackHoldsTheHourRules(t *testing.T) {
	t.Parallel()
	pack, err := Load()
	require.NoError(t, err)
	var ids []string
	for _, rule := range pack.Rules() {
		ids = append(ids, rule.ID)
		require.NoError(t, rule.Validate())
		require.Equal(t, pack.Version, rule.PackVersion)
		require.Equal(t, pack.ZoneVersion, rule.ZoneData)
		require.True(t, rule.Confidence == clock.ConfidenceVerified || rule.Adoption == nil,
			"%s: what was not read in its source ships unadopted", rule.ID)
	}
	require.Equal(t, []string{
		"cn-cac-cii", "cn-cac-operator", "dora-intermediate", "dpa-incident", "dpa-incident-no-number", "gdpr-33-1", "gdpr-33-2",
		"in-cert-in", "kr-pipa-34", "nis2-early-warning", "nis2-notification", "nydfs-500-17-a", "nydfs-500-17-c-payment", "uk-gdpr-33-1",
	}, ids)
}

func TestCalendarsAreKnownByName(t *testing.T) {
	t.Parallel()
	pack, err := Load()
	require.NoError(t, err)
	none, err := pack.Calendar("NONE")
	require.NoError(t, err)
	require.Equal(t, clock.NoCalendar, none)
	for _, name := range []string{"DE", "DE-BY", "GB-ENG", "US-FED", "US-CA", "BR+PF", "JP-ADM", "CA", "AU"} {
		calendar, err := pack.Calendar(name)
		require.NoError(t, err)
		require.NotEmpty(t, calendar.Place)
	}
	_, err = pack.Calendar("none")
	require.ErrorContains(t, err, "calendar")
}

// TestABrokenRuleIsRefusedWithFileRuleAndField changes one line of a good file at a time.
func TestABrokenRuleIsRefusedWithFileRuleAndField(t *testing.T) {
	t.Parallel()
	for change, want := range map[[2]string]SchemaError{
		{"period: 72 hours", "period: soon"}:                             {Rule: "gdpr-33-1", Field: "period"},
		{"period: 72 hours", "period: -1 hours"}:                         {Rule: "gdpr-33-1", Field: "period"},
		{"period: 72 hours", "period: from the contract\n    amount: 3"}: {Rule: "gdpr-33-1", Field: "amount"},
		{"period: 72 hours", "period:"}:                                  {Rule: "gdpr-33-1", Field: "period"},
		{"period: 72 hours\n", "\n"}:                                     {Rule: "gdpr-33-1", Field: "period"},
		{"role: controller", "role: bystander"}:                          {Rule: "gdpr-33-1", Field: "role"},
		{"role: controller", "role: [controller]"}:                       {Rule: "gdpr-33-1", Field: "role"},
		{"role: controller", "role: controller\n    role: processor"}:    {Rule: "gdpr-33-1", Field: "role"},
		{"start: aware_controller", "start: whenever"}:                   {Rule: "gdpr-33-1", Field: "start"},
		{"from: 2018-05-25", "from: 2018-05-32"}:                         {Rule: "gdpr-33-1", Field: "validity.from"},
		{"from: 2018-05-25", "since: 2018-05-25"}:                        {Rule: "gdpr-33-1", Field: "validity.since"},
		{"on: 2026-11-02", "on: soon"}:                                   {Rule: "gdpr-33-1", Field: "adoption.on"},
		{"adoption: {by: Docket rule pack editors, on: 2026-11-02}", "adoption: perhaps"}: {
			Rule: "gdpr-33-1", Field: "adoption"},
		{"in_force: true", "in_force: perhaps"}:     {Rule: "gdpr-33-1", Field: "in_force"},
		{"internal_target: 24 hours", "note: none"}: {Rule: "gdpr-33-2", Field: "note"},
		{"internal_target: 24 hours\n", "\n"}:       {Rule: "gdpr-33-2", Field: "internal_target"},
		{"internal_target: 24 hours", "internal_target: soon"}: {
			Rule: "gdpr-33-2", Field: "internal_target"},
		{"stage: initial notification\n", "\n"}: {Rule: "dora-intermediate", Field: "stage"},
		{"id: gdpr-33-1", "id: GDPR 33"}:        {Rule: "GDPR 33", Field: "id"},
		{"id: gdpr-33-1", "name: gdpr-33-1"}:    {Rule: "#1", Field: "name"},
		{"id: gdpr-33-2", "id: gdpr-33-1"}:      {Rule: "gdpr-33-1", Field: "id"},
		{"rules:", "extra: 1\nrules:"}:          {Field: "extra"},
		{"rules:", "rules: ["}:                  {},
	} {
		_, err := load(changed(t, "rules/eu.yaml", change[0], change[1]))
		var broken *SchemaError
		require.ErrorAs(t, err, &broken, "%q", change)
		require.Equal(t, "rules/eu.yaml", broken.File, "%q", change)
		require.Equal(t, want.Rule, broken.Rule, "%q: %v", change, err)
		require.Equal(t, want.Field, broken.Field, "%q: %v", change, err)
		require.NotEmpty(t, broken.Detail)
	}
}

func TestABrokenPackIsRefused(t *testing.T) {
	t.Parallel()
	for file, change := range map[string][2]string{
		"pack.yaml":          {"version: 2026.11.0", "version: newest"},
		"calendars.yaml":     {"name: AT", "name: NONE"},
		"zones/release.yaml": {"version:", "edition:"},
	} {
		_, err := load(changed(t, file, change[0], change[1]))
		require.ErrorContains(t, err, file)
	}
	_, err := load(fstest.MapFS{})
	require.Error(t, err)
}

// changed is the embedded pack with one text in one file replaced once.
func changed(t *testing.T, file, from, to string) fs.FS {
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(embedded, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := embedded.ReadFile(path)
		files[path] = &fstest.MapFile{Data: text}
		return err
	}))
	text := string(files[file].Data)
	require.Contains(t, text, from)
	files[file].Data = []byte(strings.Replace(text, from, to, 1))
	return files
}
