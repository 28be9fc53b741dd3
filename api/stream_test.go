package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/problem"
)

func (f *fakeDesk) Register(_ context.Context, a access.Actor, format string, _ audit.Signer, to io.Writer) error {
	if f.hold == nil {
		f.actor, f.in = a, format
	}
	return f.write(to)
}

func (f *fakeDesk) ExportForCounsel(_ context.Context, a access.Actor, id uuid.UUID, content bool, _ audit.Signer, to io.Writer) error {
	f.actor, f.id, f.in = a, id, content
	return f.write(to)
}

// write is half an export: as much as f.files says, and then f.err.
func (f *fakeDesk) write(to io.Writer) error {
	if f.hold != nil {
		f.hold()
	}
	if _, err := to.Write(f.files["export"]); err != nil {
		return err
	}
	return f.err
}

func signs(o *Options) { o.Sign = func(string, []byte) (string, error) { return "", nil } }

func TestAnExportIsAFile(t *testing.T) {
	t.Parallel()
	b := setup(t, signs)
	b.desk.files = map[string][]byte{"export": []byte(strings.Repeat("x", 1<<20))}
	r := b.ask("GET", "/v1/register?format=csv", "")
	require.Equal(t, 200, r.StatusCode)
	require.Len(t, r.body, 1<<20)
	require.Equal(t, "csv", b.desk.in)
	require.Equal(t, "text/csv; charset=utf-8; header=present", r.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="register.csv"`, r.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, "application/json", b.ask("GET", "/v1/register", "").Header.Get("Content-Type"))
	require.Equal(t, "json", b.desk.in)
	r = b.ask("GET", "/v1/cases/INC-7K3F/counsel?content=true", "")
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, true, b.desk.in)
	require.Equal(t, theCase, b.desk.id)
	b.problem(b.ask("GET", "/v1/register?format=xlsx", ""), 400, problem.Invalid)
	b.problem(b.ask("GET", "/v1/register", "", "Authorization", "Bearer "+nothing), 403, problem.Forbidden)
	b.problem(b.ask("GET", "/v1/cases/INC-7K3F/counsel", "", "Authorization", "Bearer "+machine), 403, problem.Forbidden)
}

// A refusal comes as a problem; what fails after bytes have left cuts the connection, so that half a file is no file.
func TestAnExportThatFailsIsAProblemOrCutOff(t *testing.T) {
	t.Parallel()
	b := setup(t, signs)
	b.desk.err = problem.New(problem.Forbidden, "not yours")
	b.problem(b.ask("GET", "/v1/register", ""), 403, problem.Forbidden)
	b.desk.err = errInside
	require.NotContains(t, b.problem(b.ask("GET", "/v1/register", ""), 500, Internal).Detail, "db-7")

	b.desk.files = map[string][]byte{"export": []byte(strings.Repeat("x", 1<<20))}
	request, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/v1/register", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+anyone)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	require.True(t, errors.Is(err, io.ErrUnexpectedEOF), "%v", err)

	b = setup(t)
	b.problem(b.ask("GET", "/v1/register", ""), 503, problem.Unavailable)
}

// Slow readers cannot take every connection to the database.
func TestExportsTakeTurns(t *testing.T) {
	t.Parallel()
	b := setup(t, signs)
	begun, let := make(chan struct{}), make(chan struct{})
	b.desk.hold = func() { begun <- struct{}{}; <-let }
	done := make(chan int, mostExports)
	for range mostExports {
		go func() { done <- b.ask("GET", "/v1/register", "").StatusCode }()
		<-begun
	}
	p := b.problem(b.ask("GET", "/v1/register", ""), 503, problem.Unavailable)
	require.Contains(t, p.Detail, "under way")
	close(let)
	for range mostExports {
		require.Equal(t, 200, <-done)
	}
	b.desk.hold = nil
	require.Equal(t, 200, b.ask("GET", "/v1/register", "").StatusCode)
}
