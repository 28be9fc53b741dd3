package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/cases/campaign"
)

// Campaign is the sending of one approved notice.
type Campaign struct {
	ID        uuid.UUID
	Case      uuid.UUID
	Notice    uuid.UUID
	Version   int
	Lane      string
	State     string
	CreatedAt time.Time
	EndedAt   *time.Time
}

// InsertCampaign begins a sending.
func (tx *Tx) InsertCampaign(ctx context.Context, c Campaign) error {
	_, err := tx.Exec(ctx, `INSERT INTO campaign (id, case_id, notice_id, version, lane, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.Case, c.Notice, c.Version, c.Lane, c.State, c.CreatedAt)
	if err != nil {
		return fmt.Errorf("cannot insert the campaign: %w", err)
	}
	return nil
}

// Campaign reads a campaign by its id alone, for its own process.
func (tx *Tx) Campaign(ctx context.Context, id uuid.UUID) (c Campaign, err error) {
	err = tx.QueryRow(ctx, `SELECT id, case_id, notice_id, version, lane, state, created_at, ended_at FROM campaign WHERE id = $1`, id).
		Scan(&c.ID, &c.Case, &c.Notice, &c.Version, &c.Lane, &c.State, &c.CreatedAt, &c.EndedAt)
	return c, one(err, "campaign")
}

// SetCampaign writes a campaign's state.
func (tx *Tx) SetCampaign(ctx context.Context, id uuid.UUID, state string, ended *time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE campaign SET state = $2, ended_at = $3 WHERE id = $1`, id, state, ended)
	if err != nil {
		return fmt.Errorf("cannot write the campaign: %w", err)
	}
	return nil
}

// CampaignCount is how many deliveries of a campaign are in one state.
type CampaignCount struct {
	Campaign uuid.UUID
	Notice   uuid.UUID
	State    string
	Delivery string
	Count    int
}

// CampaignCounts counts the deliveries of a case's campaigns by state.
func (tx *Tx) CampaignCounts(ctx context.Context, caseID uuid.UUID) ([]CampaignCount, error) {
	rows, err := tx.Query(ctx, `SELECT c.id, c.notice_id, c.state, coalesce(d.state, ''), count(d.id)::int FROM campaign c
		LEFT JOIN delivery d ON d.campaign_id = c.id WHERE c.case_id = $1 GROUP BY c.id, d.state ORDER BY c.id, d.state`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot count the deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[CampaignCount])
}

// NextOfCampaign reads what the rows say of a campaign, in case time.
func (tx *Tx) NextOfCampaign(ctx context.Context, c Campaign, offset time.Duration) (campaign.Next, error) {
	next := campaign.Next{State: campaign.State(c.State)}
	err := tx.QueryRow(ctx, `SELECT
		(SELECT min(next_at) FROM delivery WHERE campaign_id = $1 AND state IN ('planned', 'deferred')),
		(SELECT min(lease_until) + $2 FROM delivery WHERE campaign_id = $1 AND claim IS NOT NULL),
		(SELECT count(*) FROM delivery WHERE campaign_id = $1 AND state IN ('planned', 'deferred', 'claimed', 'in_flight')),
		EXISTS (`+unsealed+`)`, c.ID, offset).Scan(&next.Send, &next.Lease, &next.Outstanding, &next.Unsealed)
	if err != nil {
		return next, fmt.Errorf("cannot read what the campaign does next: %w", err)
	}
	return next, nil
}

// unsealed selects the pages of campaign $1 whose rows are in the ledger, that no sender holds, and that are not sealed.
const unsealed = `SELECT DISTINCT e.page FROM delivery d JOIN delivery_event e ON e.delivery_id = d.id
	WHERE d.campaign_id = $1 AND NOT EXISTS (SELECT 1 FROM page_seal s WHERE s.page = e.page)
	AND NOT EXISTS (SELECT 1 FROM delivery h WHERE h.claim = e.page)`

// UnsealedPages lists the pages of a campaign that wait to be sealed.
func (tx *Tx) UnsealedPages(ctx context.Context, id uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, unsealed+` ORDER BY 1`, id)
	if err != nil {
		return nil, fmt.Errorf("cannot list the unsealed pages: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// SealedPages lists the pages of a case that are marked as sealed.
func (tx *Tx) SealedPages(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT page FROM page_seal WHERE case_id = $1`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list the sealed pages: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// SealPage notes which entry of the chain vouches for a page.
func (tx *Tx) SealPage(ctx context.Context, page, caseID uuid.UUID, campaignID *uuid.UUID, seq int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO page_seal (page, case_id, campaign_id, seq) VALUES ($1, $2, $3, $4)`, page, caseID, campaignID, seq)
	if err != nil {
		return fmt.Errorf("cannot note the seal: %w", err)
	}
	return nil
}

// Draw takes up to n sends from a channel's budget and answers how many it may have. An account without a row has no limit.
func (tx *Tx) Draw(ctx context.Context, channel, account string, n int) (int, error) {
	rows, err := tx.Query(ctx, `WITH full_again AS (
			SELECT channel, account, least(burst, tokens + per_second * extract(epoch FROM clock_timestamp() - at)) AS tokens
			FROM budget WHERE channel = $1 AND account = $2 FOR UPDATE)
		UPDATE budget b SET tokens = f.tokens - least($3, floor(f.tokens)), at = clock_timestamp() FROM full_again f
		WHERE b.channel = f.channel AND b.account = f.account RETURNING least($3, floor(f.tokens))::int`, channel, account, n)
	if err != nil {
		return 0, fmt.Errorf("cannot draw from the budget: %w", err)
	}
	drawn, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(drawn) == 0 {
		return n, err
	}
	return drawn[0], nil
}

// SetBudget sets how many may leave a channel's account per second.
func (tx *Tx) SetBudget(ctx context.Context, channel, account string, perSecond, burst float64) error {
	_, err := tx.Exec(ctx, `INSERT INTO budget (channel, account, per_second, burst, tokens) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (channel, account) DO UPDATE SET per_second = $3, burst = $4`, channel, account, perSecond, burst)
	if err != nil {
		return fmt.Errorf("cannot set the budget: %w", err)
	}
	return nil
}
