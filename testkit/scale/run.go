package scale

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/workflows/contract"
)

// Run is an incident of one number of customers, from the wave to the last acceptance, and what each stage took.
type Run struct {
	Customers int
	// Setup is how long it took to write the customers.
	Setup time.Duration
	// Duties is the one decision that opens them all; Release looks at everybody three times: preview, approval,
	// release; Send is the sending of all pages; Verify holds chain, duties and ledger against each other.
	Duties, Release, Send, Verify Cost
}

// Play plays it.
func Play(t testing.TB, n int) Run {
	t.Helper()
	h, begin := testkit.NewHouse(t), time.Now()
	if n < 10_000 {
		still(t, h, customerTables...)
	}
	wave := Wave(Customers(t, h, n))
	run := Run{Customers: n, Setup: time.Since(begin)}
	opened := h.Declared(t)
	h.Aware(t, opened.Case, time.Now().Add(-time.Hour))

	run.Duties = at(t, h, func(d *desk.Desk) {
		receipt, err := d.RecordParties(context.Background(), h.As(access.PrivacyLead), "", opened.Case, wave)
		require.NoError(t, err)
		require.Equal(t, n, receipt.Count)
	})
	wave = desk.PartiesInput{} // not the sender's memory
	var sending uuid.UUID
	run.Release = at(t, h, func(d *desk.Desk) { sending = release(t, h, d, opened.Case, testkit.Text()) })

	post := StartOutside(t)
	channel := Channel(t, post.Addr, post.CA, 8)
	run.Send = at(t, h, func(d *desk.Desk) { Send(t, d, channel, sending) })

	messages, distinct := post.Received(t)
	require.Equal(t, n, messages)
	require.Equal(t, n, distinct, "nobody is told twice")
	run.Verify = at(t, h, func(d *desk.Desk) { told(t, h, d, opened.Case, n) })
	return run
}

// customerTables are those that grow with customers.
var customerTables = []string{"customer", "contact", "acceptance", "data_key", "party", "duty", "duty_due", "delivery", "delivery_event"}

// still keeps autovacuum out of a run that is so short that it would come in one and not in the other.
func still(t testing.TB, h *testkit.House, tables ...string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), h.Database.Owner)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for _, table := range tables {
		_, err := conn.Exec(context.Background(), `ALTER TABLE `+table+` SET (autovacuum_enabled = false)`)
		require.NoError(t, err)
	}
}

// at runs one stage on a desk with connections of its own and says what it took.
func at(t testing.TB, h *testkit.House, stage func(*desk.Desk)) Cost {
	t.Helper()
	h.Store.Close()
	return measure(t, h.Database, func() {
		s, err := store.Open(context.Background(), store.Options{DSN: h.Database.App, Conns: 10, Reserve: 1})
		require.NoError(t, err)
		defer s.Close()
		pack, err := packs.Load()
		require.NoError(t, err)
		o := h.Options
		o.Store, o.Pack = s, pack
		stage(desk.New(o))
	})
}

// Wave is one decision that names all these customers.
func Wave(refs []string) desk.PartiesInput {
	in := desk.PartiesInput{Parties: make([]desk.PartyInput, 0, len(refs))}
	for _, ref := range refs {
		in.Parties = append(in.Parties, desk.PartyInput{Customer: ref, Service: "chat", Touched: []string{"customer_content"}})
	}
	return in
}

// release brings one notice to everybody who is owed one.
func release(t testing.TB, h *testkit.House, d *desk.Desk, caseID uuid.UUID, text letters.Notice) uuid.UUID {
	t.Helper()
	ctx := context.Background()
	drafted, err := d.DraftNotice(ctx, h.As(access.CommsLead), "", caseID, desk.NoticeInput{Content: &text})
	require.NoError(t, err)
	_, err = d.SubmitNotice(ctx, h.As(access.CommsLead), "", caseID, *drafted.ID, desk.SubmitInput{})
	require.NoError(t, err)
	preview, err := d.Preview(ctx, h.As(access.PrivacyLead), caseID, *drafted.ID, 0)
	require.NoError(t, err)
	_, err = d.ApproveNotice(ctx, h.As(access.PrivacyLead), "", caseID, *drafted.ID, desk.ApproveInput{Digest: preview.Digest})
	require.NoError(t, err)
	released, err := d.ReleaseNotice(ctx, h.As(access.CommsLead), "", caseID, *drafted.ID, desk.ReleaseInput{})
	require.NoError(t, err)
	return *released.ID
}

// Send carries a campaign's stages out, in the order in which its process would, until it has ended.
func Send(t testing.TB, d *desk.Desk, channel notifications.Channel, campaign uuid.UUID) {
	t.Helper()
	a := &activities.Campaign{
		Desk: d, Channels: map[string]activities.Sender{string(duty.Email): {Channel: channel, Transport: string(duty.Direct)}},
		ReturnToken: returnToken, Log: slog.New(slog.DiscardHandler),
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	stages := map[string]func(context.Context, contract.Subject) (contract.Done, error){
		contract.StageSend: a.SendPage, contract.StageSeal: a.Seal, contract.StageFinish: a.Finish,
	}
	for _, stage := range stages {
		env.RegisterActivity(stage)
	}
	for heard := int64(0); ; {
		next, err := d.NextCampaign(context.Background(), campaign, heard)
		require.NoError(t, err)
		if heard = next.Heard; len(next.Stages) == 0 {
			require.Nil(t, next.WakeAt, "somebody was put off")
			return
		}
		for _, name := range next.Stages {
			_, err := env.ExecuteActivity(stages[name], contract.Subject{ID: campaign})
			require.NoError(t, err)
		}
	}
}

// told requires that everybody's duty is met, and that chain and ledger hold.
func told(t testing.TB, h *testkit.House, d *desk.Desk, caseID uuid.UUID, n int) {
	t.Helper()
	view, err := d.Case(context.Background(), h.As(access.PrivacyLead), caseID.String())
	require.NoError(t, err)
	require.Zero(t, view.Counts.OpenDuties)
	require.Zero(t, view.Counts.RunningCampaigns)
	checked, err := d.VerifyCase(context.Background(), h.As(access.Auditor), caseID)
	require.NoError(t, err)
	require.True(t, checked.OK, checked.Problem)
	require.Equal(t, int64(2*n), checked.Rows, "each recipient was begun and accepted once")
}

var returnKey = func() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}()

func returnToken(delivery uuid.UUID) string { return letters.ReturnToken(returnKey, delivery.String()) }

// Signer is the DKIM key of what is sent.
var Signer = func() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

// quiet drops the SDK's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
