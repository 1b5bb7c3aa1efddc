//go:build !unix

package convert

import "os/exec"

// inOwnGroup leaves the program to be ended alone: there are no groups here.
func inOwnGroup(*exec.Cmd) {}

// confine has no limits here beside the time.
func confine(*exec.Cmd, int64) error { return nil }
