package main

import (
	"os/exec"
	"syscall"
)

// endWithUs makes the kernel kill the command when the thread that starts it
// ends; main keeps that thread for as long as we live.
func endWithUs(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL }
