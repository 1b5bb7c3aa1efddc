package bridge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// full lets nothing be written to a table until the returned function is called, as
// a full disk does; reading goes on.
func (w *world) full(table string) (room func()) {
	w.t.Helper()
	begin := `CREATE TRIGGER full_disk BEFORE UPDATE ON ` + table + ` BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`
	end := `DROP TRIGGER full_disk`
	if w.db.Dialect == database.Postgres {
		begin = `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
			CREATE TRIGGER full_disk BEFORE UPDATE ON ` + table + ` FOR EACH ROW EXECUTE FUNCTION full_disk()`
		end = `DROP TRIGGER full_disk ON ` + table + `; DROP FUNCTION full_disk()`
	}
	_, err := w.db.Exec(begin)
	require.NoError(w.t, err)
	return func() {
		_, err := w.db.Exec(end)
		require.NoError(w.t, err)
	}
}

// While nothing can be written, people are told so. That the phone is not linked they
// are told in no moment: they would link it again.
func TestT03_AFullDiskIsNotTakenForAMissingPhone(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		require.NoError(t, w.Stop())
		_, err := w.db.Exec(`UPDATE line SET jid = ''`) // as before a line was linked
		require.NoError(t, err)
		jid := w.phone.Companion().JID().String()
		w.configure = func(c *bridge.Config) { c.OwnerTTL = 2 * time.Second }
		w.start()
		_, err = w.db.Exec(`UPDATE line SET jid = $1`, jid)
		require.NoError(t, err)
		require.NoError(t, w.Stop())
		w.start()
		w.connected()
		room := w.full("line")
		seen := map[string]bool{}
		require.Eventually(t, func() bool {
			state, err := w.bridge.State(w.line)
			require.NoError(t, err)
			seen[state.Sentence] = true
			return state.Code == whatsapp.StateDisconnected && strings.Contains(state.Sentence, "database takes nothing in")
		}, patience, 5*time.Millisecond)
		require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond)
		status, err := w.bridge.LineStatus(context.Background(), w.line)
		require.NoError(t, err)
		require.Contains(t, status.LastError, "disk may be full")
		require.Equal(t, jid, status.State.JID)
		room()
		w.connected()
		for sentence := range seen {
			require.NotContains(t, sentence, "Not linked")
			require.NotContains(t, sentence, "Link the device")
		}
	})
}

// A phone that is linked while the database takes nothing in is remembered when it
// does.
func TestT03_APhoneThatIsLinkedMeanwhileIsRemembered(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		require.NoError(t, w.bridge.Logout(context.Background(), w.line))
		w.until("the end of the link", func(s whatsapp.State) bool { return s.Code == whatsapp.StateLoggedOut })
		require.Eventually(t, func() bool { return w.jid() == "" }, patience, 5*time.Millisecond)
		room := w.full("line")
		paired := make(chan error, 1) // the line may show what is wrong, and not that it is connected
		go func() { paired <- w.Pair(context.Background(), w.line, w.phone) }()
		require.Eventually(t, func() bool { return len(w.phone.Companions()) > 0 }, patience, 5*time.Millisecond)
		require.Empty(t, w.jid())
		room()
		require.NoError(t, <-paired)
		require.Eventually(t, func() bool { return w.jid() == w.phone.Companion().JID().String() }, patience, 5*time.Millisecond)
	})
}

func (w *world) jid() (jid string) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRow(`SELECT jid FROM line WHERE id = $1`, string(w.line)).Scan(&jid))
	return jid
}

// A probe of readiness writes: a database whose disk is full still answers.
func TestM1_ReadinessIsAskedOfADatabaseThatTakesSomethingIn(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		ready := func() error {
			w.pass(2 * time.Second)
			return w.bridge.Ready(t.Context())
		}
		require.NoError(t, ready())
		room := w.full("probe")
		require.ErrorContains(t, ready(), "the database does not answer")
		room()
		require.NoError(t, ready())
	})
}
