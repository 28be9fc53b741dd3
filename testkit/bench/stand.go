package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
)

// stand stands in for a test, so that a program can use what tests start: the first failure ends it, and what was
// put off to the end is done in either case.
type stand struct {
	testing.TB // nil: whatever is not below does not occur outside a test

	ctx    context.Context
	ending []func()
	failed bool
}

// Helper implements testing.TB.
func (*stand) Helper() {}

// Name implements testing.TB.
func (*stand) Name() string { return "bench" }

// Context implements testing.TB.
func (s *stand) Context() context.Context { return s.ctx }

// Cleanup implements testing.TB.
func (s *stand) Cleanup(f func()) { s.ending = append(s.ending, f) }

// Failed implements testing.TB.
func (s *stand) Failed() bool { return s.failed }

// Logf implements testing.TB.
func (*stand) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Errorf implements testing.TB.
func (s *stand) Errorf(format string, args ...any) {
	s.failed = true
	s.Logf(format, args...)
}

// FailNow implements testing.TB.
func (s *stand) FailNow() {
	s.failed = true
	runtime.Goexit()
}

// run calls f and then, last first, what it put off. It answers whether all of it went well.
func (s *stand) run(f func()) bool {
	for _, step := range []func(){f, s.end} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			step()
		}()
		<-done
	}
	return !s.failed
}

func (s *stand) end() {
	for len(s.ending) > 0 {
		last := s.ending[len(s.ending)-1]
		s.ending = s.ending[:len(s.ending)-1]
		last()
	}
}
