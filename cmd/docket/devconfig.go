package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/migrations"
)

// environment is the configuration of the stack, whole: nothing of this process's own environment is read,
// so that no relay, pager or database of an installation elsewhere can slip in. The stack talks to nothing
// but its own parts on this machine, and config.Read refuses one that would.
func (s *stack) environment(pagerSecret string) map[string]string {
	environ := map[string]string{
		"DOCKET_DEV": "true", "DOCKET_PUBLIC_URL": s.url(), "DOCKET_KEYS_DIR": filepath.Join(s.dir, "keys"),
		"DOCKET_PUBLISH_DIR": filepath.Join(s.dir, "publish"), "DOCKET_DATABASE_URL": s.postgres.DSNAs(devDatabase, migrations.AppRole),
		"DOCKET_TEMPORAL_ADDRESS": s.temporal.HostPort, "DOCKET_TEMPORAL_NAMESPACE": s.temporal.Namespace,
		"DOCKET_API_LISTEN": s.at.api, "DOCKET_METRICS_LISTEN": s.at.metrics,
		"DOCKET_MAIL_FROM_NAME": "Atlas Cloud AI Incident Response", "DOCKET_MAIL_FROM_ADDRESS": "incident@" + devMailDomain,
		"DOCKET_MAIL_ONLY_HOSTS": s.mail.Addr(), "DOCKET_MAIL_MX_PORT": strconv.Itoa(portNumber(s.mail.Addr())),
		"DOCKET_BOUNCE_DOMAIN": "bounces.docket.test", "DOCKET_BOUNCE_LISTEN": s.at.bounce,
		"DOCKET_DKIM_DOMAIN": devMailDomain, "DOCKET_DKIM_SELECTOR": "dev", "DOCKET_DKIM_KEY_FILE": s.dkimFile(),
		"DOCKET_PAGER_URL": s.pager.URL, "DOCKET_PAGER_SECRETS": pagerSecret, "DOCKET_PAGER_COPY_TO": "oncall@docket.test",
		"DOCKET_COMPANY_MAIN_ESTABLISHMENT": "IE", "DOCKET_WATCHDOG_INTERVAL": "5s",
		"DOCKET_COMPANY_TRAITS": strings.Join(s.traits, ","), "DOCKET_COMPANY_NAME": "Atlas Cloud AI", "DOCKET_COMPANY_PRIVACY_CONTACT": privacyAddress, "DOCKET_INTAKE_ADDRESSES": privacyAddress,
		"DOCKET_REQUESTS_STAFF_DOMAINS": "docket.test",
	}
	// Who puts an estate and its connections beside the data has requests carried out in them.
	for variable, file := range map[string]string{"DOCKET_ESTATE": "estate.yaml", "DOCKET_ESTATE_CONNECTIONS": "connections.yaml"} {
		if path := filepath.Join(s.dir, file); exists(path) {
			environ[variable] = path
		}
	}
	return environ
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// withoutPostgresVariables takes away what would change where and how the driver connects.
func withoutPostgresVariables() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PG") {
			os.Unsetenv(name)
		}
	}
}

func freeAddresses() (addresses, error) {
	ports, err := local.FreePorts(3)
	if err != nil {
		return addresses{}, err
	}
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	return addresses{api: at(ports[0]), metrics: at(ports[1]), bounce: at(ports[2])}, nil
}

func (s *stack) url() string { return "http://" + s.at.api }

func (s *stack) dkimFile() string { return filepath.Join(s.dir, "keys", "dkim.pem") }

func (s *stack) tokenFile() string { return filepath.Join(s.dir, "token") }

// secondTokenFile holds the token of the second person, whom approvals need.
func (s *stack) secondTokenFile() string { return filepath.Join(s.dir, "token-second") }

func (s *stack) signedIn() string { return filepath.Join(s.dir, "stack.json") }

// makeKeys makes what a new directory lacks. Mail is signed with Ed25519 (RFC 8463).
func (s *stack) makeKeys() error {
	if err := newKeys(filepath.Join(s.dir, "keys")); err != nil {
		return err
	}
	_, err := config.NewSigningKey(s.dkimFile())
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// pagerSecret is made once and kept, so that a page that is tried again is signed the same.
func (s *stack) pagerSecret() (string, error) {
	return kept(filepath.Join(s.dir, "pager.secret"), func() (string, error) { return newPagerSecret(), nil })
}

// devToken is the token of a person who may do everything, for whoever tries the stack out.
func (s *stack) devToken(ctx context.Context, handle, file string) (string, error) {
	if token, err := os.ReadFile(file); err == nil {
		if _, err := s.plant.desk.Authenticate(ctx, string(token)); err != nil {
			if err := os.Remove(file); err != nil {
				return "", fmt.Errorf("cannot replace the token: %w", err)
			}
		}
	}
	return kept(file, func() (string, error) { return s.plant.desk.Enroll(ctx, handle, "person", access.Roles()) })
}

// kept is the content of a file that is made at the first start.
func kept(path string, make func() (string, error)) (string, error) {
	text, err := os.ReadFile(path)
	if err == nil && len(text) > 0 {
		return string(text), nil
	}
	made, err := make()
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(made), 0o600); err != nil {
		return "", fmt.Errorf("cannot keep %s: %w", filepath.Base(path), err)
	}
	return made, nil
}

// presence is what a running stack leaves for whoever wants to start a second one on its directory.
type presence struct {
	Process int    `json:"process"`
	API     string `json:"api"`
}

func (s *stack) signIn() error {
	text, err := json.Marshal(presence{Process: os.Getpid(), API: s.url()})
	if err == nil {
		err = os.WriteFile(s.signedIn(), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot say that this stack runs: %w", err)
	}
	return nil
}

func (s *stack) signOut() error {
	if err := os.Remove(s.signedIn()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// whoRuns describes the stack that holds the directory; empty where it did not say.
func (s *stack) whoRuns() string {
	var p presence
	text, err := os.ReadFile(s.signedIn())
	if err != nil || json.Unmarshal(text, &p) != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d, %s)", p.Process, p.API)
}
