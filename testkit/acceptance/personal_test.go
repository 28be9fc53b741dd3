package acceptance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/workflows/contract"
)

// The words of one incident that only its sealed columns and its letters may hold.
const (
	title    = "Marmoset ledger was readable by strangers"
	summary  = "Ocelot found it while looking for a lost invoice"
	evidence = "Pangolin wrote in the channel that the bucket is open"
	words    = "Axolotl says that this address has moved to her sister"
	advice   = "Quagga advises that we would lose in court"
)

// After a whole life with refusals, deferrals, silence and a database that repeats a value in its error, no
// customer's name or address, and no word that a person wrote, is in Temporal, in a log, in a figure, in a page or
// in a readable column.
func TestNoPersonalDataOutsideSealedColumnsAndLetters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{SilenceLimit: 2 * time.Second, Lease: 30 * time.Second, WatchEvery: time.Second, WatchGrace: time.Millisecond, Debug: true})
	customers := h.ImportCustomers(t, 6)
	require.NoError(t, e.Mail.Rules(
		mail.Rule{To: customers[0].Address, Answers: []string{fmt.Sprintf("550 5.1.1 <%s> %s", customers[0].Address, words)}},
		mail.Rule{To: customers[1].Address, Answers: []string{fmt.Sprintf("451 4.2.0 <%s> %s", customers[1].Address, words)}},
		mail.Rule{To: customers[2].Address, Answers: []string{"silent"}},
		mail.Rule{To: customers[3].Address, Answers: []string{"cut_at_data"}},
	))
	requests := &testkit.Transcript{}
	caseID := openedOverHTTP(t, e, requests)
	h.Parties(t, caseID, testkit.Refs(customers)...)
	stumble(t, h, "raise", "true", customers[0].Name)
	stumble(t, h, "delivery_event", "NEW.kind = 'refused'", customers[0].Address)
	h.Released(t, caseID)
	e.StartWorker(t)
	testkit.Await(t, "workers and watchdog met the database's error", func() bool {
		return strings.Contains(e.Log.String(), "watchdog cannot raise") && strings.Contains(e.Log.String(), "outcome could not be written")
	})
	mend(t, h, "raise")
	mend(t, h, "delivery_event")
	e.Quiet(t)
	require.NotEmpty(t, raises(t, h, caseID))

	secrets := []string{title, summary, evidence, words, advice, "quill.example.test", testkit.Text().Languages["en"].Elements["nature"].Text}
	for _, c := range customers {
		secrets = append(secrets, c.Name, c.Address, c.Second)
	}
	places := map[string]string{
		"the workers' log": e.Log.String(), "the requests' log": requests.String(), "the figures": figures(t, e),
		"the pages": pages(t, e), "the database's readable columns": columns(t, h),
	}
	places["Temporal, as it is stored"], places["Temporal, decrypted"] = histories(t, e, contract.IncidentID(caseID), contract.CampaignID(onlyCampaign(t, h, caseID)))
	hold(t, places, secrets)
	// The look is worth something only if each place would show what it holds.
	require.Contains(t, places["Temporal, as it is stored"], caseID.String())
	require.NotContains(t, places["Temporal, as it is stored"], `"heard"`)
	require.Contains(t, places["Temporal, decrypted"], `"heard"`)
	require.Contains(t, places["Temporal, decrypted"], "database error P0001")
	require.Contains(t, places["the workers' log"], "database error P0001")
	require.Contains(t, places["the requests' log"], "/v1/cases")
	require.Contains(t, places["the pages"], "delivery_refused")
	require.Contains(t, places["the figures"], "docket_deliveries")
	require.Contains(t, places["the database's readable columns"], customers[0].Ref)
	_, err := h.Desk.StopCampaign(ctx, h.As(access.CommsLead), "", caseID, onlyCampaign(t, h, caseID), reason)
	require.NoError(t, err)
	e.Quiet(t)
	testkit.Check(t, h, e.Mail)
}

// hold requires of every place that it holds something, and none of what is sealed.
func hold(t *testing.T, places map[string]string, secrets []string) {
	t.Helper()
	for place, text := range places {
		require.NotEmpty(t, text, place)
		for _, secret := range secrets {
			require.NotContains(t, strings.ToLower(text), strings.ToLower(secret), "%s holds what is sealed", place)
		}
	}
}

// openedOverHTTP opens an incident (no drill: drills are in no figure) over the API, among requests that name people
// where they should not.
func openedOverHTTP(t *testing.T, e *testkit.Engine, log *testkit.Transcript) uuid.UUID {
	t.Helper()
	ctx := context.Background()
	ask := overHTTP(t, e, log)
	name := url.PathEscape(testkit.NewCustomer(1).Name)
	for _, path := range []string{"/v1/cases/" + name, "/v1/cases?status=" + name, "/v1/" + name, "/v1/customers?" + name + "=1"} {
		_, answer := ask(http.MethodGet, path, "")
		require.NotEmpty(t, answer)
	}
	status, answer := ask(http.MethodPost, "/v1/cases", fmt.Sprintf(`{"title":%q,"summary":%q,"severity":"high","suspected_breach":true}`, title, summary))
	require.Equal(t, http.StatusCreated, status, "%s", answer)
	var opened desk.Receipt
	require.NoError(t, json.Unmarshal(answer, &opened))
	privileged := "/v1/cases/" + opened.Case.String() + "/privileged"
	status, answer = ask(http.MethodPut, privileged+"/circle", `{}`)
	require.Equal(t, http.StatusOK, status, "%s", answer)
	for body, want := range map[string]int{
		`{"kind":"advice","basis":"attorney_client","text":"` + advice + `"}`:         http.StatusCreated,
		`{"kind":"` + advice + `","basis":"attorney_client","text":"` + advice + `"}`: http.StatusBadRequest,
		`{"kind":"advice","basis":"attorney_client","text":{"x":"` + advice + `"}}`:   http.StatusBadRequest,
	} {
		status, answer = ask(http.MethodPost, privileged, body)
		require.Equal(t, want, status, "%s", answer)
		require.NotContains(t, string(answer), advice)
	}
	_, err := e.Desk.Triage(ctx, e.As(access.Responder), "", opened.Case, desk.TriageInput{Severity: "high"})
	require.NoError(t, err)
	_, err = e.Desk.Declare(ctx, e.As(access.IncidentCommander), "", opened.Case, desk.DeclareInput{})
	require.NoError(t, err)
	for _, word := range []string{"aware_processor", "confirmed_processor"} {
		_, err = e.Desk.RecordStart(ctx, e.As(access.PrivacyLead), "", opened.Case, desk.StartInput{
			Word: word, At: time.Now().Add(-30 * time.Hour), Zone: "Europe/Berlin", Evidence: evidence,
		})
		require.NoError(t, err)
	}
	return opened.Case
}

// overHTTP asks the API as somebody who may do everything.
func overHTTP(t *testing.T, e *testkit.Engine, log *testkit.Transcript) func(method, path, body string) (int, []byte) {
	t.Helper()
	token, err := e.Desk.Enroll(t.Context(), "over-http", "person", access.Roles())
	require.NoError(t, err)
	server := httptest.NewServer(api.New(api.Options{Desk: e.Desk, Logger: testkit.Debug(log)}))
	t.Cleanup(server.Close)
	return func(method, path, body string) (int, []byte) {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", uuid.NewString())
		response, err := server.Client().Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, answer
	}
}

// stumble makes the database refuse some new rows of a table with an error that repeats a value.
func stumble(t *testing.T, h *testkit.House, table, when, value string) {
	t.Helper()
	testkit.Execute(t, h.Database.Superuser, fmt.Sprintf(`CREATE FUNCTION stumble_%[1]s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no row for %[2]s'; END $$`, table, value))
	testkit.Execute(t, h.Database.Superuser, fmt.Sprintf(`CREATE TRIGGER stumble BEFORE INSERT ON %[1]s FOR EACH ROW WHEN (%[2]s) EXECUTE FUNCTION stumble_%[1]s()`, table, when))
}

// mend ends it.
func mend(t *testing.T, h *testkit.House, table string) {
	t.Helper()
	testkit.Execute(t, h.Database.Superuser, fmt.Sprintf(`DROP TRIGGER stumble ON %s`, table))
}

func onlyCampaign(t *testing.T, h *testkit.House, caseID uuid.UUID) uuid.UUID {
	t.Helper()
	notices, err := h.Desk.Notices(context.Background(), h.As(access.Auditor), caseID)
	require.NoError(t, err)
	require.Len(t, notices, 1)
	require.Len(t, notices[0].Campaigns, 1)
	return notices[0].Campaigns[0].ID
}

// figures is what Prometheus reads.
func figures(t *testing.T, e *testkit.Engine) string {
	t.Helper()
	answer := httptest.NewRecorder()
	api.Metrics(e.Desk).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

// pages is everything that went to people on call: bodies of the webhook, and the copies by mail.
func pages(t *testing.T, e *testkit.Engine) string {
	t.Helper()
	var all strings.Builder
	for _, page := range e.Pager.Pages() {
		all.Write(page.Body)
	}
	for _, m := range e.Mail.Messages() {
		if m.To[0] != testkit.OnCall {
			continue
		}
		data, err := e.Mail.Data(m.ID)
		require.NoError(t, err)
		all.Write(data)
	}
	return all.String()
}

// columns is every row of every table, as text.
func columns(t *testing.T, h *testkit.House) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, h.Database.Superuser)
	require.NoError(t, err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, tables, "timeline")
	var all strings.Builder
	for _, table := range tables {
		// Octets that are no text show as \x…; what was written into them in clear is shown by the escape form.
		_, err := conn.Exec(ctx, `SET bytea_output = 'escape'`)
		require.NoError(t, err)
		rows, err := conn.Query(ctx, `SELECT x::text FROM `+pgx.Identifier{table}.Sanitize()+` x`)
		require.NoError(t, err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		all.WriteString(strings.Join(texts, "\n"))
	}
	return all.String()
}

// histories is all that Temporal holds of some processes, search attributes too: as it is stored, and with every payload
// decrypted.
func histories(t *testing.T, e *testkit.Engine, ids ...string) (stored, decrypted string) {
	t.Helper()
	ctx := t.Context()
	bare, err := client.Dial(client.Options{HostPort: e.TemporalAddress(), Namespace: "docket"})
	require.NoError(t, err)
	defer bare.Close()
	var raw, plain strings.Builder
	add := func(to *strings.Builder, message proto.Message) {
		bytes, err := proto.Marshal(message)
		require.NoError(t, err)
		to.Write(bytes)
	}
	for _, id := range ids {
		described, err := bare.DescribeWorkflowExecution(ctx, id, "")
		require.NoError(t, err)
		add(&raw, described)
		events := bare.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			add(&raw, event)
			require.NoError(t, proxy.VisitPayloads(ctx, event, proxy.VisitPayloadsOptions{
				Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
					return e.PayloadCodec(t).Decode(payloads)
				},
			}))
			add(&plain, event)
		}
	}
	return raw.String(), plain.String()
}
