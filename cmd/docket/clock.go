package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/problem"
)

// clockCmd asks legal time directly, without a database or a server; adopting a rule is asked of the API.
type clockCmd struct {
	Explain clockExplainCmd `cmd:"" help:"Explain step by step, article by article, how an instant comes about."`
	Rules   clockRulesCmd   `cmd:"" help:"List and filter the rules of the pack, or say what another pack would change."`
	Adopt   clockAdoptCmd   `cmd:"" help:"Make a rule the company's own, or take that back, through the API."`
	Due     dueCmd          `cmd:"" help:"Say when duties are due: one JSON question a line on standard input, one JSON answer a line on standard output."`
}

// dueCmd answers questions of legal time. Lines that cannot be answered become error lines in their place.
type dueCmd struct{}

// longestQuestion is how long a line may be, in bytes. A real question has some hundreds.
const longestQuestion = 1 << 20

// unanswered is the error of a run in which some lines got no answer; the command line exits with 1.
type unanswered struct{ failed, asked int }

// Error implements error.
func (e *unanswered) Error() string {
	return fmt.Sprintf("%d of %d questions could not be answered; see their error lines", e.failed, e.asked)
}

// ExitCode is the process's exit code.
func (e *unanswered) ExitCode() int { return 1 }

// Run reads questions until the end of in and writes the answers to out in the same order. Empty lines are skipped.
// Answers are written as their questions come, so that a program may hold a conversation. It returns *unanswered if
// any line was refused, and a wrapped error if in or out breaks.
func (c *dueCmd) Run(in io.Reader, out io.Writer) error {
	pack, err := packs.Load()
	if err != nil {
		return fmt.Errorf("cannot load the rule pack: %w", err)
	}
	reader, writer := bufio.NewReaderSize(in, 64<<10), bufio.NewWriter(out)
	var count unanswered
	for {
		line, tooLong, err := readLine(reader)
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(fmt.Errorf("cannot read questions: %w", err), writer.Flush())
		}
		if len(bytes.TrimSpace(line)) > 0 || tooLong {
			count.asked++
			answer, answered := answerTo(pack, line, tooLong)
			if !answered {
				count.failed++
			}
			// A bufio.Writer keeps its first error and returns it from Flush.
			writer.Write(answer)
			writer.WriteByte('\n')
		}
		// The reader's buffer is empty when whoever asks is waiting for us.
		if err != nil || reader.Buffered() == 0 {
			if err := writer.Flush(); err != nil {
				return fmt.Errorf("cannot write answers: %w", err)
			}
		}
		if err != nil {
			break
		}
	}
	if count.failed > 0 {
		return &count
	}
	return nil
}

func answerTo(pack *packs.Pack, line []byte, tooLong bool) (answer []byte, answered bool) {
	if tooLong {
		return packs.FailureLine("", problem.New(problem.TooLarge, "the line is longer than %d bytes", longestQuestion)), false
	}
	return pack.AnswerLine(line)
}

// readLine reads one line. Of a line that is too long it reads all and keeps nothing, so that the next one is answered.
func readLine(reader *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := reader.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > longestQuestion; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
