package desk

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/store"
)

// Seal vouches in the case's chain for the ledger rows of every page that no sender holds any more.
func (d *Desk) Seal(ctx context.Context, campaignID uuid.UUID) error {
	p, err := d.campaign(ctx, campaignID)
	if err != nil {
		return err
	}
	_, err = d.process(ctx, access.DeliveryRecord, p.Case, func(w *work) (int, error) {
		pages, err := w.UnsealedPages(ctx, campaignID)
		for _, page := range pages {
			if err := w.seal(ctx, page, &campaignID); err != nil {
				return 0, err
			}
		}
		return len(pages), err
	})
	return err
}

// seal writes one entry with the page's counts by outcome and the hash over its stored rows.
func (w *work) seal(ctx context.Context, page uuid.UUID, campaignID *uuid.UUID) error {
	vouched, err := sealOf(ctx, w.Tx, page)
	if err != nil {
		return err
	}
	if vouched.Rows == 0 {
		return w.ForgetPage(ctx, page)
	}
	w.write("deliveries.sealed", time.Time{}, vouched, nil)
	return w.SealPage(ctx, page, w.c.ID, campaignID, w.c.NextSeq+int64(len(w.events))-1)
}

func sealOf(ctx context.Context, tx *store.Tx, page uuid.UUID) (audit.PageSeal, error) {
	digest, counts, err := digestPage(ctx, tx, page)
	if err != nil {
		return audit.PageSeal{}, err
	}
	return digest.Seal(counts)
}

// pagePrefix names the table whose rows a sealed page holds.
const pagePrefix = "delivery_event/"

func pageName(page uuid.UUID) string { return pagePrefix + page.String() }

// FinishCampaign ends a sending when nobody is left to try, and its notice is released.
func (d *Desk) FinishCampaign(ctx context.Context, campaignID uuid.UUID) error {
	p, err := d.campaign(ctx, campaignID)
	if err != nil {
		return err
	}
	_, err = d.process(ctx, access.DeliveryRecord, p.Case, func(w *work) (int, error) {
		p, err := w.Campaign(ctx, campaignID)
		if err != nil || p.State != string(campaign.Running) {
			return 0, err
		}
		next, err := w.NextOfCampaign(ctx, p, w.c.Offset)
		if err != nil || next.Outstanding {
			return 0, err
		}
		if w.c.Kind == KindRequest {
			return 0, firstError(w.endCampaign(ctx, p, campaign.Done), d.extended(ctx, w, p.Notice))
		}
		return 0, firstError(w.endCampaign(ctx, p, campaign.Done), d.follow(ctx, w))
	})
	return err
}

func (d *Desk) campaign(ctx context.Context, id uuid.UUID) (p store.Campaign, err error) {
	err = d.store.Do(ctx, func(tx *store.Tx) error { p, err = tx.Campaign(ctx, id); return err })
	return p, err
}

// endCampaign notes how a sending ended, with its counts.
func (w *work) endCampaign(ctx context.Context, p store.Campaign, state campaign.State) error {
	if err := w.SetCampaign(ctx, p.ID, string(state), &w.c.Now); err != nil {
		return err
	}
	all, err := w.CampaignCounts(ctx, w.c.ID)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, c := range all {
		if c.Campaign == p.ID && c.Delivery != "" {
			counts[c.Delivery] = c.Count
		}
	}
	n, err := w.Notice(ctx, w.c.ID, p.Notice)
	if err != nil {
		return err
	}
	others := slices.ContainsFunc(all, func(c store.CampaignCount) bool {
		return c.Campaign != p.ID && c.Notice == p.Notice && (c.State == string(campaign.Running) || c.State == string(campaign.Paused))
	})
	if !p.Test && !others {
		n.State = noticeReleased
	}
	w.write("campaign."+string(state), time.Time{}, map[string]any{"campaign": p.ID, "notice": p.Notice, "counts": counts}, nil)
	return w.UpdateNotice(ctx, n)
}
