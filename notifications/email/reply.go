package email

import (
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/atlascloudai/docket/notifications"
)

// stage is the command whose reply is judged.
type stage int

const (
	atHello stage = iota // greeting and EHLO
	atTLS
	atLogin
	atMail
	atRcpt
	atData // the DATA command, before any of the message
	atEnd  // the final dot
)

// verdict is one row of the table below. A row applies when all that it names does.
type verdict struct {
	codes    []int   // reply codes; none means any
	class    int     // first digit of the reply code; 0 means any
	enhanced string  // "4." or "4.7.28": what the enhanced code begins with
	stages   []stage // none means any
	relay    bool    // only where the other side is our own relay
	outcome  notifications.Outcome
	why      notifications.Class
}

// verdicts says what a reply means, the first row that applies. 4yz is "not now"
// and 5yz "never" (RFC 5321 section 4.2.1); the rows above those two are what
// needs more than its first digit.
var verdicts = []verdict{
	// The two codes disagree: do not give up on the recipient for that.
	{class: 5, enhanced: "4.", outcome: notifications.Deferred, why: notifications.Contradictory},
	{class: 4, enhanced: "5.", outcome: notifications.Deferred, why: notifications.Contradictory},
	// Too fast: the mailbox, the connection, or by the large providers' own code.
	{codes: []int{450}, enhanced: "4.2.1", outcome: notifications.Deferred, why: notifications.RateLimited},
	{codes: []int{452}, enhanced: "4.5.3", outcome: notifications.Deferred, why: notifications.RateLimited},
	{class: 4, enhanced: "4.7.28", outcome: notifications.Deferred, why: notifications.RateLimited},
	// Our credentials or our standing with the relay (RFC 4954 section 6).
	{codes: []int{530, 534, 535, 538}, outcome: notifications.Deferred, why: notifications.Config},
	{class: 5, stages: []stage{atLogin}, outcome: notifications.Deferred, why: notifications.Config},
	{codes: []int{552}, stages: []stage{atMail}, outcome: notifications.Refused, why: notifications.Permanent}, // too large (RFC 1870)
	{class: 5, stages: []stage{atHello, atMail}, relay: true, outcome: notifications.Deferred, why: notifications.Config},
	// The command for TLS was refused; what follows is the TLS policy, not theirs.
	{stages: []stage{atTLS}, outcome: notifications.Deferred, why: notifications.TLS},
	// Too many recipients in one transaction (RFC 5321 section 4.5.3.1.10).
	{codes: []int{552}, enhanced: "5.5.3", outcome: notifications.Deferred, why: notifications.Temporary},
	// The server did not understand us: that says nothing of the recipient.
	{codes: []int{500, 502, 503, 504, 555}, outcome: notifications.Deferred, why: notifications.Protocol},
	{codes: []int{501}, stages: []stage{atHello, atMail, atData, atEnd}, outcome: notifications.Deferred, why: notifications.Protocol},
	{class: 4, outcome: notifications.Deferred, why: notifications.Temporary},
	{class: 5, outcome: notifications.Refused, why: notifications.Permanent},
	// Neither yes, later nor no. After the final dot the message may be theirs.
	{stages: []stage{atEnd}, outcome: notifications.Unknown, why: notifications.Protocol},
	{outcome: notifications.Deferred, why: notifications.Protocol},
}

// classify looks a reply up that was not the one hoped for.
func classify(at stage, transport Transport, code int, enhanced string) (notifications.Outcome, notifications.Class) {
	for _, v := range verdicts {
		if v.applies(at, transport, code, enhanced) {
			return v.outcome, v.why
		}
	}
	panic("the last verdict applies to everything")
}

func (v verdict) applies(at stage, transport Transport, code int, enhanced string) bool {
	if v.relay && transport != Relay || v.class != 0 && code/100 != v.class {
		return false
	}
	if v.enhanced != "" && enhanced != v.enhanced && (!strings.HasSuffix(v.enhanced, ".") || !strings.HasPrefix(enhanced, v.enhanced)) {
		return false
	}
	return (len(v.codes) == 0 || slices.Contains(v.codes, code)) && (len(v.stages) == 0 || slices.Contains(v.stages, at))
}

// judged is the answer that a server's refusal gives.
func (c *Channel) judged(at stage, refusal *smtp.SMTPError) notifications.Answer {
	enhanced := ""
	if e := refusal.EnhancedCode; e != (smtp.EnhancedCode{}) && e != smtp.NoEnhancedCode && e != smtp.EnhancedCodeNotSet {
		enhanced = enhancedText(e)
	}
	outcome, class := classify(at, c.config.Transport, refusal.Code, enhanced)
	return notifications.Answer{
		Outcome: outcome, Class: class, Code: refusal.Code, Enhanced: enhanced,
		Reply: c.cleaned(refusal.Message),
	}
}

// taken is the answer that a 250 to the final dot gives.
func (c *Channel) taken(status string) notifications.Answer {
	a := notifications.Answer{Outcome: notifications.Accepted, Class: notifications.OK, Code: 250}
	if c.config.Transport == Relay {
		a.Outcome = notifications.HandedOn
	}
	if match := enhancedForm.FindStringSubmatch(status); match != nil {
		a.Enhanced, status = match[1], match[2]
	}
	a.Reply = c.cleaned(status)
	if match := queueForm.FindStringSubmatch(a.Reply); match != nil {
		a.QueueID = match[1]
	}
	return a
}

var (
	enhancedForm = regexp.MustCompile(`(?s)^(2\.\d{1,3}\.\d{1,3}) (.*)$`)
	// queueForm is how Postfix, Sendmail-like servers and Exim name the queued message.
	queueForm = regexp.MustCompile(`(?i)(?:queued as |\bid=)<?([A-Za-z0-9._-]{1,64})`)
)

// cleaned is a server's text fit to be kept: no control characters, no secret of
// ours that it may have repeated, and no more than MaxReply bytes.
func (c *Channel) cleaned(text string) string {
	if secret := string(c.config.Password); secret != "" {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, "\ufffd"))
	if len(text) > notifications.MaxReply {
		text = strings.ToValidUTF8(text[:notifications.MaxReply], "")
	}
	return text
}
