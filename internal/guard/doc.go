// Package guard keeps a panic of foreign code, or of a converter that met
// foreign bytes, from ending more than the call that it happened in. It starts
// no goroutine; a Guard may be used by several at once.
package guard
