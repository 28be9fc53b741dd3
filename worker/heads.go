package worker

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/audit"
)

// HeadsDesk is what the publishing of heads asks of the desk. *desk.Desk is one.
type HeadsDesk interface {
	PublishHeads(ctx context.Context, sign func(audit.Heads) (string, error), put func(sequence int64, jws string) error) (int64, error)
}

// Heads signs the ends of all chains together and publishes them outside the database, once a minute.
// Whoever keeps the files can tell a rewritten, rolled back or cloned database from the true one.
type Heads struct {
	Desk HeadsDesk
	// Dir is the publishing place: other storage than the database.
	Dir   string
	Key   ed25519.PrivateKey
	KeyID string
	// Retired are the public keys by id of keys that signed before.
	Retired map[string]ed25519.PublicKey
	Log     *slog.Logger
}

const publishEvery = time.Minute

// Run publishes until ctx ends, and once more on the way out.
func (h *Heads) Run(ctx context.Context) error {
	for {
		if _, err := h.Publish(ctx); err != nil && ctx.Err() == nil {
			h.Log.Error("heads were not published", "error", err)
		}
		if !sleep(ctx, publishEvery) {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_, err := h.Publish(last)
			return err
		}
	}
}

// Publish writes the next file, if a chain grew since the one before. It answers the file's number, 0 for none.
func (h *Heads) Publish(ctx context.Context) (int64, error) {
	return h.Desk.PublishHeads(ctx, func(heads audit.Heads) (string, error) { return audit.Sign(h.Key, h.KeyID, heads) }, h.put)
}

// Sign signs a payload of another type with the same key, such as a register that is exported.
func (h *Heads) Sign(typ string, payload []byte) (string, error) {
	return audit.SignJWS(h.Key, h.KeyID, typ, payload)
}

// put writes one file for good: complete or not at all. A file of that number left by a process that died
// before the database knew of it is replaced; a later one is never there.
func (h *Heads) put(sequence int64, jws string) error {
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(h.Dir, headsFile(sequence))
	f, err := os.CreateTemp(h.Dir, ".heads-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(jws + "\n")
	if err = errors.Join(err, f.Sync(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func headsFile(sequence int64) string { return fmt.Sprintf("heads-%012d.jws", sequence) }

// Read follows every published file from the first one on.
func (h *Heads) Read() (*audit.Trail, error) {
	keys := map[string]ed25519.PublicKey{h.KeyID: h.Key.Public().(ed25519.PublicKey)}
	maps.Copy(keys, h.Retired)
	trail := audit.NewTrail(keys)
	names, err := filepath.Glob(filepath.Join(h.Dir, "heads-*.jws"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		jws, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot read the published heads: %w", err)
		}
		if err := trail.Add(string(jws)); err != nil {
			return nil, fmt.Errorf("cannot follow the published heads at %s: %w", filepath.Base(name), err)
		}
	}
	return trail, nil
}
