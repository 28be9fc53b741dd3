package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

type requestShowCmd struct {
	requestArg
}

// Run shows the request.
func (c *requestShowCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path(), nil, showRequest)
}

func showRequest(out io.Writer, v desk.RequestView) {
	fields(out,
		"Request", v.Code+"  "+v.ID.String(), "Right", v.Right, "Law", v.Regime, "Status", v.Status+yes(v.Drill, ", a drill"), "OpenDSR", v.OpenDSR, "DPV", v.DPV,
		"Waiting for", v.Waiting, "Blocker", v.Blocker, "Received", when(&v.Received), "Due", when(v.Due), "Assignee", v.Assignee,
		"Name", v.Name, "Letters go to", v.ReplyTo, "Repeats", linked(v.Repeats), "Same person", strings.Join(v.SameAs, ", "), "Care", strings.Join(v.State.Care, ", "), "Instructed by", v.State.Instructed,
		"Cooling off until", when(v.State.CoolUntil), "Certificate version", number(v.State.Certificate))
	if v.Words != "" {
		fmt.Fprintln(out, "\n"+lines(v.Words))
	}
	if len(v.Identities) > 0 {
		fmt.Fprintln(out)
		// A terminal that is gone has nobody to tell, here and below.
		_ = table(out, "IDENTITY\tKIND\tVALUE\tSTATE\tMETHOD\tVERIFIED\t", v.Identities, func(i desk.IdentityView) []string {
			return []string{i.ID.String(), i.Kind, i.Value, i.State + yes(i.Suppressed, " (erased before)"), i.Method, when(i.VerifiedAt)}
		})
	}
	showPlan(out, v)
	showTargets(out, v.Targets)
}

// showPlan prints what an approval binds.
func showPlan(out io.Writer, v desk.RequestView) {
	if plan := v.State.Plan; plan != nil {
		fmt.Fprintln(out)
		fields(out, "Plan", plan.Digest, "Complete", when(plan.At), "Found", count(plan.Located), "Erase", count(plan.Erase), "Mask", count(plan.Mask), "Keep", count(plan.Keep),
			"Needs a second approval", strings.Join(plan.Wide, ", "))
		for _, u := range plan.Unsearched {
			why := "none of the identifiers leads there"
			if u.Why != "" {
				why = u.Why + "; instead: " + u.Instead
			}
			fmt.Fprintf(out, "%s is not looked into: %s\n", plain(u.Address), plain(why))
		}
	}
}

// showTargets prints every place with its three instants, what stays there and until when, and what went wrong.
func showTargets(out io.Writer, targets []desk.TargetView) {
	if len(targets) == 0 {
		return
	}
	fmt.Fprintln(out)
	_ = table(out, "PLACE\tSTATE\tFOUND\tERASE\tMASK\tKEEP\tGONE\tACCEPTED\tERASED\tVERIFIED\tTARGET\t", targets, func(t desk.TargetView) []string {
		return []string{t.Address, t.State, count(t.Located), count(t.Erase), count(t.Mask), count(t.Keep), count(t.Gone), when(t.AcceptedAt), when(t.ErasedAt), when(t.VerifiedAt), t.ID.String()}
	})
	for _, t := range targets {
		for _, k := range t.Kept {
			fmt.Fprintf(out, "%s keeps %d %s\n", plain(t.Address), k.Records, untilWhen(k))
		}
		if t.Error != "" {
			fmt.Fprintf(out, "%s failed %d times in a row: %s: %s%s\n", plain(t.Address), t.Attempt, plain(t.Error), plain(t.Detail), yes(t.NextAt != nil, "; next try "+when(t.NextAt)))
		}
		if len(t.WaitsFor) > 0 && t.ErasedAt == nil {
			fmt.Fprintf(out, "%s goes after %s\n", plain(t.Address), plain(strings.Join(t.WaitsFor, ", ")))
		}
	}
}

// untilWhen says until when something stays, and on which ground.
func untilWhen(k desk.KeptView) string {
	until := when(k.Until)
	switch {
	case k.Hold != nil:
		until = "the hold " + k.Hold.String() + " is released" + yes(until != "", " or ends: "+until)
	case until == "":
		until = "not known"
	}
	return "until " + until + ": " + plain(k.Ground) + yes(k.Words != "", " ("+plain(k.Words)+")")
}

// count is a number of records.
func count(n int64) string { return strconv.FormatInt(n, 10) }

type requestApproveCmd struct {
	requestArg
	Digest string `help:"The digest of the plan as it was shown. Without it the plan is shown, and nothing is approved."`
}

// Run approves, or shows what there is to approve.
func (c *requestApproveCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	if c.Digest != "" {
		return decide(ctx, &p.Remote, out, client.Call{Path: c.path("approve"), Body: desk.DigestInput{Digest: c.Digest}})
	}
	return read(ctx, &p.Remote, out, c.path(), nil, func(out io.Writer, v desk.RequestView) {
		showPlan(out, v)
		showTargets(out, v.Targets)
		if plan := v.State.Plan; plan != nil && plan.Digest != "" {
			fmt.Fprintf(out, "Nothing is approved yet. Approve exactly this with --digest %s\n", plain(plan.Digest))
		} else {
			fmt.Fprintln(out, "There is no whole plan yet; docket request scope makes one.")
		}
	})
}

// linked is another request, and where it stands.
func linked(v *desk.LinkedView) string {
	if v == nil {
		return ""
	}
	return v.Code + " (" + v.Status + ")"
}
