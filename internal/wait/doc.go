// Package wait has the two things that everything here does between attempts:
// sleep until a time or the end of a context, and grow the pause with each
// failure. It is the only package of ours that chatwoot, whatsapp and bridge
// share; it knows none of them, starts no goroutine and keeps no state.
package wait
