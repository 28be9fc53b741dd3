package testkit

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/seal"
)

// person is what no other customer may be shown of a customer.
type person struct {
	ref, name string
	addresses []string
}

func (o *oracle) loadPeople(ctx context.Context) error {
	var id uuid.UUID
	var ref, kek string
	var sealed, wrapped, address []byte
	keys := map[uuid.UUID]seal.Key{}
	err := o.each(ctx, `SELECT c.id, c.ref, c.sealed, k.kek, k.wrapped FROM customer c JOIN data_key k ON k.scope = c.id`,
		[]any{&id, &ref, &sealed, &kek, &wrapped}, func() error {
			key, err := o.house.Keys.Unwrap(id.String(), seal.Wrapped{KEK: kek, Bytes: wrapped})
			if err != nil {
				return err
			}
			name, err := key.Open("customer/"+id.String(), sealed)
			keys[id], o.customers[id] = key, person{ref: ref, name: string(name)}
			return err
		})
	if err != nil {
		return err
	}
	return o.each(ctx, `SELECT customer_id, sealed FROM contact`, []any{&id, &address}, func() error {
		plain, err := keys[id].Open("contact/"+id.String(), address)
		p := o.customers[id]
		p.addresses = append(p.addresses, string(plain))
		o.customers[id] = p
		return err
	})
}

// ownReference is the form of the reference that a customer sees.
var ownReference = regexp.MustCompile(`REF-[0-9A-F]{8}`)

// letters is N5: what a recipient reads names itself and nobody else, and not the case's own code.
func (o *oracle) letters() {
	read := map[[32]byte]bool{} // copies are the same bytes
	for _, id := range o.order {
		d := o.deliveries[id]
		for _, m := range d.copies {
			if read[m.Digest] {
				continue
			}
			read[m.Digest] = true
			text, err := o.text(m.ID)
			if err != nil {
				o.differ("N5", "a copy of delivery %s cannot be read: %v", d.id, err)
				continue
			}
			o.letter(d, text)
		}
	}
}

func (o *oracle) letter(d *ledgerDelivery, text string) {
	if !strings.Contains(text, d.values.Reference) {
		o.differ("N5", "delivery %s does not hold its own reference", d.id)
	}
	for _, reference := range ownReference.FindAllString(text, -1) {
		if reference != d.values.Reference {
			o.differ("N5", "delivery %s shows another customer's reference", d.id)
		}
	}
	if strings.Contains(text, d.of.code) {
		o.differ("N5", "delivery %s shows the case's own code", d.id)
	}
	for id, other := range o.customers {
		if d.customer != nil && id == *d.customer {
			continue
		}
		if strings.Contains(text, other.name) || strings.Contains(text, other.ref) {
			o.differ("N5", "delivery %s shows another customer", d.id)
		}
		for _, address := range other.addresses {
			if strings.Contains(text, address) {
				o.differ("N5", "delivery %s shows another customer's address", d.id)
			}
		}
	}
}

// text is a message as it is read: its header and every part, decoded.
func (o *oracle) text(id int64) (string, error) {
	data, err := o.mail.Data(id)
	if err != nil {
		return "", err
	}
	entity, err := message.Read(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for fields := entity.Header.Fields(); fields.Next(); {
		value, err := fields.Text()
		if err != nil {
			value = fields.Value()
		}
		all.WriteString(fields.Key() + ": " + value + "\n")
	}
	err = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil || part.MultipartReader() != nil {
			return err
		}
		_, err = io.Copy(&all, part.Body)
		return err
	})
	return all.String(), err
}
