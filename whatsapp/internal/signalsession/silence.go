package signalsession

import (
	"sync"

	"go.mau.fi/libsignal/logger"
)

// Silence stops the Signal library from printing to standard output: what it
// says it also returns as errors. Its logger is a variable that is read without a
// lock, so everybody who uses the library calls this first.
var Silence = sync.OnceFunc(func() {
	var log logger.Loggable = silent{}
	logger.Setup(&log)
})

type silent struct{}

func (silent) Debug(string, string)   {}
func (silent) Info(string, string)    {}
func (silent) Warning(string, string) {}
func (silent) Error(string, string)   {}
func (silent) Configure(string)       {}
