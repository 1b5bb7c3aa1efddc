package whatsapp_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The library goes on to the next device when one cannot be encrypted for, and
// sends what is left, if need be to nobody. A database that was away for that
// moment made a message pass for sent which had reached nobody; the kill test
// with a Postgres that crashes found it.
func TestAMessageDoesNotLeaveWhileTheStoreFails(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"whatsmeow_identity_keys", "whatsmeow_sessions", "whatsmeow_retry_buffer"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			db := openSQLite(t)
			w := newWorldAt(t, whatsapptest.New(whatsapptest.Options{}), openStore(t, db, "sqlite"))
			w.pair()
			require.NoError(t, w.trySend(w.alice, "3EB0FIRST")) // there is a session from now on
			var left atomic.Int64
			w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
				if e.Is(whatsapptest.StanzaIn, "message") && e.Attr("category") != "peer" {
					left.Add(1)
				}
				return whatsapptest.Action{}
			})

			_, err := db.Exec(`ALTER TABLE ` + table + ` RENAME TO away`)
			require.NoError(t, err)
			require.Error(t, w.trySend(w.alice, "3EB0SECOND"))
			require.Zero(t, left.Load())

			_, err = db.Exec(`ALTER TABLE away RENAME TO ` + table)
			require.NoError(t, err)
			w.sendUntilTaken(w.alice, "3EB0SECOND", "3EB0SECOND")
			require.NoError(t, must(w.alice.WaitText(patience, "3EB0SECOND")))
			require.Equal(t, []string{"3EB0FIRST", "3EB0SECOND"}, w.alice.Texts())
		})
	}
}
