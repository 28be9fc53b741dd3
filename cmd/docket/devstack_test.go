package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	temporal "go.temporal.io/sdk/client"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
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
		testkit.Await(t, "what the test left is gone", func() bool { return len(processesIn(t, dir)) == 0 })
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
	testkit.Await(t, "the stack comes up", func() bool { return s.hasEnded() || strings.Contains(s.said.String(), "Running.") })
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

// ends waits for the end; on a busy machine a demonstration of three acts takes its time.
func (s *devStack) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(3 * time.Minute):
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
	testkit.Await(t, "the sender rests", func() bool {
		described, err := c.DescribeWorkflowExecution(t.Context(), "campaign/"+campaign, "")
		return err == nil && len(described.GetPendingActivities()) == 0
	})
}
