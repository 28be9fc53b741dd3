package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Service is what a team writes: three calls about its own records. What reaches it is signed, complete, within the limits
// and about what its description names. Any error is answered with 500 and tried again later. Calls come side by side.
type Service interface {
	// Locate answers one page as Locate describes it: none is the proof that there is nothing more.
	Locate(ctx context.Context, ask Locate) ([]Item, error)
	// Erase answers one result per key, in their order. The same order may come again.
	Erase(ctx context.Context, order Order) ([]Result, error)
	// Verify answers one finding per key, in their order, by another path than Erase's: from a replica, an index, a file.
	Verify(ctx context.Context, order Order) ([]Finding, error)
}

// Handler serves the contract for a service at the root; http.StripPrefix mounts it elsewhere. The first secret signs, each
// verifies. It fails where one is no secret.
func Handler(collections []Collection, service Service, secrets ...string) (http.Handler, error) {
	keys, err := NewKeys(secrets...)
	if err != nil {
		return nil, err
	}
	h := &handler{keys: keys, collections: collections, service: service}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathLocate, h.signed(h.locate))
	mux.HandleFunc("POST "+PathErase, h.signed(h.erase))
	mux.HandleFunc("POST "+PathVerify, h.signed(h.verify))
	mux.HandleFunc("GET "+PathCollections, h.signed(h.describe))
	return mux, nil
}

type handler struct {
	keys        Keys
	collections []Collection
	service     Service

	mu          sync.Mutex
	seen, older map[string]bool
	since       time.Time
}

// refusal is an answer that is no answer to the question.
type refusal struct {
	status int
	detail string
}

func (r *refusal) Error() string { return r.detail }

func invalid(detail string) error { return &refusal{http.StatusUnprocessableEntity, detail} }

// signed lets only messages in that are signed, of now and new, and signs what comes out.
func (h *handler) signed(answer func(context.Context, []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		if err != nil {
			http.Error(w, "the body is too large or broken off", http.StatusRequestEntityTooLarge)
			return
		}
		if err := h.keys.Verify(r.Header, body); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		id := r.Header.Get(standardwebhooks.HeaderWebhookID)
		if !h.first(id, time.Now()) {
			http.Error(w, "this webhook-id was used before: sign every call anew", http.StatusConflict)
			return
		}
		said, err := answer(r.Context(), body)
		if refused, ok := errors.AsType[*refusal](err); ok {
			http.Error(w, refused.detail, refused.status)
			return
		}
		encoded, encoding := json.Marshal(said)
		if err != nil || encoding != nil {
			http.Error(w, "the service failed: try again later", http.StatusInternalServerError)
			return
		}
		h.keys.Sign(w.Header(), id, time.Now(), encoded)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(encoded)
	}
}

// first says whether an id is new. Ids are kept at least as long as their timestamps would be believed: no message is
// carried out twice, and none under the name of another. Each process keeps its own; erasing is idempotent beyond that.
func (h *handler) first(id string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.since) > 2*Tolerance {
		h.older, h.seen, h.since = h.seen, map[string]bool{}, now
	}
	if h.seen[id] || h.older[id] {
		return false
	}
	h.seen[id] = true
	return true
}

func (h *handler) describe(_ context.Context, body []byte) (any, error) {
	if len(body) > 0 {
		return nil, invalid("a GET has no body")
	}
	return Collections{TypeCollections, h.collections}, nil
}

func (h *handler) locate(ctx context.Context, body []byte) (any, error) {
	var ask Locate
	if err := Decode(body, &ask); err != nil || ask.Type != TypeLocate {
		return nil, invalid("the body is not a " + TypeLocate)
	}
	collection, err := h.collection(ask.Collection)
	if err != nil {
		return nil, err
	}
	if ask.Limit < 1 || ask.Limit > MaxItems || len(ask.Matches) == 0 {
		return nil, invalid("limit must be 1 to 1000, and matches must not be empty")
	}
	for i, match := range ask.Matches {
		if len(match.Values) == 0 || slices.Contains(match.Values, "") {
			return nil, invalid(fmt.Sprintf("matches[%d].values must not be empty, nor hold an empty one", i))
		}
		if !collection.CanSearch(match.Field) {
			return nil, invalid(fmt.Sprintf("matches[%d].field is not one to search by", i))
		}
	}
	for i, name := range ask.Fields {
		if !collection.Has(name) {
			return nil, invalid(fmt.Sprintf("fields[%d] is not a field of the collection", i))
		}
	}
	items, err := h.service.Locate(ctx, ask)
	return Located{TypeLocated, orEmpty(items)}, err
}

func (h *handler) erase(ctx context.Context, body []byte) (any, error) {
	order, err := h.order(body, TypeErase)
	if err != nil {
		return nil, err
	}
	results, err := h.service.Erase(ctx, order)
	return Erased{TypeErased, order.Order, orEmpty(results)}, err
}

func (h *handler) verify(ctx context.Context, body []byte) (any, error) {
	order, err := h.order(body, TypeVerify)
	if err != nil {
		return nil, err
	}
	findings, err := h.service.Verify(ctx, order)
	return Verified{TypeVerified, order.Order, orEmpty(findings)}, err
}

func (h *handler) order(body []byte, kind string) (order Order, err error) {
	if err := Decode(body, &order); err != nil || order.Type != kind {
		return order, invalid("the body is not a " + kind)
	}
	collection, err := h.collection(order.Collection)
	if err != nil {
		return order, err
	}
	if order.Mask == nil {
		return order, invalid("mask must be there: an empty one deletes")
	}
	if order.Order == "" || len(order.Keys) == 0 || len(order.Keys) > MaxItems {
		return order, invalid("order must not be empty, and keys must be 1 to 1000")
	}
	if i := slices.IndexFunc(order.Keys, func(key string) bool { return !ValidKey(key) }); i >= 0 {
		return order, invalid(fmt.Sprintf("keys[%d] must be text of 1 to 1024 bytes", i))
	}
	for i, mask := range order.Mask {
		if !collection.CanMask(mask.Field, mask.With) {
			return order, invalid(fmt.Sprintf("mask[%d] is not a way to mask a field of the collection", i))
		}
	}
	return order, nil
}

// collection is what the description says, or a 404: what is missing is never an empty answer.
func (h *handler) collection(name string) (Collection, error) {
	i := slices.IndexFunc(h.collections, func(c Collection) bool { return c.Name == name })
	if i < 0 {
		return Collection{}, &refusal{http.StatusNotFound, "there is no such collection"}
	}
	return h.collections[i], nil
}

// ValidKey says whether a text can name a record: 1 to MaxKey bytes of UTF-8.
func ValidKey(key string) bool { return key != "" && len(key) <= MaxKey && utf8.ValidString(key) }

// Decode reads one message strictly: members that the contract does not know, and anything after the message, are
// errors. Numbers stay as they are written (json.Number).
func Decode(body []byte, message any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(message); err != nil {
		return fmt.Errorf("cannot decode message: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("cannot decode message: there is something after it")
	}
	return nil
}

// orEmpty is an array in JSON also where there is nothing.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
