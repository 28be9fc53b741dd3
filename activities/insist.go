package activities

import (
	"context"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

const (
	firstRetry  = 100 * time.Millisecond
	longestWait = 2 * time.Second
)

// insist calls write until it succeeds, is refused for good, or answerTimeout has passed. An outcome that
// was seen must be kept, so neither a cancelled activity nor a stopping worker ends it; a database that
// restarts is waited for.
func insist(ctx context.Context, write func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	for wait := firstRetry; ; wait = min(2*wait, longestWait) {
		err := write(bounded)
		if err == nil || final[problem.CodeOf(err)] {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-bounded.Done():
			timer.Stop()
			return err
		}
	}
}
