package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/worker"
)

// Over HTTP and the command line, on a real database; the check has no server and no database, only the file and the
// public key.
func TestAnAuditorExportsTheRegisterAndAnybodyChecksIt(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	_, err := h.Desk.Open(t.Context(), h.As(access.Responder), "", desk.OpenInput{Title: "=cmd|' /C calc'!A0", SuspectedBreach: true})
	require.NoError(t, err)
	keys := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, newKeys(keys))
	server, id := signingServer(t, h, keys)
	token, err := h.Desk.Enroll(t.Context(), "an-auditor", "person", []access.Role{access.Auditor})
	require.NoError(t, err)

	folder := t.TempDir()
	public := enter(t, "keys", "public", keys)
	require.Zero(t, public.code, public.problems)
	key := filepath.Join(folder, "docket.pub")
	require.NoError(t, os.WriteFile(key, []byte(public.out), 0o600))
	export := func(format string) (typed, string) {
		out := filepath.Join(folder, "register."+format)
		return enter(t, "register", "export", "--url", server, "--token", token, "--format", format, "--out", out), out
	}
	for _, format := range []string{"json", "csv"} {
		done, out := export(format)
		require.Zero(t, done.code, done.problems)
		require.Contains(t, done.out, "1 cases as of")
		info, err := os.Stat(out)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		checked := enter(t, "register", "verify", out, "--key", key)
		require.Zero(t, checked.code, checked.problems)
		require.Contains(t, checked.out, "holds: register of installation")

		whole, err := os.ReadFile(out)
		require.NoError(t, err)
		for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
			changed := bytes.Clone(whole)
			changed[at] ^= 1
			name := filepath.Join(folder, "changed")
			require.NoError(t, os.WriteFile(name, changed, 0o600))
			require.Equal(t, 1, enter(t, "register", "verify", name, "--key", key).code, "byte %d", at)
		}
	}
	// Another installation's key, a private key and no key at all check nothing.
	require.NoError(t, newKeys(filepath.Join(folder, "other")))
	other := filepath.Join(folder, "other.pub")
	require.NoError(t, os.WriteFile(other, []byte(enter(t, "keys", "public", filepath.Join(folder, "other")).out), 0o600))
	require.Equal(t, 1, enter(t, "register", "verify", filepath.Join(folder, "register.csv"), "--key", other).code)
	require.Equal(t, 2, enter(t, "register", "verify", filepath.Join(folder, "register.csv"), "--key", filepath.Join(keys, config.SigningKey)).code)
	require.Equal(t, 2, enter(t, "register", "verify", filepath.Join(folder, "register.csv"), "--key", filepath.Join(folder, "nothing")).code)

	// After a rotation the old public half still checks what its key signed.
	_, err = config.RotateSigningKey(keys)
	require.NoError(t, err)
	require.Zero(t, enter(t, "register", "verify", filepath.Join(folder, "register.csv"), "--key", filepath.Join(keys, "signing-"+id+".pub")).code)
}

// signingServer serves a house with the signing key of a keys directory, whose id it answers.
func signingServer(t *testing.T, h *testkit.House, keys string) (url, id string) {
	t.Helper()
	signing, id, err := config.LoadSigningKey(filepath.Join(keys, config.SigningKey))
	require.NoError(t, err)
	heads := &worker.Heads{Key: signing, KeyID: id}
	server := httptest.NewServer(api.New(api.Options{Desk: h.Desk, Sign: heads.Sign, Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(server.Close)
	return server.URL, id
}

// From the command line on: who is in the circle reads, who is not finds nothing, and the export withholds.
func TestAdviceStaysInTheCircleFromTheCommandLineOn(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	opened := h.Declared(t)
	folder := t.TempDir()
	keys := filepath.Join(folder, "keys")
	require.NoError(t, newKeys(keys))
	server, _ := signingServer(t, h, keys)
	as := map[string]string{}
	for handle, role := range map[string]access.Role{"counsel": access.LegalCounsel, "member": access.Observer, "privacy": access.PrivacyLead, "chief": access.Admin} {
		token, err := h.Desk.Enroll(t.Context(), handle, "person", []access.Role{role})
		require.NoError(t, err)
		as[handle] = token
	}
	run := func(who string, args ...string) typed {
		return enter(t, append([]string{"case", "--url", server, "--token", as[who]}, args...)...)
	}
	const opinion = "Quagga says that we would lose"
	file := filepath.Join(folder, "advice.txt")
	require.NoError(t, os.WriteFile(file, []byte(opinion), 0o600))
	require.Zero(t, run("counsel", "privilege", "circle", opened.Code, "member").code)
	added := run("counsel", "privilege", "add", opened.Code, "--file", file)
	require.Zero(t, added.code, added.problems)
	require.NotContains(t, added.out, "Quagga")
	item := regexp.MustCompile(`id (\S+)`).FindStringSubmatch(added.out)[1]
	for _, who := range []string{"counsel", "member"} {
		got := run(who, "privilege", "read", opened.Code, item)
		require.Zero(t, got.code, got.problems)
		require.Contains(t, got.out, opinion)
		require.Contains(t, run(who, "privilege", "list", opened.Code).out, item)
		require.Contains(t, run(who, "privilege", "circle", opened.Code).out, "member")
	}
	for _, who := range []string{"privacy", "chief"} {
		for _, args := range [][]string{{"read", opened.Code, item}, {"list", opened.Code}, {"circle", opened.Code}} {
			got := run(who, append([]string{"privilege"}, args...)...)
			require.Equal(t, 1, got.code)
			require.Contains(t, got.problems, "not found")
			require.NotContains(t, got.out+got.problems, "Quagga")
		}
	}
	plain, full := filepath.Join(folder, "plain.json"), filepath.Join(folder, "full.json")
	require.Zero(t, run("counsel", "export-for-counsel", opened.Code, "--out", plain).code)
	require.Zero(t, run("counsel", "export-for-counsel", opened.Code, "--content", "--out", full).code)
	withheld, err := os.ReadFile(plain)
	require.NoError(t, err)
	require.Contains(t, string(withheld), item)
	require.NotContains(t, string(withheld), "Quagga")
	content, err := os.ReadFile(full)
	require.NoError(t, err)
	require.Contains(t, string(content), opinion)
	public := filepath.Join(folder, "docket.pub")
	require.NoError(t, os.WriteFile(public, []byte(enter(t, "keys", "public", keys).out), 0o600))
	checked := enter(t, "register", "verify", full, "--key", public)
	require.Contains(t, checked.out, "holds: counsel of installation", checked.problems)
}

// A file that is cut off on its way is not written, whatever cuts it, and what was there stays.
func TestHalfAnExportIsNone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	out := filepath.Join(folder, "register.json")
	require.NoError(t, os.WriteFile(out, []byte("the one of last year"), 0o600))
	for name, cut := range map[string]http.HandlerFunc{
		"a lost connection": func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, `{"register":{},"breaches":[`)
			panic(http.ErrAbortHandler)
		},
		"a proxy that ends it well": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"register":{},"breaches":[`) },
		"nothing at all":            func(http.ResponseWriter, *http.Request) {},
		"a refusal": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"code":"forbidden","title":"Not permitted","detail":"register.export needs one of the roles"}`)
		},
	} {
		server := httptest.NewServer(cut)
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		got := enter(t, "register", "export", "--url", server.URL, "--token", "dkt_a_b", "--out", out)
		server.Close()
		require.NotZero(t, got.code, name)
		left, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, "the one of last year", string(left), name)
		files, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Len(t, files, 1, "nothing is left lying about")
	}
}
