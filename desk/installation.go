package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Ping says whether the database answers.
func (d *Desk) Ping(ctx context.Context) error { return d.store.Ping(ctx) }

// Quarantine is why nothing is sent; empty when nothing is wrong.
func (d *Desk) Quarantine(ctx context.Context) (reason string, err error) {
	err = d.store.Reserved(ctx, func(tx *store.Tx) error {
		i, err := tx.Installation(ctx)
		if i != nil && i.QuarantinedAt != nil && i.Reason != nil {
			reason = *i.Reason
		}
		return err
	})
	return reason, err
}

// Guard holds the database against what was published outside it (invariant 15). The first start makes the
// installation row. A restored dump, a promoted clone or a database older than the newest published head
// starts quarantined: people work, nothing is sent, until an operator reconciles. published is nil where the
// published files cannot be followed, which is no less suspicious.
func (d *Desk) Guard(ctx context.Context, published *audit.Trail) (reason string, err error) {
	err = d.store.Reserved(ctx, func(tx *store.Tx) error {
		system, timeline, err := tx.Cluster(ctx)
		if err != nil {
			return err
		}
		if err := tx.Install(ctx, store.Installation{ID: newID(), SystemIdentifier: system, Timeline: timeline}); err != nil {
			return err
		}
		i, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		if reason, err = suspicion(ctx, tx, *i, system, timeline, published); err != nil || reason == "" {
			return err
		}
		return tx.Quarantine(ctx, reason)
	})
	if err == nil && reason == "" {
		return d.Quarantine(ctx)
	}
	return reason, err
}

func suspicion(ctx context.Context, tx *store.Tx, i store.Installation, system string, timeline int, published *audit.Trail) (string, error) {
	if published == nil {
		return "the published heads cannot be followed: a file is missing, changed, or signed by an unknown key", nil
	}
	last := published.Last()
	switch {
	case i.SystemIdentifier != system:
		return "the database was restored or copied: its cluster is not the one it was installed in", nil
	case i.Timeline != timeline:
		return "the database was restored or promoted: its timeline is not the one it was installed on", nil
	case last.Sequence > 0 && last.Installation != i.ID.String():
		return "the published heads are another installation's", nil
	case last.Sequence > i.HeadsSequence+1:
		return "the database is older than the newest published heads", nil
	}
	// After a reconciliation what was published before counts no more; the next file says so.
	if anew, err := tx.BeginsAnew(ctx); err != nil || anew && last.Sequence == i.HeadsSequence {
		return "", err
	}
	var failed error
	comparison := audit.CompareHeads(published.Heads(), func(caseID string, seq int64) (int64, audit.Digest, bool) {
		tip, there, err := tx.Tip(ctx, caseID)
		if err != nil {
			failed = err
		}
		var hash audit.Digest
		if there && tip >= seq {
			stored, err := tx.HashAt(ctx, caseID, seq)
			if err == nil {
				hash, err = audit.ReadDigest(stored)
			}
			if err != nil {
				failed = err
			}
		}
		return tip, hash, there
	})
	if failed == nil && comparison.Standing != audit.Equal {
		return fmt.Sprintf("%d chains end before what was published, %d differ from it", comparison.Behind, comparison.Forked), nil
	}
	return "", failed
}

// Reconcile ends a quarantine: an operator has made sure that nothing else sends for this installation.
func (d *Desk) Reconcile(ctx context.Context, actor access.Actor, reason string, published *audit.Trail) error {
	if err := access.May(actor, access.InstallationReconcile); err != nil {
		return err
	}
	if reason == "" {
		return problem.InvalidField("reason", "say what was checked: that no other copy of this installation sends")
	}
	return d.store.Do(ctx, func(tx *store.Tx) error {
		i, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		if i == nil || i.QuarantinedAt == nil {
			return problem.Blocked(problem.Blocker{Code: "not_quarantined", Detail: "nothing is quarantined"})
		}
		last := published.Last()
		if last.Sequence > 0 && last.Installation != i.ID.String() {
			return problem.Blocked(problem.Blocker{Code: "foreign_heads", Detail: "the published heads are another installation's; correct DOCKET_PUBLISH_DIR"})
		}
		system, timeline, err := tx.Cluster(ctx)
		if err != nil {
			return err
		}
		by, err := uuid.Parse(actor.ID)
		if err != nil {
			return fmt.Errorf("cannot read the actor's id: %w", err)
		}
		key, err := d.installationKey(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		digest := published.Digest()
		record := store.Reconciliation{ID: newID(), By: by, HeadsSequence: last.Sequence, HeadsDigest: digest[:]}
		if i.Reason != nil {
			record.Reason = *i.Reason
		}
		record.Sealed = key.Seal("reconciliation/"+record.ID.String(), []byte(reason))
		return tx.Reconcile(ctx, system, timeline, record)
	})
}

// installationKey is the data key of what belongs to the installation and to no case.
func (d *Desk) installationKey(ctx context.Context, tx *store.Tx, id uuid.UUID) (seal.Key, error) {
	key, err := d.keyOf(ctx, tx, id)
	if problem.CodeOf(err) == problem.NotFound {
		return d.newKey(ctx, tx, id)
	}
	return key, err
}

// PublishHeads signs the ends of all chains that grew and hands the file out to be put outside the database.
// One process at a time publishes; with nothing new nothing is written. It answers the file's number, 0 for none.
func (d *Desk) PublishHeads(ctx context.Context, sign func(audit.Heads) (string, error), put func(sequence int64, jws string) error) (int64, error) {
	var sequence int64
	err := d.store.Reserved(ctx, func(tx *store.Tx) error {
		i, err := tx.LockHeads(ctx)
		if err != nil || i == nil || i.QuarantinedAt != nil {
			return err
		}
		heads, err := tx.MovedHeads(ctx)
		if err != nil || len(heads) == 0 {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		anew, err := tx.BeginsAnew(ctx)
		if err != nil {
			return err
		}
		file := audit.Heads{
			Anew:         anew,
			Installation: i.ID.String(), SystemIdentifier: i.SystemIdentifier, At: now.UTC().Truncate(time.Microsecond), Sequence: i.HeadsSequence + 1, Heads: heads,
		}
		copy(file.PreviousDigest[:], i.HeadsDigest)
		jws, err := sign(file)
		if err != nil {
			return fmt.Errorf("cannot sign the heads: %w", err)
		}
		if err := put(file.Sequence, jws); err != nil {
			return fmt.Errorf("cannot publish the heads: %w", err)
		}
		sequence = file.Sequence
		digest := audit.FileDigest(jws)
		return tx.HeadsPublished(ctx, file.Sequence, digest[:], heads)
	})
	return sequence, err
}

// StatusView is what the engine says of itself.
type StatusView struct {
	Duties          map[string]int `json:"duties" doc:"Open duties by the state of their clocks; drills count in nothing"`
	Deliveries      map[string]int `json:"deliveries" doc:"Deliveries by state"`
	OldestUnclaimed float64        `json:"oldest_unclaimed_seconds" doc:"For how long the oldest due recipient has waited for a sender"`
	OldestUnheard   float64        `json:"oldest_unheard_seconds" doc:"For how long the oldest bell has not been heard"`
	OpenRaises      int            `json:"open_raises" doc:"Raises that nobody has acknowledged"`
	Quarantine      string         `json:"quarantine,omitempty" doc:"Why nothing is sent; absent when all is well"`
}

// Status reads what the engine says of itself, for operators and metrics.
func (d *Desk) Status(ctx context.Context, actor access.Actor) (view StatusView, err error) {
	if err := access.May(actor, access.OpsRead); err != nil {
		return view, err
	}
	if view.Quarantine, err = d.Quarantine(ctx); err != nil {
		return view, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		s, err := tx.Status(ctx)
		view.Duties, view.Deliveries, view.OpenRaises = s.Duties, s.Deliveries, s.OpenRaises
		view.OldestUnclaimed, view.OldestUnheard = s.OldestUnclaimed.Seconds(), s.OldestUnheard.Seconds()
		return err
	})
	return view, err
}
