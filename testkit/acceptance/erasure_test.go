package acceptance_test

import (
	"context"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/testkit"
)

// coolingOff is how long other contacts may object.
const coolingOff = 73 * time.Hour

// asked opens a request of Ana's to be erased, lets her prove her address by the code in her mail, and approves the plan. A
// worker is running.
func asked(t *testing.T, e *testkit.Engine) uuid.UUID {
	t.Helper()
	return askedIn(t, e, "en")
}

// askedIn does so for a request in a language.
func askedIn(t *testing.T, e *testkit.Engine, language string) uuid.UUID {
	t.Helper()
	opened, err := e.Desk.OpenRequest(context.Background(), e.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Language: language, Channel: "api", Name: "Ana", Identities: []desk.IdentityInput{{Kind: "email", Value: ana}}, Drill: true,
	})
	require.NoError(t, err)
	proved(t, e, opened.Case, ana)
	approved(t, e, opened.Case)
	return opened.Case
}

// ana is whose request it is.
const ana = "ana@example.test"

// proved lets whoever reads that address prove it, and asks for the plan of the request.
func proved(t *testing.T, e *testkit.Engine, caseID uuid.UUID, address string) {
	t.Helper()
	testkit.Await(t, "the code arrives by mail", func() bool { return len(codesTo(t, e, address)) == 1 })
	challenge := look[uuid.UUID](t, e.House, `SELECT id FROM challenge WHERE case_id = $1`, caseID)
	require.NoError(t, e.Desk.ProveIdentity(context.Background(), challenge, codesTo(t, e, address)[0]))
	_, err := e.Desk.ScopeRequest(context.Background(), e.As(access.Responder), "", caseID)
	require.NoError(t, err)
}

// approved approves the plan of the request once it is made.
func approved(t *testing.T, e *testkit.Engine, caseID uuid.UUID) {
	t.Helper()
	awaitStatus(t, e, caseID, "awaiting_approval")
	plan := request(t, e, caseID).State.Plan
	require.EqualValues(t, 1+10+2+1+1, plan.Located, "an account, its prompts and uploads, a subscription, an order to the archive")
	_, err := e.Desk.ApprovePlan(context.Background(), e.As(access.PrivacyLead), "", caseID, desk.DigestInput{Digest: plan.Digest})
	require.NoError(t, err)
}

func request(t *testing.T, e *testkit.Engine, caseID uuid.UUID) desk.RequestView {
	t.Helper()
	view, err := e.Desk.Request(context.Background(), e.As(access.PrivacyLead), caseID.String())
	require.NoError(t, err)
	return view
}

func awaitStatus(t *testing.T, e *testkit.Engine, caseID uuid.UUID, status string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("the request: %+v", request(t, e, caseID))
		}
	}()
	testkit.Await(t, "the request is "+status, func() bool { return request(t, e, caseID).Status == status })
}

// later moves the request's clock on from its present instant.
func later(t *testing.T, e *testkit.Engine, caseID uuid.UUID, d time.Duration) {
	t.Helper()
	advanceTo(t, e.House, caseID, look[time.Time](t, e.House, `SELECT clock_timestamp() + clock_offset FROM cases WHERE id = $1`, caseID).Add(d))
}

var codeInMail = regexp.MustCompile(`\b[2-9A-HJ-NP-TV-Z]{10}\b`)

// text is the first part of a mail, as people read it.
func text(t *testing.T, contentType, encoding string, body io.Reader) string {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	if strings.HasPrefix(kind, "multipart/") {
		part, err := multipart.NewReader(body, parameters["boundary"]).NextRawPart()
		require.NoError(t, err)
		return text(t, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	read, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(read)
}

// attested lets the archive's owner be shown who is meant and say that it is done, and a second person check it.
func attested(t *testing.T, e *testkit.Engine, caseID uuid.UUID, address string) {
	t.Helper()
	ctx := context.Background()
	e.AwaitCount(t, "the owner of the archive is asked and waited for", 1, `SELECT count(*) FROM target t JOIN cases c ON c.id = t.case_id
		WHERE c.id = $1 AND t.address = 'archive/letters' AND t.state = 'working' AND t.claim IS NULL AND t.next_at > clock_timestamp() + c.clock_offset`, caseID)
	tasks, err := e.Desk.Tasks(ctx, e.As(access.Responder), caseID)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Equal(t, "archive/letters", tasks[0].Address)
	shown, err := e.Desk.ShowTask(ctx, e.As(access.Responder), "", caseID, tasks[0].ID)
	require.NoError(t, err)
	require.Equal(t, []erasing.Match{{Field: "email", Values: []string{address}}}, shown.Identities)
	_, err = e.Desk.TaskDone(ctx, e.As(access.Responder), "", caseID, tasks[0].ID, desk.TaskDoneInput{Evidence: []byte("photograph of the empty folder"), Words: handling})
	require.NoError(t, err)
	_, err = e.Desk.CheckTask(ctx, e.As(access.PrivacyLead), "", caseID, tasks[0].ID, desk.TaskCheckInput{Accepted: true, Reason: "the photograph shows it"})
	require.NoError(t, err)
}

// erased holds everything that was Ana's against the servers themselves, and what is Ben's too.
func (l live) erased(t *testing.T, e *testkit.Engine, caseID uuid.UUID) {
	t.Helper()
	require.Zero(t, look[int](t, e.House, `SELECT (SELECT count(*) FROM live.accounts WHERE account_id = 1) + (SELECT count(*) FROM live.prompts WHERE account_id = 1)`))
	require.Equal(t, 10, look[int](t, e.House, `SELECT count(*) FROM live.prompts WHERE account_id = 10`))
	require.Equal(t, []string{"u/10/a"}, l.keys(t))
	file, err := os.ReadFile(l.readers)
	require.NoError(t, err)
	require.NotContains(t, string(file), "ana@example.test")
	require.Contains(t, string(file), "ben@example.test")
	verified, err := e.Desk.VerifyCase(context.Background(), e.As(access.Auditor), caseID)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
}

// A person's request goes from her mail through the workflow to its end over a database, a bucket, a service and a person, and
// nothing of anybody else's is touched.
func TestADeletionRequestIsCompletedOverAllKindsOfStores(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	l := newLive(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	e.StartWorker(t)
	caseID := asked(t, e)
	later(t, e, caseID, coolingOff)
	attested(t, e, caseID, ana)
	awaitStatus(t, e, caseID, "completed")
	l.erased(t, e, caseID)
}

// The service erases and then drops the connection; asked again it erases, and the worker is killed before it hears. The order is
// the same each time, and the service deletes once.
func TestAKilledWorkerAndALostAnswerLeaveOneDeletion(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	l, unheard := dropping(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	first := e.SpawnWorker(t)
	caseID := asked(t, e)
	later(t, e, caseID, coolingOff)
	unheard.await(t, 1)
	e.AwaitCount(t, "the lost answer is on record", 1, `SELECT count(*) FROM target WHERE case_id = $1 AND address = 'newsletter/subscribers' AND error_class = 'transient'`, caseID)
	later(t, e, caseID, time.Minute)
	unheard.await(t, 2)
	first.Kill()
	unheard.release()
	testkit.Execute(t, h.Database.Superuser, `UPDATE target SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL`) // Its time passes.
	e.StartWorker(t)
	attested(t, e, caseID, ana)
	later(t, e, caseID, time.Minute)
	awaitStatus(t, e, caseID, "completed")
	l.erased(t, e, caseID)
	require.Equal(t, 1, unheard.deleted)
	require.Len(t, unheard.orders, 1, "one order, however often it came")
	require.Equal(t, 3, unheard.came)
}

// losing is a service whose first two answers to an order are lost: the first on the way, the second with whoever asked, who dies
// before release.
type losing struct {
	contract.Service
	mu sync.Mutex
	// came counts orders to erase, deleted the records that were there before and not after.
	came, deleted int
	orders        map[string]bool
	died          chan struct{}
	release       func()
}

// Erase implements contract.Service.
func (l *losing) Erase(ctx context.Context, order contract.Order) ([]contract.Result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, err := l.Verify(ctx, order)
	if err != nil {
		return nil, err
	}
	results, err := l.Service.Erase(ctx, order)
	for _, finding := range before {
		if err == nil && finding.State == erasing.Residue {
			l.deleted++
		}
	}
	l.came++
	l.orders[order.Order] = true
	return results, err
}

func (l *losing) times() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.came
}

func (l *losing) await(t *testing.T, times int) {
	t.Helper()
	testkit.Await(t, "the service erases", func() bool { return l.times() == times })
}

func dropping(t *testing.T, h *testkit.House) (live, *losing) {
	t.Helper()
	l := &losing{orders: map[string]bool{}, died: make(chan struct{})}
	l.release = sync.OnceFunc(func() { close(l.died) })
	t.Cleanup(l.release)
	return newLiveThrough(t, h,
		func(s contract.Service) contract.Service {
			l.Service = s
			return l
		},
		func(answer http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != contract.PathErase {
					answer.ServeHTTP(w, r)
					return
				}
				before := l.times()
				if before >= 2 {
					answer.ServeHTTP(w, r)
					return
				}
				answer.ServeHTTP(httptest.NewRecorder(), r)
				if before == 1 {
					<-l.died
				}
				panic(http.ErrAbortHandler)
			})
		}), l
}
