package acceptance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// What the recipient's server says decides what is shown, what is tried again, and who is told next: 250; 451
// twice and then 250; 550 with and without another contact; a cut before the 250; and silence.
func TestTheOtherSidesAnswerDecides(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{SilenceLimit: 2 * time.Second, Lease: 30 * time.Second})
	customers := h.ImportCustomers(t, 6)
	took, later, refused, unreachable, cut, silent := customers[0], customers[1], customers[2], customers[3], customers[4], customers[5]
	require.NoError(t, e.Mail.Rules(
		mail.Rule{To: later.Address, Answers: []string{"451 4.2.0 come back later", "451 4.2.0 come back later", "250"}},
		mail.Rule{To: refused.Address, Answers: []string{"550 5.1.1 no such user"}},
		mail.Rule{To: unreachable.Address, Answers: []string{"550 5.1.1 no such user"}},
		mail.Rule{To: unreachable.Second, Answers: []string{"550 5.7.1 not wanted"}},
		mail.Rule{To: cut.Address, Answers: []string{"cut_before_250", "250"}},
		mail.Rule{To: silent.Address, Answers: []string{"silent", "250"}},
	))
	caseID := affected(t, h, customers)
	h.Released(t, caseID)
	e.StartWorker(t)
	e.Quiet(t)
	sendAll(t, e, caseID)

	type end struct {
		state, evidence string
		code, attempts  int
		copies          int
		duplicate       bool
	}
	ends := map[string]end{}
	copies := map[string]int{}
	for _, m := range e.Mail.Messages() {
		copies[m.To[0]]++
	}
	address := map[string]testkit.Customer{}
	for _, c := range customers {
		address[c.Ref] = c
	}
	for _, d := range deliveries(t, h, caseID) {
		to := address[d.Customer].Address
		if d.Rank > 0 {
			to = address[d.Customer].Second
		}
		ends[to] = end{d.State, d.Evidence, d.Code, d.Attempt, copies[to], d.PossibleDuplicate}
	}
	require.Equal(t, map[string]end{
		took.Address:        {"accepted", "E2b", 250, 1, 1, false},
		took.Second:         {"reserve", "E0", 0, 0, 0, false},
		later.Address:       {"accepted", "E2b", 250, 3, 1, false},
		later.Second:        {"reserve", "E0", 0, 0, 0, false},
		refused.Address:     {"refused", "B2", 550, 1, 0, false},
		refused.Second:      {"accepted", "E2b", 250, 1, 1, false},
		unreachable.Address: {"refused", "B2", 550, 1, 0, false},
		unreachable.Second:  {"refused", "B2", 550, 1, 0, false},
		cut.Address:         {"accepted", "E2b", 250, 2, 2, true},
		cut.Second:          {"reserve", "E0", 0, 0, 0, false},
		silent.Address:      {"accepted", "E2b", 250, 2, 2, true},
		silent.Second:       {"reserve", "E0", 0, 0, 0, false},
	}, ends)
	require.Equal(t, map[string]int{"delivery_refused": 2, "customer_unreachable": 1, "delivery_unknown": 2}, raises(t, h, caseID))
	for _, owed := range duties(t, h, caseID) {
		require.Equal(t, owed.Customer != unreachable.Ref, owed.State == "met", "what is owed to %s is %s", owed.Customer, owed.State)
	}
	_, err := h.Desk.Close(t.Context(), h.As(access.PrivacyLead), "", caseID, desk.CloseInput{})
	require.Error(t, err, "one customer has not been told")
	testkit.Check(t, h, e.Mail)
}
