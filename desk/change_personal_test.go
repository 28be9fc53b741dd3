package desk_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

// In a change's whole life no customer's name, no address, no link, nobody's words and no letter lie readable in the database, and
// what is not public yet does not either; the change log holds nothing of any customer.
func TestNothingOfACustomerIsReadableOfAChange(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) {
		in.Title, in.Summary, in.Document, in.Text = "Marmoset Models answers", "Marmoset Models answers prompts.", "subprocessors", "Ocelot Ltd\nMarmoset Models\n"
	})
	for _, word := range []string{"marmoset", "ocelot"} {
		require.NotContains(t, strings.ToLower(dump(t, a.Database.Superuser)), word, "a draft")
	}
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	_, err := a.Desk.AnswerNotice(a.ctx, tokenIn(t, sent[0]), desk.NoticeAnswer{Acknowledge: true, Name: "Pangolin Quagga"})
	require.NoError(t, err)
	_, err = a.Desk.AnswerNotice(a.ctx, tokenIn(t, sent[0]), desk.NoticeAnswer{Object: true, Name: "Pangolin Quagga", Words: "axolotl data stays here"})
	require.NoError(t, err)
	customer := ""
	for ref, c := range a.customers() {
		if c.Answer == "objected" {
			customer = ref
		}
	}
	_, err = a.Desk.EndObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.EndObjectionInput{End: "accommodated", Reason: "numbat keeps the old one"})
	require.NoError(t, err)
	a.later(300 * day)
	secrets := []string{"pangolin", "quagga", "axolotl", "numbat", "About What changes", tokenIn(t, sent[0])}
	for _, job := range sent {
		secrets = append(secrets, job.To, job.Letter.Subject)
	}
	for line := range strings.Lines(string(samples.Agreements()["customers.csv"])) {
		if ref, rest, _ := strings.Cut(line, ","); strings.HasPrefix(ref, "C-") {
			name, _, _ := strings.Cut(rest, ",")
			secrets = append(secrets, name)
		}
	}
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	public, err := json.Marshal(log)
	require.NoError(t, err)
	places := map[string]string{"the database": dump(t, a.Database.Superuser), "the change log": string(public)}
	for place, text := range places {
		for _, secret := range secrets {
			require.NotContains(t, strings.ToLower(text), strings.ToLower(secret), "%s holds what is sealed", place)
		}
	}
	require.Contains(t, places["the change log"], "Marmoset Models")
	require.Contains(t, places["the database"], "accommodated")
	a.verified()
}

// Where a calendar does not reach far enough nothing takes effect by itself: a person says so, and not before what is known is over.
func TestWhatACalendarDoesNotReachAPersonDecides(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	terms := bytes.ReplaceAll(samples.Agreements()["agreements.yaml"], []byte(`period: 10 business days, clause: "7.2"`), []byte(`period: 2000 business days, calendar: DE, clause: "7.2"`))
	files := samples.Agreements()
	files["agreements.yaml"] = terms
	report, err := a.Desk.ImportAgreements(a.ctx, a.As(access.LegalCounsel), files)
	require.NoError(t, err)
	require.Empty(t, report.Errors)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	ironwood := a.customers()["C-1009"]
	require.True(t, ironwood.Provisional)
	take := func() error {
		_, err := a.Desk.TakeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, "C-1009", desk.ReasonInput{Reason: "the calendar was read"})
		return err
	}
	require.Equal(t, "too_early", blockerOf(take()))
	a.later(4000 * day)
	require.Equal(t, "objection_window", a.view().Status)
	require.Contains(t, a.may("C-1009").Why, "a person decides")
	require.NoError(t, take())
	require.True(t, a.may("C-1009").May)
	_, err = a.Desk.TakeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, "C-1001", desk.ReasonInput{Reason: "sooner"})
	require.Equal(t, "not_provisional", blockerOf(err))
	a.runs()
	require.Equal(t, "effective", a.view().Status)
	a.verified()
}

// A gateway's question is one read of one index, however many customers and changes there are.
func TestAGatewaysQuestionIsOneReadOfOneIndex(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.ImportCustomers(t, 2000)
	a.judged()
	testkit.Execute(t, a.Database.Superuser, `ANALYZE`)
	plan := strings.Join(scanAll[string](t, a.Database.Superuser, `EXPLAIN SELECT k.taken_at FROM customer c JOIN change_customer k ON k.customer_id = c.id JOIN cases a ON a.id = k.case_id
		WHERE c.ref = 'T-00007' AND k.subject = 'example-models' AND k.subject <> '' AND ('' = '' OR k.services = '{}') AND a.status <> 'withdrawn' AND (NOT a.drill OR true)
		ORDER BY a.state ? 'frozen_at' DESC, k.case_id DESC LIMIT 1`), "\n")
	require.Contains(t, plan, "change_customer_asked")
	require.NotContains(t, plan, "Seq Scan on change_customer")
	require.NotContains(t, plan, "Seq Scan on customer")
}
