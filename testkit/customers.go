package testkit

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
)

// Customer is one generated customer. Its name and addresses occur nowhere but in its own rows, so that a
// test can look for them where they must not be.
type Customer struct {
	// Ref is the account reference.
	Ref string
	// Name is the customer's name.
	Name string
	// Address is where its notices go; Second is the contact that is told when the first cannot be reached.
	Address, Second string
}

// NewCustomer is the customer with number n.
func NewCustomer(n int) Customer {
	return Customer{
		Ref: fmt.Sprintf("T-%05d", n), Name: fmt.Sprintf("Quillfeather %05d Trading", n),
		Address: fmt.Sprintf("notice-%05d@quill.example.test", n), Second: fmt.Sprintf("account-%05d@quill.example.test", n),
	}
}

// ImportCustomers imports n generated customers, numbered from 1, through the files that a person would hand
// in. All accepted the standard terms of 48 hours after awareness; every fifth signed an addendum of 24 hours,
// and the one after it an addendum of 72 hours after confirmation.
func (h *House) ImportCustomers(t testing.TB, n int) []Customer {
	t.Helper()
	customers := make([]Customer, n)
	var agreements strings.Builder
	agreements.WriteString(standardTerms)
	people, contacts, acceptances := table("ref", "name", "plan", "language", "zone", "services", "regions"),
		table("id", "customer", "role", "channel", "address", "language", "last_proven"), table("customer", "document", "at")
	for i := range customers {
		c := NewCustomer(i + 1)
		customers[i] = c
		people.add(c.Ref, c.Name, "standard", "en", "Europe/Berlin", "chat", "eu-central")
		contacts.add(c.Ref+"-notice", c.Ref, "incident_notice", "email", c.Address, "", "2025-10-08")
		contacts.add(c.Ref+"-account", c.Ref, "account", "email", c.Second, "", "2025-10-08")
		acceptances.add(c.Ref, "standard-terms", "2025-02-03")
		switch i % 5 {
		case 0:
			fmt.Fprintf(&agreements, addendum, c.Ref, c.Ref, c.Ref, "aware_processor", 24)
		case 1:
			fmt.Fprintf(&agreements, addendum, c.Ref, c.Ref, c.Ref, "confirmed_processor", 72)
		}
	}
	report, err := h.Desk.ImportAgreements(context.Background(), h.As(access.LegalCounsel), map[string][]byte{
		"agreements.yaml": []byte(agreements.String()), "customers.csv": people.bytes(t), "contacts.csv": contacts.bytes(t), "acceptances.csv": acceptances.bytes(t),
	})
	require.NoError(t, err)
	require.Empty(t, report.Errors)
	require.Empty(t, report.Contradictions)
	return customers
}

// Refs are the references of customers.
func Refs(customers []Customer) []string {
	refs := make([]string, len(customers))
	for i, c := range customers {
		refs[i] = c.Ref
	}
	return refs
}

const standardTerms = `documents:
  - id: standard-terms
    kind: standard_terms
    title: Standard Data Processing Terms
    version: "2025.2"
    effective_from: 2025-02-01
    terms:
      - {id: standard-terms-incident, start: aware_processor, touched: [customer_content, customer_personal_data], period: 48 hours, notify: [incident_notice], channels: [email], contacts: any, meets: acceptance, clause: "7.1", page: 9}
`

const addendum = `  - id: dpa-%s
    kind: dpa
    title: Data Processing Addendum
    version: "3.0"
    customer: %s
    executed: 2025-05-14
    terms:
      - {id: dpa-%s-incident, start: %s, touched: [customer_content, customer_personal_data], period: %d hours, notify: [incident_notice], channels: [email], contacts: any, meets: acceptance, clause: "6.2", page: 7}
`

// csvTable is a CSV file in the making.
type csvTable struct {
	text   bytes.Buffer
	writer *csv.Writer
}

func table(columns ...string) *csvTable {
	t := &csvTable{}
	t.writer = csv.NewWriter(&t.text)
	t.add(columns...)
	return t
}

func (c *csvTable) add(cells ...string) { _ = c.writer.Write(cells) }

func (c *csvTable) bytes(t testing.TB) []byte {
	t.Helper()
	c.writer.Flush()
	require.NoError(t, c.writer.Error())
	return c.text.Bytes()
}
