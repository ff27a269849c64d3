//go:build !linux

package main

import (
	"errors"
	"os"
	"syscall"
)

// errNoSandbox is the error of a system that cannot keep a program apart.
var errNoSandbox = errors.New("this system has no sandbox that the grader knows")

type confinement struct {
	read, write []string
	run         bool
	become      string
}

func confine(c confinement) error {
	if os.Getenv("DESCENT_UNSAFE") != "" {
		return nil
	}
	return errNoSandbox
}

func probe() error { return errNoSandbox }

func runNative(file, _ string) error {
	if err := confine(confinement{become: file}); err != nil {
		return err
	}
	return syscall.Exec(file, []string{"worker"}, nil)
}
