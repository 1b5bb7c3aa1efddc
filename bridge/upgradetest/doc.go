// Package upgradetest proves that this program takes over from every earlier one:
// testdata holds frozen states, each the database that an earlier commit left
// behind, and TestFrozenStates opens them with the current code on both databases.
// Everything is read, and what waited arrives exactly once.
//
// The rule: every later change of schema, key, setting or payload adds its frozen
// state. Migrations only go forward: a frozen state is never edited, and never made
// again by a later commit. testdata/README.md says what a state is and how one is
// frozen.
//
// The test's clock stands some minutes after the freeze, so that a state never
// becomes too old. The package has tests only; they start and end the simulators
// and the bridge.
package upgradetest
