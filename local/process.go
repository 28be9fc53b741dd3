package local

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a child, or one that an earlier process of ours left behind.
type process struct {
	pid    int
	handle *os.Process
	// done is closed when it has ended; err may be read then (nil for an adopted one).
	done chan struct{}
	err  error
}

// launch starts cmd. The thread that starts it waits for it, too: a signal that
// the kernel sends at the parent's death (dieWithParent) is tied to that thread,
// not to the process.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid, p.handle = cmd.Process.Pid, cmd.Process
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// adopt watches a process that is not our child.
func adopt(pid int) (*process, error) {
	handle, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("cannot find process %d: %w", pid, err)
	}
	p := &process{pid: pid, handle: handle, done: make(chan struct{})}
	if p.gone() {
		return nil, fmt.Errorf("process %d has ended", pid)
	}
	go func() {
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for range look.C {
			if p.gone() {
				close(p.done)
				return
			}
		}
	}()
	return p, nil
}

// gone also counts a zombie as gone: nobody may be there to reap it.
func (p *process) gone() bool {
	return p.handle.Signal(syscall.Signal(0)) != nil || isZombie(p.pid)
}

// signal sends sig; to a process that has ended it does nothing.
func (p *process) signal(sig syscall.Signal) { _ = p.handle.Signal(sig) }
