package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// SuppressionInput asks about identifiers that are about to come in.
type SuppressionInput struct {
	Identities []IdentityInput `json:"identities" minItems:"1" maxItems:"1000" doc:"Identifiers of people, as a pipeline is about to write them"`
}

// SuppressionFlag says of one identifier whether it was erased.
type SuppressionFlag struct {
	Kind       string `json:"kind" doc:"Kind of the identifier; flags come in the order of the question and repeat no value"`
	Suppressed bool   `json:"suppressed" doc:"It was erased for its person, who has not signed up anew: do not write it back"`
}

// CheckSuppressed flags identifiers that were erased for their person, in their order. Only keyed hashes are compared, and
// neither values nor hashes are kept.
func (d *Desk) CheckSuppressed(ctx context.Context, actor access.Actor, in SuppressionInput) ([]SuppressionFlag, error) {
	if err := access.May(actor, access.SuppressionCheck); err != nil {
		return nil, err
	}
	if len(in.Identities) == 0 || len(in.Identities) > 1000 {
		return nil, problem.InvalidField("identities", "give 1 to 1000 identifiers")
	}
	flags := make([]SuppressionFlag, len(in.Identities))
	kinds, commits := make([]string, len(in.Identities)), make([][]byte, len(in.Identities))
	for i, one := range in.Identities {
		normal, err := request.Identity(one).Normal()
		if err != nil {
			return nil, at(fmt.Sprintf("identities[%d]", i), err)
		}
		flags[i].Kind, kinds[i], commits[i] = normal.Kind, normal.Kind, d.identityCommit(normal)
	}
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		standing, err := tx.SuppressedAmong(ctx, kinds, commits)
		for i := range flags {
			flags[i].Suppressed = standing[kinds[i]+"/"+string(commits[i])]
		}
		return err
	})
	return flags, err
}

// LiftInput says that a person signed up anew.
type LiftInput struct {
	Identity IdentityInput `json:"identity" doc:"The identifier that may be written again"`
	Evidence string        `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows that the person signed up anew: when, and where it is recorded"`
}

// LiftSuppression lets an identifier be written again: its person signed up anew. The requests that suppressed it record who said
// so, with the evidence sealed; one whose words were erased in the meantime records nothing any more. The receipt counts what
// was lifted.
func (d *Desk) LiftSuppression(ctx context.Context, actor access.Actor, key string, in LiftInput) (Receipt, error) {
	if err := access.May(actor, access.SuppressionLift); err != nil {
		return Receipt{}, err
	}
	if in.Evidence == "" {
		return Receipt{}, problem.InvalidField("evidence", "say what shows that the person signed up anew")
	}
	normal, err := request.Identity(in.Identity).Normal()
	if err != nil {
		return Receipt{}, at("identity", err)
	}
	commit := d.identityCommit(normal)
	digest, err := digestOf(uuid.Nil, []any{normal.Kind, commit, in.Evidence})
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		return once(ctx, tx, actor, key, string(access.SuppressionLift), digest, &receipt, func() error {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			lifted, err := tx.Unsuppress(ctx, normal.Kind, commit, now)
			receipt = Receipt{Count: len(lifted)}
			for _, caseID := range lifted {
				if caseID != uuid.Nil {
					err = firstError(err, d.tellLifted(ctx, tx, actor, caseID, in.Evidence))
				}
			}
			return err
		})
	})
	return receipt, err
}

// tellLifted records in a request's chain that what it suppressed may come back. Whoever says so need not see the request.
func (d *Desk) tellLifted(ctx context.Context, tx *store.Tx, actor access.Actor, caseID uuid.UUID, evidence string) error {
	_, err := d.locked(ctx, tx, Docket, caseID, func(w *work) (Receipt, error) {
		w.actor = actor
		w.write("suppression.lifted", time.Time{}, struct{}{}, map[string]any{"evidence": evidence})
		return Receipt{}, nil
	})
	return err
}

// identityCommit is a keyed hash of an identifier, by which equal ones find each other.
func (d *Desk) identityCommit(one request.Identity) []byte {
	commit := seal.Commit(d.lookup, one.Kind+"/"+one.Value)
	return commit[:]
}

// at names the field of a list or an object that a refusal is about.
func at(field string, err error) error {
	if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Field != "" {
		return problem.InvalidField(field+"."+refused.Field, "%s", refused.Detail)
	}
	return err
}
