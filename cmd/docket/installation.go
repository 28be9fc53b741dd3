package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// installationCmd is about the engine itself, through the API: who did it is a person with a token, never
// whoever happens to hold the database's password.
type installationCmd struct {
	Remote remote `embed:""`

	Status    statusCmd    `cmd:"" help:"Say how the engine is: open duties, deliveries, what waits, quarantine."`
	Reconcile reconcileCmd `cmd:"" help:"End the quarantine of a restored or copied database. From then on it sends."`
}

type statusCmd struct{}

// Run prints the status.
func (statusCmd) Run(ctx context.Context, p *installationCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, "/v1/status", nil, func(out io.Writer, v desk.StatusView) {
		quarantine := "none"
		if v.Quarantine != "" {
			quarantine = v.Quarantine
		}
		waits := func(seconds float64) string {
			return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
		}
		fields(out, "Quarantine", quarantine, "Open raises", fmt.Sprint(v.OpenRaises),
			"Oldest unclaimed", waits(v.OldestUnclaimed), "Oldest unheard", waits(v.OldestUnheard))
		for title, counts := range map[string]map[string]int{"open duties": v.Duties, "deliveries": v.Deliveries} {
			for _, name := range slices.Sorted(maps.Keys(counts)) {
				fmt.Fprintf(out, "%s %s: %d\n", title, plain(name), counts[name])
			}
		}
	})
}

type reconcileCmd struct {
	Reason string `required:"" help:"What was checked: that no other copy of this installation sends. Part of the record."`
}

// Run ends the quarantine.
func (r reconcileCmd) Run(ctx context.Context, p *installationCmd, out io.Writer) error {
	call := client.Call{Method: http.MethodPost, Path: "/v1/reconcile", Body: desk.ReasonInput{Reason: r.Reason}, Key: p.Remote.Key}
	if _, err := p.Remote.client().Raw(ctx, call); err != nil {
		return err
	}
	fmt.Fprintln(out, "The quarantine has ended: this database is the installation, and what waited is sent now.")
	return nil
}
