package email

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications"
)

// Send implements notifications.Channel: one attempt, one recipient, one
// transaction. What is lost before the message itself is deferred; what is lost
// from its first byte on is unknown.
func (c *Channel) Send(ctx context.Context, p notifications.Prepared) notifications.Answer {
	bounded, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	answer := c.attempt(bounded, p)
	answer.At = c.config.Now()
	return answer
}

func (c *Channel) attempt(ctx context.Context, p notifications.Prepared) notifications.Answer {
	if sha256.Sum256(p.Bytes) != p.Digest {
		return deferred(atHello, notifications.Config, "the message is not the one that was prepared").answer
	}
	to, err := checkOutbound(p.Outbound)
	if err != nil || to != p.Outbound.To {
		refusal := problem.InvalidField("to", "is not as it was prepared")
		errors.As(err, &refusal)
		return deferred(atHello, notifications.Config, "the envelope is not the one that was prepared: %s", refusal.Field).answer
	}
	if c.config.Transport == Relay {
		host, port, err := net.SplitHostPort(c.config.RelayAddr)
		if err != nil {
			return deferred(atHello, notifications.Config, "the relay's address is not host:port").answer
		}
		answer, _ := c.offer(ctx, host, port, p)
		return answer
	}
	hosts, refused := c.route(ctx, to[strings.LastIndexByte(to, '@')+1:])
	if refused != nil {
		return *refused
	}
	return c.offerEach(ctx, hosts, p)
}

// offerEach tries the hosts in order until one has heard of the message. The
// recipient is refused at the door only if every host refuses; else the first one
// that may let us in later speaks for all.
func (c *Channel) offerEach(ctx context.Context, hosts []net.MX, p notifications.Prepared) notifications.Answer {
	var closed notifications.Answer
	for i, host := range hosts {
		answer, at := c.offer(ctx, host.Host, c.config.Port, p)
		if at >= atMail || ctx.Err() != nil {
			return answer
		}
		if i == 0 || closed.Outcome == notifications.Refused && answer.Outcome != notifications.Refused {
			closed = answer
		}
	}
	return closed
}

// offer makes the transaction with one host and says how far it came. A kept
// connection that turns out to be dead before anything was sent is replaced once.
func (c *Channel) offer(ctx context.Context, host, port string, p notifications.Prepared) (notifications.Answer, stage) {
	lane := net.JoinHostPort(host, port)
	if err := c.pool.enter(ctx, lane); err != nil {
		answer := deferred(atHello, lost(ctx, notifications.Cancelled), "given up while waiting for a connection").answer
		answer.Host = host
		return answer, atHello
	}
	var fit *session
	defer func() { c.pool.leave(lane, fit) }()

	s := c.pool.take(lane)
	reused := s != nil
	for {
		if s == nil {
			fresh, failed := c.dial(ctx, host, port)
			if failed != nil {
				failed.answer.Host = host
				return failed.answer, failed.at
			}
			s = fresh
		}
		result := c.transact(ctx, s, p)
		if result.fit && s.sent < c.config.MaxPerConn {
			fit = s
		} else {
			s.conn.Close()
		}
		if reused && result.stale && ctx.Err() == nil {
			s, reused = nil, false
			continue
		}
		result.answer.Host, result.answer.TLS = host, s.tls
		return result.answer, result.at
	}
}

// result is how one transaction ended.
type result struct {
	answer notifications.Answer
	at     stage
	fit    bool // the connection can take another message
	stale  bool // the connection was dead or ending before the transaction began
}

// transact runs MAIL, RCPT, DATA and the message. A cancelled ctx cuts it until
// DATA is answered; from then on only the time limits do, so that an orderly stop
// leaves nothing unknown behind.
func (c *Channel) transact(ctx context.Context, s *session, p notifications.Prepared) result {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	s.sent++

	if limit, known := s.client.MaxMessageSize(); known && limit > 0 && len(p.Bytes) > limit {
		return result{at: atMail, fit: true, answer: notifications.Answer{
			Outcome: notifications.Refused, Class: notifications.Permanent, Enhanced: "5.3.4",
			Reason: "the message is larger than the server takes (RFC 1870)",
		}}
	}
	notifies, _ := s.client.Extension("DSN")
	if err := s.client.Mail(c.returnPath(p.Outbound), &smtp.MailOptions{
		Size: int64(len(p.Bytes)), Return: smtp.DSNReturnHeaders, EnvelopeID: p.Outbound.ID,
	}); err != nil {
		return c.stopped(ctx, s, atMail, err)
	}
	if err := s.client.Rcpt(p.Outbound.To, &smtp.RcptOptions{
		Notify:                []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure},
		OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: p.Outbound.To,
	}); err != nil {
		return c.stopped(ctx, s, atRcpt, err)
	}
	data, err := s.client.Data()
	if err != nil {
		return c.stopped(ctx, s, atData, err)
	}
	if !stop() {
		return result{at: atData, answer: deferred(atData, lost(ctx, notifications.Cancelled), "given up before the message was sent").answer}
	}
	if _, err := data.Write(p.Bytes); err != nil {
		return c.unanswered(err, notifies)
	}
	response, err := data.CloseWithResponse()
	if err != nil {
		return c.unanswered(err, notifies)
	}
	taken := c.taken(response.StatusText)
	taken.DSNRequested = notifies
	return result{at: atEnd, fit: true, answer: taken}
}

// stopped ends a transaction before the message. A refused one is reset, so that
// the connection can serve the next message.
func (c *Channel) stopped(ctx context.Context, s *session, at stage, err error) result {
	failed := c.broken(ctx, at, err)
	r := result{answer: failed.answer, at: at}
	switch {
	case failed.answer.Code == 0, failed.answer.Code == 421:
		r.stale = at == atMail
	default:
		r.fit = s.client.Reset() == nil
	}
	return r
}

// unanswered judges what happened from the first byte of the message on: a reply
// counts, and anything else leaves open whether the message was taken.
func (c *Channel) unanswered(err error, notifies bool) result {
	r := result{at: atEnd}
	var refusal *smtp.SMTPError
	if errors.As(err, &refusal) {
		r.answer = c.judged(atEnd, refusal)
		r.fit = r.answer.Outcome != notifications.Unknown && refusal.Code != 421
		return r
	}
	class := lossClass(err)
	r.answer = notifications.Answer{
		Outcome: notifications.Unknown, Class: class, DSNRequested: notifies,
		Reason: lossReason(class) + " after the message was begun, before it was answered",
	}
	return r
}
