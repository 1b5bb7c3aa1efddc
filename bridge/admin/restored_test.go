package admin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
)

// Admins read for a week that Chatwoot was restored, and what that means.
func TestT09_ARestoredChatwootIsANoticeForAWeek(t *testing.T) {
	t.Parallel()
	at := linetest.New(t, linetest.Options{})
	noticed := time.Date(2026, 11, 30, 18, 30, 0, 0, time.UTC)
	now := noticed
	l := &line{record: at.Inbox.Record()}
	s := admin.New(admin.Config{
		Store: at.Store, DB: at.DB, Journal: at.Journal, IDs: at.IDs, Lines: l, Log: at.Log, Clock: func() time.Time { return now },
	})
	notice := func() string {
		t.Helper()
		status, err := s.LineStatus(t.Context(), linetest.ID)
		require.NoError(t, err)
		return status.Notice
	}
	require.Empty(t, notice())
	l.notice = "Mind the inbox."
	require.Equal(t, "Mind the inbox.", notice())

	l.record.Restored = lines.Restored{At: noticed}
	require.Equal(t, "Mind the inbox. Chatwoot was restored from an older backup, which was noticed on 30 November 2026 18:30 UTC."+
		" What was written between that backup and its restoring is not in Chatwoot any more; it is on WhatsApp, and nothing is sent twice. This is shown for a week.", notice())
	l.record.Restored.LostSince, l.record.Restored.LostUntil = noticed.Add(-10*time.Hour), noticed.Add(-2*time.Hour)
	require.Contains(t, notice(), "What was written from 30 November 2026 08:30 UTC to 30 November 2026 16:30 UTC is not in Chatwoot any more")
	l.record.Settings.Timezone = "America/Sao_Paulo"
	require.Contains(t, notice(), "noticed on 30 November 2026 15:30 -03")
	l.record.Restored.LostUntil = l.record.Restored.LostSince
	require.Contains(t, notice(), "What was written on 30 November 2026 05:30 -03 is not")
	now = noticed.Add(7*24*time.Hour - time.Second)
	require.Contains(t, notice(), "restored")
	now = noticed.Add(7 * 24 * time.Hour)
	require.Equal(t, "Mind the inbox.", notice())
}
