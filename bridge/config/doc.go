// Package config reads what an admin sets: environment variables that begin
// with WOOTBRIDGE_, each secret also from a file (…_FILE).
//
// All faults are found at once, and each names the variable, its value unless
// it is secret, and what would be right. A Config is a value; once loaded it
// does not change.
package config
