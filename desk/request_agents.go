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
	"github.com/atlascloudai/docket/store"
)

// AgentInput records an authorised agent: somebody who asks for others.
type AgentInput struct {
	Name          string    `json:"name" minLength:"1" maxLength:"200" doc:"Who the agent is"`
	Authorisation string    `json:"authorisation" minLength:"1" maxLength:"5000" doc:"What shows that the agent may act: the mandate, its date, who checked it"`
	ReplyTo       string    `json:"reply_to,omitempty" maxLength:"320" doc:"The agent's mail address"`
	ValidUntil    time.Time `json:"valid_until" doc:"When the authorisation ends"`
}

// agentContent is what an agent's sealed column holds, and what a request keeps of the agent who asked.
type agentContent struct {
	Name          string `json:"name"`
	Authorisation string `json:"authorisation"`
	ReplyTo       string `json:"reply_to,omitempty"`
}

func agentPlace(id uuid.UUID) string { return "agent/" + id.String() }

// RecordAgent records an agent with what authorises it. Whom it asks for still has to be shown request by request: an
// authorisation is no identity.
func (d *Desk) RecordAgent(ctx context.Context, actor access.Actor, key string, in AgentInput) (Receipt, error) {
	if err := access.May(actor, access.RequestVerify); err != nil {
		return Receipt{}, err
	}
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return Receipt{}, err
	}
	switch {
	case in.Name == "":
		return Receipt{}, problem.InvalidField("name", "say who the agent is")
	case in.Authorisation == "":
		return Receipt{}, problem.InvalidField("authorisation", "say what shows that the agent may act, and who checked it")
	}
	if in.ReplyTo != "" {
		if _, err := (request.Identity{Kind: request.EmailIdentity, Value: in.ReplyTo}).Normal(); err != nil {
			return Receipt{}, problem.InvalidField("reply_to", "is not one mail address")
		}
	}
	digest, err := d.keyedDigest(in)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		return once(ctx, tx, actor, key, "agent.record", digest, &receipt, func() error {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			if !in.ValidUntil.After(now) {
				return problem.InvalidField("valid_until", "give an instant ahead, at which the authorisation ends")
			}
			id := newID()
			own, err := d.newKey(ctx, tx, id)
			if err != nil {
				return err
			}
			sealed, err := own.SealJSON(agentPlace(id), agentContent{Name: in.Name, Authorisation: in.Authorisation, ReplyTo: in.ReplyTo})
			if err != nil {
				return err
			}
			receipt = Receipt{ID: &id}
			return tx.InsertAgent(ctx, store.Agent{ID: id, Sealed: sealed, RecordedAt: now, RecordedBy: who, ValidUntil: in.ValidUntil})
		})
	})
	return receipt, err
}

// RevokeAgent ends an agent's authorisation: it opens no more requests.
func (d *Desk) RevokeAgent(ctx context.Context, actor access.Actor, agentID uuid.UUID) (Receipt, error) {
	if err := access.May(actor, access.RequestVerify); err != nil {
		return Receipt{}, err
	}
	return Receipt{ID: &agentID}, d.store.Do(ctx, func(tx *store.Tx) error { return tx.RevokeAgent(ctx, agentID) })
}

// agent is an agent whose authorisation stands.
func (d *Desk) agent(ctx context.Context, tx *store.Tx, id uuid.UUID, now time.Time) (*agentContent, error) {
	a, err := tx.Agent(ctx, id)
	if err != nil {
		return nil, firstError(problemOtherThan(err, problem.NotFound), problem.InvalidField("agent", "there is no such agent; record it first, with what authorises it"))
	}
	if a.RevokedAt != nil || !a.ValidUntil.After(now) {
		return nil, problem.InvalidField("agent", "its authorisation has ended; record it anew")
	}
	own, err := d.keyOf(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	var content agentContent
	return &content, own.OpenJSON(agentPlace(id), a.Sealed, &content)
}

// BatchResult is what became of one request of a batch.
type BatchResult struct {
	Index   int            `json:"index" doc:"Place in the batch, from 0"`
	Receipt *Receipt       `json:"receipt,omitempty" doc:"What was recorded"`
	Problem *problem.Error `json:"problem,omitempty" doc:"Why it was not"`
}

// OpenRequests records many requests, each by itself: one that is refused holds none of the others back. Repeated with the same
// key, each is recorded once.
func (d *Desk) OpenRequests(ctx context.Context, actor access.Actor, key string, all []RequestInput) ([]BatchResult, error) {
	results := make([]BatchResult, len(all))
	for i, in := range all {
		results[i].Index = i
		own := key
		if own != "" {
			own = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", key, i)).String()
		}
		done, err := d.OpenRequest(ctx, actor, own, in)
		refused, ok := errors.AsType[*problem.Error](err)
		switch {
		case ok:
			results[i].Problem = refused
		case err != nil:
			return results[:i], err
		default:
			results[i].Receipt = &done
		}
	}
	return results, nil
}

// AgentView is an agent as people see it.
type AgentView struct {
	ID            uuid.UUID  `json:"id" doc:"Id of the agent"`
	Name          string     `json:"name" doc:"Who the agent is"`
	Authorisation string     `json:"authorisation" doc:"What shows that the agent may act"`
	ReplyTo       string     `json:"reply_to,omitempty" doc:"The agent's mail address"`
	RecordedAt    time.Time  `json:"recorded_at" doc:"When it was recorded"`
	ValidUntil    time.Time  `json:"valid_until" doc:"When the authorisation ends"`
	RevokedAt     *time.Time `json:"revoked_at,omitempty" doc:"When it was ended before"`
}

// Agents lists agents, those recorded last first.
func (d *Desk) Agents(ctx context.Context, actor access.Actor) (views []AgentView, err error) {
	if err := access.May(actor, access.RequestVerify); err != nil {
		return nil, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Agents(ctx, maxPageSize)
		if err != nil {
			return err
		}
		for _, a := range all {
			key, err := d.keyOf(ctx, tx, a.ID)
			if err != nil {
				return err
			}
			var said agentContent
			if err := key.OpenJSON(agentPlace(a.ID), a.Sealed, &said); err != nil {
				return err
			}
			views = append(views, AgentView{ID: a.ID, Name: said.Name, Authorisation: said.Authorisation, ReplyTo: said.ReplyTo, RecordedAt: a.RecordedAt, ValidUntil: a.ValidUntil, RevokedAt: a.RevokedAt})
		}
		return nil
	})
	return views, err
}
