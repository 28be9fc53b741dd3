package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Problem is one variable that is wrong.
type Problem struct {
	// Variable is its full name.
	Variable string
	// Detail says what is wrong and what to write instead. It never repeats a secret.
	Detail string
}

// Problems are all the problems of a configuration at once.
type Problems []Problem

// Error implements error: one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, 0, len(p)+1)
	lines = append(lines, fmt.Sprintf("the configuration has %d problem(s):", len(p)))
	for _, problem := range p {
		lines = append(lines, "  "+problem.Variable+": "+problem.Detail)
	}
	return strings.Join(lines, "\n")
}

// Load reads and validates what serve and worker need from this process's
// environment. The error is a Problems with every problem in it.
func Load() (Config, error) { return Read(environment()) }

// LoadDatabase reads and validates what docket migrate needs: both roles of the
// database and nothing else. The error is a Problems.
func LoadDatabase() (Database, error) { return ReadDatabase(environment()) }

// Read is Load with the environment given.
func Read(environ map[string]string) (Config, error) {
	var c Config
	problems := fill(&c, environ)
	if len(problems) == 0 {
		problems = c.agree()
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	if c.Mail.HeloName == "" {
		c.Mail.HeloName = c.Bounce.Domain
	}
	return c, nil
}

// ReadDatabase is LoadDatabase with the environment given.
func ReadDatabase(environ map[string]string) (Database, error) {
	var d Database
	problems := fill(&d, environ)
	if d.OwnerDatabaseURL == "" && !problems.name(Prefix+"OWNER_DATABASE_URL") {
		problems = append(problems, Problem{Prefix + "OWNER_DATABASE_URL", "is not set; migrations run as the owner of the tables"})
	}
	if len(problems) == 0 {
		problems = d.agree()
	}
	if len(problems) > 0 {
		return Database{}, problems
	}
	return d, nil
}

func (p Problems) name(variable string) bool {
	return slices.ContainsFunc(p, func(problem Problem) bool { return problem.Variable == variable })
}

func environment() map[string]string {
	environ := map[string]string{}
	for _, line := range os.Environ() {
		name, value, _ := strings.Cut(line, "=")
		environ[name] = value
	}
	return environ
}

// fill sets every field of the struct that into points to, and checks each by its tags.
func fill(into any, environ map[string]string) Problems {
	variables := variablesOf(reflect.TypeOf(into).Elem())
	environ = maps.Clone(environ)
	if environ == nil {
		environ = map[string]string{}
	}
	var problems Problems
	for _, v := range variables {
		if err := v.prepare(environ); err != nil {
			problems = append(problems, Problem{v.Name, err.Error()})
			environ[v.Name] = v.Default
		}
	}
	if err := env.ParseWithOptions(into, env.Options{Environment: environ, Prefix: Prefix}); err != nil {
		for _, problem := range explain(into, variables, environ, err) {
			if !problems.name(problem.Variable) {
				problems = append(problems, problem)
			}
		}
	}
	value := reflect.ValueOf(into).Elem()
	for _, v := range variables {
		if problems.name(v.Name) {
			continue
		}
		if err := v.check(value.FieldByIndex(v.index)); err != nil {
			problems = append(problems, Problem{v.Name, err.Error()})
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return order(variables, a) - order(variables, b) })
	return problems
}

func order(variables []Variable, p Problem) int {
	return slices.IndexFunc(variables, func(v Variable) bool { return v.Name == p.Variable })
}

// prepare reads a secret from its file, and tidies a list: entries may stand on
// lines of their own and have spaces around them.
func (v Variable) prepare(environ map[string]string) error {
	if v.Secret {
		if path := environ[v.Name+"_FILE"]; path != "" {
			if environ[v.Name] != "" {
				return fmt.Errorf("is set twice; unset it or %s_FILE", v.Name)
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("cannot read its file: %w", err)
			}
			environ[v.Name] = strings.TrimSpace(string(content))
			if environ[v.Name] == "" {
				return fmt.Errorf("its file %s is empty", path)
			}
		}
	}
	if v.kind.Kind() == reflect.Slice {
		entries := strings.FieldsFunc(environ[v.Name], func(r rune) bool { return r == ',' || r == '\n' })
		for i := range entries {
			entries[i] = strings.TrimSpace(entries[i])
		}
		entries = slices.DeleteFunc(entries, func(entry string) bool { return entry == "" })
		environ[v.Name] = strings.Join(entries, ",")
	}
	return nil
}

// explain names the variable of every error of the parser. The parser names a
// variable that is missing, but of a value that it cannot read it names the Go
// field only; so every value is tried by itself.
func explain(into any, variables []Variable, environ map[string]string, err error) Problems {
	var problems Problems
	var all env.AggregateError
	if !errors.As(err, &all) {
		return Problems{{Prefix + "*", err.Error()}}
	}
	for _, one := range all.Errors {
		var missing env.VarIsNotSetError
		var empty env.EmptyVarError
		switch {
		case errors.As(one, &missing):
			problems = append(problems, Problem{missing.Key, "is not set"})
		case errors.As(one, &empty):
			problems = append(problems, Problem{empty.Key, "is empty"})
		}
	}
	for _, v := range variables {
		value, set := environ[v.Name]
		if !set {
			continue
		}
		alone := env.Options{Environment: map[string]string{v.Name: value}, Prefix: Prefix}
		if unreadable(env.ParseWithOptions(reflect.New(reflect.TypeOf(into).Elem()).Interface(), alone)) {
			problems = append(problems, Problem{v.Name, "cannot be read; " + v.example()})
		}
	}
	return problems
}

func unreadable(err error) bool {
	var all env.AggregateError
	return errors.As(err, &all) && slices.ContainsFunc(all.Errors, func(one error) bool {
		var parse env.ParseError
		return errors.As(one, &parse)
	})
}

// example says how a value of this kind is written.
func (v Variable) example() string {
	switch {
	case v.kind == reflect.TypeFor[time.Duration]():
		return "write a duration such as 30s or 5m"
	case v.kind.Kind() == reflect.Bool:
		return "write true or false"
	case v.kind.Name() == "Level":
		return "write debug, info, warn or error"
	case v.kind.Kind() == reflect.Slice:
		return "write networks such as 10.0.0.0/8, comma-separated"
	default:
		return "write a whole number"
	}
}
