package reconcile

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Everybody who may post can put the bridge's mark on a message. It stops nothing.
func TestL10_AnAgentsMessageWithTheBridgesMarkStopsNoComparison(t *testing.T) {
	t.Parallel()
	agent := map[string]any{"id": 5, "type": "user"}
	for name, imitation := range map[string]map[string]any{
		"by an agent":              {"message_type": 1, "sender": agent, "source_id": "WAID:3EB0AAAA"},
		"as if typed on the phone": {"message_type": 1, "sender": agent, "source_id": "WAID:3EB0AAAA", "content_attributes": map[string]any{"external_echo": true}},
		"that failed":              {"message_type": 1, "sender": agent, "source_id": "WAID:x", "status": "failed"},
		"with nothing behind":      {"message_type": 1, "sender": agent, "source_id": "WAID:"},
		"with spaces":              {"message_type": 1, "sender": agent, "source_id": "WAID: '; DROP TABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &desk{}
				s := newStand(t, d, NewShared(time.Now), 1)
				time.Sleep(4 * time.Hour)
				c := d.add(1)
				s.knows(c)
				m := maps.Clone(imitation)
				m["content"] = "imitated"
				if m["status"] == nil {
					m["status"] = "sent"
				}
				d.post(c, m, 2*time.Hour)
				missing := d.write(c, time.Hour)
				s.afterGap()
				require.Zero(t, s.mark().Foreign)
				require.Equal(t, []int{missing}, s.journaled())
				require.Equal(t, 1, count(d.questions(), func(q question) bool { return q.path == "/api/v1/profile" }), "one question")
			})
		})
	}
}

// What bears the mark and was written while the bridge listened, in whosever name, is
// none that the ledger has lost.
func TestL10_AMarkThatAppearsWhileTheBridgeListensStopsNoComparison(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		c := d.add(1)
		s.knows(c)
		s.Cadence = func() time.Duration { return 90 * time.Minute }
		s.lives(func() {
			time.Sleep(time.Minute)
			d.post(c, map[string]any{"message_type": 0, "status": "sent", "source_id": "WAID:UNKNOWN"}, 0)
			time.Sleep(time.Hour)
			missing := d.write(c, 0)
			time.Sleep(time.Hour)
			require.Zero(t, s.mark().Foreign)
			require.Equal(t, []int{missing}, s.journaled())
		})
	})
}

// The line's own messages, in its owner's name, still show that the ledger is not
// the one it was.
func TestL10_WhatALostLedgerPostedStillStopsComparisons(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]map[string]any{
		"a customer's":       {"message_type": 0, "source_id": "WAID:3EB0AAAA", "sender": map[string]any{"id": 5, "type": "contact"}},
		"of the own phone":   {"message_type": 1, "source_id": "WAID:3EB0AAAA", "sender": map[string]any{"id": tokenOwner, "type": "user"}},
		"signed by the bot":  {"message_type": 1, "source_id": "WAID:3EB0AAAA", "sender": map[string]any{"id": 5, "type": "agent_bot"}},
		"without any sender": {"message_type": 1, "source_id": "WAID:3EB0AAAA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &desk{}
				s := newStand(t, d, NewShared(time.Now), 1)
				time.Sleep(4 * time.Hour)
				c := d.add(1)
				s.knows(c)
				m := maps.Clone(own)
				m["status"], m["content"] = "sent", "ours"
				d.post(c, m, 2*time.Hour)
				d.write(c, time.Hour)
				s.afterGap()
				require.EqualValues(t, 1, s.mark().Foreign)
				require.NotEqual(t, int64(lines.ForeignConfirmed), s.mark().Foreign)
				require.Empty(t, s.journaled())
			})
		})
	}
}
