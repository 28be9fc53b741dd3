package duty

import "slices"

// Trait is what a profile, the company's or a customer's, says of itself and what laws hang their duties on. A person
// with the legal role sets it; nothing is guessed from a name or an address.
type Trait string

// The traits, each with the law that asks for it.
const (
	// GDPRController decides about personal data within the GDPR's reach (art 3, art 4(7)).
	GDPRController Trait = "gdpr-controller"
	// UKController is its like under the UK GDPR.
	UKController Trait = "uk-controller"
	// NIS2Entity is an essential or important entity (NIS2 art 3); cloud providers are.
	NIS2Entity Trait = "nis2-entity"
	// NIS2TrustService is a trust service provider (NIS2 art 23(4), last subparagraph).
	NIS2TrustService Trait = "nis2-trust-service"
	// DORAEntity is a financial entity (DORA art 2).
	DORAEntity Trait = "dora-entity"
	// CRAManufacturer places products with digital elements on the EU market (Reg. (EU) 2024/2847).
	CRAManufacturer Trait = "cra-manufacturer"
	// DataActProvider provides data processing services (Reg. (EU) 2023/2854 chapter VI).
	DataActProvider Trait = "data-act-provider"
	// AIActProvider provides a high-risk AI system (Reg. (EU) 2024/1689).
	AIActProvider Trait = "ai-act-provider"
	// UKCommunicationsProvider provides a public electronic communications service (PECR reg. 5A).
	UKCommunicationsProvider Trait = "uk-communications-provider"
	// CHController decides about personal data under the Swiss FADP.
	CHController Trait = "ch-controller"
	// HIPAACoveredEntity is a health plan, clearing house or provider (45 CFR 160.103).
	HIPAACoveredEntity Trait = "hipaa-covered-entity"
	// SECRegistrant reports under the Exchange Act on Form 8-K.
	SECRegistrant Trait = "sec-registrant"
	// USRegSPInstitution is a covered institution (17 CFR 248.30).
	USRegSPInstitution Trait = "us-reg-sp-institution"
	// USBank is a banking organization (12 CFR 53, 225, 304).
	USBank Trait = "us-bank"
	// FTCFinancialInstitution is a financial institution under the Safeguards Rule (16 CFR 314).
	FTCFinancialInstitution Trait = "ftc-financial-institution"
	// NYDFSCoveredEntity is a covered entity (23 NYCRR 500.1).
	NYDFSCoveredEntity Trait = "nydfs-covered-entity"
	// CaliforniaBusiness owns or licenses data about residents of California (Cal. Civ. Code 1798.82, 1798.140).
	CaliforniaBusiness Trait = "california-business"
	// USStateBusiness is bound by a state's breach or privacy law.
	USStateBusiness Trait = "us-state-business"
	// CIRCIAEntity is a covered entity under 6 USC 681b, once its rule is in force.
	CIRCIAEntity Trait = "circia-entity"
	// LGPDController decides about personal data under Brazil's LGPD.
	LGPDController Trait = "lgpd-controller"
	// SGOrganisation is an organisation under Singapore's PDPA.
	SGOrganisation Trait = "sg-organisation"
	// JPBusiness handles personal information under Japan's APPI.
	JPBusiness Trait = "jp-business"
	// INBodyCorporate is a service provider, data centre or body corporate (CERT-In Directions).
	INBodyCorporate Trait = "in-body-corporate"
	// INDataFiduciary is a data fiduciary under India's DPDP Act.
	INDataFiduciary Trait = "in-data-fiduciary"
	// KRController is a personal information controller under Korea's PIPA.
	KRController Trait = "kr-controller"
	// AUAPPEntity is an APP entity under Australia's Privacy Act.
	AUAPPEntity Trait = "au-app-entity"
	// CNNetworkOperator operates a network in China (CAC incident reporting measures).
	CNNetworkOperator Trait = "cn-network-operator"
	// CNCIIOperator operates critical information infrastructure in China.
	CNCIIOperator Trait = "cn-cii-operator"
	// CNController handles personal information under China's PIPL.
	CNController Trait = "cn-controller"
	// CAOrganisation is an organisation under Canada's PIPEDA.
	CAOrganisation Trait = "ca-organisation"
	// QCEnterprise carries on an enterprise in Quebec (P-39.1).
	QCEnterprise Trait = "qc-enterprise"
	// Insured holds a cyber insurance policy that wants to be told.
	Insured Trait = "insured"
)

// Traits lists every Trait.
var Traits = []Trait{
	GDPRController, UKController, NIS2Entity, NIS2TrustService, DORAEntity, CRAManufacturer, DataActProvider, AIActProvider,
	UKCommunicationsProvider, CHController, HIPAACoveredEntity, SECRegistrant, USRegSPInstitution, USBank, FTCFinancialInstitution,
	NYDFSCoveredEntity, CaliforniaBusiness, USStateBusiness, CIRCIAEntity, LGPDController, SGOrganisation, JPBusiness, INBodyCorporate,
	INDataFiduciary, KRController, AUAPPEntity, CNNetworkOperator, CNCIIOperator, CNController, CAOrganisation, QCEnterprise, Insured,
}

// Known says whether it is one of Traits.
func (t Trait) Known() bool { return slices.Contains(Traits, t) }

// Known says whether it is one of Touches.
func (t Touch) Known() bool { return slices.Contains(Touches, t) }
