package main

import (
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/migrations"
	"github.com/atlascloudai/docket/testkit"
)

// site is an installation as in production: a database cluster, Temporal, a relay, and processes that get
// everything from their environment.
type site struct {
	office
	cluster     *local.Postgres
	relay       *mail.Server
	environment map[string]string
}

// newSite has everything that docs/operations.md asks for, set up by the commands that stand there.
func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	ports, err := local.FreePorts(3)
	require.NoError(t, err)
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	s := &site{cluster: newCluster(t)}
	s.relay, err = mail.Start(t.Context(), mail.Options{BounceTo: at(2), DSN: true, Domain: "relay.docket.test"})
	require.NoError(t, err)
	roots := filepath.Join(dir, "roots.pem")
	require.NoError(t, os.WriteFile(roots, s.relay.CertificatePEM(), 0o600))
	address, namespace := engine(t)
	s.url = "http://" + at(0)
	s.environment = map[string]string{
		"DOCKET_PUBLIC_URL": s.url, "DOCKET_API_LISTEN": at(0), "DOCKET_METRICS_LISTEN": at(1), "DOCKET_KEYS_DIR": filepath.Join(dir, "keys"),
		"DOCKET_PUBLISH_DIR": filepath.Join(dir, "publish"), "DOCKET_TEMPORAL_ADDRESS": address, "DOCKET_TEMPORAL_NAMESPACE": namespace,
		"DOCKET_TEMPORAL_QUEUE_PREFIX": "site-" + strconv.Itoa(ports[0]), "DOCKET_MAIL_TRANSPORT": "relay", "DOCKET_MAIL_RELAY_ADDRESS": s.relay.Addr(),
		"DOCKET_MAIL_ONLY_HOSTS": s.relay.Addr(), "DOCKET_MAIL_FROM_ADDRESS": "incident@provider.test", "DOCKET_BOUNCE_DOMAIN": "bounces.provider.test",
		"DOCKET_BOUNCE_LISTEN": at(2), "DOCKET_PAGER_COPY_TO": "oncall@provider.test", "DOCKET_WATCHDOG_INTERVAL": "2s", "SSL_CERT_FILE": roots,
		"DOCKET_COMPANY_MAIN_ESTABLISHMENT": "IE", "DOCKET_COMPANY_NAME": "Provider", "DOCKET_COMPANY_PRIVACY_CONTACT": "privacy@provider.test",
	}
	s.on(s.cluster)
	s.follows(t, "roles")
	s.follows(t, "install")
	return s
}

// engine is a Temporal server that tests may share.
func engine(t *testing.T) (address, namespace string) {
	t.Helper()
	if shared := os.Getenv("DOCKET_TEST_TEMPORAL"); shared != "" {
		return shared, "docket"
	}
	server, err := local.StartTemporal(t.Context(), local.TemporalOptions{DB: local.TemporalInMemory, UIPort: -1})
	require.NoError(t, err)
	t.Cleanup(server.Kill)
	return server.HostPort, server.Namespace
}

// newCluster is a database cluster on a machine of its own.
func newCluster(t *testing.T) *local.Postgres {
	t.Helper()
	settings := local.Throwaway()
	settings["max_connections"], settings["shared_buffers"] = "100", "32MB"
	p, err := local.StartPostgres(t.Context(), local.PostgresOptions{Dir: filepath.Join(t.TempDir(), "pg"), Settings: settings, DieWithParent: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Discard()) })
	return p
}

// on points the environment at a cluster.
func (s *site) on(cluster *local.Postgres) {
	s.cluster = cluster
	s.environment["ADMIN_DATABASE_URL"] = cluster.DSN("postgres")
	s.environment["OWNER_PASSWORD"], s.environment["APP_PASSWORD"] = "owner's", "app's"
	s.environment["DOCKET_DATABASE_URL"] = cluster.DSNAs("docket", migrations.AppRole)
	s.environment["DOCKET_OWNER_DATABASE_URL"] = cluster.DSNAs("docket", migrations.OwnerRole)
}

// follows runs a block of docs/operations.md as it stands, and answers what it said.
func (s *site) follows(t *testing.T, block string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)\n```sh " + block + "\n(.*?)```\n").FindSubmatch(text)
	require.NotNil(t, found, "docs/operations.md has no block %s", block)
	path, err := program()
	require.NoError(t, err)
	shell := exec.Command("bash", "-euo", "pipefail", "-c", string(found[1]))
	shell.Env = append(os.Environ(), "PATH="+filepath.Dir(path)+":"+s.cluster.BinDir()+":"+os.Getenv("PATH"))
	for name, value := range s.environment {
		shell.Env = append(shell.Env, name+"="+value)
	}
	said, err := shell.CombinedOutput()
	require.NoError(t, err, "%s: %s", block, said)
	return string(said)
}

// operator runs docket in the site's environment.
func (s *site) operator(t *testing.T, args ...string) typed {
	t.Helper()
	return run(t, s.environment, args...)
}

// enrols makes the two people of the tests.
func (s *site) enrols(t *testing.T) {
	t.Helper()
	for handle, token := range map[string]*string{"alex": &s.first, "robin": &s.second} {
		said := s.operator(t, "people", "enroll", handle, "--roles", everyRole())
		require.Zero(t, said.code, said.problems)
		*token = strings.TrimSpace(said.out)
	}
}

// process is docket serve or docket worker.
type process struct {
	cmd *exec.Cmd
	log *said
}

// starts starts a process of the site; it is killed at the latest when the test ends.
func (s *site) starts(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: docket(t, s.withoutOwner(), args...), log: &said{}}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has usually ended
		if t.Failed() {
			log := p.log.String()
			t.Logf("%v:\n%s", args, log[max(0, len(log)-3000):])
		}
	})
	return p
}

// withoutOwner is what serve and worker get: they are better off without the owner's address.
func (s *site) withoutOwner() map[string]string {
	environment := maps.Clone(s.environment)
	delete(environment, "DOCKET_OWNER_DATABASE_URL")
	return environment
}

// stops sends SIGTERM and wants an orderly end.
func (p *process) stops(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait(), p.log)
}

// opens starts serve and worker and waits until people are answered. Only the worker's machine has the file with the
// connections to the estate.
func (s *site) opens(t *testing.T) (serve, work *process) {
	t.Helper()
	connections, declared := s.environment["DOCKET_ESTATE_CONNECTIONS"]
	if declared {
		s.environment["DOCKET_ESTATE_CONNECTIONS"] = filepath.Join(t.TempDir(), "elsewhere.yaml")
		refused := run(t, s.withoutOwner(), "worker")
		require.Equal(t, 1, refused.code)
		require.Contains(t, refused.problems, "cannot read connections")
	}
	serve = s.starts(t, "serve")
	if declared {
		s.environment["DOCKET_ESTATE_CONNECTIONS"] = connections
	}
	work = s.starts(t, "worker")
	testkit.Await(t, "the API is ready", func() bool {
		response, err := http.Get(s.url + "/readyz")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
	return serve, work
}

// looks reads one value from the database, as an operator would.
func (s *site) looks(t *testing.T, into any, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.cluster.DSN("docket"))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(into), sql)
}

// passes lets the time pass after which something is tried again.
func (s *site) passes(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.cluster.DSN("docket"))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `UPDATE delivery SET next_at = clock_timestamp() WHERE state = 'deferred'`)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `UPDATE bell SET seq = seq + 1, rung = heard, ring_after = NULL`)
	require.NoError(t, err)
}

// mailTo is what came for whoever's address contains the text.
func (s *site) mailTo(text string) (messages []mail.Message) {
	for _, message := range s.relay.Messages() {
		if strings.Contains(strings.Join(message.To, " "), text) {
			messages = append(messages, message)
		}
	}
	return messages
}

// Processes that get nothing but their environment carry a real case to its evidence, and end in order.
func TestAnInstallationOfItsOwnProcesses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, check := range [][]string{{"config", "check"}, {"keys", "check"}, {"doctor"}} {
		said := s.operator(t, check...)
		require.Zero(t, said.code, "%v: %s%s", check, said.out, said.problems)
	}
	s.enrols(t)
	_, s.environment["DOCKET_ESTATE"], s.environment["DOCKET_ESTATE_CONNECTIONS"] = estateOn(t)
	serve, work := s.opens(t)
	require.Contains(t, fetch(t, "http://"+s.environment["DOCKET_METRICS_LISTEN"]+"/metrics"), "docket_database_up 1")

	s.importSamples(t)
	code := s.declares(t, time.Now().Add(-time.Hour), false, "C-1001")
	s.notifies(t, code)
	testkit.Await(t, "the relay takes the notice", func() bool { return s.delivery(t, code, "C-1001").State == "handed_on" })
	require.Equal(t, "required", s.duties(t, code)[0].State, "what a relay took has reached nobody")
	sent := s.mailTo("alder-finch")
	require.Len(t, sent, 1)
	require.NotEmpty(t, sent[0].TLS)
	require.NoError(t, s.relay.Delivered(t.Context(), sent[0].ID))
	testkit.Await(t, "the report meets the duty", func() bool { return s.duties(t, code)[0].State == "met" })
	require.NotNil(t, s.delivery(t, code, "C-1001").DeliveredAt)
	s.holds(t, code)

	// Serve takes a person's request and shows its plan, which the worker makes: it holds nothing that deletes.
	asked := s.decides(t, s.first, "request", "open", "erasure", "--identity", "email=ana@example.test", "--country", "DE").Code
	whole := func() desk.RequestView {
		return answer[desk.RequestView](t, s.types(t, s.first, "request", "show", asked))
	}
	s.decides(t, s.second, "request", "verify", asked, whole().Identities[0].ID.String(), "--method", "known_contact", "--evidence", "answered from the address on record")
	s.decides(t, s.first, "request", "scope", asked)
	testkit.Await(t, "the plan waits for approval", func() bool { return whole().Status == "awaiting_approval" })
	require.Len(t, whole().Targets, 3)

	// A later release's schema: what runs goes on, what starts refuses.
	conn, err := pgx.Connect(t.Context(), s.cluster.DSN("docket"))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	require.NoError(t, err)
	require.Equal(t, "ok", readiness(t, s.url))
	for _, command := range []string{"serve", "worker"} {
		said := s.operator(t, command)
		require.Equal(t, 1, said.code)
		require.Contains(t, said.problems, "run the newer release", command)
	}
	serve.stops(t)
	work.stops(t)
	for _, p := range []*process{serve, work} {
		require.NotContains(t, p.log.String(), "alder-finch", "logs name nobody")
	}
}
