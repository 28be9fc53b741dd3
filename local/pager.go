package local

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Pager plays the team's pager on one machine: it takes every page, keeps the newest thousand and lists them.
type Pager struct {
	// URL takes pages by POST and lists them by GET.
	URL string

	server *http.Server
	mu     sync.Mutex
	pages  []ReceivedPage
}

// ReceivedPage is one page as it came in.
type ReceivedPage struct {
	At   time.Time       `json:"at"`
	ID   string          `json:"id"`
	Body json.RawMessage `json:"body"`
}

const keptPages = 1000

// StartPager listens on a loopback address, "127.0.0.1:0" for a free port.
func StartPager(ctx context.Context, address string) (*Pager, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for pages: %w", err)
	}
	p := &Pager{URL: "http://" + listener.Addr().String() + "/pages"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /pages", p.take)
	mux.HandleFunc("GET /pages", p.list)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go p.server.Serve(listener)
	return p, nil
}

// Stop ends it.
func (p *Pager) Stop() error { return p.server.Close() }

// Pages are the pages that were taken, the newest last.
func (p *Pager) Pages() []ReceivedPage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]ReceivedPage(nil), p.pages...)
}

func (p *Pager) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil || !json.Valid(body) {
		http.Error(w, "not a page", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages = append(p.pages, ReceivedPage{At: time.Now().UTC(), ID: r.Header.Get("webhook-id"), Body: body})
	if len(p.pages) > keptPages {
		p.pages = p.pages[len(p.pages)-keptPages:]
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *Pager) list(w http.ResponseWriter, r *http.Request) {
	pages := p.Pages()
	if r.Header.Get("Accept") == "application/json" {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(pages)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html><title>Pager</title><h1>Who was raised</h1><ol reversed>")
	for i := len(pages) - 1; i >= 0; i-- {
		fmt.Fprintf(w, "<li>%s <code>%s</code>", pages[i].At.Format(time.RFC3339), html.EscapeString(string(pages[i].Body)))
	}
	fmt.Fprint(w, "</ol>")
}
