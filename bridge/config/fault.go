package config

import "strings"

// Fault is one thing that is wrong.
type Fault struct {
	Variable string
	Value    string // hidden if it is a secret
	Want     string // what would be right
}

// Error implements error.
func (f Fault) Error() string {
	if f.Value == "" {
		return f.Variable + " is not set; want " + f.Want
	}
	return f.Variable + " is " + f.Value + "; want " + f.Want
}

// Faults is everything that is wrong with a configuration.
type Faults []Fault

// Error implements error.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}
