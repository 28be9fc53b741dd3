package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/desk"
)

// requestColumns are the columns that a table of requests may have, beside email, phone, account_id and identity.KIND.
var requestColumns = []string{"right", "regime", "country", "language", "channel", "received_at", "evidence", "name", "words", "reply_to", "agent", "concerns", "instructed_by"}

// requestsOf reads a table of requests: a line of names, then one request a line.
func requestsOf(text []byte) (json.RawMessage, error) {
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	head, err := rows.Read()
	if err != nil {
		return nil, usage("the table has no line of column names: " + err.Error())
	}
	for _, name := range head {
		if !slices.Contains(requestColumns, name) && identityColumn(name) == "" {
			return nil, usage(fmt.Sprintf("there is no column %q: use %s, email, phone, account_id, or identity.KIND", name, strings.Join(requestColumns, ", ")))
		}
	}
	var all []desk.RequestInput
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return json.Marshal(all)
		}
		if err != nil {
			return nil, usage(err.Error()) // It names line and column.
		}
		one, err := requestOf(head, row)
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, usage(fmt.Sprintf("line %d: %v", line, err))
		}
		all = append(all, one)
	}
}

// identityColumn is the kind of identity whose values a column holds; empty for another column.
func identityColumn(name string) string {
	if slices.Contains([]string{"email", "phone", "account_id"}, name) {
		return name
	}
	kind, _ := strings.CutPrefix(name, "identity.")
	if kind == name {
		return ""
	}
	return kind
}

func requestOf(head, row []string) (one desk.RequestInput, err error) {
	texts := map[string]*string{"right": &one.Right, "regime": &one.Regime, "country": &one.Country, "language": &one.Language, "channel": &one.Channel, "evidence": &one.Evidence,
		"name": &one.Name, "words": &one.Words, "reply_to": &one.ReplyTo, "concerns": &one.Concerns, "instructed_by": &one.InstructedBy}
	for i, value := range row {
		value = strings.TrimSpace(value)
		switch name := head[i]; {
		case value == "":
		case identityColumn(name) != "":
			one.Identities = append(one.Identities, desk.IdentityInput{Kind: identityColumn(name), Value: value})
		case name == "received_at":
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				return one, errors.New("received_at is an instant with its offset, such as 2026-11-28T09:30:00+01:00")
			}
			one.ReceivedAt = &at
		case name == "agent":
			id, err := uuid.Parse(value)
			if err != nil {
				return one, errors.New("agent is the id of an agent on record (docket request agent list)")
			}
			one.Agent = &id
		default:
			*texts[name] = value
		}
	}
	if len(one.Identities) == 0 {
		return one, errors.New("it names nobody: fill email, phone, account_id or an identity.KIND")
	}
	return one, nil
}
