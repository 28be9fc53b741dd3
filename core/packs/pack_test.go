package packs

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

// TestEveryRegimeIsThere holds the pack against the regimes that it promises to know.
func TestEveryRegimeIsThere(t *testing.T) {
	t.Parallel()
	pack, err := Load()
	require.NoError(t, err)
	for _, id := range []string{
		"gdpr-33-1", "gdpr-33-2", "gdpr-34", "gdpr-12-3", "nis2-recipients", "dora-initial", "cra-14-final-report", "eu-data-act-25-retrieval",
		"uk-gdpr-33-1", "uk-pecr-breach", "uk-dpa-164a-acknowledge", "hipaa-164-410", "sec-8k-1-05", "nydfs-500-17-a", "ca-1798-82-residents",
		"ca-1798-82-b", "ccpa-7021-respond", "colorado-1306", "virginia-577-appeal", "reg-sp-248-30-provider", "ftc-314-4-j",
		"us-bank-service-provider", "lgpd-incident", "sg-pdpa-26d", "jp-appi-final", "in-cert-in", "in-dpdp-7-2", "kr-pipa-34", "au-ndb-assessment",
		"cn-cac-operator", "pipeda-8-3", "quebec-32", "dpa-incident", "dpa-update-cadence", "dpa-final-report", "dpa-retraction", "insurance-notice-suspicion",
	} {
		_, known := pack.Rule(id)
		require.True(t, known, id)
	}
}

// TestARuleIsActiveOnlyOnceItWasReadAndAdopted: what was not read in its source, and what is no law, ships unadopted.
func TestARuleIsActiveOnlyOnceItWasReadAndAdopted(t *testing.T) {
	t.Parallel()
	pack, err := Load()
	require.NoError(t, err)
	require.Greater(t, len(pack.Rules()), 100)
	for _, rule := range pack.Rules() {
		require.NoError(t, rule.Validate(), rule.ID)
		require.Equal(t, pack.Version, rule.PackVersion, rule.ID)
		require.Equal(t, pack.ZoneVersion, rule.ZoneData, rule.ID)
		require.NotEmpty(t, rule.Source, rule.ID)
		require.NotEmpty(t, rule.Binds.To, rule.ID)
		require.Equal(t, rule.Confidence == clock.ConfidenceVerified && rule.InForce, rule.Adoption != nil, rule.ID)
		if rule.Adoption != nil {
			require.NotEmpty(t, rule.Adoption.By, rule.ID)
		}
		if !rule.HasNumber() {
			require.NotEmpty(t, rule.Words, rule.ID)
		}
	}
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
		{"follows: dora-initial\n", "\n"}:          {Rule: "dora-intermediate", Field: "follows"},
		{"follows: dora-initial", "follows: dora"}: {Rule: "dora-intermediate", Field: "follows"},
		{"fact: aware", "fact: guess"}:             {Rule: "dora-initial", Field: "cap"},
		{"to: authority", "to: somebody"}:          {Rule: "gdpr-33-1", Field: "binds.to"},
		{"company: gdpr-controller", "company: rich"}: {
			Rule: "gdpr-33-1", Field: "binds.company"},
		{"id: gdpr-33-1", "id: GDPR 33"}:     {Rule: "GDPR 33", Field: "id"},
		{"id: gdpr-33-1", "name: gdpr-33-1"}: {Rule: "#1", Field: "name"},
		{"id: gdpr-33-2", "id: gdpr-33-1"}:   {Rule: "gdpr-33-1", Field: "id"},
		{"rules:", "extra: 1\nrules:"}:       {Field: "extra"},
		{"rules:", "rules: ["}:               {},
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
		"pack.yaml":          {"version: 2026.11.1", "version: newest"},
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
