package config_test

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/seal"
)

// keysDir is a directory with everything in it, as docket keys makes it.
func keysDir(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	require.NoError(t, config.NewKey(dir, "k1"))
	require.NoError(t, config.NewKey(filepath.Join(dir, config.PayloadKeys), "p1"))
	require.NoError(t, config.NewLookupSecret(dir))
	_, err := config.NewSigningKey(filepath.Join(dir, config.SigningKey))
	require.NoError(t, err)
	return dir
}

func write(t *testing.T, path, content string, mode fs.FileMode) {
	require.NoError(t, os.RemoveAll(path))
	require.NoError(t, os.WriteFile(path, []byte(content), mode))
	require.NoError(t, os.Chmod(path, mode)) // whatever the umask
}

// Fresh keys pass the check, open what they sealed, and can be read by their owner only.
func TestFreshKeysWork(t *testing.T) {
	dir := keysDir(t)
	report, err := config.CheckKeys(dir)
	require.NoError(t, err)
	require.True(t, report.OK(), report.Problems)
	require.Equal(t, config.RingReport{Current: "k1", IDs: []string{"k1"}}, report.Content)
	require.Equal(t, config.RingReport{Current: "p1", IDs: []string{"p1"}}, report.Payload)

	ring, err := config.LoadKeyring(dir)
	require.NoError(t, err)
	_, wrapped, err := ring.NewDataKey("case:1")
	require.NoError(t, err)
	again, err := config.LoadKeyring(dir)
	require.NoError(t, err)
	_, err = again.Unwrap("case:1", wrapped)
	require.NoError(t, err)

	secret, err := config.LoadLookupSecret(dir)
	require.NoError(t, err)
	_, err = seal.NewCommitKey(secret, "address")
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, path)
		return nil
	}))
}

// A new key does not become current by itself: first every process must have it.
func TestRotationGoesInTwoSteps(t *testing.T) {
	dir := keysDir(t)
	before, err := config.LoadKeyring(dir)
	require.NoError(t, err)
	_, wrapped, err := before.NewDataKey("case:1")
	require.NoError(t, err)

	require.NoError(t, config.NewKey(dir, "k2"))
	both, err := config.LoadKeyring(dir)
	require.NoError(t, err)
	require.Equal(t, "k1", both.Current())
	require.Equal(t, []string{"k1", "k2"}, both.IDs())

	require.NoError(t, config.MakeCurrent(dir, "k2"))
	after, err := config.LoadKeyring(dir)
	require.NoError(t, err)
	rewrapped, err := after.Rewrap("case:1", wrapped)
	require.NoError(t, err)
	require.Equal(t, "k2", rewrapped.KEK)
	require.ErrorIs(t, config.MakeCurrent(dir, "k3"), fs.ErrNotExist)

	write(t, filepath.Join(dir, "current.next"), "half", 0o600)
	require.NoError(t, config.MakeCurrent(dir, "k1"), "a crash in between is no obstacle")
}

// No key is ever overwritten.
func TestKeysAreNeverOverwritten(t *testing.T) {
	dir := keysDir(t)
	require.ErrorIs(t, config.NewKey(dir, "k1"), fs.ErrExist)
	require.ErrorIs(t, config.NewLookupSecret(dir), fs.ErrExist)
	_, err := config.NewSigningKey(filepath.Join(dir, config.SigningKey))
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorContains(t, config.NewKey(dir, "../k1"), "lower-case letters")
	require.ErrorContains(t, config.MakeCurrent(dir, "../k1"), "lower-case letters")
}

// The signing key is read back under the id that it was made with.
func TestSigningKeyComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signing.pem")
	id, err := config.NewSigningKey(path)
	require.NoError(t, err)
	_, again, err := config.LoadSigningKey(path)
	require.NoError(t, err)
	require.Equal(t, id, again)
}

// Whatever is wrong with the keys is named by docket keys check, and no process starts with such a keyring.
func TestBadKeysAreNamed(t *testing.T) {
	valid := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", seal.KeySize))) + "\n"
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
		ring  string // the keyring that cannot be loaded, relative to the directory; "-": both can
	}{
		"readable by others": {func(t *testing.T, dir string) { require.NoError(t, os.Chmod(filepath.Join(dir, "k1.key"), 0o644)) }, "chmod 600", ""},
		"readable by the group": {func(t *testing.T, dir string) {
			require.NoError(t, os.Chmod(filepath.Join(dir, "payload", "p1.key"), 0o640))
		}, "chmod 600", "payload"},
		"too short":            {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "k2.key"), "c2hvcnQ=", 0o600) }, "32 bytes in base64", ""},
		"not base64":           {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "k2.key"), "%%%", 0o600) }, "32 bytes in base64", ""},
		"bad id":               {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "K 2.key"), valid, 0o600) }, "lower-case letters", ""},
		"no current":           {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "current"))) }, "which key is current", ""},
		"current without file": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "current"), "k9\n", 0o600) }, `"k9" is not among the keys`, ""},
		"one key twice": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "k2.key"), valid, 0o600)
			write(t, filepath.Join(dir, "k3.key"), valid, 0o600)
		}, "the same key", ""},
		"no payload keys": {func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "payload"))) }, "holds no key", "payload"},
		"content key used for payloads": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "k1.key"), valid, 0o600)
			write(t, filepath.Join(dir, "payload", "p1.key"), valid, 0o600)
		}, `the content key "k1" is the payload key "p1"`, "-"},
		"content key used for look-ups": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "k1.key"), valid, 0o600)
			write(t, filepath.Join(dir, "lookup.secret"), valid, 0o600)
		}, "is the look-up secret", "-"},
		"no look-up secret":  {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "lookup.secret"))) }, "lookup.secret", "-"},
		"signing key broken": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "signing.pem"), "key", 0o600) }, "no PEM file", "-"},
		"directory writable": {func(t *testing.T, dir string) { require.NoError(t, os.Chmod(dir, 0o770)) }, "chmod 700", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := keysDir(t)
			c.spoil(t, dir)
			report, err := config.CheckKeys(dir)
			require.NoError(t, err)
			require.False(t, report.OK())
			require.Contains(t, strings.Join(report.Problems, "\n"), c.want)
			require.NotContains(t, strings.Join(report.Problems, "\n"), strings.TrimSpace(valid), "no key is printed")
			if c.ring == "-" {
				return
			}
			_, err = config.LoadKeyring(filepath.Join(dir, c.ring))
			require.Error(t, err)
		})
	}
	_, err := config.CheckKeys("/nowhere")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
