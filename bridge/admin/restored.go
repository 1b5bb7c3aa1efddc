package admin

import (
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

const (
	// restoredShown is for how long people are told that Chatwoot was restored.
	restoredShown = 7 * 24 * time.Hour
	// moment is how times are written for them.
	moment = "2 January 2006 15:04 MST"
)

// restoredSentence tells of a Chatwoot that was restored from a backup a while ago, or
// is "".
func restoredSentence(record lines.Line, now time.Time) string {
	restored := record.Restored
	if restored.At.IsZero() || now.Sub(restored.At) >= restoredShown {
		return ""
	}
	in := func(t time.Time) string { return t.In(record.Settings.Location("")).Format(moment) }
	lost := "What was written between that backup and its restoring"
	if from, to := in(restored.LostSince), in(restored.LostUntil); !restored.LostSince.IsZero() {
		lost = "What was written from " + from + " to " + to
		if from == to {
			lost = "What was written on " + from
		}
	}
	return fmt.Sprintf("Chatwoot was restored from an older backup, which was noticed on %s. %s is not in Chatwoot any more; it is on WhatsApp, and nothing is sent twice. This is shown for a week.", in(restored.At), lost)
}

// both joins two sentences, of which either may be "".
func both(first, second string) string { return strings.TrimSpace(first + " " + second) }
