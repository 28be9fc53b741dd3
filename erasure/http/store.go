// Package httpstore is the kind "http": an internal service that answers the signed contract of
// docs/erasure-contract.yaml. Its answers are believed only where they are signed for the very question, complete and of
// nothing but what was asked; everything else is an error and never an absence.
package httpstore

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/http/contract"
)

// Config says where the service is.
type Config struct {
	// URL is the base of the four paths, e.g. "https://helpdesk.example.test/erasure". Plain http is for this machine only.
	URL string
	// Secret signs questions and verifies answers: "whsec_" and 24 to 64 bytes in base64. Each service has its own.
	Secret string
	// PreviousSecret verifies answers too while the service changes over, or is "".
	PreviousSecret string
	// Timeout bounds one call from dialling to the last byte. Defaults to 30 seconds.
	Timeout time.Duration
	// AllowPlain allows plain http to other machines, where something else protects the way.
	AllowPlain bool
	// RootCAs are the authorities to trust, or nil for the system's.
	RootCAs *x509.CertPool
	// MaxLocated bounds how many records one query may locate, against a service that never ends. Defaults to 10 million.
	MaxLocated int
}

// Store is one service. It is safe for concurrent use.
type Store struct {
	base       string
	keys       contract.Keys
	client     *http.Client
	maxLocated int
}

var _ erasure.Store = (*Store)(nil)

// Open checks the configuration; it does not call the service. Its errors name the field and repeat no secret.
func Open(cfg Config) (*Store, error) {
	if err := checkURL(cfg.URL, cfg.AllowPlain); err != nil {
		return nil, fmt.Errorf("cannot use url: %w", err)
	}
	secrets := []string{cfg.Secret}
	if cfg.PreviousSecret != "" {
		secrets = append(secrets, cfg.PreviousSecret)
	}
	keys, err := contract.NewKeys(secrets...)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.MaxLocated <= 0 {
		cfg.MaxLocated = 10_000_000
	}
	return &Store{strings.TrimSuffix(cfg.URL, "/"), keys, client(cfg), cfg.MaxLocated}, nil
}

// Close lets go of idle connections.
func (s *Store) Close() { s.client.CloseIdleConnections() }

// Locate asks for the page after the last key. The cursor is that key and how many records came before: keys must ascend
// from page to page, so that a service can neither go in circles nor go on for ever.
func (s *Store) Locate(ctx context.Context, q erasure.Query, cursor string, limit int) (erasure.Page, error) {
	if limit < 1 {
		return erasure.Page{}, fail(erasure.Mismatch, "limit must be at least 1")
	}
	ask := contract.Locate{
		Type: contract.TypeLocate, Collection: q.Collection.Name, Fields: append([]string{}, q.Fields...),
		Limit: min(limit, contract.MaxItems),
	}
	before, err := 0, error(nil)
	if cursor != "" {
		count, key, _ := strings.Cut(cursor, " ")
		if before, err = strconv.Atoi(count); err != nil || before < 1 || !contract.ValidKey(key) {
			return erasure.Page{}, fail(erasure.Mismatch, "the cursor is not one of this store's")
		}
		ask.After = key
	}
	if ask.Matches, err = matches(q); err != nil {
		return erasure.Page{}, err
	}
	var said contract.Located
	if _, err := s.post(ctx, contract.PathLocate, ask, &said); err != nil {
		return erasure.Page{}, err
	}
	page, err := located(ask, said)
	if err != nil || page.End {
		return page, err
	}
	if before += len(page.Items); before > s.maxLocated {
		return erasure.Page{}, fail(erasure.Broken, "the service located more than %d records for one query and did not end", s.maxLocated)
	}
	page.Next = fmt.Sprintf("%d %s", before, page.Items[len(page.Items)-1].Key)
	return page, nil
}

// matches refuses what could mean everybody.
func matches(q erasure.Query) (asked []contract.Match, err error) {
	if len(q.Matches) == 0 {
		return nil, fail(erasure.Mismatch, "matches must not be empty")
	}
	for i, match := range q.Matches {
		if !slices.ContainsFunc(q.Collection.Fields, func(f estate.Field) bool { return f.Name == match.Field }) {
			return nil, fail(erasure.Mismatch, "matches[%d].field is not a field of the collection: declare it in the estate", i)
		}
		for _, value := range match.Values {
			if value == "" || !utf8.ValidString(value) {
				return nil, fail(erasure.Mismatch, "matches[%d].values holds one that is empty or no text", i)
			}
		}
		if len(match.Values) == 0 {
			return nil, fail(erasure.Mismatch, "matches[%d].values must not be empty", i)
		}
		asked = append(asked, contract.Match(match))
	}
	return asked, nil
}

// located holds a page to what was asked.
func located(ask contract.Locate, said contract.Located) (erasure.Page, error) {
	switch {
	case said.Type != contract.TypeLocated || said.Items == nil:
		return erasure.Page{}, fail(erasure.Broken, "the answer to locate is not a %s", contract.TypeLocated)
	case len(said.Items) > ask.Limit:
		return erasure.Page{}, fail(erasure.Broken, "the service answered more items than the limit")
	}
	page, last := erasure.Page{End: len(said.Items) == 0}, ask.After
	for i, item := range said.Items {
		if !contract.ValidKey(item.Key) || item.Key <= last {
			return erasure.Page{}, fail(erasure.Broken, "items[%d].key is no key, or does not come after the one before it in the order of bytes", i)
		}
		last = item.Key
		for _, field := range ask.Fields {
			if _, there := item.Values[field]; !there {
				return erasure.Page{}, fail(erasure.Broken, "items[%d].values lacks a field that was asked for", i)
			}
		}
		for field := range item.Values {
			if !slices.Contains(ask.Fields, field) {
				return erasure.Page{}, fail(erasure.Broken, "items[%d].values holds a field that was not asked for", i)
			}
		}
		page.Items = append(page.Items, erasure.Item(item))
	}
	return page, nil
}

// Erase orders the service to erase.
func (s *Store) Erase(ctx context.Context, order erasure.Order) ([]erasure.Result, error) {
	ask, err := ordered(order, contract.TypeErase)
	if err != nil || len(ask.Keys) == 0 {
		return nil, err
	}
	var said contract.Erased
	if _, err := s.post(ctx, contract.PathErase, ask, &said); err != nil {
		return nil, err
	}
	if said.Type != contract.TypeErased || said.Order != order.ID || len(said.Results) != len(ask.Keys) {
		return nil, fail(erasure.Broken, "the answer to erase is not about this order, or not one result per key")
	}
	done := erasure.Erased
	if len(ask.Mask) > 0 {
		done = erasure.Masked // Nothing that is to be kept may be answered as deleted.
	}
	results := make([]erasure.Result, len(said.Results))
	for i, result := range said.Results {
		held := result.Outcome == erasure.Held
		switch {
		case result.Key != ask.Keys[i]:
			return nil, fail(erasure.Broken, "results[%d] is about another record than the order", i)
		case !slices.Contains([]erasure.Outcome{done, erasure.Absent, erasure.Accepted, erasure.Held}, result.Outcome):
			return nil, fail(erasure.Broken, "results[%d].outcome is none that the order can have", i)
		case !held && (result.Until != nil || result.Detail != "") || len(result.Detail) > contract.MaxDetail:
			return nil, fail(erasure.Broken, "results[%d] has words or an end that only a hold has, or too many", i)
		}
		results[i] = erasure.Result{Outcome: result.Outcome, Until: result.Until, Detail: result.Detail}
	}
	return results, nil
}

// Verify asks the service how far an order came. The evidence is the SHA-256 of its answer.
func (s *Store) Verify(ctx context.Context, order erasure.Order) ([]erasure.Finding, error) {
	ask, err := ordered(order, contract.TypeVerify)
	if err != nil || len(ask.Keys) == 0 {
		return nil, err
	}
	var said contract.Verified
	body, err := s.post(ctx, contract.PathVerify, ask, &said)
	if err != nil {
		return nil, err
	}
	if said.Type != contract.TypeVerified || said.Order != order.ID || len(said.Findings) != len(ask.Keys) {
		return nil, fail(erasure.Broken, "the answer to verify is not about this order, or not one finding per key")
	}
	evidence := sha256.Sum256(body)
	findings := make([]erasure.Finding, len(said.Findings))
	for i, finding := range said.Findings {
		switch {
		case finding.Key != ask.Keys[i]:
			return nil, fail(erasure.Broken, "findings[%d] is about another record than the order", i)
		case !slices.Contains([]erasure.State{erasure.Gone, erasure.Residue, erasure.Pending, erasure.StillHeld}, finding.State):
			return nil, fail(erasure.Broken, "findings[%d].state is none of the contract's", i)
		case finding.Until != nil && finding.State != erasure.StillHeld, finding.RetryAt != nil && finding.State != erasure.Pending:
			return nil, fail(erasure.Broken, "findings[%d] has an instant that its state does not have", i)
		}
		findings[i] = erasure.Finding{
			State: finding.State, Until: finding.Until, RetryAt: soon(finding.RetryAt), Evidence: evidence[:],
		}
	}
	return findings, nil
}

// ordered is an order as the contract has it: the keys without the values, which the service does not need.
func ordered(order erasure.Order, kind string) (contract.Order, error) {
	ask := contract.Order{Type: kind, Order: order.ID, Collection: order.Collection.Name, Mask: []contract.Masking{}}
	switch {
	case order.ID == "":
		return ask, fail(erasure.Mismatch, "the order has no id")
	case len(order.Items) > contract.MaxItems:
		return ask, fail(erasure.Mismatch, "the order has more than %d items", contract.MaxItems)
	case !slices.Contains([]estate.Strategy{"", estate.Delete, estate.MaskFields}, order.Collection.Strategy):
		return ask, fail(erasure.Mismatch, "strategy must be delete or mask")
	}
	if order.Masks() {
		for _, field := range order.Collection.Fields {
			if field.Mask != nil {
				ask.Mask = append(ask.Mask, contract.Masking{Field: field.Name, With: field.Mask.With, Value: field.Mask.Value})
			}
		}
		if len(ask.Mask) == 0 { // An order without masks deletes.
			return ask, fail(erasure.Mismatch, "no field has a mask: declare which are masked")
		}
	}
	for i, item := range order.Items {
		if !contract.ValidKey(item.Key) {
			return ask, fail(erasure.Mismatch, "items[%d].key must be text of 1 to %d bytes", i, contract.MaxKey)
		}
		ask.Keys = append(ask.Keys, item.Key)
	}
	return ask, nil
}
