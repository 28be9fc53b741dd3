package inbound

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"strings"

	"github.com/emersion/go-message/textproto"
)

// What one message may cost to read. The parser below looks at the top level of a
// report and, for a reply's text, a few levels down; it never builds a tree.
const (
	maxKeptBytes    = 1 << 20
	maxStretchBytes = 96 << 10 // more than a header, or the fields of a report
	maxHeaderBytes  = 64 << 10
	maxPageBytes    = 256 << 10
	maxParts        = 20
	maxDepth        = 4
	maxBoundary     = 200 // RFC 2046 section 5.1.1 allows 70
	maxFieldsBytes  = 64 << 10
	maxTextBytes    = 16 << 10
	maxValueBytes   = 1000
)

var (
	errHeaderTooLarge = errors.New("message header too large")
	errNoStatus       = errors.New("report without a status")
	// A success whose status code is missing or says otherwise is no evidence.
	errContradiction = errors.New("report of a success without a success status")
)

// read says what a message to a return path is. The order is that of certainty: a
// report says itself what it is, then come the marks of machines, and what is left
// was written by a person. errHeaderTooLarge refuses the message; any other error
// says that it presents itself as a report and cannot be read as one.
func read(raw []byte, nullSender bool) (Report, error) {
	header, body, err := splitHeader(raw)
	if err != nil {
		return Report{}, err
	}
	report := Report{From: address(header.Get("From")), Subject: decoded(header.Get("Subject"))}
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media, params = "text/plain", nil
	}
	if media == "multipart/report" {
		parts, err := topLevel(body, params["boundary"])
		if err != nil {
			return Report{}, err
		}
		switch strings.ToLower(params["report-type"]) {
		case "delivery-status":
			return deliveryStatus(report, parts)
		case "feedback-report":
			return feedback(report, parts)
		}
	}
	switch {
	case header.Get("X-Failed-Recipients") != "" && nullSender:
		// Exim's own form, from before it sent RFC 3464 reports.
		report.Kind, report.Status = Bounced, "5.0.0"
	case nullSender || byMachine(header) || media == "multipart/report":
		report.Kind = AutoReply
	default:
		report.Kind = HumanReply
	}
	report.Text = plainText(header, body, 0)
	return report, nil
}

// splitHeader parses the header section and leaves the rest. The section is
// measured before it is parsed, because each field costs more memory than its bytes.
func splitHeader(raw []byte) (textproto.Header, io.Reader, error) {
	end := bytes.Index(raw[:min(len(raw), maxHeaderBytes)], []byte("\r\n\r\n"))
	if end < 0 && len(raw) > maxHeaderBytes {
		return textproto.Header{}, nil, errHeaderTooLarge
	}
	body := bufio.NewReader(bytes.NewReader(raw[:min(len(raw), maxKeptBytes)]))
	header, err := textproto.ReadHeader(body)
	if err != nil && !errors.Is(err, io.EOF) {
		return textproto.Header{}, nil, err
	}
	return header, body, nil
}

// byMachine looks for the marks that automatic mail carries (RFC 3834 section 5
// and the customs before it).
func byMachine(h textproto.Header) bool {
	if auto := h.Get("Auto-Submitted"); auto != "" && !strings.EqualFold(firstToken(auto), "no") {
		return true
	}
	switch strings.ToLower(firstToken(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for _, mark := range []string{"List-Id", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"} {
		if h.Has(mark) {
			return true
		}
	}
	return false
}

// part is one part at the top level of a report.
type part struct {
	media string
	data  []byte
}

// topLevel reads the first parts of a multipart body, each to its limit.
func topLevel(body io.Reader, boundary string) ([]part, error) {
	if boundary == "" || len(boundary) > maxBoundary {
		return nil, errNoStatus
	}
	reader := textproto.NewMultipartReader(body, boundary)
	var parts []part
	for len(parts) < maxParts {
		p, err := reader.NextPart()
		if err != nil {
			break // the end, or a report that was cut off: what came so far decides
		}
		media, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			media = "text/plain"
		}
		data, _ := io.ReadAll(io.LimitReader(transferDecoded(p.Header, p), maxFieldsBytes))
		parts = append(parts, part{media, data})
	}
	return parts, nil
}

// fieldGroups reads groups of header-like fields with blank lines between them
// (RFC 3464 section 2.1).
func fieldGroups(data []byte) []textproto.Header {
	var groups []textproto.Header
	reader := bufio.NewReader(bytes.NewReader(data))
	for len(groups) < maxParts {
		group, err := textproto.ReadHeader(reader)
		if group.Len() > 0 {
			groups = append(groups, group)
		}
		if err != nil {
			break
		}
		// An empty line between groups leaves an empty header; stop at the end only.
		if _, err := reader.Peek(1); err != nil {
			break
		}
	}
	return groups
}

// statusForm is the syntax of an enhanced status code (RFC 3463 section 2).
var statusForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// severity orders actions: where a report speaks of several recipients (an
// expanded address), the worst counts, so that evidence is never overstated.
var severity = map[string]struct {
	kind Kind
	rank int
}{
	"failed":    {Bounced, 5},
	"delayed":   {Delayed, 4},
	"expanded":  {Relayed, 3},
	"relayed":   {Relayed, 2},
	"delivered": {Delivered, 1},
}

// deliveryStatus reads a delivery report (RFC 3464).
func deliveryStatus(report Report, parts []part) (Report, error) {
	worst := 0
	for _, p := range parts {
		if p.media != "message/delivery-status" && p.media != "message/global-delivery-status" {
			continue
		}
		for _, fields := range fieldGroups(p.data) {
			if v := fields.Get("Reporting-MTA"); v != "" {
				report.ReportingMTA = afterType(v)
			}
			if v := fields.Get("Original-Envelope-Id"); v != "" {
				report.EnvelopeID = clipped(v)
			}
			action, known := severity[strings.ToLower(firstToken(fields.Get("Action")))]
			status := firstToken(fields.Get("Status"))
			if !statusForm.MatchString(status) {
				status = ""
			}
			if known && action.rank < severity["delayed"].rank && !strings.HasPrefix(status, "2") {
				return Report{}, errContradiction
			}
			if !known || action.rank <= worst {
				continue
			}
			worst = action.rank
			report.Kind = action.kind
			report.Status = status
			report.Diagnostic = afterType(fields.Get("Diagnostic-Code"))
			report.FinalRecipient = afterType(fields.Get("Final-Recipient"))
		}
		break
	}
	if worst == 0 {
		return Report{}, errNoStatus
	}
	return report, nil
}

// feedback reads a complaint (RFC 5965). "not-spam" takes a complaint back, so it
// is no complaint itself.
func feedback(report Report, parts []part) (Report, error) {
	for _, p := range parts {
		if p.media != "message/feedback-report" {
			continue
		}
		groups := fieldGroups(p.data)
		if len(groups) == 0 {
			break
		}
		fields := groups[0]
		kind := strings.ToLower(firstToken(fields.Get("Feedback-Type")))
		if kind == "" {
			break
		}
		report.Kind = Complaint
		if kind == "not-spam" {
			report.Kind = AutoReply
		}
		report.Diagnostic = clipped(kind)
		report.ReportingMTA = afterType(fields.Get("Reporting-MTA"))
		report.EnvelopeID = clipped(fields.Get("Original-Envelope-Id"))
		report.FinalRecipient = clipped(fields.Get("Original-Rcpt-To"))
		return report, nil
	}
	return Report{}, errNoStatus
}

// address is the bare address of a From header, or "".
func address(from string) string {
	parsed, err := mail.ParseAddress(from)
	if err != nil {
		return ""
	}
	return clipped(parsed.Address)
}
