package bridge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
)

// A line whose phone has been offline for twelve days says when WhatsApp unlinks it,
// also after a restart, until the phone is there again.
func TestAPhoneThatWasOfflineForLongIsWarnedOf(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		var seen int64
		require.Eventually(t, func() bool {
			require.NoError(t, w.db.QueryRow(`SELECT phone_seen FROM line WHERE id = $1`, string(w.line)).Scan(&seen))
			return seen > 0
		}, patience, 5*time.Millisecond, "it is known when the phone was there")
		require.NoError(t, w.Stop())
		w.phone.SetPhoneOff(true)
		silent := time.Now().Add(-13 * 24 * time.Hour)
		w.exec(`UPDATE line SET phone_seen = $1 WHERE id = $2`, silent.UnixMilli(), string(w.line))
		w.start()
		w.until("the warning", func(s whatsapp.State) bool {
			return s.Code == whatsapp.StateConnected && strings.Contains(s.Sentence, "last online on "+silent.UTC().Format(time.DateOnly))
		})
		status, err := w.bridge.LineStatus(t.Context(), w.line)
		require.NoError(t, err)
		require.Contains(t, status.LastError, "WhatsApp unlinks this line")
		require.Eventually(t, func() bool {
			var asked int64
			require.NoError(t, w.db.QueryRow(`SELECT phone_asked FROM line WHERE id = $1`, string(w.line)).Scan(&asked))
			return asked > 0
		}, patience, 5*time.Millisecond, "the phone was asked")
		w.phone.SetPhoneOff(false)
		w.phone.TypeText(w.alice, "from the phone")
		w.until("the end of the warning", func(s whatsapp.State) bool { return s.Sentence == "Connected to WhatsApp." })
	})
}
