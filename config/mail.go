package config

// The ways a mail transport can go.
const (
	// Direct speaks to the recipient's own mail server: its 250 is acceptance.
	Direct = "direct"
	// Relay hands on to a server of ours: its 250 is only that.
	Relay = "relay"
)

// Mail is how notices leave.
type Mail struct {
	// Transport is Direct or Relay.
	Transport string `env:"TRANSPORT" envDefault:"direct" oneof:"direct relay" doc:"direct: speak to the recipient's own mail server, whose 250 is acceptance. relay: hand on to a server of yours, whose 250 is not."`
	// RelayAddress is host:port of the relay.
	RelayAddress string `env:"RELAY_ADDRESS" check:"hostport" doc:"The relay, host:port."`
	// RelayImplicitTLS speaks TLS from the first byte instead of STARTTLS (RFC 8314, section 3.3).
	RelayImplicitTLS bool `env:"RELAY_IMPLICIT_TLS" envDefault:"false" doc:"Speak TLS to the relay from the first byte (port 465) instead of STARTTLS."`
	// RelayUser and RelayPassword authenticate to the relay, over TLS only.
	RelayUser     string `env:"RELAY_USER" doc:"User at the relay; empty for none. Sent over TLS only."`
	RelayPassword Secret `env:"RELAY_PASSWORD" doc:"Password at the relay."`
	// FromName and FromAddress are what recipients see.
	FromName    string `env:"FROM_NAME" doc:"Name that notices come from."`
	FromAddress string `env:"FROM_ADDRESS,required,notEmpty" check:"address" doc:"Address that notices come from; answers to it should reach a person."`
	// ReplyTo is where answers go, if not to FromAddress.
	ReplyTo string `env:"REPLY_TO" check:"address" doc:"Address that answers go to, if not the From address."`
	// HeloName is how this server introduces itself; where it is not set, Read fills in the bounce domain.
	HeloName string `env:"HELO_NAME" check:"host" doc:"Name this server introduces itself by (EHLO); its reverse lookup should agree. Empty: the bounce domain."`
	// MXPort is the port of recipients' mail servers.
	MXPort int `env:"MX_PORT" envDefault:"25" min:"1" max:"65535" doc:"Port of recipients' mail servers. Another than 25 needs DOCKET_MAIL_ONLY_HOSTS."`
	// AllowPlaintext lets mail go without TLS where the other side offers none.
	AllowPlaintext bool `env:"ALLOW_PLAINTEXT" envDefault:"false" doc:"Send without TLS where a server offers none; needs DOCKET_MAIL_ONLY_HOSTS. Otherwise such mail waits and raises somebody."`
	// OnlyHosts, where set, are the only mail servers ever spoken to.
	OnlyHosts []string `env:"ONLY_HOSTS" check:"dial" doc:"The only mail servers ever spoken to, comma-separated: IP, IP:port, or localhost for this machine; empty: any. A name could point elsewhere, so names are refused. docket dev sets it to its own server."`
}

// Bounce is where answers to notices come in.
type Bounce struct {
	// Domain is the domain of the envelope senders.
	Domain string `env:"DOMAIN,required,notEmpty" check:"host" doc:"Domain of the envelope senders; its MX leads to the bounce listener. Each delivery has its own address there, signed with the look-up secret."`
	// Listen is host:port of the SMTP listener; empty for none.
	Listen string `env:"LISTEN" check:"hostport" doc:"Address the bounce listener listens on, host:port; empty for none."`
	// CertFile and KeyFile let the listener offer STARTTLS.
	CertFile string `env:"CERT_FILE" check:"file" doc:"Certificate of the bounce listener (PEM); with it STARTTLS is offered."`
	KeyFile  string `env:"KEY_FILE" check:"file" doc:"Key of that certificate (PEM)."`
}

// Intake is where people write to the privacy office.
type Intake struct {
	// Addresses are accepted by the bounce listener; empty: none.
	Addresses []string `env:"ADDRESSES" check:"address" doc:"Mail addresses, comma-separated, at which people ask about their data (privacy@example.com). The bounce listener takes their mail as requests; empty: none."`
}

// DKIM signs outgoing mail (RFC 6376).
type DKIM struct {
	// Domain is the d= of the signature.
	Domain string `env:"DOMAIN" check:"host" doc:"Signing domain (d=); should be the From address's."`
	// Selector is the s= of the signature.
	Selector string `env:"SELECTOR" check:"name" doc:"Selector (s=) under which the public key is published."`
	// KeyFile holds the private key, RSA of 2048 bits or Ed25519.
	KeyFile string `env:"KEY_FILE" check:"file" doc:"Private key (PKCS #8 PEM; RSA of at least 2048 bits, or Ed25519)."`
}

// Company is what the rules need to know about whoever runs this installation.
type Company struct {
	// Name is the legal name.
	Name string `env:"NAME" doc:"Legal name, as it stands in notices and filings."`
	// Country is where the company is seated.
	Country string `env:"COUNTRY" check:"country" doc:"Country of its seat (ISO 3166, two letters)."`
	// MainEstablishment decides whether one lead authority in the EU is told.
	MainEstablishment string `env:"MAIN_ESTABLISHMENT" check:"member" doc:"Member state of its main establishment in the EU (ISO 3166, two letters). Empty: none, and a breach is filed in every member state in which affected people live (EDPB Guidelines 9/2022, para 73)."`
	// UKEstablishment decides about the ICO.
	UKEstablishment bool `env:"UK_ESTABLISHMENT" envDefault:"false" doc:"Whether it has an establishment in the United Kingdom."`
	// Traits are what laws hang duties of the company's own on.
	Traits []string `env:"TRAITS" envSeparator:"," check:"trait" doc:"What laws hang duties of the company's own on, separated by commas, e.g. nis2-entity,insured; docs/legal-time.md lists them. What a customer is stands in customers.csv."`
	// Circumstances are options of rules that hold for the company.
	Circumstances []string `env:"CIRCUMSTANCES" envSeparator:"," check:"name" doc:"Options of rules that hold for the company, separated by commas, e.g. small_agent (Brazil) or weekend_relief (DORA)."`
	// Zone is the zone of its own calendar.
	Zone string `env:"ZONE" envDefault:"UTC" check:"zone" doc:"Time zone of the company's own calendar (IANA name), shown beside UTC."`
	// Contact is whom a notice names for questions (GDPR Article 33(3)(b)).
	ContactName    string `env:"CONTACT_NAME" doc:"Contact point or data protection officer that notices name (GDPR Article 33(3)(b))."`
	ContactAddress string `env:"CONTACT_ADDRESS" check:"address" doc:"Mail address of that contact."`
	ContactPhone   string `env:"CONTACT_PHONE" doc:"Telephone number of that contact."`
	// PrivacyContact is where people write about their own data.
	PrivacyContact string `env:"PRIVACY_CONTACT" check:"address" doc:"Mail address that letters to people about their own data name, e.g. privacy@example.com."`
}
