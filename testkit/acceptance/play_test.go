package acceptance_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// affected opens a drill, in which the company has been aware for an hour, of customers.
func affected(t *testing.T, h *testkit.House, customers []testkit.Customer) uuid.UUID {
	t.Helper()
	caseID := h.Declared(t).Case
	h.Aware(t, caseID, time.Now().Add(-time.Hour))
	h.Parties(t, caseID, testkit.Refs(customers)...)
	return caseID
}

// advance moves a drill's clock to the next instant at which something happens by itself, and waits until it has.
func advance(t *testing.T, e *testkit.Engine, caseID uuid.UUID) {
	t.Helper()
	_, err := e.Desk.AdvanceClock(context.Background(), e.As(access.Responder), "", caseID, desk.AdvanceInput{})
	require.NoError(t, err)
	e.Quiet(t)
}

// sendAll moves a drill's clock on until nobody waits for another try.
func sendAll(t *testing.T, e *testkit.Engine, caseID uuid.UUID) {
	t.Helper()
	for e.Count(t, `SELECT count(*) FROM delivery WHERE case_id = $1 AND state = 'deferred'`, caseID) > 0 {
		advance(t, e, caseID)
	}
}

// advanceTo moves a drill's clock to an instant.
func advanceTo(t *testing.T, h *testkit.House, caseID uuid.UUID, at time.Time) {
	t.Helper()
	_, err := h.Desk.AdvanceClock(context.Background(), h.As(access.Responder), "", caseID, desk.AdvanceInput{To: &at})
	require.NoError(t, err)
}

// deliveries are a case's deliveries with what was tried and answered.
func deliveries(t *testing.T, h *testkit.House, caseID uuid.UUID) (all []desk.DeliveryView) {
	t.Helper()
	for cursor := ""; ; {
		page, err := h.Desk.Deliveries(context.Background(), h.As(access.Auditor), caseID, "", cursor, 500)
		require.NoError(t, err)
		for _, one := range page.Items {
			view, err := h.Desk.Delivery(context.Background(), h.As(access.Auditor), caseID, one.ID)
			require.NoError(t, err)
			all = append(all, view)
		}
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// duties are a case's duties.
func duties(t *testing.T, h *testkit.House, caseID uuid.UUID) (all []desk.DutyView) {
	t.Helper()
	for cursor := ""; ; {
		page, err := h.Desk.Duties(context.Background(), h.As(access.Auditor), caseID, "", cursor, 500)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// raises are a case's raises, counted by kind.
func raises(t *testing.T, h *testkit.House, caseID uuid.UUID) map[string]int {
	t.Helper()
	views, err := h.Desk.Raises(context.Background(), h.As(access.Auditor), caseID)
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, r := range views {
		kinds[r.Kind]++
	}
	return kinds
}
