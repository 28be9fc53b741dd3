package mail

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed style.css
var styleText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"join": strings.Join}).Parse(pageText))

// page lists what was received for people, newest first.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	before, err := number(r, "before", 0, 1<<62)
	if err != nil {
		problemOf(w, http.StatusBadRequest, err.Error())
		return
	}
	view := struct {
		Domain, MailAddr, To string
		Total                int
		Messages             []Message
		Older                int64
	}{Domain: s.options.Domain, MailAddr: s.Addr(), To: r.URL.Query().Get("to")}
	view.Total, _ = s.store.count()
	view.Messages = s.store.newest(before, listLimit, addressedTo(view.To))
	if len(view.Messages) == listLimit {
		view.Older = view.Messages[listLimit-1].ID
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pageTemplate.Execute(w, view); err != nil {
		s.options.Log.Debug("cannot show the list of messages", "error", err)
	}
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte(styleText))
}
