package worker_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/worker"
	campaignflow "github.com/atlascloudai/docket/workflows/campaign"
	"github.com/atlascloudai/docket/workflows/contract"
)

// record plays every life on a real server again and keeps its history. What the workflows do is then
// meant to have changed: record into a next version's folder and keep the older ones while they replay.
var record = flag.Bool("record", false, "record the histories of the newest version on a real server")

// newest is the folder of the histories that this code records.
const newest = "v1"

// life is one way through a workflow, played on a town of its own and recorded when it is over.
type life struct {
	name string
	// id is the process, and live drives it to the point at which its history is kept.
	id   func(*town) string
	live func(*testing.T, *town, string)
	// ends says that the process completes; else it is kept asleep.
	ends bool
}

func lives() []life {
	aCase := func(w *town) string { return contract.IncidentID(w.caseID) }
	aCampaign := func(w *town) string { return contract.CampaignID(w.campaignID) }
	soon := func(n int) (at []time.Time) {
		for i := range n {
			at = append(at, time.Now().Add(time.Duration(i+1)*time.Second))
		}
		return at
	}
	return []life{
		{name: "incident/milestones", id: aCase, live: func(t *testing.T, w *town, id string) {
			w.fact(id, "", func() { w.milestones = soon(3) })
			w.await(t, "three milestones are paged", func() bool { return len(w.raised) == 3 && w.pages == 0 })
		}},
		{name: "incident/bells", id: aCase, live: func(t *testing.T, w *town, id string) {
			for range 3 {
				w.fact(id, "", func() { w.milestones = []time.Time{time.Now().Add(time.Hour)} })
				w.await(t, "the fact was heard", w.quiet(id))
			}
		}},
		{name: "incident/escalation", id: aCase, live: func(t *testing.T, w *town, id string) {
			w.fact(id, "", func() { w.steps, w.step = 2, time.Now().Add(time.Second) })
			w.await(t, "both steps are paged", func() bool { return w.steps == 0 && w.pages == 0 })
		}},
		{name: "incident/database-away", id: aCase, live: func(t *testing.T, w *town, id string) {
			w.fact(id, "", func() { w.milestones, w.fail = []time.Time{time.Now()}, 2 })
			w.await(t, "the milestone is raised", func() bool { return len(w.raised) == 1 && w.pages == 0 })
		}},
		{name: "campaign/pages", id: aCampaign, ends: true, live: func(t *testing.T, w *town, id string) {
			w.fact(id, "", func() { w.recipients = 600 })
			w.await(t, "everybody was notified", func() bool { return w.sent == 600 && w.finished })
		}},
		{name: "campaign/refused-end", id: aCampaign, ends: true, live: func(t *testing.T, w *town, id string) {
			w.fact(id, "", func() { w.recipients, w.refuse = 3, 1 })
			w.await(t, "the next contact was notified too", func() bool { return w.sent == 4 && w.finished })
		}},
		{name: "campaign/nothing-due", id: aCampaign, ends: true, live: func(t *testing.T, w *town, id string) {
			w.fact(id, "", func() { w.finished = true })
		}},
	}
}

func TestRecord(t *testing.T) {
	if !*record {
		return // the recorded histories are what the next test replays
	}
	server := startServer(t, 0)
	for _, l := range lives() {
		t.Run(l.name, func(t *testing.T) {
			w := newTown()
			c := startWorker(t, server.HostPort, w)
			id := l.id(w)
			l.live(t, w, id)
			w.await(t, "the process heard everything", w.quiet(id))
			if l.ends {
				require.NoError(t, c.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil))
			} else {
				asleep(t, c, id)
			}
			text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&historypb.History{Events: history(t, c, id)})
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Dir(recorded(l.name)), 0o755))
			require.NoError(t, os.WriteFile(recorded(l.name), append(text, '\n'), 0o644))
		})
	}
}

func recorded(name string) string {
	workflowType, life := filepath.Split(name)
	return filepath.Join("testdata", "histories", workflowType, newest, life+".json")
}

// Every recorded life of every version replays with today's code, so a change of what workflows do is meant.
func TestRecordedHistoriesReplay(t *testing.T) {
	for _, l := range lives() {
		require.FileExists(t, recorded(l.name))
	}
	files, err := filepath.Glob("testdata/histories/*/*/*.json")
	require.NoError(t, err)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			replayer := sdkworker.NewWorkflowReplayer()
			worker.RegisterWorkflows(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// A workflow that does something else than was recorded does not replay.
func TestAnotherWorkflowDoesNotReplay(t *testing.T) {
	replayer := sdkworker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(campaignflow.Workflow, workflow.RegisterOptions{Name: contract.Incident})
	require.Error(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, recorded("incident/milestones")))
}

// The stages that workflows carry out are those that the agendas name.
func TestStagesAreThoseOfTheAgendas(t *testing.T) {
	require.Equal(t, []string{contract.StageRaise, contract.StageEscalate, contract.StagePage},
		[]string{string(incident.StageRaise), string(incident.StageEscalate), string(incident.StagePage)})
	require.Equal(t, []string{contract.StageSend, contract.StageSeal, contract.StageFinish},
		[]string{string(campaign.StageSend), string(campaign.StageSeal), string(campaign.StageFinish)})
}
