package main

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// The stack is private, prints where everything is, signs what it sends, and ends on a signal without leaving a process.
func TestTheStackIsPrivateAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir := stackDir(t)
	s := starts(t, dir)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.Regexp(t, `PostgreSQL +\d+\.\d s\n`, s.said.String(), "each part says how long it took")

	require.Contains(t, fetch(t, s.url+"/openapi.json"), "openapi")
	require.Contains(t, fetch(t, s.metrics), "docket_database_up 1")
	require.NotEmpty(t, fetch(t, s.ui))

	second := run(t, nil, "dev", "--dir", dir)
	require.Equal(t, 1, second.code)
	require.Contains(t, second.problems, "a stack runs on "+dir+" already (process "+strconv.Itoa(s.cmd.Process.Pid)+", "+s.url+")")
	require.Equal(t, "ok", readiness(t, s.url), "the first is not disturbed")

	s.importSamples(t)
	s.hires(t)
	code := s.declares(t, time.Now(), false, "C-1001")
	s.notifies(t, code)
	testkit.Await(t, "the notice arrives", func() bool { return s.delivery(t, code, "C-1001").State == "accepted" })
	sent := s.received(t, "alder-finch")
	require.Len(t, sent, 1)
	requireSigned(t, dir, fetch(t, s.mail+"messages/"+strconv.FormatInt(sent[0].ID, 10)))
	require.NotContains(t, string(must(os.ReadFile(filepath.Join(dir, "docket.log")))), "alder-finch", "logs name nobody")

	require.Zero(t, s.stops(t, syscall.SIGINT), s.said)
	require.Empty(t, processesIn(t, dir))

	// A signal in the middle of the start leaves nothing either.
	early := begins(t, dir)
	testkit.Await(t, "the start is under way", func() bool { return strings.Contains(early.said.String(), "PostgreSQL") })
	require.Equal(t, 1, early.stops(t, syscall.SIGTERM), early.said)
	require.Empty(t, processesIn(t, dir))
}

func readiness(t *testing.T, url string) string {
	t.Helper()
	fetch(t, url+"/readyz")
	return "ok"
}

// requireSigned checks the DKIM signature with the key that the stack keeps.
func requireSigned(t *testing.T, dir, message string) {
	t.Helper()
	signer, err := signerOf(filepath.Join(dir, "keys", "dkim.pem"))
	require.NoError(t, err)
	checks, err := dkim.VerifyWithOptions(strings.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		require.Equal(t, "dev._domainkey."+devMailDomain, name)
		return []string{dkimRecord(t, signer.Public())}, nil
	}})
	require.NoError(t, err)
	require.Len(t, checks, 1)
	require.NoError(t, checks[0].Err)
}

// A campaign that is under way is carried on over every kind of end, and ends where it should.
func TestTheStackGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	dir := stackDir(t)
	s := starts(t, dir)
	s.hires(t)
	second := s.second
	s.importSamples(t)
	s.scripts(t, mail.Rule{To: "*@borealis.test", Answers: []string{"451 4.2.0 come again"}})
	code := s.declares(t, time.Now(), true, "C-1001,C-1002,C-1004")
	campaign := s.notifies(t, code)
	tried := 0
	goesOn := func(what string) {
		t.Helper()
		s.second = second
		if tried > 0 {
			s.decides(t, s.first, "case", "advance", code, "--to", s.view(t, code).Now.Add(45*time.Minute).Format(time.RFC3339Nano))
		}
		testkit.Await(t, what, func() bool { d := s.delivery(t, code, "C-1002"); return d.Attempt > tried && d.State == "deferred" })
		tried = s.delivery(t, code, "C-1002").Attempt
		s.rests(t, campaign)
	}
	goesOn("the first try")

	require.NoError(t, syscall.Kill(processOf(t, dir, "docket-temporal"), syscall.SIGKILL))
	goesOn("after Temporal was killed under the stack")
	require.NoError(t, syscall.Kill(processOf(t, dir, "postgres"), syscall.SIGKILL))
	goesOn("after PostgreSQL was killed under the stack")
	require.NoError(t, syscall.Kill(processOf(t, dir, "postgres"), syscall.SIGKILL))
	goesOn("after PostgreSQL was killed once more")
	require.NotEmpty(t, fetch(t, s.ui), "Temporal's pages are where they were")

	require.Zero(t, s.stops(t, syscall.SIGTERM), s.said)
	require.Empty(t, processesIn(t, dir))
	s = starts(t, dir)
	goesOn("after an orderly end")

	postgres, engine := processOf(t, dir, "postgres"), processOf(t, dir, "docket-temporal")
	s.stops(t, syscall.SIGKILL)
	testkit.Await(t, "Temporal ends by its pipe", func() bool { return !slices.Contains(processesIn(t, dir), engine) })
	s = starts(t, dir)
	require.Equal(t, postgres, processOf(t, dir, "postgres"), "the PostgreSQL that was left is taken over")
	goesOn("after docket alone was killed")

	for _, pid := range processesIn(t, dir) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	s.ends(t)
	files, err := filepath.Glob(local.TemporalFile(dir) + "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, os.Remove(file))
	}
	s = starts(t, dir)
	goesOn("after everything was killed and Temporal's file was deleted")

	s.scripts(t)
	s.decides(t, s.first, "case", "advance", code, "--to", s.view(t, code).Now.Add(time.Hour).Format(time.RFC3339Nano))
	testkit.Await(t, "the campaign ends", func() bool { return s.view(t, code).Counts.RunningCampaigns == 0 })
	for _, d := range s.deliveries(t, code) {
		require.Equal(t, "accepted", d.State, d.Customer)
	}
	require.Len(t, s.received(t, "borealis"), 1)
	require.Len(t, s.received(t, "alder-finch"), 1)
	s.holds(t, code)
	require.Zero(t, s.stops(t, syscall.SIGINT), s.said)
	require.Empty(t, processesIn(t, dir))
}

// The demonstration plays again and again on one directory, beside another stack, and says when it fails.
func TestTheDemonstrationEndsWithItsResult(t *testing.T) {
	t.Parallel()
	dir := stackDir(t)
	beside := starts(t, stackDir(t))
	for play := 1; play <= 2; play++ {
		s := begins(t, dir, "--demo", "--once")
		require.Zero(t, s.ends(t), s.said)
		require.Empty(t, processesIn(t, dir))
		kept := string(must(os.ReadFile(filepath.Join(dir, "mail", "messages.jsonl"))))
		require.Equal(t, 3*play, strings.Count(kept, "security@borealis.test"), "notice, update and notice of change; mail of earlier plays stays")
		said := regexp.MustCompile(`bin/docket (certificate verify .+)\n`).FindStringSubmatch(s.said.String())
		require.NotNil(t, said, s.said)
		require.Zero(t, typing(t, strings.Fields(said[1])...).code, "what it prints can be typed")
		announced := s.said.String()[strings.Index(s.said.String(), "— A new sub-processor"):]
		require.LessOrEqual(t, strings.Count(announced, "\n"), 50, "the act can be read at a glance")
		for _, want := range []string{
			`\+ Prompts of the chat service: Sample Models Inc., United States`, `C-1011 .+7 Abs\. 1 and 1 more`, `2 of 15 cannot be told in time`, `\(3 de, 15 en, 4 fr\)`,
			`4 customers were told; the sending paused by itself, and 11 wait`, `C-1008: “Our regulator has to agree first.”`, `yes, since \d`, `no: the customer objected`,
			`in effect for 14 customers, never for 1; its chain holds`, fmt.Sprintf(`subprocessors/%d\.txt`, 2*play),
		} {
			require.Regexp(t, want, announced)
		}
	}
	beside.scripts(t, mail.Rule{To: "oncall@docket.test", Answers: []string{"250"}}, mail.Rule{To: "*", Answers: []string{"550 5.7.1 we take nothing"}})
	require.Zero(t, beside.stops(t, syscall.SIGTERM), beside.said)
	failing := begins(t, beside.dir, "--demo", "--once")
	require.Equal(t, 1, failing.ends(t), failing.said)
	require.Contains(t, failing.said.String(), "the demo failed")
	require.Empty(t, processesIn(t, beside.dir))
}

// The stack's own configuration is refused as soon as it names a server of somebody else.
func TestTheStackTalksToNoServerButItsOwn(t *testing.T) {
	t.Parallel()
	server, err := mail.Start(t.Context(), mail.Options{})
	require.NoError(t, err)
	defer server.Close()
	dir := t.TempDir()
	s := &stack{
		dir: dir, mail: server, postgres: &local.Postgres{}, pager: &local.Pager{URL: "http://127.0.0.1:1/pages"},
		temporal: &local.Temporal{HostPort: "127.0.0.1:1", Namespace: devNamespace}, at: addresses{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"},
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "publish"), 0o700))
	require.NoError(t, s.makeKeys())
	_, err = config.Read(s.environment(newPagerSecret()))
	require.NoError(t, err)
	for name, value := range map[string]string{
		"DOCKET_MAIL_ONLY_HOSTS": "192.0.2.7:25", "DOCKET_MAIL_RELAY_ADDRESS": "mail.example.com:25",
	} {
		changed := s.environment(newPagerSecret())
		changed[name] = value
		if name == "DOCKET_MAIL_RELAY_ADDRESS" {
			changed["DOCKET_MAIL_TRANSPORT"] = "relay"
		}
		_, err = config.Read(changed)
		require.ErrorContains(t, err, name)
	}
	unbound := s.environment(newPagerSecret())
	delete(unbound, "DOCKET_MAIL_ONLY_HOSTS")
	_, err = config.Read(unbound)
	require.ErrorContains(t, err, "DOCKET_MAIL_ONLY_HOSTS")
}

// A reader who goes away (docket dev | head) ends the stack in order, whenever it next has something to say.
func TestTheStackEndsWithWhoeverReadsIt(t *testing.T) {
	t.Parallel()
	dir := stackDir(t)
	cmd := docket(t, nil, "dev", "--dir", dir)
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = writer
	require.NoError(t, cmd.Start())
	require.NoError(t, writer.Close())
	require.NoError(t, reader.Close())
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), "it ended by itself, not by the signal")
	require.Empty(t, processesIn(t, dir))
}

// Without Temporal's server the stack says what to run, before it starts anything.
func TestTheStackNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	alone := t.TempDir()
	cmd := docket(t, nil, "dev", "--dir", filepath.Join(alone, "stack"))
	cmd.Dir = alone
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "make temporal")
	require.Empty(t, processesIn(t, alone))
	require.NoDirExists(t, filepath.Join(alone, "stack"))
}

// dkimRecord is what DNS would say of a key (RFC 8463, section 5).
func dkimRecord(t *testing.T, public crypto.PublicKey) string {
	t.Helper()
	key, ok := public.(ed25519.PublicKey)
	require.True(t, ok)
	return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key)
}
