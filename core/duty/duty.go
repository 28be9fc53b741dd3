// Package duty answers who is owed what, by when, under which clause, and why.
//
// It knows the agreements that are in force for a customer, which of their
// terms governs when several speak (Resolve), the clock of the governing term
// (Due), which authorities a controller may owe a notification
// (ProposeAuthorities) and which evidence ends a duty (Meets). It does no I/O
// and reads no clock of its own: every instant is an argument.
package duty

import "time"

// IncidentNotice is the kind of term, and of subject, under which a customer
// is told of a security incident.
const IncidentNotice = "incident-notice"

// Touch is one kind of thing that an incident reached.
type Touch string

// What an incident can reach. Availability stands on its own: a duty may arise
// from it without any personal data.
const (
	// CustomerContent is what a customer submitted or generated (policy section 2.1).
	CustomerContent Touch = "customer_content"
	// CustomerPersonalData is personal data inside customer content; the company is processor of it.
	CustomerPersonalData Touch = "customer_personal_data"
	// AccountData is what identifies account holders; the company is controller of it (policy section 7).
	AccountData Touch = "account_data"
	// BillingData is invoices, billing addresses and payment history; the company is controller of it (policy section 7).
	BillingData Touch = "billing_data"
	// OperationalMetadata is request identifiers, timestamps, token counts and the like (policy section 2.2).
	OperationalMetadata Touch = "operational_metadata"
	// Availability is loss of service without any data being read, changed or lost.
	Availability Touch = "availability"
)

// Touches lists every Touch, in the order in which forms show them.
var Touches = []Touch{CustomerContent, CustomerPersonalData, AccountData, BillingData, OperationalMetadata, Availability}

// Evidence is what the recipient's side must have shown before a notice counts
// as given. Higher evidence meets a term that asks for lower.
type Evidence string

// The ladder, lowest first.
const (
	// Dispatch: the message left our hands with a reply, be it only that of our own relay.
	Dispatch Evidence = "dispatch"
	// Acceptance: the recipient's own server took the message (a reply 250 to us, or a delivery report).
	Acceptance Evidence = "acceptance"
	// Receipt: a delivery report names the message as delivered (RFC 3464 action "delivered").
	Receipt Evidence = "receipt"
	// Acknowledgement: the recipient said so, by an authenticated act. Opens and link fetches are none.
	Acknowledgement Evidence = "acknowledgement"
)

// Evidences lists the ladder, lowest first.
var Evidences = []Evidence{Dispatch, Acceptance, Receipt, Acknowledgement}

// Channel is a way to reach a contact.
type Channel string

// The channels that an agreement can name.
const (
	// Email goes to the contact's address over SMTP.
	Email Channel = "email"
	// Webhook is a signed HTTP request to the contact's endpoint.
	Webhook Channel = "webhook"
	// Slack is a message in a shared channel.
	Slack Channel = "slack"
	// ByHand is a portal, a call, a letter: a person files it, a second person confirms.
	ByHand Channel = "by_hand"
)

// Channels lists every Channel.
var Channels = []Channel{Email, Webhook, Slack, ByHand}

// ContactRole is what an agreement calls the recipient of its notices.
type ContactRole string

// The roles of a customer's contacts.
const (
	// RoleIncidentNotice is the notice address that the agreement names for incidents.
	RoleIncidentNotice ContactRole = "incident_notice"
	// RolePrivacy is the customer's privacy office or data protection officer.
	RolePrivacy ContactRole = "privacy"
	// RoleSecurity is the customer's security team.
	RoleSecurity ContactRole = "security"
	// RoleAccount is the commercial contact.
	RoleAccount ContactRole = "account"
)

// ContactRoles lists every ContactRole.
var ContactRoles = []ContactRole{RoleIncidentNotice, RolePrivacy, RoleSecurity, RoleAccount}

// ContactsRule says how many of the contacts owed must be reached.
type ContactsRule string

// The two rules.
const (
	// AnyContact: one contact reached is enough.
	AnyContact ContactsRule = "any"
	// AllContacts: every contact that is owed must be reached.
	AllContacts ContactsRule = "all"
)

// Customer is the party to the agreements, without its name: what decides
// which terms bind and how its notices read.
type Customer struct {
	// ID is the desk's id (a UUID), empty before the customer is stored.
	ID string
	// Ref is the reference that people and reports use, e.g. "C-1004".
	Ref string
	// Plan is the service configuration it bought, e.g. "standard" or "enterprise_zdr".
	Plan string
	// Language is the BCP 47 tag of its letters; empty means none was stated.
	Language string
	// Zone is the IANA time zone in which its day clocks run and its times are shown.
	Zone string
	// Services and Regions are what it uses, as the agreements name them; Providers are the sub-processors and model providers
	// that its requests go to. Empty means that nothing is recorded, which no change takes as a reason to leave it out.
	Services  []string
	Regions   []string
	Providers []string
	// Traits are what laws hang duties on, the customer's own and ours toward it, e.g. USBank.
	Traits []Trait
}

// Contact is a person or mailbox of a customer, without its address.
type Contact struct {
	// ID is stable over imports.
	ID string
	// Role is what the agreements call this contact.
	Role ContactRole
	// Language overrides the customer's, if it is not empty.
	Language string
	// LastProven is when this contact last showed that it can be reached, nil if never.
	LastProven *time.Time
}
