// Package upgradetest proves that this program takes over from every earlier
// one: testdata holds frozen states, each the database that an earlier commit
// left behind, and the tests open them with the current code.
//
// # The rule
//
// Every later change of schema, key, setting or payload adds its frozen state.
// Migrations only go forward: a frozen state is never edited, and never made
// again by a later commit.
//
// # What a state is
//
// testdata/COMMIT/sqlite and testdata/COMMIT/postgres each hold
//
//	database.gz        the SQLite file, or what pg_dump --inserts says
//	whatsapp.json.gz   the simulated WhatsApp: accounts, the paired devices,
//	                   what waits for them (whatsapptest.Server.Freeze)
//	chatwoot.json.gz   the simulated Chatwoot: every row and file
//	                   (chatwoottest.Server.Freeze)
//	manifest.json      the encryption key, the time, and what has to come of it
//
// A state has a line with every setting changed, lines paused for their token,
// for their inbox and by an admin, one that was deleted, and one whose Chatwoot
// holds messages that the database lacks; paired devices; links of customers,
// agents, the own phone, files and placeholders; and a job of every kind that is
// done, dead and waiting. The bridge wrote all of it by itself, except that three
// jobs were moved to a state that nothing from outside brings them into: see
// flip in freeze_test.go.
//
// # How it is opened
//
// The clock of a test stands some minutes after the freeze, so a state never
// becomes too old. The simulators listen at new ports; the test writes
// Chatwoot's new address into the lines and the payloads.
//
// # How a state is frozen
//
// With the commit that is to be frozen checked out, its working tree clean, and
// the name of that commit:
//
//	.ci/test-services go test ./bridge/upgradetest -run TestFreeze -freeze=b8bebbf
//
// b8bebbf was frozen so, by the first commit of this package: it differs from
// b8bebbf in this package and in the simulators only.
package upgradetest
