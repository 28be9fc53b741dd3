package api

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

// codeBody bounds what a stranger may make us read.
const codeBody = 4 << 10

// identityPage is all that a person without an account sees. It carries nothing about anybody, and no script.
var identityPage = template.Must(template.New("identity").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Confirm your address</title></head>
<body>
<main>
<h1>Confirm your address</h1>
<p>{{.Says}}</p>
{{- if .Form}}
<form method="post" autocomplete="off">
<p><label for="code">Code from our letter</label> <input id="code" name="code" required maxlength="40" autocapitalize="characters" spellcheck="false"></p>
<p><button type="submit">Confirm</button></p>
</form>
{{- end}}
</main>
</body>
</html>
`))

// identity serves the page behind a mailed link, without authentication: the code in the letter is what counts. Looking
// uses nothing up, so that a mail scanner which opens every link does no harm; and an unknown link looks like a used one.
func (s *surface) identity() {
	look := func(c *gin.Context) {
		stands := false
		id, err := uuid.Parse(c.Param("id"))
		if err == nil {
			if stands, err = s.desk.ChallengeStands(c.Request.Context(), id); err != nil {
				s.identityAway(c, err)
				return
			}
		}
		if !stands {
			showIdentity(c, http.StatusOK, "Sorry: this link can no longer be used. Answer our letter to get a new one.", false)
			return
		}
		showIdentity(c, http.StatusOK, "Type the code from the letter that brought you here. It shows that the mailbox is yours.", true)
	}
	s.engine.GET("/identity/:id", look)
	s.engine.HEAD("/identity/:id", look)
	s.engine.POST("/identity/:id", func(c *gin.Context) {
		id, err := uuid.Parse(c.Param("id"))
		code := typedCode(c)
		if err == nil && code != "" {
			if err = s.desk.ProveIdentity(c.Request.Context(), id, code); err == nil {
				showIdentity(c, http.StatusOK, "Thank you. Your address is confirmed, and you can close this page.", false)
				return
			}
			if problemOf(err).Status >= http.StatusInternalServerError {
				s.identityAway(c, err)
				return
			}
		}
		showIdentity(c, http.StatusForbidden, "This code is not valid, was used, or has expired.", true)
	})
}

// identityAway is the page for a fault of ours, which the log tells.
func (s *surface) identityAway(c *gin.Context, err error) {
	p := s.explain(c.Request.Context(), err)
	showIdentity(c, p.Status, "This does not work at the moment. Please try again later.", false)
}

func showIdentity(c *gin.Context, status int, says string, form bool) {
	// The guard's sandbox would hold the form back.
	c.Header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Status(status)
	// Whoever has gone away gets no page.
	_ = identityPage.Execute(c.Writer, struct {
		Says string
		Form bool
	}{says, form})
}

// typedCode reads the code from a form or from JSON, as people type it: in small letters, with gaps. Whatever it cannot
// read is no code.
func typedCode(c *gin.Context) string {
	kind, _ := mediaType(c.Request)
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, codeBody))
	if err != nil {
		return ""
	}
	var in struct {
		Code string `json:"code"`
	}
	switch kind {
	case jsonType:
		if strict(body) != nil || json.Unmarshal(body, &in) != nil {
			return ""
		}
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return ""
		}
		in.Code = form.Get("code")
	}
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' {
			return -1
		}
		return r
	}, in.Code))
}
