package desk

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/register"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// ExportForCounsel writes the facts of a case, in the register's own words, and its privilege log: what is withheld, item
// by item, without the words. content adds the words, for members of the case's legal circle; for others the circle is
// not found. The last line signs the file as it does a register.
func (d *Desk) ExportForCounsel(ctx context.Context, actor access.Actor, caseID uuid.UUID, content bool, sign audit.Signer, to io.Writer) error {
	if err := access.May(actor, access.CounselExport); err != nil {
		return err
	}
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, actor, caseID)
		if err != nil {
			return err
		}
		if content {
			if _, _, err := d.circle(ctx, tx, actor, caseID); err != nil {
				return err
			}
			if err := tx.Access(ctx, actor, c.ID, string(access.PrivilegeRead)); err != nil {
				return err
			}
		}
		return tx.Access(ctx, actor, c.ID, string(access.CounselExport))
	})
	if err != nil {
		return err
	}
	return d.store.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, actor, caseID)
		if err != nil {
			return err
		}
		head, err := registerHead(ctx, tx, actor)
		if err != nil {
			return err
		}
		file, err := register.OpenJSON(to, "counsel", head)
		if err == nil {
			err = file.List("facts")
		}
		if err == nil {
			err = d.enter(ctx, tx, c, c.Now, file)
		}
		if err == nil {
			err = file.List("privilege_log")
		}
		if err != nil {
			return err
		}
		log, err := openLog(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if err := log.each(ctx, tx, c.ID, func(_ store.Privileged, e PrivilegeLogEntry) error { return file.Item(e) }); err != nil {
			return err
		}
		if content {
			if err := d.withWords(ctx, tx, actor, c, log, file); err != nil {
				return err
			}
		}
		return file.Close(sign)
	})
}

// withWords adds what was withheld.
func (d *Desk) withWords(ctx context.Context, tx *store.Tx, actor access.Actor, c store.Case, log privilegeLog, file *register.JSON) error {
	var key seal.Key
	_, key, err := d.circle(ctx, tx, actor, c.ID)
	if err == nil {
		err = file.List("privileged")
	}
	if err != nil {
		return err
	}
	return log.each(ctx, tx, c.ID, func(item store.Privileged, e PrivilegeLogEntry) error {
		view, err := privilegedView(key, item, e)
		if err != nil {
			return err
		}
		return file.Item(view)
	})
}

// each calls f for everything that is privileged in a case, the oldest first.
func (l privilegeLog) each(ctx context.Context, tx *store.Tx, caseID uuid.UUID, f func(store.Privileged, PrivilegeLogEntry) error) error {
	after := uuid.Nil
	for {
		items, err := tx.Privileged(ctx, caseID, after, breachPage)
		if err != nil {
			return err
		}
		entries, err := l.entries(ctx, tx, items)
		if err != nil {
			return err
		}
		for i, item := range items {
			after = item.ID
			if err := f(item, entries[i]); err != nil {
				return fmt.Errorf("cannot write the export: %w", err)
			}
		}
		if len(items) < breachPage {
			return nil
		}
	}
}
