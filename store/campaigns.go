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
	// Test says that it goes to somebody of the company, and carries out nothing.
	Test bool
}

// InsertCampaign begins a sending.
func (tx *Tx) InsertCampaign(ctx context.Context, c Campaign) error {
	_, err := tx.Exec(ctx, `INSERT INTO campaign (id, case_id, notice_id, version, lane, state, created_at, test) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, c.Case, c.Notice, c.Version, c.Lane, c.State, c.CreatedAt, c.Test)
	if err != nil {
		return fmt.Errorf("cannot insert the campaign: %w", err)
	}
	return nil
}

// Campaign reads a campaign by its id alone, for its own process.
func (tx *Tx) Campaign(ctx context.Context, id uuid.UUID) (c Campaign, err error) {
	err = tx.QueryRow(ctx, campaignSelect+`WHERE id = $1`, id).
		Scan(&c.ID, &c.Case, &c.Notice, &c.Version, &c.Lane, &c.State, &c.CreatedAt, &c.EndedAt, &c.Test)
	return c, one(err, "campaign")
}

const campaignSelect = `SELECT id, case_id, notice_id, version, lane, state, created_at, ended_at, test FROM campaign `

// RunningCampaigns are the sendings of a case that are running or paused.
func (tx *Tx) RunningCampaigns(ctx context.Context, caseID uuid.UUID) ([]Campaign, error) {
	rows, err := tx.Query(ctx, campaignSelect+`WHERE case_id = $1 AND state IN ('running', 'paused') ORDER BY id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the sendings: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Campaign])
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
		LEFT JOIN delivery d ON d.campaign_id = c.id AND d.notice_id = c.notice_id WHERE c.case_id = $1 GROUP BY c.id, d.state ORDER BY c.id, d.state`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot count the deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[CampaignCount])
}

// NextOfCampaign reads what the rows say of a campaign, in case time. It looks at the first row of each kind and counts
// none, for it is asked after every page.
func (tx *Tx) NextOfCampaign(ctx context.Context, c Campaign, offset time.Duration) (campaign.Next, error) {
	next := campaign.Next{State: campaign.State(c.State)}
	err := tx.QueryRow(ctx, `SELECT
		(SELECT min(next_at) FROM delivery WHERE campaign_id = $1 AND state IN ('planned', 'deferred')),
		(SELECT min(lease_until) + $2 FROM delivery WHERE campaign_id = $1 AND claim IS NOT NULL),
		EXISTS (`+unsealed+`)`, c.ID, offset).Scan(&next.Send, &next.Lease, &next.Unsealed)
	if err != nil {
		return next, fmt.Errorf("cannot read what the campaign does next: %w", err)
	}
	// Whoever is not at an end is due at some time, or held by a sender.
	next.Outstanding = next.Send != nil || next.Lease != nil
	return next, nil
}

// unsealed selects the pages of campaign $1 that no sender holds any more.
const unsealed = `SELECT p.page FROM sender_page p WHERE p.campaign_id = $1 AND NOT EXISTS (SELECT 1 FROM delivery h WHERE h.claim = p.page)`

// OpenPage notes a sender's page before its first claim and keeps it from being sealed until this transaction ends.
// False: it is sealed already, and its sender may claim nothing more under it.
func (tx *Tx) OpenPage(ctx context.Context, page, campaignID uuid.UUID) (open bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO sender_page (page, campaign_id) VALUES ($1, $2) ON CONFLICT (page) DO UPDATE SET campaign_id = excluded.campaign_id`, page, campaignID)
	// Asked after the row is ours: a seal that was under way has ended by now.
	batch.Queue(`SELECT NOT EXISTS (SELECT 1 FROM page_seal WHERE page = $1)`, page).QueryRow(func(row pgx.Row) error { return row.Scan(&open) })
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("cannot open the page: %w", err)
	}
	return open, nil
}

// UnsealedPages lists the pages of a campaign that wait to be sealed; nobody claims under them until this transaction ends.
func (tx *Tx) UnsealedPages(ctx context.Context, id uuid.UUID) (pages []uuid.UUID, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT page FROM sender_page WHERE campaign_id = $1 ORDER BY page FOR UPDATE`, id)
	batch.Queue(unsealed+` ORDER BY 1`, id).Query(func(rows pgx.Rows) error {
		pages, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("cannot list the unsealed pages: %w", err)
	}
	return pages, nil
}

// ForgetPage ends a page under which nothing was begun: there is nothing to seal.
func (tx *Tx) ForgetPage(ctx context.Context, page uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sender_page WHERE page = $1`, page); err != nil {
		return fmt.Errorf("cannot forget the page: %w", err)
	}
	return nil
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
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO page_seal (page, case_id, campaign_id, seq) VALUES ($1, $2, $3, $4)`, page, caseID, campaignID, seq)
	batch.Queue(`DELETE FROM sender_page WHERE page = $1`, page)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
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
