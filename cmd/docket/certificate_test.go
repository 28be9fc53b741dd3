package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/certificate"
)

func TestAnybodyChecksACertificate(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	day, digest := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), audit.Digest{1}
	line, err := certificate.Sign(certificate.Certificate{
		ID: "01a21fca-7e14-7c45-99f5-9e2e910c1d84", Request: "DSR-7K3F", Version: 1, IssuedAt: day, ReceivedAt: day, Right: "erasure", Regime: "gdpr",
		Outcome: certificate.CompletedWithRetention, EstateVersion: "1", PlanDigest: digest, Chain: certificate.Head{Seq: 1, Hash: digest},
		Targets: []certificate.Target{{
			Address: "billing/invoices", Kind: "postgres", Class: "billing", Method: certificate.Deleted, Located: 1, Kept: 1, VerifiedAt: &day,
			Verification: certificate.Verified, EvidenceDigest: digest, Residuals: []certificate.Residual{{Count: 1, Ground: "tax_law", Words: "§ 147 AO", Until: new(day.AddDate(10, 0, 0))}},
		}},
	}, func(typ string, payload []byte) (string, error) {
		return audit.SignJWS(private, audit.KeyID(public), typ, payload)
	})
	require.NoError(t, err)
	folder := t.TempDir()
	name, key := filepath.Join(folder, "certificate.jws"), filepath.Join(folder, "docket.pub")
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	whole := []byte(line + "\n")
	require.NoError(t, os.WriteFile(name, whole, 0o600))

	holds := enter(t, "certificate", "verify", name, "--key", key)
	require.Zero(t, holds.code, holds.problems)
	require.Contains(t, holds.out, "holds: DSR-7K3F version 1, completed_with_retention")
	require.Contains(t, holds.out, "billing/invoices keeps 1 until")
	require.Contains(t, enter(t, "certificate", "verify", name, "--key", key, "--json").out, `"request": "DSR-7K3F"`)
	require.Equal(t, 2, enter(t, "certificate", "verify", name+"x", "--key", key).code)
	require.Equal(t, 2, enter(t, "certificate", "verify", name, "--key", name).code)
	// The program itself, without a variable of the installation.
	require.Zero(t, run(t, nil, "certificate", "verify", name, "--key", key).code)
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	require.NoError(t, os.WriteFile(name, changed, 0o600))
	require.Equal(t, 1, enter(t, "certificate", "verify", name, "--key", key).code)
	require.Equal(t, 1, run(t, nil, "certificate", "verify", name, "--key", key).code)

	_, err = exec.LookPath("openssl")
	require.NoError(t, err, "make packages installs it")
	require.Error(t, byHand(t, folder))
	require.NoError(t, os.WriteFile(name, whole, 0o600))
	require.NoError(t, byHand(t, folder))
}

// byHand runs the commands with which docs/certificate.md checks certificate.jws by OpenSSL alone.
func byHand(t *testing.T, folder string) error {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "certificate.md"))
	require.NoError(t, err)
	for block := range strings.SplitSeq(string(document), "```") {
		if commands, ok := strings.CutPrefix(block, "sh\n"); ok && strings.Contains(commands, "openssl") {
			shell := exec.CommandContext(t.Context(), "sh", "-ec", commands)
			shell.Dir = folder
			said, err := shell.CombinedOutput()
			t.Logf("%s", said)
			return err
		}
	}
	return errors.New("the document has no such commands")
}
