// Package visible tells characters that show something from those that do not:
// a name of blanks is no name, whoever gave it. It is pure.
package visible
