package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/atlascloudai/docket/desk"
)

// requests counts over every API of the process, like the runtime's own figures.
var requests = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "docket_http_requests_total",
	Help: "Answered requests by method, route and status.",
}, []string{"method", "route", "status"})

// reading bounds what one scrape may cost.
const reading = 5 * time.Second

// figures asks the desk at every scrape; it stores nothing of its own.
type figures struct {
	desk Desk

	duties, deliveries, unclaimed, unheard, up *prometheus.Desc
}

// Metrics serves figures for Prometheus: for a listener of its own, never the public one. It shows
// counts and ages only, and no drill is in them.
func Metrics(d Desk) http.Handler {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("docket_"+name, help, labels, nil)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests, &figures{
		desk:       d,
		duties:     describe("open_duties", "Open duties by the state of their clock.", "clock"),
		deliveries: describe("deliveries", "Deliveries by what the other side confirmed.", "state"),
		unclaimed:  describe("oldest_unclaimed_delivery_seconds", "How long the oldest delivery that is due has waited for a sender."),
		unheard:    describe("oldest_unheard_bell_seconds", "How long the oldest bell that was rung has not been heard."),
		up:         describe("database_up", "1 if the figures could be read from the database."),
	})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{f.duties, f.deliveries, f.unclaimed, f.unheard, f.up} {
		out <- desc
	}
}

// Collect implements prometheus.Collector. When the database is away it says so and leaves the
// other figures out, because an old figure would look like a true one.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), reading)
	defer cancel()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	status, err := f.desk.Status(ctx, desk.Docket)
	if err != nil {
		slog.WarnContext(ctx, "cannot read the figures", "error", err.Error())
		gauge(f.up, 0)
		return
	}
	gauge(f.up, 1)
	for state, count := range status.Duties {
		gauge(f.duties, float64(count), state)
	}
	for state, count := range status.Deliveries {
		gauge(f.deliveries, float64(count), state)
	}
	gauge(f.unclaimed, status.OldestUnclaimed)
	gauge(f.unheard, status.OldestUnheard)
}
