package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

type taskListCmd struct {
	requestArg
}

// Run lists the tasks.
func (c *taskListCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, c.path("tasks"), nil, "PLACE\tOWNER\tSTATE\tDUE\tSHOWN\tDONE\tCHECKED\tTASK\t", func(v desk.TaskView) []string {
		return []string{v.Address, v.Owner, v.State, when(&v.DueAt), when(v.ShownAt), when(v.DoneAt), when(v.CheckedAt), v.ID.String()}
	})
}

type taskCmd struct {
	Show  taskShowCmd  `cmd:"" help:"Show whom a task is about, once; that you saw it is recorded."`
	Done  taskDoneCmd  `cmd:"" help:"Say that a task was carried out, with the evidence."`
	Check taskCheckCmd `cmd:"" help:"Check the evidence as a second person."`
}

// taskArg is the task a command is about.
type taskArg struct {
	requestArg
	Task uuid.UUID `arg:"" help:"Id of the task, from tasks."`
}

func (a taskArg) path(what string) string { return a.requestArg.path("tasks", a.Task.String(), what) }

type taskShowCmd struct {
	taskArg
}

// Run shows the task. Where the answer was lost, asking again says that it was shown before, and what to do.
func (c *taskShowCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return ask(ctx, &p.Remote, out, client.Call{Method: http.MethodPost, Path: c.path("show"), Body: struct{}{}}, func(out io.Writer, v desk.TaskView) {
		fields(out, "Task", v.ID.String(), "Place", v.Address, "Owner", v.Owner, "State", v.State, "Due", when(&v.DueAt))
		for _, one := range v.Identities {
			fmt.Fprintf(out, "%s: %s\n", plain(one.Field), plain(strings.Join(one.Values, ", ")))
		}
		for _, field := range slices.Sorted(maps.Keys(v.Masks)) {
			fmt.Fprintf(out, "mask %s: %s\n", plain(field), plain(v.Masks[field]))
		}
	})
}

type taskDoneCmd struct {
	taskArg
	Evidence string `required:"" help:"File that shows it, e.g. an export before and after or a screenshot."`
	Words    string `required:"" help:"What was done; or that nothing was there."`
}

// Run says that it is done.
func (c *taskDoneCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	evidence, err := os.ReadFile(c.Evidence)
	if err != nil {
		return usage(fmt.Sprintf("cannot read %s: %v", c.Evidence, err))
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("done"), Body: desk.TaskDoneInput{Evidence: evidence, Words: c.Words}})
}

type taskCheckCmd struct {
	taskArg
	Accept   bool `help:"The evidence shows what the owner says." xor:"verdict" required:""`
	SendBack bool `help:"It does not; the task goes back." xor:"verdict" required:""`
	reasonFlag
}

// Run checks.
func (c *taskCheckCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("check"), Body: desk.TaskCheckInput{Accepted: c.Accept, Reason: c.Reason}})
}
