// Package signalsession repairs what the Signal library writes of a session.
//
// The record of a session with one device holds its current state and earlier
// ones: two people who begin to write at once begin two sessions, and each may go
// on in either. A message is tried with the current state, then with the others.
// The library steps the ratchet of each state that it tries in place, whether
// or not the message turns out to be of that state, and then stores them all:
// the states of the other sessions are broken from then on, and what comes in
// them cannot be read. The reference implementation tries on copies.
//
// Its functions are pure: records in, records out.
package signalsession
