package testkit

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/places"
	"github.com/atlascloudai/docket/notifications/email"
	"github.com/atlascloudai/docket/notifications/pager"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/worker"
	"github.com/atlascloudai/docket/worker/codec"
)

// crew is everything that a worker of a house is put together from. It is plain data, so that a process of
// its own can be given it.
type crew struct {
	Database                           string
	Key, Payload, Return, DKIM         []byte
	Signing                            []byte
	Temporal, Namespace, Prefix        string
	Mail                               string
	Roots                              []byte
	Pager, PagerSecret, OnCall         string
	Lease, Stop                        time.Duration
	CommandTimeout, DataTimeout        time.Duration
	WatchEvery, WatchGrace             time.Duration
	Connections, MaxConnectionsPerHost int
	Debug                              bool
	// Drills says that exercises are what gateways and the change log speak of.
	Drills bool
	// Estate is where requests look, Stores the file with the connections to it.
	Estate *estate.Estate
	Stores string
}

// crewEnv holds the crew of a test binary that is started again as a worker.
const crewEnv = "DOCKET_TEST_CREW"

// Main runs the tests of a package that kills workers: the test binary, started again with a crew in its
// environment, is a worker until it is killed or the tests end.
func Main(m *testing.M) {
	given := os.Getenv(crewEnv)
	if given == "" {
		// Most of these tests wait most of the time: for leases, heartbeats, timeouts.
		flag.Parse()
		if err := flag.Set("test.parallel", "5"); err != nil {
			panic(err)
		}
		code := m.Run()
		if err := discardOwn(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its other end closes with the tests, however they end
		os.Exit(1)
	}()
	var c crew
	err := json.Unmarshal([]byte(given), &c)
	if err == nil {
		err = c.run(context.Background(), c.logger(os.Stderr))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (c crew) logger(to io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if c.Debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level}))
}

// run works until ctx ends, on connections of its own like any other process.
func (c crew) run(ctx context.Context, log *slog.Logger) error {
	s, err := store.Open(ctx, store.Options{DSN: c.Database, Conns: int32(c.Connections), Reserve: 3})
	if err != nil {
		return err
	}
	defer s.Close()
	o, err := c.options(s, log)
	if err != nil {
		return err
	}
	if c.Estate != nil {
		reached, err := c.places(o.Desk.(*desk.Desk))
		if err != nil {
			return err
		}
		defer reached.Close()
		o.Stores, o.DrillStores = reached, reached
	}
	return worker.Run(ctx, o)
}

// places are the stores of the estate; those of a test are for drills too.
func (c crew) places(d *desk.Desk) (*places.Places, error) {
	connections, err := places.ReadConnections(c.Stores)
	if err != nil {
		return nil, err
	}
	masking, err := seal.DeriveKey(c.Key, "masking")
	if err != nil {
		return nil, err
	}
	return places.New(*c.Estate, connections, activities.OwnerTasks{Desk: d}, masking), nil
}

func (c crew) options(s *store.Store, log *slog.Logger) (worker.Options, error) {
	pack, err := packs.Load()
	if err != nil {
		return worker.Options{}, err
	}
	keys, err := seal.NewKeyring("test", map[string][]byte{"test": c.Key})
	if err != nil {
		return worker.Options{}, err
	}
	lookup, err := seal.NewCommitKey(c.Key, lookupPurpose)
	if err != nil {
		return worker.Options{}, err
	}
	channel, err := c.mail()
	if err != nil {
		return worker.Options{}, err
	}
	page, err := pager.New(pager.Config{URL: c.Pager, Secret: c.PagerSecret, AllowPrivate: true})
	if err != nil {
		return worker.Options{}, err
	}
	temporal, err := c.temporal()
	if err != nil {
		return worker.Options{}, err
	}
	token := func(id string) string { return letters.ReturnToken(c.Return, id) }
	ways := map[string]activities.Sender{string(duty.Email): {Channel: channel, Transport: string(email.Direct)}}
	line := &activities.Line{
		Pager: page, Mail: activities.Mailbox{Channel: channel, To: c.OnCall, ReturnToken: token}, CaseURL: "https://docket.example.test/v1/cases/%s",
	}
	return worker.Options{
		Temporal: temporal, Bells: worker.StoreBells(s), QueuePrefix: c.Prefix, BuildID: "test",
		Desk: desk.New(desk.Options{
			Sign:  signer(c.Signing),
			Store: s, Keys: keys, Pack: pack, Company: company(), Lease: c.Lease,
			Lookup: lookup, PublicURL: publicURL, Contact: privacyContact, CompanyName: companyName, Estate: c.Estate, Drills: c.Drills,
		}),
		Channels: ways, DrillChannels: ways, Line: line, DrillLine: line,
		ReturnToken: func(delivery uuid.UUID) string { return token(delivery.String()) },
		WatchEvery:  c.WatchEvery, WatchGrace: c.WatchGrace, StopTimeout: c.Stop, Log: log,
	}, nil
}

func (c crew) payloadKeys() (*seal.Keyring, error) {
	return seal.NewKeyring("payload", map[string][]byte{"payload": c.Payload})
}

// temporal is the client's side, behind the codec.
func (c crew) temporal() (client.Options, error) {
	keys, err := c.payloadKeys()
	if err != nil {
		return client.Options{}, err
	}
	converter := codec.NewDataConverter(keys)
	return client.Options{HostPort: c.Temporal, Namespace: c.Namespace, DataConverter: converter, FailureConverter: codec.NewFailureConverter(converter)}, nil
}

// mail speaks to the local mail server alone, whoever the recipient is, and signs what it sends.
func (c crew) mail() (*email.Channel, error) {
	_, port, err := net.SplitHostPort(c.Mail)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.Roots) {
		return nil, errors.New("cannot read the local mail server's certificate")
	}
	return email.New(email.Config{
		Transport: email.Direct, From: mail.Address{Name: "Incident Response", Address: "incident@notices.example.test"},
		BounceDomain: "bounces.example.test", HeloName: "docket.example.test", Port: port, Resolver: everywhere{},
		DKIM:      []email.DKIMKey{{Domain: "notices.example.test", Selector: "test", Signer: ed25519.NewKeyFromSeed(c.DKIM)}},
		TLS:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		OnlyHosts: []string{c.Mail}, CommandTimeout: c.CommandTimeout, DataTimeout: c.DataTimeout, MaxConnsPerHost: c.MaxConnectionsPerHost,
	})
}

// everywhere resolves every domain to the one local mail server.
type everywhere struct{}

// LookupMX implements email.Resolver.
func (everywhere) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mx.docket.test.", Pref: 10}}, nil
}

// LookupHost implements email.Resolver.
func (everywhere) LookupHost(context.Context, string) ([]string, error) {
	return []string{"127.0.0.1"}, nil
}

func pagerSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString(randomKey()) }
