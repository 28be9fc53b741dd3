package samples_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/samples"
)

var at = time.Date(2026, time.November, 9, 14, 30, 0, 0, time.UTC)

func read(t *testing.T) (sheet.Book, sheet.Report) {
	t.Helper()
	pack, err := packs.Load()
	require.NoError(t, err)
	return sheet.Read(samples.Agreements(), at, pack)
}

func TestTheSamplesImportWithoutErrorsOrContradictions(t *testing.T) {
	t.Parallel()
	book, report := read(t)
	require.Empty(t, report.Errors)
	require.Empty(t, report.Contradictions)
	require.Len(t, book.Customers, 15)
	var gaps []string
	for _, gap := range report.Gaps {
		gaps = append(gaps, gap.Field+" "+gap.Customer)
	}
	require.ElementsMatch(t, []string{
		"last_proven C-1012", "last_proven C-1015", "period ", "period ", " C-1015",
	}, gaps, "two contacts never proven, two terms without a number, one customer with nothing but the policy")
	for _, contact := range book.Contacts {
		require.True(t, strings.HasSuffix(contact.Address, ".test") || strings.HasSuffix(contact.Address, "example.com"), "addresses belong to nobody")
	}
	for _, term := range book.Terms {
		for _, element := range term.Content {
			require.Contains(t, elements(), element, "the letters can say what agreements ask for")
		}
	}
}

func elements() []string {
	var ids []string
	for _, requirement := range letters.Required(letters.IncidentCustomer) {
		ids = append(ids, requirement.ID)
	}
	return ids
}

// One incident, aware at 0 and confirmed ten hours later, is due to each customer by its own clause.
func TestEachSampleCustomerIsOwedItsNoticeByItsOwnInstant(t *testing.T) {
	t.Parallel()
	book, _ := read(t)
	pack, err := packs.Load()
	require.NoError(t, err)
	sets := book.Sets()
	expected := map[string]struct {
		chat, video string
		evidence    duty.Evidence
	}{
		"C-1001": {"48h", "48h", duty.Acceptance}, "C-1002": {"48h", "48h", duty.Acceptance}, "C-1003": {"48h", "48h", duty.Acceptance},
		"C-1004": {"48h", "48h", duty.Acceptance}, "C-1005": {"48h", "48h", duty.Acceptance}, "C-1006": {"48h", "48h", duty.Acceptance},
		"C-1007": {"48h", "48h", duty.Acceptance}, "C-1014": {"48h", "48h", duty.Acceptance},
		"C-1008": {"24h", "24h", duty.Acceptance},
		"C-1009": {"36h", "36h", duty.Acceptance},
		"C-1010": {"82h", "82h", duty.Acceptance},
		"C-1011": {"34h", "34h", duty.Acknowledgement},
		"C-1012": {"24h, internal", "24h, internal", duty.Acceptance},
		"C-1013": {"24h", "48h", duty.Acceptance},
		"C-1015": {"34h, internal", "34h, internal", duty.Acceptance},
	}
	starts := duty.Starts{clock.StartAwareProcessor: at, clock.StartConfirmedProcessor: at.Add(10 * time.Hour)}
	for _, customer := range book.Customers {
		zone, err := pack.Zone(customer.Zone)
		require.NoError(t, err)
		due := func(service string) (string, duty.Term) {
			resolved := duty.Resolve(sets[customer.Ref], duty.Subject{
				Kind: duty.IncidentNotice, Service: service, Touched: []duty.Touch{duty.CustomerPersonalData}, At: at,
			})
			require.True(t, resolved.Owed, customer.Ref)
			c, err := duty.Due(resolved, starts, zone, pack, pack.Rule)
			require.NoError(t, err)
			after := strings.TrimSuffix(c.Target.Sub(at).String(), "0m0s")
			if c.Internal {
				after += ", internal"
			}
			return after, c.Term
		}
		want := expected[customer.Ref]
		chat, term := due("chat-api")
		require.Equal(t, want.chat, chat, customer.Ref)
		require.Equal(t, want.evidence, term.Meets, customer.Ref)
		video, _ := due("video-studio")
		require.Equal(t, want.video, video, customer.Ref)
	}
}

func TestTheSampleAccountHoldersLeadToAuthorities(t *testing.T) {
	t.Parallel()
	book, _ := read(t)
	pack, err := packs.Load()
	require.NoError(t, err)
	require.Len(t, book.Groups, 1)
	group := book.Groups[0]
	proposals := duty.ProposeAuthorities(*book.Company, duty.Impact{Risk: duty.RiskLikely}, []duty.Party{
		{Kind: group.Kind, Touched: group.Holds, People: group.People, Certainty: duty.Suspected},
	}, pack.Rule)
	var authorities []string
	for _, proposal := range proposals {
		authorities = append(authorities, proposal.Name)
	}
	require.Equal(t, []string{"SA DE", "SA FR", "ICO"}, authorities)
}
