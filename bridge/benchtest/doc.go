// Package benchtest measures the bridge against the bare parts it is made of,
// in one run on one machine: the bridge and its baseline take turns, and what
// counts is the ratio of the two.
//
//	make bench              all figures, written to docs/benchmarks.md
//	make bench SCALE=0.2    fewer messages, in a few minutes
//	make bench FIGURE=receive
//
// The bridge runs in the benchmark's process, between a simulated WhatsApp and
// a simulated Chatwoot, with all that belongs to it; only for memory and processor
// time it is the built program in a process of its own. What the simulators cost is in both
// sides of a ratio. Send pacing is off.
package benchtest
