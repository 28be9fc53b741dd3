package packs

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

// Answer says when a duty is due, as one line of `docket clock due`. Instants are RFC 3339 in the zone that was
// asked for, with its offset.
type Answer struct {
	// ID is the question's.
	ID string `json:"id"`
	// Target is the strict reading, or an internal target, which then is called so in Why.
	Target *string `json:"target"`
	// Limit is the last permitted instant; null where the law or the agreement gives none.
	Limit *string `json:"limit"`
	// RuleVersion is the version of the pack.
	RuleVersion string `json:"rule_version"`
	// Why tells step by step how the instants came about, in the order of the steps.
	Why []Reason `json:"why"`
	// Internal and Provisional are as in clock.Result; a line tells them in Why.
	Internal    bool `json:"-"`
	Provisional bool `json:"-"`
}

// Reason is one step of an explanation, with its instant in the asked zone.
type Reason struct {
	// Text is one sentence.
	Text string `json:"text"`
	// Cite is the provision it rests on, if it rests on one.
	Cite string `json:"cite,omitempty"`
	// Instant is the instant that the step arrives at, if it arrives at one.
	Instant *string `json:"instant,omitempty"`
}

// Failure is the line that stands in an answer's place.
type Failure struct {
	// ID is the question's, or "" if the line did not show one.
	ID string `json:"id"`
	// Error is the refusal.
	Error FailureError `json:"error"`
}

// FailureError is why a question got no answer.
type FailureError struct {
	// Code is the kind of refusal.
	Code problem.Code `json:"code"`
	// Field is the member of the question that was refused, or "" for the line as a whole.
	Field string `json:"field"`
	// Detail names the remedy.
	Detail string `json:"detail"`
}

// Answer computes what was asked. A refusal is a *problem.Error that names the member of the question.
func (p *Pack) Answer(question Question) (Answer, error) {
	request, err := p.request(question)
	if err != nil {
		return Answer{}, err
	}
	result, err := clock.Compute(request)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{
		ID:          question.ID,
		Target:      instant(&result.Target, request.Zone),
		Limit:       instant(result.Limit, request.Zone),
		RuleVersion: result.RuleVersion,
		Internal:    result.Internal,
		Provisional: result.Provisional,
	}
	for _, step := range result.Why {
		answer.Why = append(answer.Why, Reason{Text: step.Text, Cite: step.Cite, Instant: instant(step.Instant, request.Zone)})
	}
	return answer, nil
}

// AnswerLine turns one JSON question into one JSON line without its newline, and says whether it was answered; if not,
// the line is a Failure. It is all that `docket clock due` does with a line.
func (p *Pack) AnswerLine(line []byte) (out []byte, answered bool) {
	question, err := ParseQuestion(line)
	if err != nil {
		return FailureLine(question.ID, err), false
	}
	answer, err := p.Answer(question)
	if err != nil {
		return FailureLine(question.ID, err), false
	}
	return encode(answer), true
}

// FailureLine is the line for a question that cannot be answered. What is wrong inside the program and not with
// the question is shown as unavailable.
func FailureLine(id string, err error) []byte {
	refusal, ok := errors.AsType[*problem.Error](err)
	if !ok {
		refusal = problem.New(problem.Unavailable, "%v", err)
	}
	return encode(Failure{ID: id, Error: FailureError{Code: refusal.Code, Field: refusal.Field, Detail: refusal.Detail}})
}

// encode writes an answer or a failure, whose fields are text only and so never fail to encode.
func encode(value any) []byte {
	line, err := json.Marshal(value)
	if err != nil {
		panic("packs: cannot encode an answer: " + err.Error())
	}
	return line
}

// instant writes an instant in a zone, with a fraction of a second only if there is one; the end of a day, which is its
// last microsecond, is written as its last second. Before clocks were standardised some zones stood at odd seconds,
// which RFC 3339 cannot say: such an instant is written in UTC.
func instant(at *time.Time, zone *time.Location) *string {
	if at == nil {
		return nil
	}
	local := at.In(zone)
	if local.Add(time.Microsecond).Truncate(time.Second).After(local) {
		local = local.Truncate(time.Second)
	}
	if _, offset := local.Zone(); offset%60 != 0 {
		local = local.UTC()
	}
	text := local.Format(time.RFC3339Nano)
	return &text
}
