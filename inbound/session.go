package inbound

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/atlascloudai/docket/core/letters"
)

// The replies that a session gives.
var (
	replyElsewhere = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not a domain of this host"}
	replyNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox: return paths only"}
	replyNoSender  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 7}, Message: "no sender address that could be answered"}
	replyHeader    = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "message header too large"}
	replyLater     = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "cannot record this now, try again later"}
	replyBroken    = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "message not received to its end"}
)

// session is one SMTP session. Its recipient is at most one return path or intake address.
type session struct {
	ctx      context.Context
	cfg      Config
	recorder Recorder
	conn     *smtp.Conn
	parsing  chan struct{} // a place for each message that may be parsed at once

	from   string // envelope sender; "" is the null return path
	intake bool   // the recipient is an intake address
	local  string // local part of the return path, as given
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt takes every address of the form of a return path, also a forged one: what
// it tells is recorded as unmatched. Everything else has no business here.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.intake = s.cfg.takes(to); s.intake {
		return nil
	}
	at := strings.LastIndexByte(to, '@')
	if at < 0 || !strings.EqualFold(to[at+1:], s.cfg.Domain) {
		return replyElsewhere
	}
	if len(to) < len(letters.ReturnPrefix) || !strings.EqualFold(to[:len(letters.ReturnPrefix)], letters.ReturnPrefix) {
		return replyNoMailbox
	}
	s.local = to[:at]
	return nil
}

// Data reads the message, says what it is, and has it recorded. It returns nil,
// which becomes 250, only when the recorder has committed.
func (s *session) Data(r io.Reader) error {
	raw, digest, err := receive(r)
	if err != nil {
		if errors.Is(err, smtp.ErrDataTooLarge) {
			return smtp.ErrDataTooLarge
		}
		// The rest of the message is still to come, and the server would take it for
		// commands (go-smtp issue 196). End the connection instead.
		_ = s.conn.Conn().Close()
		return replyBroken
	}
	received := time.Now()
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.CommitTimeout)
	defer cancel()

	if s.intake {
		return s.letter(ctx, raw, digest, received)
	}
	delivery, ok := s.delivery()
	if !ok {
		return s.answer(s.recorder.RecordUnmatched(ctx, digest, ReasonToken))
	}
	s.parsing <- struct{}{}
	report, err := read(raw, s.from == "")
	<-s.parsing
	switch {
	case errors.Is(err, errHeaderTooLarge):
		return replyHeader
	case err != nil:
		return s.answer(s.recorder.RecordUnmatched(ctx, digest, ReasonUnreadable))
	case s.from != "" && (report.Kind == Delivered || report.Kind == Relayed):
		return s.answer(s.recorder.RecordUnmatched(ctx, digest, ReasonSender))
	}
	report.DeliveryID, report.At, report.MessageDigest = delivery, received, digest
	return s.answer(s.recorder.RecordReport(ctx, report))
}

func (s *session) delivery() (string, bool) {
	for _, key := range s.cfg.keys() {
		if id, ok := letters.ParseReturn(key, s.local); ok {
			return id, true
		}
	}
	return "", false
}

func (s *session) answer(err error) error {
	if err != nil {
		// The error may quote what it could not store, so only its being there is logged.
		s.cfg.Log.Error("cannot record a message to a return path", "timeout", errors.Is(err, context.DeadlineExceeded))
		return replyLater
	}
	return nil
}

// Reset forgets the transaction.
func (s *session) Reset() { s.from, s.local, s.intake = "", "", false }

// Logout has nothing to give back.
func (s *session) Logout() error { return nil }
