package desk

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
)

// ShredInput erases the words of a closed case.
type ShredInput struct {
	Ground string `json:"ground" enum:"retention_over,erasure_order,opened_in_error" doc:"Why; a code, because words would be erased with the rest"`
}

// ShredCase empties the keys of a closed case, or of a request that has ended: what they sealed is erased, what is privileged
// included. The privacy lead begins, a second person confirms, and a legal hold refuses; so does, for a request, a record that
// stays for a time. Codes, counts, certificates, instants and the chain stay, and the chain verifies.
func (d *Desk) ShredCase(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ShredInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.CaseShred, caseID, in, func(w *work) (Receipt, error) {
		holds, err := w.standing(ctx)
		if err != nil {
			return Receipt{}, err
		}
		if w.c.Kind == KindRequest {
			err = w.decideRequest(ctx, request.Shred{Ground: in.Ground, Holds: holds, Years: d.accountability, PrivacyLead: actor.Has(access.PrivacyLead)})
		} else {
			err = w.apply(ctx, incident.Shred{Ground: in.Ground, Holds: holds})
		}
		if err != nil || w.pending() {
			return Receipt{Pending: w.pending()}, err
		}
		if w.c.Kind == KindRequest {
			if err := w.Unlink(ctx, w.c.ID); err != nil {
				return Receipt{}, err
			}
		}
		scopes, err := w.Scopes(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		for _, scope := range scopes {
			if err := w.Shred(ctx, scope); err != nil {
				return Receipt{}, err
			}
		}
		return Receipt{Count: len(scopes)}, nil
	})
}

// erased says of content whose key was destroyed that it is gone for good, and is no fault.
func erased(err error) error {
	if errors.Is(err, seal.ErrShredded) {
		return problem.Blocked(problem.Blocker{Code: "case_shredded", Detail: "the words of the case were erased with their key; its codes, instants and chain remain"})
	}
	return err
}
