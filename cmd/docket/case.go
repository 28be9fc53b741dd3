package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// caseCmd is the way through a case, as a client of the API.
type caseCmd struct {
	Remote remote `embed:""`

	Open       caseOpenCmd       `cmd:"" help:"Open an incident."`
	List       caseListCmd       `cmd:"" help:"List cases, newest first."`
	Show       caseShowCmd       `cmd:"" help:"Show a case."`
	Triage     caseTriageCmd     `cmd:"" help:"Take an incident up: severity and suspicion."`
	Dismiss    caseDismissCmd    `cmd:"" help:"End what was no incident."`
	Declare    caseDeclareCmd    `cmd:"" help:"Make it an active incident."`
	Parties    casePartiesCmd    `cmd:"" help:"Record a wave of affected parties, or list them."`
	Unaffected caseUnaffectedCmd `cmd:"" help:"Rule a party out: it was not affected after all."`
	Aware      caseAwareCmd      `cmd:"" help:"Record when the company became aware."`
	Confirm    caseConfirmCmd    `cmd:"" help:"Record when the incident was confirmed."`
	Start      caseStartCmd      `cmd:"" help:"Record when another start word became true, e.g. classified_major, payment_made."`
	Candidate  caseCandidateCmd  `cmd:"" help:"Record an instant that awareness may be counted from."`
	Candidates candidateListCmd  `cmd:"" help:"List those instants."`
	Upstream   caseUpstreamCmd   `cmd:"" help:"Record what a sub-processor or AI provider told us of an incident of its own."`
	Risk       caseRiskCmd       `cmd:"" help:"Assess the risk to people."`
	RuleOut    caseRuleOutCmd    `cmd:"" help:"Record that there was no breach."`
	Tech       caseTechCmd       `cmd:"" name:"technical" help:"Record a milestone of the technical work."`
	Resolve    caseResolveCmd    `cmd:"" help:"End the technical work."`
	Review     caseReviewCmd     `cmd:"" help:"Finish or waive the review."`
	Close      caseCloseCmd      `cmd:"" help:"Close the case; refused while a duty is open."`
	Reopen     caseReopenCmd     `cmd:"" help:"Take a closed case up again."`
	Assign     caseAssignCmd     `cmd:"" help:"Hand command over."`
	Restrict   caseRestrictCmd   `cmd:"" help:"Say who may see the case."`
	Summary    caseSummaryCmd    `cmd:"" help:"Replace title and summary."`
	Advance    caseAdvanceCmd    `cmd:"" help:"Move a drill's clock forward, to the next milestone or to an instant."`
	Timeline   caseTimelineCmd   `cmd:"" help:"Show the timeline."`

	NewerRules newerRulesCmd `cmd:"" help:"Show what the newest rules would change about a case that keeps older ones."`
	Estimates  estimateCmd   `cmd:"" help:"Estimate the clocks of customers' own regulators; none of them is a duty of ours."`

	Duties      dutyListCmd     `cmd:"" help:"List duties and their clocks."`
	Duty        dutyCmd         `cmd:"" help:"Show, decide, waive or file a duty."`
	Notices     noticeListCmd   `cmd:"" help:"List notices."`
	Notice      noticeCmd       `cmd:"" help:"Draft, edit, preview, approve and release a notice."`
	Campaign    campaignCmd     `cmd:"" help:"Pause, resume or stop a sending."`
	Deliveries  deliveryListCmd `cmd:"" help:"List deliveries and what the other side confirmed."`
	Delivery    deliveryCmd     `cmd:"" help:"Show, settle or acknowledge a delivery."`
	Raises      raiseListCmd    `cmd:"" help:"List who was raised, and about what."`
	Acknowledge raiseAckCmd     `cmd:"" help:"Say: I have it. The escalation of a raise stops."`

	Privilege privilegeCmd   `cmd:"" help:"Work with what counsel marks privileged; only the case's legal circle finds it."`
	Counsel   caseCounselCmd `cmd:"" name:"export-for-counsel" help:"Export the case's facts with its privilege log, signed."`
	Hold      holdCmd        `cmd:"" help:"Place, release and list legal holds."`
	Shred     caseShredCmd   `cmd:"" help:"Erase the words of a closed case; takes two people, refused while a legal hold stands."`
}

// caseArg is the case a command is about.
type caseArg struct {
	Case string `arg:"" help:"Short code of the case, such as INC-7K3F, or its id."`
}

// path is an address below the case.
func (a caseArg) path(parts ...string) string {
	return client.Path(append([]string{"v1", "cases", a.Case}, parts...)...)
}

// reasonFlag is a reason that becomes part of the record.
type reasonFlag struct {
	Reason string `required:"" help:"Why; part of the record."`
}

func (f reasonFlag) input() desk.ReasonInput { return desk.ReasonInput{Reason: f.Reason} }

type caseOpenCmd struct {
	Title      string     `arg:"" help:"What happened, in a line."`
	Summary    string     `help:"What is known."`
	Severity   string     `enum:",low,medium,high,critical" default:"" help:"Severity, if it is known already: low, medium, high, critical."`
	Breach     bool       `help:"Personal data may be touched."`
	DetectedAt *time.Time `help:"When it was detected, with its offset; now if absent."`
	Restricted bool       `help:"Only members see the case."`
	Drill      bool       `help:"An exercise: its clock can be moved and nothing leaves the house."`
	Upstream   string     `help:"YAML or JSON file of what a sub-processor or AI provider told us: who, aware_at, told_us_at, zone, reference, evidence. - is standard input."`
}

// Run opens the case.
func (c *caseOpenCmd) Run(ctx context.Context, p *caseCmd, in io.Reader, out io.Writer) error {
	body := opening{OpenInput: desk.OpenInput{
		Title: c.Title, Summary: c.Summary, Severity: c.Severity, SuspectedBreach: c.Breach,
		DetectedAt: c.DetectedAt, Restricted: c.Restricted, Drill: c.Drill,
	}}
	if c.Upstream != "" {
		var err error
		if body.Upstream, err = document(in, c.Upstream); err != nil {
			return err
		}
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: "/v1/cases", Body: body})
}

// opening is desk.OpenInput with upstream's words as they stand in the file, so that the server sees and names what is
// wrong in them.
type opening struct {
	desk.OpenInput
	Upstream json.RawMessage `json:"upstream,omitempty"`
}

type caseListCmd struct {
	Status string `help:"Only cases of this status: new, triage, active, resolved, closed, dismissed."`
	Paging paging `embed:""`
}

// Run lists cases.
func (c *caseListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	query := url.Values{}
	if c.Status != "" {
		query.Set("status", c.Status)
	}
	return list(ctx, &p.Remote, c.Paging, out, "/v1/cases", query, "CODE\tSTATUS\tSEVERITY\tOPEN DUTIES\tNEXT DUE\tTITLE\t", func(v desk.CaseView) []string {
		return []string{v.Code, v.Status, string(v.State.Severity), strconv.Itoa(v.Counts.OpenDuties), when(v.NextDue), v.Title + yes(v.Erased, "(erased)") + yes(v.Drill, " (drill)") + yes(v.Restricted, " (restricted)")}
	})
}

type caseShowCmd struct {
	caseArg
}

// Run shows the case.
func (c *caseShowCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path(), nil, func(out io.Writer, v desk.CaseView) {
		fields(out,
			"Case", v.Code+"  "+v.ID.String(), "Title", v.Title, "Status", v.Status+yes(v.Drill, ", a drill")+yes(v.Restricted, ", restricted")+yes(v.Erased, ", erased"),
			"Severity", string(v.State.Severity), "Breach", string(v.State.Assessment), "Risk to people", string(v.State.Risk),
			"Case time", when(&v.Now), "Opened", when(&v.OpenedAt), "Aware", when(v.State.AwareAt), "Confirmed", when(v.State.ConfirmedAt),
			"Open duties", strconv.Itoa(v.Counts.OpenDuties), "Proposed duties", number(v.Counts.ProposedDuties),
			"Undecided starts", number(v.Counts.UndecidedStarts), "Exemptions to review", number(v.Counts.ExemptionsToReview), "Unknown outcomes", number(v.Counts.UnknownOutcomes),
			"Open raises", number(v.Counts.OpenRaises), "Next due", when(v.NextDue), "Next milestone", when(v.NextMilestone),
			"Summary version", strconv.Itoa(v.SummaryVersion), "Rules", v.PackVersion+yes(v.NewestPack != "", " (the newest are "+v.NewestPack+": docket case newer-rules says what they would change)"))
		if up := v.Upstream; up != nil {
			fields(out, "Upstream", up.Who, "They were aware", when(up.AwareAt), "They told us", when(&up.ToldUsAt), "Their reference", up.Reference)
		}
		if v.Summary != "" {
			fmt.Fprintln(out, "\n"+lines(v.Summary))
		}
	})
}

// number is a count that is worth a line only when there is one.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

type caseTriageCmd struct {
	caseArg
	Severity string `enum:",low,medium,high,critical" default:"" help:"Severity as assessed."`
	Breach   bool   `help:"Personal data may be touched."`
}

// Run triages.
func (c *caseTriageCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("triage"), Body: desk.TriageInput{Severity: c.Severity, SuspectedBreach: c.Breach}})
}

type caseDismissCmd struct {
	caseArg
	Verdict string `required:"" enum:"false_positive,benign,test,insufficient_data,managed_externally" help:"Why it is no incident: ${enum}."`
	reasonFlag
}

// Run dismisses.
func (c *caseDismissCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("dismiss"), Body: desk.DismissInput{Verdict: c.Verdict, Reason: c.Reason}})
}

type caseDeclareCmd struct {
	caseArg
	Severity  string `enum:",low,medium,high,critical" default:"" help:"Severity; the triaged one if absent."`
	Commander string `help:"Handle of the incident commander; yourself if absent."`
}

// Run declares.
func (c *caseDeclareCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("declare"), Body: desk.DeclareInput{Severity: c.Severity, Commander: c.Commander}})
}

type caseRuleOutCmd struct {
	caseArg
	reasonFlag
}

// Run rules a breach out.
func (c *caseRuleOutCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("rule-out"), Body: desk.RuleOutInput{Reason: c.Reason}})
}

type caseTechCmd struct {
	caseArg
	Milestone string     `arg:"" enum:"contained,eradicated,recovered" help:"What was reached: ${enum}."`
	At        *time.Time `help:"When, with its offset; now if absent."`
	Note      string     `help:"How."`
}

// Run records the milestone.
func (c *caseTechCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("technical"), Body: desk.TechnicalInput{Milestone: c.Milestone, At: c.At, Note: c.Note}})
}

type caseResolveCmd struct {
	caseArg
	Recovery string `required:"" help:"How service was recovered."`
}

// Run resolves.
func (c *caseResolveCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("resolve"), Body: desk.ResolveInput{Recovery: c.Recovery}})
}

type caseReviewCmd struct {
	caseArg
	Waive bool   `help:"Waive the review; the note says why."`
	Note  string `required:"" help:"The review's result, or why it is waived."`
}

// Run finishes or waives the review.
func (c *caseReviewCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("review"), Body: desk.ReviewInput{Waive: c.Waive, Note: c.Note}})
}

type caseCloseCmd struct {
	caseArg
}

// Run closes.
func (c *caseCloseCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("close"), Body: desk.CloseInput{}})
}

type caseReopenCmd struct {
	caseArg
	reasonFlag
}

// Run reopens.
func (c *caseReopenCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("reopen"), Body: c.input()})
}

type caseAssignCmd struct {
	caseArg
	Commander string `arg:"" help:"Handle of the new incident commander."`
}

// Run hands command over.
func (c *caseAssignCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("assign"), Body: desk.AssignInput{Commander: c.Commander}})
}

type caseRestrictCmd struct {
	caseArg
	Members []string `arg:"" optional:"" help:"Handles of the members; you are always among them."`
	Lift    bool     `help:"Open the case to everybody with the right to read cases."`
}

// Run says who may see the case.
func (c *caseRestrictCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("restriction"), Body: desk.RestrictInput{Restricted: !c.Lift, Members: c.Members}})
}

type caseSummaryCmd struct {
	caseArg
	IfVersion int    `required:"" help:"The summary version that you have read, from show."`
	Title     string `required:"" help:"What happened, in a line."`
	Summary   string `required:"" help:"What is known."`
}

// Run replaces title and summary.
func (c *caseSummaryCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{
		Method: http.MethodPut, Path: c.path("summary"), Match: true, Version: c.IfVersion,
		Body: desk.SummaryInput{Title: c.Title, Summary: c.Summary},
	})
}

type caseAdvanceCmd struct {
	caseArg
	To *time.Time `help:"Case instant to move to, with its offset; the next milestone if absent."`
}

// Run moves the clock.
func (c *caseAdvanceCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("clock"), Body: desk.AdvanceInput{To: c.To}})
}

type caseTimelineCmd struct {
	caseArg
	Paging paging `embed:""`
}

// Run shows the timeline.
func (c *caseTimelineCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, c.Paging, out, c.path("timeline"), url.Values{}, "ENTRY\tHAPPENED\tRECORDED\tWHAT\tCONTENT\t", func(v desk.EntryView) []string {
		return []string{strconv.FormatInt(v.Seq, 10), when(&v.HappenedAt), when(&v.RecordedAt), v.Kind, string(v.Content)}
	})
}
