package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// law is the rules by which a case is decided: those of the pack that it began with, adopted as people have decided since.
type law struct {
	version string
	rules   map[string]clock.Rule
	list    []clock.Rule
	// toCustomers are those under which a supplier may owe its customers.
	toCustomers []clock.Rule
}

// law reads the rules of a pack's version: this binary's own, or those that were kept when a case began with them. Where
// they were not kept, it is this binary's own, and its version says so.
func (d *Desk) law(ctx context.Context, tx *store.Tx, version string) (*law, error) {
	list := d.pack.Rules()
	if version != d.pack.Version {
		body, err := tx.Pack(ctx, version)
		switch {
		case problem.CodeOf(err) == problem.NotFound:
			version = d.pack.Version // Nobody kept it: a clock under a law does not wait for a file.
		case err != nil:
			return nil, err
		default:
			list = nil
			if err := json.Unmarshal(body, &list); err != nil {
				return nil, fmt.Errorf("cannot read rule pack %s: %w", version, err)
			}
		}
	}
	adoptions, err := tx.Adoptions(ctx)
	if err != nil {
		return nil, err
	}
	l := &law{version: version, rules: make(map[string]clock.Rule, len(list)), list: list}
	for i := range list {
		for _, a := range adoptions {
			if a.Rule == list[i].ID {
				list[i].Adoption = nil
				if a.Adopted {
					list[i].Adoption = &clock.Adoption{By: a.Handle, On: clock.DateIn(a.At, time.UTC)}
				}
			}
		}
		l.rules[list[i].ID] = list[i]
		if list[i].Binds.To == clock.ToCustomer && list[i].Start.OfIncident() {
			l.toCustomers = append(l.toCustomers, list[i])
		}
	}
	return l, nil
}

func (l *law) rule(id string) (clock.Rule, bool) {
	rule, known := l.rules[id]
	return rule, known
}

// keepPack keeps the pack with which a case begins, once per version.
func (d *Desk) keepPack(ctx context.Context, tx *store.Tx) error {
	if d.packKept.Load() {
		return nil
	}
	body, err := json.Marshal(d.pack.Rules())
	if err != nil {
		return fmt.Errorf("cannot keep the rule pack: %w", err)
	}
	return tx.KeepPack(ctx, d.pack.Version, body)
}
