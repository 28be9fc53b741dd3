package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/places"
	"github.com/atlascloudai/docket/migrations"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/email"
	"github.com/atlascloudai/docket/notifications/pager"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/worker"
	"github.com/atlascloudai/docket/worker/codec"
)

// plant is what serve and worker are both made from.
type plant struct {
	config config.Config
	log    *slog.Logger
	store  *store.Store
	desk   *desk.Desk
	heads  *worker.Heads
	// returnKey signs the return paths of what is sent, maskingKey masks by HMAC in the stores of the estate.
	returnKey, maskingKey []byte
	// estate is where personal data lives; nil where none is set.
	estate *estate.Estate
	// places are its stores, in a worker.
	places *places.Places
}

// close lets go of everything that the plant has open.
func (p *plant) close() {
	if p.places != nil {
		p.places.Close()
	}
	p.store.Close()
}

// open puts a plant together: keys, database, schema, and the comparison with what was published outside.
func open(ctx context.Context, c config.Config) (*plant, error) {
	pack, err := packs.Load()
	if err != nil {
		return nil, err
	}
	return openWith(ctx, c, pack, slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel})))
}

func openWith(ctx context.Context, c config.Config, pack *packs.Pack, log *slog.Logger) (*plant, error) {
	p := &plant{config: c, log: log}
	keys, err := config.LoadKeyring(c.KeysDir)
	if err != nil {
		return nil, err
	}
	secret, err := config.LoadLookupSecret(c.KeysDir)
	if err != nil {
		return nil, err
	}
	if p.returnKey, err = seal.DeriveKey(secret, "return path"); err != nil {
		return nil, err
	}
	if p.maskingKey, err = seal.DeriveKey(secret, "masking"); err != nil {
		return nil, err
	}
	lookup, err := seal.NewCommitKey(secret, "people's identifiers")
	if err != nil {
		return nil, err
	}
	if p.estate, err = readEstate(c.Estate.Files); err != nil {
		return nil, err
	}
	if p.heads, err = headsIn(c, log); err != nil {
		return nil, err
	}
	company, err := profile(c.Company, pack)
	if err != nil {
		return nil, err
	}
	reserve := c.DatabaseReserve
	p.store, err = store.Open(ctx, store.Options{
		DSN: c.DatabaseURL.Reveal(), Conns: int32(c.DatabaseConns - reserve), Reserve: int32(reserve), StatementTimeout: c.StatementTimeout,
	})
	if err != nil {
		return nil, err
	}
	if err := migrations.Check(ctx, p.store); err != nil {
		p.store.Close()
		return nil, err
	}
	var pageChannels []string
	if c.Pager.URL.Reveal() != "" {
		pageChannels = append(pageChannels, "pager")
	}
	if c.Pager.CopyTo != "" {
		pageChannels = append(pageChannels, "mail")
	}
	p.desk = desk.New(desk.Options{
		PageChannels: pageChannels,
		Store:        p.store, Published: func() (*audit.Trail, error) { return p.heads.Read() }, Keys: keys, Pack: pack, Company: company, InternalTarget: time.Duration(c.Clock.InternalTargetHours) * time.Hour, ChangeNoticeDays: c.Clock.ChangeNoticeDays,
		Lookup: lookup, PublicURL: c.PublicURL, Contact: c.Company.PrivacyContact, CompanyName: c.Company.Name,
		Cooling: c.Requests.Cooling, Accountability: c.Requests.AccountabilityYears, Bounds: bounds(c.Requests), StaffDomains: c.Requests.StaffDomains, Estate: p.estate,
		Sign: p.heads.Sign, Drills: c.Dev,
	})
	p.heads.Desk = p.desk
	if err := p.guard(ctx); err != nil {
		p.store.Close()
		return nil, err
	}
	return p, nil
}

// bounds are how much a plan may reach with one approver.
func bounds(r config.Requests) request.Bounds {
	set := request.DefaultBounds
	set.Records, set.Accounts = r.MaxRecords, r.MaxAccounts
	return set
}

// profile is the company as the rules know it. A circumstance that no rule knows would change no clock.
func profile(c config.Company, pack *packs.Pack) (duty.CompanyProfile, error) {
	company := duty.CompanyProfile{UK: c.UKEstablishment, Zone: c.Zone, Circumstances: c.Circumstances}
	for _, trait := range c.Traits {
		company.Traits = append(company.Traits, duty.Trait(trait))
	}
	if main := c.MainEstablishment; main != "" {
		company.EUMainEstablishment = &duty.Establishment{Country: main, Authority: main}
	}
	for _, circumstance := range c.Circumstances {
		if known := pack.Circumstances(); !slices.Contains(known, circumstance) {
			return company, fmt.Errorf("DOCKET_COMPANY_CIRCUMSTANCES names %q, which no rule knows; they are %s", circumstance, strings.Join(known, ", "))
		}
	}
	return company, nil
}

// headsIn are the published ends of the chains, with the keys that sign them and that signed them before.
func headsIn(c config.Config, log *slog.Logger) (*worker.Heads, error) {
	signing, kid, err := config.LoadSigningKey(c.SigningKeyPath())
	if err != nil {
		return nil, err
	}
	retired, err := config.LoadRetiredKeys(c.KeysDir)
	if err != nil {
		return nil, err
	}
	return &worker.Heads{Dir: filepath.Join(c.PublishDir, "heads"), Key: signing, KeyID: kid, Retired: retired, Log: log}, nil
}

// guard quarantines a database that is not what was published outside it; everything but sending goes on.
func (p *plant) guard(ctx context.Context) error {
	trail, err := p.heads.Read()
	if err != nil {
		p.log.Error("the published heads cannot be followed", "error", err)
		trail = nil
	}
	reason, err := p.desk.Guard(ctx, trail)
	if err != nil {
		return err
	}
	if reason != "" {
		p.log.Error("quarantined: nothing is sent until an operator reconciles", "reason", reason)
	}
	return nil
}

// returnToken makes the return path of what is sent from its id.
func (p *plant) returnToken(id string) string { return letters.ReturnToken(p.returnKey, id) }

// mail is the channel that notices leave by.
func (p *plant) mail(resolver email.Resolver, roots *x509.CertPool) (*email.Channel, error) {
	c := p.config
	settings := email.Config{
		Transport: email.Transport(c.Mail.Transport), From: mail.Address{Name: c.Mail.FromName, Address: c.Mail.FromAddress}, BounceDomain: c.Bounce.Domain,
		HeloName: c.Mail.HeloName, Port: strconv.Itoa(c.Mail.MXPort), Resolver: resolver, RelayAddr: c.Mail.RelayAddress,
		RelayImplicitTLS: c.Mail.RelayImplicitTLS, Username: c.Mail.RelayUser, Password: email.Secret(c.Mail.RelayPassword.Reveal()),
		TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, AllowPlaintext: c.Mail.AllowPlaintext, OnlyHosts: c.Mail.OnlyHosts,
	}
	if c.Mail.ReplyTo != "" {
		settings.ReplyTo = &mail.Address{Address: c.Mail.ReplyTo}
	}
	if c.DKIM.KeyFile != "" {
		signer, err := signerOf(c.DKIM.KeyFile)
		if err != nil {
			return nil, err
		}
		settings.DKIM = []email.DKIMKey{{Domain: c.DKIM.Domain, Selector: c.DKIM.Selector, Signer: signer}}
	}
	return email.New(settings)
}

func signerOf(path string) (crypto.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the DKIM key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("cannot read the DKIM key: it is no PEM file")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("cannot read the DKIM key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("cannot read the DKIM key: it cannot sign")
	}
	return signer, nil
}

// line is where pages go: the pager, and a copy by mail.
func (p *plant) line(channel notifications.Channel) (*activities.Line, error) {
	c := p.config
	settings := pager.Config{URL: c.Pager.URL.Reveal(), AllowPrivate: c.Dev}
	if n := len(c.Pager.Secrets); n > 0 {
		settings.Secret = c.Pager.Secrets[0].Reveal()
		if n > 1 {
			settings.PreviousSecret = c.Pager.Secrets[1].Reveal()
		}
	}
	page, err := pager.New(settings)
	if err != nil {
		return nil, err
	}
	line := &activities.Line{CaseURL: strings.TrimSuffix(c.PublicURL, "/") + "/v1/cases/%s"}
	if settings.URL != "" {
		line.Pager = page
	}
	if c.Pager.CopyTo != "" {
		line.Mail = activities.Mailbox{Channel: channel, To: c.Pager.CopyTo, ReturnToken: p.returnToken}
	}
	return line, nil
}

// ping tells the dead man's switch that somebody watches; nil where none is set.
func (p *plant) ping() (func(context.Context) error, error) {
	url := p.config.Watchdog.DeadMansSwitchURL.Reveal()
	if url == "" {
		return nil, nil
	}
	page, err := pager.New(pager.Config{AllowPrivate: p.config.Dev})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if answer := page.Ping(ctx, url); answer.Outcome != notifications.Accepted {
			return fmt.Errorf("the dead man's switch answered %s (%s)", answer.Outcome, answer.Class)
		}
		return nil
	}, nil
}

// exits are the ways out of the house for real cases and for drills.
type exits struct {
	mail, drillMail notifications.Channel
}

// working is the worker's side of a plant. A drill leaves by sinks only; without one it stays inside.
func (p *plant) working(ways exits) (worker.Options, error) {
	c := p.config
	payload, err := config.LoadKeyring(filepath.Join(c.KeysDir, "payload"))
	if err != nil {
		return worker.Options{}, err
	}
	converter := codec.NewDataConverter(payload)
	temporal := client.Options{
		HostPort: c.Temporal.Address, Namespace: c.Temporal.Namespace, DataConverter: converter, FailureConverter: codec.NewFailureConverter(converter),
	}
	if c.Temporal.TLS {
		if temporal.ConnectionOptions.TLS, err = temporalTLS(c.Temporal); err != nil {
			return worker.Options{}, err
		}
	}
	o := worker.Options{
		Temporal: temporal, Desk: p.desk, Bells: worker.StoreBells(p.store), QueuePrefix: c.Temporal.QueuePrefix, BuildID: version,
		ReturnToken: func(delivery uuid.UUID) string { return p.returnToken(delivery.String()) }, WatchEvery: c.Watchdog.Interval, Log: p.log,
		Heads: p.heads,
	}
	if o.Ping, err = p.ping(); err != nil {
		return o, err
	}
	if ways.mail != nil {
		o.Channels = map[string]activities.Sender{string(duty.Email): {Channel: ways.mail, Transport: c.Mail.Transport}}
		if o.Line, err = p.line(ways.mail); err != nil {
			return o, err
		}
	}
	if ways.drillMail != nil {
		o.DrillChannels = map[string]activities.Sender{string(duty.Email): {Channel: ways.drillMail, Transport: config.Direct}}
		if o.DrillLine, err = p.line(ways.drillMail); err != nil {
			return o, err
		}
	}
	return o, nil
}

func temporalTLS(t config.Temporal) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		text, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read DOCKET_TEMPORAL_CA_FILE: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("DOCKET_TEMPORAL_CA_FILE holds no certificate")
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read the Temporal client certificate: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}
