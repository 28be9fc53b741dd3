package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// beat is how often an activity shows that its process lives. What was done is in the rows, so a beat carries nothing.
const beat = 5 * time.Second

// alive shows life until the returned function is called.
func alive(ctx context.Context) (stop func()) {
	var done sync.WaitGroup
	ended := make(chan struct{})
	done.Go(func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			activity.RecordHeartbeat(ctx)
			select {
			case <-ticker.C:
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		done.Wait()
	}
}

// whileRunning is a context that ends when the activity is withdrawn or its worker begins to stop.
func whileRunning(ctx context.Context) (context.Context, context.CancelFunc) {
	running, cancel := context.WithCancel(ctx)
	stop := activity.GetWorkerStopChannel(ctx)
	go func() {
		select {
		case <-stop:
			cancel()
		case <-running.Done():
		}
	}()
	return running, cancel
}
