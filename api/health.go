package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// readiness is what /readyz says: yes or no of each part, never why.
type readiness struct {
	Ready       bool   `json:"ready"`
	Database    string `json:"database"`
	Schema      string `json:"schema"`
	Quarantined bool   `json:"quarantined"`
}

// answerWithin bounds a readiness check, so that a load balancer hears an answer rather than nothing.
const answerWithin = 3 * time.Second

// health serves whether the process lives and whether it can work, without authentication and
// without details. A quarantined installation is ready: people read and decide on it, it only
// sends nothing.
func (s *surface) health() {
	s.engine.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	s.engine.GET("/readyz", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), answerWithin)
		defer cancel()
		state := s.look(ctx)
		status := http.StatusOK
		if !state.Ready {
			status = http.StatusServiceUnavailable
			c.Header("Retry-After", "5")
		}
		c.JSON(status, state)
	})
}

func (s *surface) look(ctx context.Context) readiness {
	state := readiness{Database: "ok", Schema: "ok"}
	if err := s.desk.Ping(ctx); err != nil {
		s.logger.WarnContext(ctx, "not ready", "part", "database", "error", err.Error())
		state.Database, state.Schema = "away", "unknown"
		return state
	}
	if s.ready != nil {
		if err := s.ready(ctx); err != nil {
			s.logger.WarnContext(ctx, "not ready", "part", "schema", "error", err.Error())
			state.Schema = "unfit"
			return state
		}
	}
	reason, err := s.desk.Quarantine(ctx)
	if err != nil {
		s.logger.WarnContext(ctx, "not ready", "part", "installation", "error", err.Error())
		state.Database = "away"
		return state
	}
	state.Ready, state.Quarantined = true, reason != ""
	return state
}
