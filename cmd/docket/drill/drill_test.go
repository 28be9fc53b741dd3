package drill_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// stage is where scenarios are played: real parts, with the local mail server in the place of every recipient's.
func stage(t *testing.T, traits ...string) (*testkit.Engine, *drill.Player, *bytes.Buffer) {
	t.Helper()
	company := duty.CompanyProfile{EUMainEstablishment: &duty.Establishment{Country: "IE", Authority: "IE"}}
	for _, trait := range traits {
		company.Traits = append(company.Traits, duty.Trait(trait))
	}
	e := testkit.NewEngine(t, testkit.NewHouseOf(t, company), testkit.EngineOptions{})
	e.StartWorker(t)
	out := &bytes.Buffer{}
	p := &drill.Player{Desk: e.Desk, Out: out}
	require.NoError(t, p.Hire(t.Context()))
	return e, p, out
}

func read(t *testing.T, from fs.FS, name string) (drill.Scenario, error) {
	t.Helper()
	pack, err := packs.Load()
	require.NoError(t, err)
	return drill.Read(from, name, pack, time.Now())
}

func play(t *testing.T, e *testkit.Engine, p *drill.Player, s drill.Scenario) drill.Report {
	t.Helper()
	if s.Files == nil {
		s.Files = samples.Agreements()
	}
	_, err := p.Import(t.Context(), s.Files)
	require.NoError(t, err)
	report, err := p.Play(t.Context(), s, e.Mail)
	require.NoError(t, err)
	return report
}

// Each shipped scenario, and the one in the document, goes as it says, and everything that it sends is marked as a drill.
func TestEveryShippedScenarioGoesAsItSays(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(samples.Drills(), "*.yaml")
	require.NoError(t, err)
	require.Len(t, names, 5)
	stories := map[string]drill.Scenario{"docs/drills.md": documented(t)}
	for _, name := range names {
		stories[name], err = read(t, samples.Drills(), name)
		require.NoError(t, err)
	}
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p, out := stage(t, s.Company...)
			report := play(t, e, p, s)
			require.NoError(t, report.Verdict(), out)
			require.NotNil(t, s.Expect)

			report.Print(out)
			for _, d := range report.Duties {
				require.Contains(t, out.String(), d.To)
			}
			require.NotEmpty(t, e.Notices())
			for _, m := range e.Mail.Messages() {
				require.True(t, strings.HasPrefix(m.Subject, "[DRILL] "), m.Subject)
			}
			require.NotEmpty(t, e.Pager.Pages())
			for _, page := range e.Pager.Pages() {
				require.Contains(t, string(page.Body), `"drill":true`)
			}
		})
	}
}

// A drill appears in no figure, whatever it sent, raised and missed.
func TestADrillLeavesTheFiguresAsTheyWere(t *testing.T) {
	t.Parallel()
	e, p, _ := stage(t)
	s, err := read(t, samples.Drills(), "refused.yaml")
	require.NoError(t, err)
	_, err = p.Import(t.Context(), samples.Agreements())
	require.NoError(t, err)

	// One real duty, so that there are figures to be left alone.
	real, err := e.Desk.Open(t.Context(), e.As(access.Responder), "", desk.OpenInput{Title: "Not a drill", Severity: "high", SuspectedBreach: true})
	require.NoError(t, err)
	_, err = e.Desk.Triage(t.Context(), e.As(access.Responder), "", real.Case, desk.TriageInput{})
	require.NoError(t, err)
	_, err = e.Desk.Declare(t.Context(), e.As(access.IncidentCommander), "", real.Case, desk.DeclareInput{})
	require.NoError(t, err)
	e.Aware(t, real.Case, time.Now())
	e.Parties(t, real.Case, "C-1001")
	e.Quiet(t)
	status := func() desk.StatusView {
		view, err := e.Desk.Status(t.Context(), e.As(access.Auditor))
		require.NoError(t, err)
		return view
	}
	before, stood := figures(e), status()
	require.Contains(t, before, `docket_open_duties{clock="on_track"} 1`)
	report := play(t, e, p, s)
	require.Equal(t, 1, report.Totals[drill.Late])
	require.Equal(t, before, figures(e))
	require.Equal(t, stood, status())
}

var counts = regexp.MustCompile(`(?m)^docket_(?:open_duties|deliveries|oldest).*$`)

// figures are what Prometheus is told of cases.
func figures(e *testkit.Engine) []string {
	w := httptest.NewRecorder()
	api.Metrics(e.Desk).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return counts.FindAllString(w.Body.String(), -1)
}

// An expectation that is not met fails the drill and is named with its line; the story is played to its end all the same.
func TestAWrongExpectationIsNamed(t *testing.T) {
	t.Parallel()
	e, p, _ := stage(t)
	s, err := read(t, fstest.MapFS{"wrong.yaml": {Data: []byte(wrong)}}, "wrong.yaml")
	require.NoError(t, err)
	report := play(t, e, p, s)
	require.EqualError(t, report.Verdict(), strings.TrimSpace(`
not as expected:
  wrong.yaml:9: declare as responder was allowed, expected that it is refused as forbidden
  wrong.yaml:13: open: 1, expected 2
  wrong.yaml:16: missed: 1, expected 0
  wrong.yaml:17: raised: 1 limit, expected 2
  wrong.yaml:19: due to C-1008: its limit is 2033-01-02T09:01:00Z, expected 2033-01-02T10:00:00Z
  wrong.yaml:19: due to C-1008: it is missed, expected met
  wrong.yaml:20: due to C-1001: nothing is owed to it
  wrong.yaml:21: raises: nobody was raised for limit at 2033-01-03T09:00:00Z`))

	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(text), `"state":"missed"`)
}

const wrong = `title: A wrong expectation
teaches: nothing
begins: 2033-01-01T09:00:00Z
steps:
  - {do: open, title: Something, severity: high, breach: true}
  - {do: triage, severity: high}
  - at: +1m
    do: declare
    refused: forbidden
    as: responder
  - {do: start, word: aware_processor}
  - {do: parties, customers: [C-1008], touched: [customer_content]}
  - {do: expect, duties: 1, open: 2}
ends: +30h
expect:
  missed: 0
  raised: {limit: 2}
  due:
    - {to: C-1008, limit: +25h, state: met}
    - {to: C-1001, state: met}
  raises: [{kind: limit, about: +2d}]
`

// A story may have rules adopted that ship unadopted: before a team trusts them, it sees what they would ask for.
func TestAStoryTriesRulesThatNobodyHasAdopted(t *testing.T) {
	t.Parallel()
	e, p, out := stage(t, "cra-manufacturer")
	s, err := read(t, fstest.MapFS{"tried.yaml": {Data: []byte(tried)}}, "tried.yaml")
	require.NoError(t, err)
	require.NoError(t, play(t, e, p, s).Verdict(), out)
	require.Contains(t, out.String(), "legal_counsel adopts cra-14-early-warning")
}

const tried = `title: A law that was not adopted yet
teaches: what it would ask for
begins: 2033-01-01T09:00:00Z
adopts: cra-14-early-warning
steps:
  - {do: open, title: Something, severity: high, breach: true}
  - {do: triage, severity: high}
  - {do: declare}
  - {do: start, word: aware_significant}
  - {do: parties, customers: [C-1008], touched: [availability]}
ends: +25h
expect:
  missed: 1
  due:
    - {to: CRA reporting platform, clause: 14(2)(a), limit: +24h, state: missed}
`
