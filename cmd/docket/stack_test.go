package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"
	temporal "go.temporal.io/sdk/client"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/worker"
)

// devStack is a running docket dev.
type devStack struct {
	office
	cmd                        *exec.Cmd
	dir                        string
	metrics, ui, mail, pagerAt string
	said                       *said
	ended                      chan struct{}
}

// said collects what a process prints.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// String is everything so far.
func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// stackDir is a place for a stack that is gone, with every process that worked in it, after the test.
func stackDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "stack")
	t.Cleanup(func() {
		for _, pid := range processesIn(t, dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		eventually(t, "what the test left is gone", func() bool { return len(processesIn(t, dir)) == 0 })
	})
	return dir
}

// begins starts docket dev on a directory and waits for none of it.
func begins(t *testing.T, dir string, args ...string) *devStack {
	t.Helper()
	s := &devStack{dir: dir, said: &said{}, ended: make(chan struct{})}
	// What is in the environment of whoever starts the stack must not lead it elsewhere.
	s.cmd = docket(t, map[string]string{
		"DOCKET_MAIL_TRANSPORT": "relay", "DOCKET_MAIL_RELAY_ADDRESS": "mail.example.com:25", "DOCKET_MAIL_ONLY_HOSTS": "192.0.2.1",
		"DOCKET_DATABASE_URL": "postgres://elsewhere.example.com/docket", "DOCKET_PAGER_URL": "https://pager.example.com/", "PGSERVICE": "elsewhere",
	}, append([]string{"dev", "--dir", dir}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	require.NoError(t, s.cmd.Start())
	go func() {
		_ = s.cmd.Wait() // its end is in ProcessState
		close(s.ended)
	}()
	t.Cleanup(func() {
		if log, err := os.ReadFile(filepath.Join(dir, "docket.log")); t.Failed() && err == nil {
			t.Logf("%s\n%s", s.said, log[max(0, len(log)-4096):])
		}
	})
	return s
}

// starts starts docket dev and waits until it says that it runs.
func starts(t *testing.T, dir string) *devStack {
	t.Helper()
	s := begins(t, dir)
	eventually(t, "the stack comes up", func() bool { return s.hasEnded() || strings.Contains(s.said.String(), "Running.") })
	require.False(t, s.hasEnded(), s.said.String())
	s.url, s.metrics, s.ui = s.printed(t, "API"), s.printed(t, "metrics"), s.printed(t, "Temporal UI")
	s.mail, s.pagerAt = s.printed(t, "mail received"), s.printed(t, "pager")
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	require.NoError(t, err)
	s.first = string(token)
	return s
}

// printed is the address after a name.
func (s *devStack) printed(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` +(http://127\.0\.0\.1:\d+\S*)`).FindStringSubmatch(s.said.String())
	require.NotNil(t, found, "%s is not printed:\n%s", name, s.said)
	return found[1]
}

func (s *devStack) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// stops sends a signal and answers the exit code once nothing of the stack is left.
func (s *devStack) stops(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(signal))
	return s.ends(t)
}

func (s *devStack) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(40 * time.Second):
		require.FailNow(t, "the stack does not end", s.said)
	}
	return s.cmd.ProcessState.ExitCode()
}

// hires makes a second person, through the API.
func (s *devStack) hires(t *testing.T) {
	t.Helper()
	c := &client.Client{URL: s.url, Token: s.first}
	_, err := client.Send[api.Principal](t.Context(), c, client.Call{Method: http.MethodPost, Path: "/v1/principals", Body: api.NewPrincipal{Handle: "second", Kind: "person", Roles: access.Roles()}})
	require.NoError(t, err)
	made, err := client.Send[api.Token](t.Context(), c, client.Call{Method: http.MethodPost, Path: "/v1/tokens", Body: api.NewToken{Handle: "second", Scopes: access.Scopes()}})
	require.NoError(t, err)
	s.second = made.Token
}

// scripts adds a rule to the mail server through its URL; none empties the script.
func (s *devStack) scripts(t *testing.T, rules ...mail.Rule) {
	t.Helper()
	method, body := http.MethodDelete, []byte(nil)
	if len(rules) > 0 {
		method, body = http.MethodPost, must(json.Marshal(rules))
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.mail+"rules", bytes.NewReader(body))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Less(t, response.StatusCode, 300)
}

func must(body []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return body
}

// received is the mail to whoever's address contains the text.
func (s *devStack) received(t *testing.T, to string) []mail.Message {
	t.Helper()
	var page struct{ Messages []mail.Message }
	require.NoError(t, json.Unmarshal([]byte(fetch(t, s.mail+"messages?limit=1000&to="+to)), &page))
	return page.Messages
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", url, body)
	return string(body)
}

// processesIn lists the living processes that were told of a directory or work in it.
func processesIn(t *testing.T, dir string) (pids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		cwd, _ := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		told, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline")) // empty for a zombie
		if len(told) > 0 && (strings.HasPrefix(cwd, dir) || strings.Contains(string(told), dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// processOf finds the stack's process whose command line begins with a program of this name.
func processOf(t *testing.T, dir, program string) int {
	t.Helper()
	for _, pid := range processesIn(t, dir) {
		exe, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
		told, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if filepath.Base(exe) == program && (program != "postgres" || strings.Contains(string(told), "\x00-D\x00")) {
			return pid
		}
	}
	require.FailNow(t, "it does not run", program)
	return 0
}

// rests waits until nobody works on a campaign: an activity that is killed would be missed half a minute later only.
func (s *devStack) rests(t *testing.T, campaign string) {
	t.Helper()
	told, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(processOf(t, s.dir, "docket-temporal")), "cmdline"))
	require.NoError(t, err)
	port := regexp.MustCompile(`--port\x00(\d+)`).FindSubmatch(told)
	require.NotNil(t, port)
	c, err := worker.Dial(temporal.Options{HostPort: "127.0.0.1:" + string(port[1]), Namespace: devNamespace}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer c.Close()
	eventually(t, "the sender rests", func() bool {
		described, err := c.DescribeWorkflowExecution(t.Context(), "campaign/"+campaign, "")
		return err == nil && len(described.GetPendingActivities()) == 0
	})
}

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
	eventually(t, "the notice arrives", func() bool { return s.delivery(t, code, "C-1001").State == "accepted" })
	sent := s.received(t, "alder-finch")
	require.Len(t, sent, 1)
	requireSigned(t, dir, fetch(t, s.mail+"messages/"+strconv.FormatInt(sent[0].ID, 10)))
	require.NotContains(t, string(must(os.ReadFile(filepath.Join(dir, "docket.log")))), "alder-finch", "logs name nobody")

	require.Zero(t, s.stops(t, syscall.SIGINT), s.said)
	require.Empty(t, processesIn(t, dir))

	// A signal in the middle of the start leaves nothing either.
	early := begins(t, dir)
	eventually(t, "the start is under way", func() bool { return strings.Contains(early.said.String(), "PostgreSQL") })
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
		eventually(t, what, func() bool { d := s.delivery(t, code, "C-1002"); return d.Attempt > tried && d.State == "deferred" })
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
	eventually(t, "Temporal ends by its pipe", func() bool { return !slices.Contains(processesIn(t, dir), engine) })
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
	eventually(t, "the campaign ends", func() bool { return s.view(t, code).Counts.RunningCampaigns == 0 })
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
		require.Equal(t, play, strings.Count(kept, "security@borealis.test"), "mail of earlier plays stays")
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
