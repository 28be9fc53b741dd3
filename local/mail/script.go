package mail

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Rule scripts how recipients are answered. The first rule that matches decides.
type Rule struct {
	// To is an address, a domain, or a pattern of either with * in it; "*" is everybody.
	// Before a recipient is known (At greeting or mail) only "*" can match.
	To string `json:"to"`
	// At is the stage whose answer is scripted; "" is rcpt for replies, and data
	// for what has to do with the message itself.
	At Stage `json:"at,omitempty"`
	// Answers are given one for each attempt, counted for each recipient:
	//
	//	"550 5.1.1 no such user"   this reply (421 also closes the connection)
	//	"250"                      what an obliging server would do
	//	"cut_before_250"           take and keep the message, close without an answer
	//	"cut_at_data"              close after DATA was invited, keep nothing
	//	"cut"                      close at this stage
	//	"silent"                   say nothing; at data, take and keep the message first
	//	"silent_greeting"          accept the connection, say nothing
	//	"slow:5s"                  answer 250 only after that long; data if At is ""
	Answers []string `json:"answers"`
	// Then is the answer when Answers are used up; "" repeats the last of them.
	Then string `json:"then,omitempty"`
}

// Stage is a point of an SMTP session.
type Stage string

// The stages at which a rule can answer.
const (
	AtGreeting Stage = "greeting"
	AtMail     Stage = "mail"
	AtRcpt     Stage = "rcpt"
	AtData     Stage = "data"
)

// act is one scripted answer.
type act struct {
	kind  actKind
	at    Stage
	reply *smtp.SMTPError
	delay time.Duration
}

type actKind int

const (
	oblige actKind = iota // the zero act: be an obliging server
	reply
	cut          // close now
	cutUnread    // close after the invitation to send data
	cutUnreplied // keep the message, then close
	silent
	slow
)

// script is the rules in force, with how far each recipient has come in them.
type script struct {
	mu    sync.Mutex
	rules []*scripted
}

type scripted struct {
	Rule
	at    Stage
	acts  []act
	then  *act
	count map[string]int
}

// customs are what addresses mean where no rule matches, so that samples need no script.
var customs = []Rule{
	{To: "refuses@*", Answers: []string{"550 5.1.1 no such user here"}},
	{To: "defers@*", Answers: []string{"451 4.2.0 greylisted, try again later", "451 4.2.0 greylisted, try again later"}, Then: "250"},
}

// compile reads rules, or says which one is wrong and why.
func compile(rules []Rule) ([]*scripted, error) {
	compiled := make([]*scripted, 0, len(rules))
	for i, rule := range rules {
		c, err := compileRule(rule)
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
		compiled = append(compiled, c)
	}
	return compiled, nil
}

func compileRule(rule Rule) (*scripted, error) {
	c := &scripted{Rule: rule, at: rule.At, count: map[string]int{}}
	if len(rule.Answers) == 0 {
		return nil, fmt.Errorf("answers: at least one is needed")
	}
	if c.at == "" && strings.HasPrefix(rule.Answers[0], "silent_greeting") {
		c.at = AtGreeting
	}
	switch c.at {
	case "", AtRcpt, AtData:
	case AtGreeting, AtMail:
		if rule.To != "*" && rule.To != "" {
			return nil, fmt.Errorf("to: no recipient is known at %s, use \"*\"", c.at)
		}
		c.To = "*"
	default:
		return nil, fmt.Errorf("at: %q is not greeting, mail, rcpt or data", rule.At)
	}
	if _, err := path.Match(c.To, ""); err != nil || c.To == "" {
		return nil, fmt.Errorf("to: %q is not an address, a domain or a pattern", rule.To)
	}
	for _, text := range rule.Answers {
		a, err := parseAct(text, c.at)
		if err != nil {
			return nil, err
		}
		c.acts = append(c.acts, a)
	}
	if rule.Then != "" {
		a, err := parseAct(rule.Then, c.at)
		if err != nil {
			return nil, err
		}
		c.then = &a
	}
	return c, nil
}

// replyForm is a reply as SMTP writes it, with the enhanced code optional.
var replyForm = regexp.MustCompile(`^([245]\d\d)(?:[ -]([245])\.(\d{1,3})\.(\d{1,3}))?(?: (.*))?$`)

// parseAct reads one answer. at is the rule's stage, "" for the answer's own.
func parseAct(text string, at Stage) (act, error) {
	late := at == "" || at == AtData // the message itself can be dealt with
	switch {
	case text == "cut":
		return act{kind: cut, at: or(at, AtRcpt)}, nil
	case text == "cut_at_data" && late:
		return act{kind: cutUnread, at: AtData}, nil
	case text == "cut_before_250" && late:
		return act{kind: cutUnreplied, at: AtData}, nil
	case text == "silent", text == "silent_greeting" && at == AtGreeting:
		return act{kind: silent, at: or(at, AtData)}, nil
	case strings.HasPrefix(text, "slow:"):
		delay, err := time.ParseDuration(strings.TrimPrefix(text, "slow:"))
		if err != nil || delay <= 0 {
			return act{}, fmt.Errorf("answers: %q needs a duration such as slow:5s", text)
		}
		return act{kind: slow, at: or(at, AtData), delay: delay}, nil
	}
	parts := replyForm.FindStringSubmatch(text)
	if parts == nil {
		return act{}, fmt.Errorf("answers: %q is neither a reply such as \"451 4.2.0 later\" nor an action that fits this stage", text)
	}
	code, _ := strconv.Atoi(parts[1])
	if code < 300 {
		return act{}, nil
	}
	answer := &smtp.SMTPError{Code: code, Message: parts[5]}
	for i := range answer.EnhancedCode {
		answer.EnhancedCode[i], _ = strconv.Atoi(parts[2+i])
	}
	if answer.Message == "" {
		answer.Message = "as scripted"
	}
	return act{kind: reply, at: or(at, AtRcpt), reply: answer}, nil
}

func or(at, usual Stage) Stage {
	if at == "" {
		return usual
	}
	return at
}

// next is the answer for this attempt. Rules about recipients count when the
// recipient is named; what is due at data is kept by the session until then.
func (s *script) next(stage Stage, recipient string) act {
	recipient = strings.ToLower(recipient)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rule := range s.rules {
		ofRecipients := rule.at != AtGreeting && rule.at != AtMail
		if ofRecipients != (stage == AtRcpt) || (!ofRecipients && rule.at != stage) || !rule.matches(recipient) {
			continue
		}
		return rule.take(recipient)
	}
	return act{}
}

func (r *scripted) matches(recipient string) bool {
	pattern := strings.ToLower(r.To)
	if pattern == "*" {
		return true
	}
	if !strings.Contains(pattern, "@") {
		recipient = recipient[strings.LastIndexByte(recipient, '@')+1:]
	}
	ok, _ := path.Match(pattern, recipient)
	return ok
}

func (r *scripted) take(recipient string) act {
	if len(r.acts) == 1 && r.then == nil {
		return r.acts[0] // nothing to count
	}
	n := r.count[recipient]
	if n < len(r.acts) {
		r.count[recipient] = n + 1
		return r.acts[n]
	}
	if r.then != nil {
		return *r.then
	}
	return r.acts[len(r.acts)-1]
}

// replace puts other rules in force, in front of the customs.
func (s *script) replace(rules []Rule) error {
	compiled, err := compile(rules)
	if err != nil {
		return err
	}
	usual, err := compile(customs)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(compiled, usual...)
	return nil
}

// add puts rules behind those in force, which keep their counts.
func (s *script) add(rules []Rule) error {
	compiled, err := compile(rules)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	given := len(s.rules) - len(customs)
	s.rules = slices.Insert(slices.Clone(s.rules), given, compiled...)
	return nil
}

// current are the rules that were given, without the customs.
func (s *script) current() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := []Rule{}
	for _, rule := range s.rules[:len(s.rules)-len(customs)] {
		rules = append(rules, rule.Rule)
	}
	return rules
}
