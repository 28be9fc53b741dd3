package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// table shows who was told when, and what proves it.
func (p *player) table(ctx context.Context) error {
	p.act("Who was told when")
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	page, err := p.plant.desk.Deliveries(ctx, p.as(access.CommsLead), p.id, "", "", 500)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CUSTOMER\tCLAUSE\tDUE\tMET AT\tMARGIN\tEVIDENCE")
	unmet, kept := 0, 0
	for _, d := range duties {
		if d.Follows != nil && d.MetAt != nil {
			kept++
			continue
		}
		due, label := d.Limit, ""
		if due == nil {
			due, label = d.Target, " (internal)"
		}
		who, met, margin := d.Customer, "-", "-"
		if who == "" {
			who = strings.TrimPrefix(d.Counterparty, "authority/")
		}
		if d.MetAt != nil {
			met, margin = d.MetAt.Format("02 Jan 15:04"), since(*due, *d.MetAt)
		} else {
			unmet++
		}
		fmt.Fprintf(w, "%s\t%s\t%s%s\t%s\t%s\t%s\n", who, short(d.Clause), due.Format("02 Jan 15:04"), label, met, margin, proof(d, page.Items))
	}
	w.Flush()
	p.say("and %d customers got the update that they were promised", kept)
	if unmet > 0 {
		return fmt.Errorf("%d duties are not met", unmet)
	}
	return nil
}

// proof is what the customer's deliveries hold, in the words of the evidence ladder.
func proof(d desk.DutyView, deliveries []desk.DeliveryView) string {
	var by []struct{ Contact, Evidence string }
	if json.Unmarshal([]byte(d.MetBy), &by) == nil && len(by) > 0 && d.Customer == "" {
		return "filed by hand, confirmed"
	}
	var parts []string
	for _, one := range deliveries {
		if one.Customer != d.Customer || d.Customer == "" || one.State == "reserve" || d.Notice != nil && one.Notice != nil && *one.Notice != *d.Notice {
			continue
		}
		part := one.Evidence + " " + one.State
		if one.Code > 0 {
			part += fmt.Sprintf(" %d", one.Code)
		}
		if one.Attempt > 1 {
			part += fmt.Sprintf(" after %d tries", one.Attempt)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// verify checks the case's chain and the ledger rows that it vouches for.
func (p *player) verify(ctx context.Context) error {
	p.act("Anyone can check")
	view, err := p.plant.desk.VerifyCase(ctx, p.as(access.Auditor), p.id)
	if err != nil {
		return err
	}
	if !view.OK {
		return errors.New(view.Problem)
	}
	if _, err := p.plant.heads.Publish(ctx); err != nil {
		return err
	}
	p.say("  %d entries and %d ledger rows verified; head %s… is signed and published", view.Entries, view.Rows, view.Head[:16])
	return nil
}

func since(later, earlier time.Time) string {
	d := later.Sub(earlier).Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

func short(clause string) string {
	if runes := []rune(clause); len(runes) > 44 {
		return "…" + string(runes[len(runes)-43:])
	}
	return clause
}
