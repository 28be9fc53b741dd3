package acceptance_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/workflows/contract"
)

var linkInMail = regexp.MustCompile(`/notice/([A-Za-z0-9_-]{43})`)

// A change is told, refused, answered and objected to on real parts, and the database repeats a name in its error: no customer's name or
// address, no link, and no word that a person wrote is in Temporal, in a log, in a figure, in a page or in a readable column.
func TestNothingOfACustomerIsOutsideSealedColumnsAndLettersOfAChange(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{SilenceLimit: 2 * time.Second, Debug: true})
	customers := h.ImportCustomers(t, 4)
	require.NoError(t, e.Mail.Rules(
		mail.Rule{To: customers[0].Second, Answers: []string{fmt.Sprintf("550 5.1.1 <%s> %s", customers[0].Second, words)}},
		mail.Rule{To: customers[1].Second, Answers: []string{fmt.Sprintf("451 4.2.0 <%s> %s", customers[1].Second, words)}},
	))
	stumble(t, h, "raise", "NEW.kind = 'delivery_refused'", customers[0].Name)
	caseID := announced(t, h)
	e.StartWorker(t)
	testkit.Await(t, "a worker met the database's error", func() bool { return strings.Contains(e.Log.String(), "database error P0001") })
	mend(t, h, "raise")
	testkit.Await(t, "people are paged about what became of it", func() bool { return pages(t, e) != "" })
	testkit.Await(t, "a customer has its letter", func() bool { return len(mailsTo(t, e, customers[2].Second)) == 1 })
	token := linkInMail.FindStringSubmatch(mailsTo(t, e, customers[2].Second)[0])[1]
	_, err := e.Desk.AnswerNotice(ctx, token, desk.NoticeAnswer{Acknowledge: true, Name: evidence})
	require.NoError(t, err)
	e.AwaitCount(t, "its dates are counted", 1, `SELECT count(*) FROM change_customer k JOIN customer c ON c.id = k.customer_id WHERE c.ref = $1 AND k.sent_at IS NOT NULL`, customers[2].Ref)
	_, err = e.Desk.RecordObjection(ctx, e.As(access.CommsLead), "", caseID, customers[2].Ref, desk.ObjectionInput{At: time.Now(), Words: advice, Evidence: evidence})
	var refused *problem.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "no_window", refused.Blockers[0].Code, "these agreements give none")

	secrets := []string{words, advice, evidence, token, "About What changes"}
	for _, c := range customers {
		secrets = append(secrets, c.Name, c.Address, c.Second)
	}
	places := map[string]string{"the workers' log": e.Log.String(), "the figures": figures(t, e), "the pages": pages(t, e), "the database's readable columns": columns(t, h)}
	places["Temporal, as it is stored"], places["Temporal, decrypted"] = histories(t, e, contract.ChangeID(caseID), contract.CampaignID(look[uuid.UUID](t, h, `SELECT id FROM campaign WHERE case_id = $1`, caseID)))
	hold(t, places, secrets)
	require.Contains(t, places["Temporal, as it is stored"], caseID.String())
	require.Contains(t, places["the workers' log"], "database error P0001")
	require.Contains(t, places["the database's readable columns"], customers[2].Ref)
}
