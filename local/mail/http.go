package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"
)

const (
	listLimit    = 100
	maxListLimit = 1000
	maxScript    = 1 << 20
)

// pages are what the server shows and takes over HTTP:
//
//	GET  /                           a page for people, newest first; ?to= &before=
//	GET  /messages                   JSON in the order of arrival; ?to= &after= &limit=
//	GET  /messages/{id}              the message as it arrived
//	POST /messages/{id}/bounce       send a failure report; {"status":"5.1.1"}
//	POST /messages/{id}/delivered    send a success report
//	GET, POST, DELETE /rules         read the script, add to its end, empty it
func (s *Server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /messages", s.list)
	mux.HandleFunc("GET /messages/{id}", s.raw)
	mux.HandleFunc("POST /messages/{id}/bounce", s.bounce)
	mux.HandleFunc("POST /messages/{id}/delivered", s.delivered)
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.script.current()) })
	mux.HandleFunc("POST /rules", s.addRules)
	mux.HandleFunc("DELETE /rules", s.clearRules)
	return guarded(http.NewCrossOriginProtection().Handler(mux))
}

// guarded keeps other sites' pages out, which a browser on this machine may have
// open: they can point a name of theirs at 127.0.0.1, but not take ours.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if net.ParseIP(strings.Trim(host, "[]")) == nil && host != "localhost" {
			problemOf(w, http.StatusForbidden, "use localhost or an IP address")
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	after, err := number(r, "after", 0, 1<<62)
	if err != nil {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	limit, err := number(r, "limit", listLimit, maxListLimit)
	if err != nil {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	found := s.store.messages(after, int(max(limit, 1)), addressedTo(r.URL.Query().Get("to")))
	answer := struct {
		Messages []Message `json:"messages"`
		// After is the cursor of the next page; it stays the same when nothing is new.
		After int64 `json:"after"`
	}{found, after}
	if len(found) > 0 {
		answer.After = found[len(found)-1].ID
	}
	writeJSON(w, http.StatusOK, answer)
}

// addressedTo keeps messages with a recipient that contains the text.
func addressedTo(text string) func(Message) bool {
	if text == "" {
		return nil
	}
	text = strings.ToLower(text)
	return func(m Message) bool {
		for _, to := range m.To {
			if strings.Contains(strings.ToLower(to), text) {
				return true
			}
		}
		return false
	}
}

func (s *Server) raw(w http.ResponseWriter, r *http.Request) {
	m, ok := s.addressed(w, r)
	if !ok {
		return
	}
	data, err := s.store.data(m.ID)
	switch {
	case errors.Is(err, errNoData):
		problemOf(w, http.StatusGone, err.Error())
		return
	case err != nil:
		problemOf(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(data)
}

func (s *Server) bounce(w http.ResponseWriter, r *http.Request) {
	m, ok := s.addressed(w, r)
	if !ok {
		return
	}
	var asked struct {
		Status string `json:"status"`
	}
	if err := readJSON(w, r, &asked); err != nil && !errors.Is(err, io.EOF) {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	if asked.Status == "" {
		asked.Status = "5.1.1"
	}
	s.answerReport(w, s.Bounce(r.Context(), m.ID, asked.Status))
}

func (s *Server) delivered(w http.ResponseWriter, r *http.Request) {
	if m, ok := s.addressed(w, r); ok {
		s.answerReport(w, s.Delivered(r.Context(), m.ID))
	}
}

func (s *Server) answerReport(w http.ResponseWriter, err error) {
	var refused *smtp.SMTPError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errNoStatus):
		problemOf(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, errNoListener), errors.Is(err, errNullSender):
		problemOf(w, http.StatusConflict, err.Error())
	case errors.As(err, &refused):
		problemOf(w, http.StatusBadGateway, fmt.Sprintf("the listener for return paths answered %d %s", refused.Code, refused.Message))
	default:
		problemOf(w, http.StatusBadGateway, err.Error())
	}
}

func (s *Server) addRules(w http.ResponseWriter, r *http.Request) {
	var text json.RawMessage
	if err := readJSON(w, r, &text); err != nil {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	if !bytes.HasPrefix(text, []byte("[")) {
		text = append(append([]byte("["), text...), ']') // one rule is as good as a list of one
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	var added []Rule
	if err := strict.Decode(&added); err != nil {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	if _, err := compile(added); err != nil {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := s.AddRules(added...); err != nil {
		problemOf(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, s.script.current())
}

func (s *Server) clearRules(w http.ResponseWriter, _ *http.Request) {
	if err := s.Rules(); err != nil {
		problemOf(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// addressed is the message that the path names, or the answer that there is none.
func (s *Server) addressed(w http.ResponseWriter, r *http.Request) (Message, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	m, found := s.store.message(id)
	if err != nil || !found {
		problemOf(w, http.StatusNotFound, errNoMessage.Error())
		return Message{}, false
	}
	return m, true
}

func number(r *http.Request, name string, usual, most int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%s: must be a number from 0 to %d", name, most)
	}
	return n, nil
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxScript)).Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return err
		}
		return fmt.Errorf("the body is not the JSON that belongs here: %w", err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// problemOf answers with a problem document (RFC 9457).
func problemOf(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"title": http.StatusText(status), "status": status, "detail": detail,
	})
}
