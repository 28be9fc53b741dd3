package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/seal"
)

// The names within a keys directory.
const (
	// PayloadKeys is the directory with the keyring for Temporal's payloads. It is one
	// of its own, so that whoever must read payloads need not hold the keys of the content.
	PayloadKeys = "payload"
	// SigningKey is the file with the Ed25519 key for heads and certificates (PKCS #8 PEM).
	SigningKey = "signing.pem"
	// LookupSecret is the file with the secret for look-ups, bounce addresses and masking by HMAC. It never rotates.
	LookupSecret = "lookup.secret"

	currentFile = "current"
	keySuffix   = ".key"
)

// SigningKeyPath is where the signing key lies.
func (c Config) SigningKeyPath() string {
	if c.Signing.KeyFile != "" {
		return c.Signing.KeyFile
	}
	return filepath.Join(c.KeysDir, SigningKey)
}

// LoadKeyring reads the keyring of a directory: every <id>.key (32 bytes in
// base64, one line, readable by the owner only), and the id of the current one
// from the file current. One bad file refuses the whole keyring: a process that
// starts without an old key would read its content as lost.
func LoadKeyring(dir string) (*seal.Keyring, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+keySuffix))
	if err != nil {
		return nil, fmt.Errorf("cannot list keys: %w", err)
	}
	keys := make(map[string][]byte, len(files))
	for _, file := range files {
		raw, err := readKey(file)
		if err != nil {
			return nil, err
		}
		keys[strings.TrimSuffix(filepath.Base(file), keySuffix)] = raw
	}
	current, err := os.ReadFile(filepath.Join(dir, currentFile))
	if err != nil {
		return nil, fmt.Errorf("cannot read which key is current: %w", err)
	}
	ring, err := seal.NewKeyring(strings.TrimSpace(string(current)), keys)
	if err != nil {
		return nil, fmt.Errorf("cannot use keys in %s: %w", dir, err)
	}
	return ring, nil
}

// LoadLookupSecret reads the secret that seal.NewCommitKey derives from.
func LoadLookupSecret(dir string) ([]byte, error) { return readKey(filepath.Join(dir, LookupSecret)) }

// LoadSigningKey reads an Ed25519 key and answers it with its id (audit.KeyID).
func LoadSigningKey(path string) (ed25519.PrivateKey, string, error) {
	content, err := readPrivate(path)
	if err != nil {
		return nil, "", err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, "", fmt.Errorf("%s is no PEM file", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, "", fmt.Errorf("%s holds no PKCS #8 key", path)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, "", fmt.Errorf("%s holds a %T; an Ed25519 key is needed", path, parsed)
	}
	return key, audit.KeyID(key.Public().(ed25519.PublicKey)), nil
}

// NewKey makes a key-encryption key in the directory. It becomes current only
// where there is no current key yet: in a rotation the new key first goes to
// every process, and then becomes current (MakeCurrent). An existing key is
// never overwritten; the error is then fs.ErrExist.
func NewKey(dir, id string) error {
	if err := seal.CheckKeyID(id); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make keys directory: %w", err)
	}
	if err := newSecret(filepath.Join(dir, id+keySuffix)); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(dir, currentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return MakeCurrent(dir, id)
	}
	return err
}

// MakeCurrent makes a key that lies in the directory the one that new data keys
// are wrapped with. Processes take it up when they start.
func MakeCurrent(dir, id string) error {
	if err := seal.CheckKeyID(id); err != nil {
		return err
	}
	if _, err := readKey(filepath.Join(dir, id+keySuffix)); err != nil {
		return err
	}
	next := filepath.Join(dir, currentFile+".next")
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove half-written file: %w", err)
	}
	if err := writeNew(next, []byte(id+"\n")); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(dir, currentFile)); err != nil {
		return fmt.Errorf("cannot make key current: %w", err)
	}
	return syncDir(dir)
}

// NewLookupSecret makes the look-up secret. An existing one is never overwritten:
// addresses could no longer be found, and bounces no longer be matched.
func NewLookupSecret(dir string) error { return newSecret(filepath.Join(dir, LookupSecret)) }

// NewSigningKey makes an Ed25519 key at the path and answers its id. An existing
// file is never overwritten.
func NewSigningKey(path string) (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("cannot make signing key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", fmt.Errorf("cannot encode signing key: %w", err)
	}
	content := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	return audit.KeyID(public), writeNew(path, content)
}

func newSecret(path string) error {
	raw := make([]byte, seal.KeySize)
	_, _ = rand.Read(raw) // ends the process rather than fail
	return writeNew(path, []byte(base64.StdEncoding.EncodeToString(raw)+"\n"))
}

// writeNew writes a file that is not there yet, readable by the owner only, and
// down to the disk: a key that is lost in a crash takes content with it.
func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("cannot create key file: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("cannot write key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot open keys directory: %w", err)
	}
	if err := errors.Join(opened.Sync(), opened.Close()); err != nil {
		return fmt.Errorf("cannot sync keys directory: %w", err)
	}
	return nil
}

func readKey(path string) ([]byte, error) {
	content, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(content)))
	if err != nil || len(raw) != seal.KeySize {
		return nil, fmt.Errorf("%s is no key: it must be %d bytes in base64 on one line", path, seal.KeySize)
	}
	return raw, nil
}

// readPrivate reads a file that nobody but its owner may read or write.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s may be read or written by others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	return content, nil
}
