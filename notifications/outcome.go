// Package notifications takes one message to one recipient on one channel and
// says truthfully what happened. It decides nothing: who is owed a notice,
// whether it may go, and whether to try again is decided by whoever calls it.
package notifications

// Outcome is what one attempt to send is known to have done. It never says more
// than the other side confirmed.
type Outcome string

// The outcomes, each with what the other side really confirmed.
const (
	// Accepted: the recipient's own system took responsibility in words that are
	// in the answer (SMTP: 250 of the recipient's MX after the final dot,
	// RFC 5321 section 4.2.5). It does not say that anybody has read it.
	Accepted Outcome = "accepted"
	// HandedOn: a relay of ours took responsibility; the recipient's system has
	// said nothing yet.
	HandedOn Outcome = "handed_on"
	// Refused: the other side said that it will never take this message for this
	// recipient. Sending again is pointless; another contact or channel is needed.
	Refused Outcome = "refused"
	// Deferred: the message is known not to have been taken, and may be tried
	// again with the same bytes.
	Deferred Outcome = "deferred"
	// Unknown: the message was on its way and the answer was lost, so it may or
	// may not have been taken (RFC 1047). Another attempt may produce a second copy.
	Unknown Outcome = "unknown"
)

// Outcomes lists every outcome there is.
func Outcomes() []Outcome {
	return []Outcome{Accepted, HandedOn, Refused, Deferred, Unknown}
}

// Class says why an attempt ended as it did. It is a closed set, fit for a metric
// label: it never carries an address, a host or a text.
type Class string

// The classes of answer.
const (
	// OK: the other side took the message.
	OK Class = "ok"
	// Temporary: the other side asked to come again.
	Temporary Class = "temporary"
	// Permanent: the other side said never.
	Permanent Class = "permanent"
	// Contradictory: the reply said both "never" and "later" (SMTP 5xx with an
	// enhanced 4.x.x, or the reverse). It is deferred, and a person should look.
	Contradictory Class = "contradictory"
	// RateLimited: too much too fast; RetryAfter may say when to come again.
	RateLimited Class = "rate_limited"
	// TLS: no encrypted connection that proves the other side's name could be made.
	TLS Class = "tls"
	// DNS: the recipient's server could not be found, or there is none.
	DNS Class = "dns"
	// Connect: the server was found and no connection could be opened.
	Connect Class = "connect"
	// Timeout: the other side fell silent.
	Timeout Class = "timeout"
	// Protocol: the other side spoke, and not the protocol.
	Protocol Class = "protocol"
	// Cut: the connection was lost.
	Cut Class = "cut"
	// Config: what failed is on our side (credentials, host not allowed, sender
	// not known to the relay) and would fail for every recipient.
	Config Class = "config"
	// Cancelled: the caller withdrew before anything could have an effect.
	Cancelled Class = "cancelled"
)

// Classes lists every class there is.
func Classes() []Class {
	return []Class{
		OK, Temporary, Permanent, Contradictory, RateLimited, TLS, DNS, Connect,
		Timeout, Protocol, Cut, Config, Cancelled,
	}
}
