package bridge_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A contact has the person's picture, and the next one when it changes; messages do not
// wait for it.
func TestAContactHasItsProfilePicture(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		first := sampleJPEG(t)
		w.alice.SetPicture(first)
		talking(w)
		shows := func(content []byte) {
			t.Helper()
			sum := sha256.Sum256(content)
			require.Eventually(t, func() bool {
				for _, c := range w.desk.Contacts() {
					if c.Avatar == hex.EncodeToString(sum[:]) {
						return true
					}
				}
				return false
			}, patience, 5*time.Millisecond)
		}
		shows(first)
		second := append(sampleJPEG(t), "changed"...)
		w.alice.SetPicture(second)
		shows(second)
		w.alice.SetPicture(nil)
		require.Eventually(t, func() bool { return w.desk.Contacts()[0].Avatar == "" }, patience, 5*time.Millisecond)
		w.settled()
		require.Len(t, w.desk.incoming(), 1)
	}, byWebhook)
}
