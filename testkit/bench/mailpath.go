package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/testkit/scale"
)

const (
	// mailsARound is a multiple of a page's 500 recipients.
	mailsARound = 1000
	// sendAtOnce is how many attempts of a page run at the same time (activities.sendAtOnce).
	sendAtOnce = 8
)

// mailPath is R1: accepted notices a second, over a loop that commits twice for each mail, signs it and sends it.
func mailPath(t *stand, h *testkit.House, rounds int) ratio {
	server, err := mail.Start(t.ctx, mail.Options{DigestOnly: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	channel := scale.Channel(t, server.Addr(), server.CertificatePEM(), sendAtOnce)
	refs := scale.Customers(t, h, mailsARound)
	var floor *loop
	released := make([]uuid.UUID, 0, rounds+1)
	for range rounds + 1 {
		opened := h.Declared(t)
		h.Aware(t, opened.Case, time.Now().Add(-time.Hour))
		_, err := h.Desk.RecordParties(t.ctx, h.As(access.PrivacyLead), "", opened.Case, scale.Wave(refs))
		require.NoError(t, err)
		released = append(released, h.Released(t, opened.Case))
		if floor == nil {
			message, id := sample(t, h, channel, opened.Case)
			floor = newLoop(t, h, server, message, id)
		}
	}
	return ratio{
		name: "R1 mail path", unit: "mails/s", target: 0.7,
		floor: func() float64 {
			return perSecond(mailsARound, func() { require.NoError(t, floor.send(t.ctx, mailsARound)) })
		},
		product: func() float64 {
			next := released[0]
			released = released[1:]
			return perSecond(mailsARound, func() { scale.Send(t, h.Desk, channel, next) })
		},
	}
}

// loop is the floor: nothing but what any honest sender has to do for a mail.
type loop struct {
	pool  *pgxpool.Pool
	addr  string
	tls   *tls.Config
	sign  *dkim.SignOptions
	conns chan *smtp.Client
	// message is the product's own, id the one in it.
	message []byte
	id      string
}

func newLoop(t *stand, h *testkit.House, server *mail.Server, message []byte, id string) *loop {
	pool, err := pgxpool.New(t.ctx, h.Database.Owner+"&pool_max_conns=10")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	_, err = pool.Exec(t.ctx, `CREATE TABLE floor_mail (id uuid PRIMARY KEY, begun timestamptz NOT NULL, accepted timestamptz, reply text)`)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(server.CertificatePEM()))
	l := &loop{
		pool: pool, addr: server.Addr(), tls: &tls.Config{RootCAs: roots, ServerName: "mx.docket.test", MinVersion: tls.VersionTLS12},
		sign: &dkim.SignOptions{
			Domain: "notices.example.com", Selector: "s1", Signer: scale.Signer, HeaderCanonicalization: dkim.CanonicalizationRelaxed,
			BodyCanonicalization: dkim.CanonicalizationRelaxed, Hash: crypto.SHA256,
		},
		conns: make(chan *smtp.Client, sendAtOnce), message: message, id: id,
	}
	for range sendAtOnce {
		client, err := smtp.DialStartTLS(l.addr, l.tls)
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		l.conns <- client
	}
	return l
}

// sample is a notice as the product makes it, without its signature, and the id that it bears.
func sample(t *stand, h *testkit.House, channel notifications.Channel, caseID uuid.UUID) (message []byte, id string) {
	notices, err := h.Desk.Notices(t.ctx, h.As(access.PrivacyLead), caseID)
	require.NoError(t, err)
	preview, err := h.Desk.Preview(t.ctx, h.As(access.PrivacyLead), caseID, notices[0].ID, 0)
	require.NoError(t, err)
	id = uuid.NewString()
	prepared, err := channel.Prepare(notifications.Outbound{
		ID: id, To: preview.Address, Subject: preview.Letter.Subject, Text: preview.Letter.Text, HTML: preview.Letter.HTML,
		Language: preview.Letter.Language, Instant: time.Now(), ReturnToken: "sample",
	})
	require.NoError(t, err)
	fields := bytes.SplitAfter(prepared.Bytes, []byte("\r\n"))
	for n := 1; ; n++ {
		if fields[n][0] != ' ' && fields[n][0] != '\t' { // the signature is the first field, with its folds
			return bytes.Join(fields[n:], nil), id
		}
	}
}

func (l *loop) send(ctx context.Context, n int) error {
	var sending errgroup.Group
	sending.SetLimit(sendAtOnce)
	for range n {
		sending.Go(func() error { return l.one(ctx) })
	}
	return sending.Wait()
}

func (l *loop) one(ctx context.Context) error {
	id := uuid.New()
	message := bytes.ReplaceAll(l.message, []byte(l.id), []byte(id.String()))
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, bytes.NewReader(message), l.sign); err != nil {
		return err
	}
	if _, err := l.pool.Exec(ctx, `INSERT INTO floor_mail (id, begun) VALUES ($1, clock_timestamp())`, id); err != nil {
		return err
	}
	client := <-l.conns
	defer func() { l.conns <- client }()
	if err := client.SendMail("b@bounces.example.com", []string{"notice@c1.example.com"}, &signed); err != nil {
		return err
	}
	_, err := l.pool.Exec(ctx, `UPDATE floor_mail SET accepted = clock_timestamp(), reply = $2 WHERE id = $1`, id, "250 2.0.0 OK")
	return err
}
