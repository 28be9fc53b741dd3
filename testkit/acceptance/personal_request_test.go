package acceptance_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/erasure/http/example"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
	processes "github.com/atlascloudai/docket/workflows/contract"
)

// Who asks, and the words that only sealed columns, letters and the stores themselves may hold.
const (
	asker    = "marmoset.ocelot@example.test"
	person   = "Marmoset Ocelot"
	wish     = "axolotl photographs of my sister"
	prompt   = "pangolin poems that she wrote"
	handling = "quagga letters were shredded"
)

// A request lives to its end over a mailbox, a database and a service that all repeat her name and address in their errors: no
// name, address or word of hers is in Temporal, in a log, in a figure, in a page, in the subject of a mail, in her certificates or
// in a readable column.
func TestNothingOfTheAskerIsOutsideSealedColumnsAndLetters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	var refused sync.Map
	l := newLiveThrough(t, h, func(s contract.Service) contract.Service { return s }, func(answer http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, before := refused.LoadOrStore(r.URL.Path, true); !before {
				http.Error(w, asker+" of "+person+" cannot be served", http.StatusInternalServerError)
				return
			}
			answer.ServeHTTP(w, r)
		})
	})
	testkit.Execute(t, h.Database.Superuser, fmt.Sprintf(`UPDATE live.accounts SET email = '%s' WHERE account_id = 1; UPDATE live.prompts SET body = '%s' WHERE account_id = 1`, asker, prompt))
	require.NoError(t, l.newsletter.Put("s-1", example.Subscriber{"email": asker, "account_id": "1", "name": person}))
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections, SilenceLimit: 2 * time.Second, Debug: true})
	require.NoError(t, e.Mail.Rules(mail.Rule{To: asker, Answers: []string{fmt.Sprintf("451 4.2.0 <%s> %s", asker, wish)}, Then: "250"}))
	requests := &testkit.Transcript{}
	ask := overHTTP(t, e, requests)
	open := func(drill bool) uuid.UUID {
		status, answer := ask(http.MethodPost, "/v1/requests", fmt.Sprintf(`{"right":"erasure","country":"DE","channel":"api","name":%q,"words":%q,"identities":[{"kind":"email","value":%q}],"drill":%v}`, person, wish, asker, drill))
		require.Equal(t, http.StatusCreated, status, "%s", answer)
		var opened desk.Receipt
		require.NoError(t, json.Unmarshal(answer, &opened))
		return opened.Case
	}
	stumble(t, h, "erasure_event", "NEW.kind = 'erased'", person)
	e.StartWorker(t)
	caseID := open(true)
	e.AwaitCount(t, "the mailbox defers", 1, `SELECT count(*) FROM delivery_event WHERE kind = 'deferred'`)
	later(t, e, caseID, time.Hour)
	proved(t, e, caseID, asker)
	failed := func(times int) {
		e.AwaitCount(t, "the service fails, and is asked again", times, `SELECT count(*) FROM erasure_event WHERE case_id = $1 AND kind = 'failed'`, caseID)
		later(t, e, caseID, time.Hour)
	}
	failed(1)
	failed(2)
	approved(t, e, caseID)
	later(t, e, caseID, coolingOff)
	failed(3)
	testkit.Await(t, "a worker met the database's error", func() bool { return strings.Contains(e.Log.String(), "database error P0001") })
	mend(t, h, "erasure_event")
	testkit.Execute(t, h.Database.Superuser, `UPDATE target SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL`) // Its time passes.
	failed(4)
	attested(t, e, caseID, asker)
	awaitStatus(t, e, caseID, "completed")
	status, answer := ask(http.MethodPost, "/v1/requests/"+caseID.String()+"/letters", fmt.Sprintf(`{"kind":"answer","words":%q}`, wish))
	require.Equal(t, http.StatusCreated, status, "%s", answer)
	approvesLetter(t, e, caseID, "answer")
	testkit.Await(t, "she is answered", func() bool { return request(t, e, caseID).Counts.OpenDuties == 0 })
	shown := open(false) // Drills are in no figure.
	testkit.Await(t, "another code arrives", func() bool { return len(codesTo(t, e, asker)) == 2 })
	for _, path := range []string{"/v1/requests/" + asker, "/v1/requests?assignee=" + asker, "/v1/" + asker} {
		_, answer := ask(http.MethodGet, path, "")
		require.NotEmpty(t, answer)
	}

	certificates, err := e.Desk.Certificates(ctx, e.As(access.Auditor), caseID)
	require.NoError(t, err)
	places := map[string]string{
		"the workers' log": e.Log.String(), "the requests' log": requests.String(), "the figures": figures(t, e), "the subjects": subjects(t, e),
		"the certificates": payloads(t, certificates), "the database's readable columns": columns(t, h),
	}
	places["Temporal, as it is stored"], places["Temporal, decrypted"] = histories(t, e, processes.RequestID(caseID), processes.RequestID(shown))
	hold(t, places, []string{asker, person, "marmoset", wish, prompt, handling})
	// The look is worth something only if each place would show what it holds.
	for _, path := range []string{contract.PathCollections, contract.PathLocate, contract.PathErase, contract.PathVerify} {
		_, before := refused.Load(path)
		require.True(t, before, "the service refused %s once", path)
	}
	require.Contains(t, places["Temporal, as it is stored"], caseID.String())
	require.Contains(t, places["Temporal, decrypted"], "database error P0001")
	require.Contains(t, places["the workers' log"], "a store failed")
	require.Contains(t, places["the requests' log"], "/v1/requests")
	require.Contains(t, places["the figures"], "docket_")
	require.Contains(t, places["the certificates"], "newsletter/subscribers")
	require.Contains(t, places["the database's readable columns"], "newsletter/subscribers")
	require.Len(t, strings.Split(strings.TrimSpace(places["the subjects"]), "\n"), 3, "two codes and an answer")
}

// subjects are those of the mails to people outside.
func subjects(t *testing.T, e *testkit.Engine) string {
	t.Helper()
	var all strings.Builder
	for _, m := range e.Notices() {
		data, err := e.Mail.Data(m.ID)
		require.NoError(t, err)
		read, err := netmail.ReadMessage(strings.NewReader(string(data)))
		require.NoError(t, err)
		all.WriteString(read.Header.Get("Subject") + "\n")
	}
	return all.String()
}

// payloads are what certificates say, without their envelopes.
func payloads(t *testing.T, certificates []byte) string {
	t.Helper()
	var all strings.Builder
	for line := range strings.Lines(string(certificates)) {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(strings.TrimSpace(line), ".")[1])
		require.NoError(t, err)
		all.Write(payload)
	}
	return all.String()
}
