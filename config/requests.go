package config

import "time"

// Estate is where personal data lives, and how it is reached.
type Estate struct {
	// Files are the YAML files of the estate.
	Files []string `env:"ESTATE" check:"file" doc:"Files of the estate (YAML), comma-separated: at most one of Docket's own, and any number of fideslang datasets. Empty: no request is carried out on its own. See docket estate check."`
	// Connections is a file too. That it is there is not checked: serve has the setting and must not have the file.
	Connections string `env:"ESTATE_CONNECTIONS" doc:"File with the connections to the estate's stores (YAML). Only worker, docket estate check and docket doctor read it; keep it and the secrets that it names away from serve."`
}

// Requests are bounds on what requests of people may do by themselves.
type Requests struct {
	// Cooling is how long other contacts have to object.
	Cooling time.Duration `env:"COOLING" envDefault:"72h" min:"1m" max:"240h" doc:"How long the other verified contacts of an account have to object before anything is destroyed. It ends inside the first third of what is left of the clock."`
	// MaxRecords and MaxAccounts are how much a plan may reach with one approver.
	MaxRecords  int64 `env:"MAX_RECORDS" envDefault:"10000" min:"1" max:"1000000000" doc:"Records of one person that a plan may reach with one approver; beyond it a second one sees a sample."`
	MaxAccounts int64 `env:"MAX_ACCOUNTS" envDefault:"1" min:"1" max:"1000" doc:"Accounts that a plan may reach with one approver."`
	// AccountabilityYears is how long the identifying half of an ended request is kept.
	AccountabilityYears int `env:"ACCOUNTABILITY_YEARS" envDefault:"3" min:"1" max:"30" doc:"Years after its end for which the identifying half of a request is kept, to answer for what was done. After them it can be shredded; the accountable half stays."`
	// StaffDomains are the company's own mail domains.
	StaffDomains []string `env:"STAFF_DOMAINS" check:"host" doc:"The company's own mail domains, comma-separated: a request about an address there takes two approvers."`
}
