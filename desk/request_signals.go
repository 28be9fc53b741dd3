package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/store"
)

// signals are what located account data says about how a request has to be handled: every value of the fields that say it.
func (w *work) signals(ctx context.Context) (map[estate.Signal][]string, error) {
	targets, err := w.Targets(ctx, w.c.ID)
	if err != nil {
		return nil, err
	}
	said := map[estate.Signal][]string{}
	for _, t := range targets {
		var of spec
		if err := json.Unmarshal(t.Spec, &of); err != nil {
			return nil, fmt.Errorf("cannot read the target: %w", err)
		}
		fields := slices.DeleteFunc(slices.Clone(of.Collection.Fields), func(f estate.Field) bool { return f.Signal == "" })
		if len(fields) == 0 {
			continue
		}
		err := w.EachPage(ctx, w.c.ID, t.Address, func(page store.TargetPage) error {
			items, err := openItems(w.key, page)
			for _, f := range fields {
				for _, item := range items {
					value := says(item.Values[f.Name])
					// A record of no customer is none that a customer's instruction is about.
					if (value != "" || f.Signal == estate.Controller && w.request.Instructed != "") && !slices.Contains(said[f.Signal], value) {
						said[f.Signal] = append(said[f.Signal], value)
					}
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return said, nil
}

// says is a value as text; empty for one that says no.
func says(value any) string {
	text := fmt.Sprint(value)
	if value == nil || slices.Contains([]string{"0", "f", "false", "[]"}, text) {
		return ""
	}
	return text
}

// cares are the signals for which a person has to look before anything is destroyed.
func cares(said map[estate.Signal][]string) (reasons []string) {
	for _, signal := range []estate.Signal{estate.SoleOwner, estate.AbuseInvestigation} {
		if len(said[signal]) > 0 {
			reasons = append(reasons, string(signal))
		}
	}
	return reasons
}

// controlled ends the search where the account's data shows that a customer decides about it: that customer is owed the
// request, what was located is forgotten, and people are raised. A customer's own instruction is carried out, about its own
// records and no others.
func (d *Desk) controlled(ctx context.Context, w *work, said map[estate.Signal][]string) (bool, error) {
	if slices.Contains(w.request.Care, request.CareController) && w.request.CaredBy != "" {
		return false, nil // A person said why it is the company's own.
	}
	found, err := w.CustomersByRef(ctx, said[estate.Controller])
	if err != nil {
		return false, err
	}
	others := slices.DeleteFunc(slices.Clone(said[estate.Controller]), func(ref string) bool {
		c, known := found[ref]
		return known && c.ID.String() == w.request.Instructed
	})
	if len(others) == 0 {
		return false, nil
	}
	shown := request.ControllerShown{}
	if c, known := found[others[0]]; known && len(others) == 1 {
		shown.Customer = c.ID.String()
		if _, err := d.forwarding(ctx, w, c); err != nil {
			return false, err
		}
	}
	raise := store.Raise{Key: cases.RaiseController, Kind: cases.RaiseController, DueAt: w.c.Now, Count: len(others)}
	return true, firstError(w.decideRequest(ctx, shown), w.LayOut(ctx, w.c.ID, nil), d.raise(ctx, w, raise))
}

// instructedBy is the customer who instructs a request as its controller, and where its answer goes.
func (d *Desk) instructedBy(ctx context.Context, w *work, ref string) (id uuid.UUID, answerTo string, err error) {
	c, err := w.customer(ctx, "instructed_by", ref)
	if err != nil {
		return id, "", err
	}
	_, addresses, err := d.privacyContacts(ctx, w, c)
	if err != nil {
		return id, "", err
	}
	return c.ID, addresses[0], nil
}
