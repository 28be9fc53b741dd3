package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// remote is how the commands that talk to an installation find it.
type remote struct {
	URL   string        `help:"Where the API listens." default:"http://127.0.0.1:8080" env:"DOCKET_URL" group:"Connection"`
	Token string        `help:"API token. Better in DOCKET_TOKEN than on the command line, which others can see." env:"DOCKET_TOKEN" group:"Connection"`
	Retry time.Duration `help:"How long to ask again while nobody answers." default:"10s" group:"Connection"`
	Key   string        `name:"idempotency-key" help:"Key of the decision, to ask again for one whose answer was lost." group:"Connection"`
	JSON  bool          `help:"Print JSON, as the API gives it." group:"Output"`
}

// usage is a fault of whoever typed the command; the exit code is 2.
type usage string

// Error implements error.
func (u usage) Error() string { return string(u) }

// ExitCode is the process's exit code.
func (u usage) ExitCode() int { return 2 }

func (r *remote) client() *client.Client {
	return &client.Client{URL: r.URL, Token: r.Token, Patience: r.Retry}
}

// read gets what is at the path and prints it with show, or as JSON.
func read[T any](ctx context.Context, r *remote, out io.Writer, path string, query url.Values, show func(io.Writer, T)) error {
	return ask(ctx, r, out, client.Call{Method: http.MethodGet, Path: path, Query: query}, show)
}

// ask makes a call that decides nothing, and prints its answer with show, or as JSON.
func ask[T any](ctx context.Context, r *remote, out io.Writer, call client.Call, show func(io.Writer, T)) error {
	body, err := r.client().Raw(ctx, call)
	if err != nil {
		return err
	}
	if r.JSON {
		return printJSON(out, body)
	}
	var view T
	if err := json.Unmarshal(body, &view); err != nil {
		return &client.Unreachable{URL: r.URL, Err: fmt.Errorf("the answer is not Docket's: %w", err)}
	}
	show(out, view)
	return nil
}

// decide sends a decision and prints its receipt.
func decide(ctx context.Context, r *remote, out io.Writer, call client.Call) error {
	if call.Method == "" {
		call.Method = http.MethodPost
	}
	if call.Body == nil {
		call.Body = struct{}{}
	}
	call.Key = r.Key
	body, err := r.client().Raw(ctx, call)
	if err != nil {
		return err
	}
	if r.JSON {
		return printJSON(out, body)
	}
	var done desk.Receipt
	if err := json.Unmarshal(body, &done); err != nil {
		return &client.Unreachable{URL: r.URL, Err: fmt.Errorf("the answer is not Docket's: %w", err)}
	}
	if done.Code != "" { // What belongs to no case has no timeline.
		fmt.Fprintf(out, "%s is %s, timeline entry %d\n", plain(done.Code), plain(done.Status), done.Entry)
	}
	if done.ID != nil {
		fmt.Fprintf(out, "id %s\n", done.ID)
	}
	if done.Count > 0 {
		fmt.Fprintf(out, "%d recorded\n", done.Count)
	}
	if done.Version > 0 {
		fmt.Fprintf(out, "version %d\n", done.Version)
	}
	if done.Pending {
		fmt.Fprintln(out, "A second person has to confirm this before it takes effect.")
	}
	return nil
}

// paging chooses the page of a list.
type paging struct {
	Limit  int    `help:"Items on a page, up to 500." default:"50"`
	Cursor string `help:"Where to go on, from the page before."`
	All    bool   `help:"Every page."`
}

// list prints pages of a list as a table. The zero paging is for lists that come whole.
func list[T any](ctx context.Context, r *remote, p paging, out io.Writer, path string, query url.Values, head string, row func(T) []string) error {
	if query == nil {
		query = url.Values{}
	}
	if p.Limit > 0 {
		query.Set("limit", strconv.Itoa(p.Limit))
	}
	all := desk.Page[T]{Items: []T{}, Next: p.Cursor}
	for first := true; first || p.All && all.Next != ""; first = false {
		if all.Next != "" {
			query.Set("cursor", all.Next)
		}
		page, err := client.Get[desk.Page[T]](ctx, r.client(), path, query)
		if err != nil {
			return err
		}
		all.Items, all.Next = append(all.Items, page.Items...), page.Next
	}
	if r.JSON {
		body, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("cannot encode list: %w", err)
		}
		return printJSON(out, body)
	}
	if err := table(out, head, all.Items, row); err != nil {
		return err
	}
	if all.Next != "" {
		fmt.Fprintf(out, "There are more: --cursor %s, or --all\n", plain(all.Next))
	}
	return nil
}

// table prints items one a row, whatever characters their cells hold.
func table[T any](out io.Writer, head string, items []T, row func(T) []string) error {
	lines := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(lines, head)
	for _, item := range items {
		cells := row(item)
		for i, cell := range cells {
			cells[i] = plain(cell)
		}
		fmt.Fprintln(lines, strings.Join(cells, "\t"))
	}
	if err := lines.Flush(); err != nil {
		return fmt.Errorf("cannot write list: %w", err)
	}
	return nil
}

func printJSON(out io.Writer, body []byte) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		return fmt.Errorf("cannot print answer: %w", err)
	}
	pretty.WriteByte('\n')
	if _, err := pretty.WriteTo(out); err != nil {
		return fmt.Errorf("cannot print answer: %w", err)
	}
	return nil
}

// fields prints names and values, one a line; empty values are left out.
func fields(out io.Writer, pairs ...string) {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", pairs[i], plain(pairs[i+1]))
		}
	}
	// A terminal that is gone has nobody to tell.
	_ = table.Flush()
}

// plain keeps what others wrote from steering the reader's terminal or forging a line or a column.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// lines is plain for a text of several lines.
func lines(text string) string {
	parts := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, part := range parts {
		parts[i] = plain(part)
	}
	return strings.Join(parts, "\n")
}

// when prints an instant in UTC, in which instants of different zones compare at a glance.
func when(at *time.Time) string {
	if at == nil || at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05Z")
}

func yes(b bool, word string) string {
	if b {
		return word
	}
	return ""
}

// document reads a YAML or JSON file as JSON; "-" is standard input.
func document(in io.Reader, name string) (json.RawMessage, error) {
	var body []byte
	var err error
	if name == "-" {
		body, err = io.ReadAll(in)
	} else {
		body, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, usage(fmt.Sprintf("cannot read %s: %v", name, err))
	}
	if json.Valid(body) {
		return body, nil
	}
	if body, err = yaml.YAMLToJSON(body); err != nil {
		return nil, usage(fmt.Sprintf("%s is neither JSON nor YAML: %v", name, err))
	}
	return body, nil
}
