package config

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/atlascloudai/docket/core/audit"
)

// retiredKeys are the public halves of signing keys that sign no more. What they signed is still checked.
const retiredKeys = "signing-*.pub"

// RotateSigningKey makes a new signing key in the directory and keeps the old one's public half, with which
// everything that it signed is checked. It answers the new key's id.
func RotateSigningKey(dir string) (string, error) {
	path := filepath.Join(dir, SigningKey)
	old, id, err := LoadSigningKey(path)
	if err != nil {
		return "", err
	}
	content, err := PublicPEM(old)
	if err != nil {
		return "", err
	}
	err = writeNew(filepath.Join(dir, "signing-"+id+".pub"), content)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	next := path + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot remove half-written file: %w", err)
	}
	if id, err = NewSigningKey(next); err != nil {
		return "", err
	}
	if err := os.Rename(next, path); err != nil {
		return "", fmt.Errorf("cannot put the new signing key in its place: %w", err)
	}
	return id, syncDir(dir)
}

// LoadRetiredKeys reads the public keys that earlier heads were signed with, by id (audit.KeyID).
func LoadRetiredKeys(dir string) (map[string]ed25519.PublicKey, error) {
	files, err := filepath.Glob(filepath.Join(dir, retiredKeys))
	if err != nil {
		return nil, fmt.Errorf("cannot list retired signing keys: %w", err)
	}
	keys := make(map[string]ed25519.PublicKey, len(files))
	for _, file := range files {
		key, err := LoadPublicKey(file)
		if err != nil {
			return nil, err
		}
		keys[audit.KeyID(key)] = key
	}
	return keys, nil
}

// PublicPEM is the public half of a signing key, for whoever checks what it signed.
func PublicPEM(key ed25519.PrivateKey) ([]byte, error) {
	encoded, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("cannot encode public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded}), nil
}

// LoadPublicKey reads what PublicPEM wrote.
func LoadPublicKey(path string) (ed25519.PublicKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read public key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file", path)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s holds no Ed25519 public key", path)
	}
	return key, nil
}
