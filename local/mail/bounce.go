package mail

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"mime/multipart"
	"net"
	"net/textproto"
	"regexp"
	"time"

	"github.com/emersion/go-smtp"
)

// Why no report can be sent about a message.
var (
	errNoListener = errors.New("no listener for return paths is configured (BounceTo)")
	errNullSender = errors.New("the message has a null return path: nobody may be told (RFC 5321 section 6.1)")
	errNoMessage  = errors.New("no such message")
	errNoStatus   = errors.New("the status does not fit the report: 4.x.x or 5.x.x for a failure, 2.x.x for a delivery (RFC 3463)")
)

// reportTimeout bounds sending one report.
const reportTimeout = 30 * time.Second

// Bounce tells the return path of a kept message that it could not be delivered
// (RFC 3464 action "failed"), with an enhanced status code such as "5.1.1". It
// returns when the listener has answered, and its refusal as an *smtp.SMTPError.
func (s *Server) Bounce(ctx context.Context, id int64, status string) error {
	return s.report(ctx, id, "failed", status, failureStatus)
}

// Delivered tells the return path of a kept message that it is in the mailbox
// (RFC 3464 action "delivered", status 2.0.0).
func (s *Server) Delivered(ctx context.Context, id int64) error {
	return s.report(ctx, id, "delivered", "2.0.0", successStatus)
}

var (
	failureStatus = regexp.MustCompile(`^[45]\.\d{1,3}\.\d{1,3}$`)
	successStatus = regexp.MustCompile(`^2\.\d{1,3}\.\d{1,3}$`)
)

func (s *Server) report(ctx context.Context, id int64, action, status string, form *regexp.Regexp) error {
	m, found := s.store.message(id)
	switch {
	case !found:
		return errNoMessage
	case s.options.BounceTo == "":
		return errNoListener
	case m.From == "":
		return errNullSender
	case !form.MatchString(status):
		return errNoStatus
	}
	data, err := s.store.data(id)
	if err != nil && !errors.Is(err, errNoData) {
		return err
	}
	text, err := s.reportAbout(m, headerOf(data), action, status)
	if err != nil {
		return fmt.Errorf("cannot write a delivery report: %w", err)
	}
	if err := s.send(ctx, m.From, text); err != nil {
		return fmt.Errorf("cannot send a delivery report: %w", err)
	}
	return nil
}

// reportAbout is a delivery report in the three parts of RFC 6522: for people, for
// machines, and the header of the message that it is about.
func (s *Server) reportAbout(m Message, header []byte, action, status string) ([]byte, error) {
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	now := time.Now()
	fmt.Fprintf(&out, "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n", s.options.Domain)
	fmt.Fprintf(&out, "To: <%s>\r\n", m.From)
	fmt.Fprintf(&out, "Subject: Delivery Status Notification (%s)\r\n", action)
	fmt.Fprintf(&out, "Date: %s\r\n", now.Format(time.RFC1123Z))
	fmt.Fprintf(&out, "Message-ID: <%s@%s>\r\n", rand.Text(), s.options.Domain)
	fmt.Fprintf(&out, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n")
	fmt.Fprintf(&out, "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=%q\r\n\r\n", parts.Boundary())

	fields := fmt.Sprintf("Reporting-MTA: dns; %s\r\n", s.options.Domain)
	if m.EnvelopeID != "" {
		fields += fmt.Sprintf("Original-Envelope-Id: %s\r\n", m.EnvelopeID)
	}
	fields += fmt.Sprintf("Arrival-Date: %s\r\n", m.ReceivedAt.Format(time.RFC1123Z))
	for _, to := range m.To {
		fields += fmt.Sprintf("\r\nFinal-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\nLast-Attempt-Date: %s\r\n",
			to, action, status, now.Format(time.RFC1123Z))
		if action == "failed" {
			fields += fmt.Sprintf("Diagnostic-Code: smtp; %s50 %s refused as scripted\r\n", status[:1], status)
		}
	}
	for _, part := range []struct{ media, text string }{
		{"text/plain; charset=utf-8", "This is the local mail server. Your message: " + action + ".\r\n"},
		{"message/delivery-status", fields},
		{"text/rfc822-headers", string(header)},
	} {
		w, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {part.media}})
		if err == nil {
			_, err = w.Write([]byte(part.text))
		}
		if err != nil {
			return nil, err
		}
	}
	err := parts.Close()
	return out.Bytes(), err
}

func (s *Server) send(ctx context.Context, to string, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.options.BounceTo)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	client := smtp.NewClient(conn)
	defer func() { _ = client.Close() }()
	if err := client.Hello(s.options.Domain); err != nil {
		return err
	}
	if err := client.Mail("", nil); err != nil {
		return err
	}
	if err := client.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = client.Quit() // the report is taken; whether the goodbye is heard does not matter
	return nil
}

// headerOf is the header section of a message with its line ends.
func headerOf(data []byte) []byte {
	if end := bytes.Index(data, []byte("\r\n\r\n")); end >= 0 {
		return data[:end+2]
	}
	return nil
}
