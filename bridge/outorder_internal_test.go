package bridge

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

func outJob(kind string, id int, created time.Time) journal.Job {
	return journal.Job{ID: int64(id), Kind: kind, Created: created, Payload: fmt.Appendf(nil, `{"event":"message_created","id":%d}`, id)}
}

func TestD24_TheLowestIDLeavesFirst(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, test := range map[string]struct {
		jobs []journal.Job
		want chatwoot.MessageID
	}{
		"in order":            {[]journal.Job{outJob(jobCreated, 1, now), outJob(jobCreated, 2, now)}, 1},
		"swapped":             {[]journal.Job{outJob(jobCreated, 2, now), outJob(jobCreated, 1, now)}, 1},
		"past a deletion":     {[]journal.Job{outJob(jobCreated, 3, now), outJob(jobDeleted, 9, now), outJob(jobCreated, 1, now)}, 1},
		"a deletion in front": {[]journal.Job{outJob(jobDeleted, 9, now), outJob(jobCreated, 1, now)}, 9},
		"a retry keeps its place": {
			[]journal.Job{outJob(jobRetry, 7, now), outJob(jobCreated, 1, now)}, 7,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids := messageIDs{}
			require.Equal(t, test.want, ids.of(ids.lowest(test.jobs)))
		})
	}
}

// However many wait: while the bridge was away some webhooks came through, and a
// pass has found the others, which are older.
func TestD24_TheLowestIDLeavesFirstHoweverManyWait(t *testing.T) {
	t.Parallel()
	const waiting = 300
	r := newScheduler(t, &scriptedDesk{})
	lane := journal.LaneKey{Line: string(r.line.ID), Chat: "chat", Dir: journal.Out}
	for id := waiting; id > 0; id-- {
		job := outJob(jobCreated, id, time.Now())
		appended, err := r.b.journal.Append(t.Context(), journal.Entry{Lane: lane, Dedupe: fmt.Sprint(id), Kind: job.Kind, Payload: job.Payload, At: time.Now()})
		require.NoError(t, err)
		require.True(t, appended)
	}
	lease, err := r.b.journal.Claim(t.Context(), journal.Filter{Dir: journal.Out})
	require.NoError(t, err)
	ids := messageIDs{}
	for want := range waiting {
		jobs, err := lease.Next(t.Context(), math.MaxInt32)
		require.NoError(t, err)
		job := ids.lowest(jobs)
		require.EqualValues(t, 1+want, ids.of(job))
		require.NoError(t, lease.Done(t.Context(), job, nil))
	}
}

func TestD24_LateWebhooksAreNoticedAndForgotten(t *testing.T) {
	t.Parallel()
	var lag webhookLag
	start := time.Now()
	require.False(t, lag.late(start))
	lag.note(start, start.Add(lateWebhook))
	require.False(t, lag.late(start.Add(lateWebhook)), "a second is no delay")
	lag.note(start, start.Add(lateWebhook+time.Millisecond))
	require.True(t, lag.late(start.Add(10*time.Second)))
	require.False(t, lag.late(start.Add(lateFor+2*time.Second)))
	lag.note(time.Time{}, start)
	require.False(t, lag.late(start.Add(lateFor+2*time.Second)), "an event without a time says nothing")

	require.False(t, lag.sent("chat", 5))
	require.True(t, lag.sent("chat", 4))
	require.False(t, lag.sent("other", 4))
	require.Equal(t, chatwoot.MessageID(5), lag.last("chat"))
}

func TestD08_ALaneRestsUntilSomethingIsToBeShown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	fresh, old := outJob(jobCreated, 1, now.Add(-10*time.Second)), outJob(jobCreated, 1, now.Add(-2*time.Hour))
	for name, test := range map[string]struct {
		jobs   []journal.Job
		maxAge time.Duration
		want   time.Duration
	}{
		"until the bubble turns red": {[]journal.Job{fresh}, 24 * time.Hour, 50 * time.Second},
		"shown already":              {[]journal.Job{old}, 24 * time.Hour, offlineLook},
		"the next one turns red":     {[]journal.Job{old, fresh}, 24 * time.Hour, 50 * time.Second},
		"until it is too old":        {[]journal.Job{old}, 2*time.Hour + 5*time.Second, 5*time.Second + time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, restFor(test.jobs[0], test.jobs, test.maxAge, now))
		})
	}
	require.False(t, expired(old, 2*time.Hour, now))
	require.True(t, expired(old, 2*time.Hour-time.Second, now))
	require.False(t, expired(outJob(jobDeleted, 1, now.Add(-time.Hour)), time.Minute, now), "a deletion is never too late")
}

func TestD08_TheTimeIsTheAgents(t *testing.T) {
	t.Parallel()
	paulo, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	require.Equal(t, "14:32", clockTime(time.Date(2026, 3, 2, 17, 32, 0, 0, time.UTC), now.Add(6*time.Hour), paulo))
	require.Equal(t, "2026-03-03 09:00", clockTime(now.Add(48*time.Hour), now, paulo))
}

func TestABubbleNeverGoesBack(t *testing.T) {
	t.Parallel()
	link := func(s idmap.Status) idmap.Link { return idmap.Link{Status: s, Direction: idmap.FromAgent} }
	sent := func(shown idmap.Status) idmap.AgentMessage {
		return idmap.AgentMessage{State: idmap.AgentSent, Shown: shown}
	}
	for name, test := range map[string]struct {
		links []idmap.Link
		known idmap.AgentMessage
		want  idmap.Status // empty = nothing to show
	}{
		"no parts":                      {nil, idmap.AgentMessage{}, ""},
		"sent is Chatwoot's own":        {[]idmap.Link{link(idmap.Sent)}, sent(""), ""},
		"sent clears a red bubble":      {[]idmap.Link{link(idmap.Sent)}, sent(idmap.Failed), idmap.Sent},
		"delivered":                     {[]idmap.Link{link(idmap.Delivered)}, sent(""), idmap.Delivered},
		"read":                          {[]idmap.Link{link(idmap.Read)}, sent(idmap.Delivered), idmap.Read},
		"shown already":                 {[]idmap.Link{link(idmap.Delivered)}, sent(idmap.Read), ""},
		"the slowest part counts":       {[]idmap.Link{link(idmap.Read), link(idmap.Delivered)}, sent(""), idmap.Delivered},
		"a part is still on its way":    {[]idmap.Link{link(idmap.Read), link(idmap.Sending)}, sent(""), ""},
		"ticks of the own phone":        {[]idmap.Link{{Status: idmap.Read, Direction: idmap.FromOwnPhone}}, idmap.AgentMessage{}, idmap.Read},
		"a part has not begun":          {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{State: idmap.AgentReceived}, ""},
		"a red bubble waits for all":    {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{Shown: idmap.Failed}, ""},
		"a failure stays visible":       {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{State: idmap.AgentFailed, Shown: idmap.Failed}, ""},
		"a deleted message has no tick": {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{State: idmap.AgentDeleted}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := statusToShow(test.links, test.known)
			require.Equal(t, test.want != "", ok)
			if ok {
				require.Equal(t, test.want, got)
			}
		})
	}
}

// Until a pass over Chatwoot's messages is finished, a message looks for those
// before it: they may have come while nobody listened, and be red for that.
func TestD25_WithoutAPassEachMessageLooksForThoseBefore(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := &runtime{b: &Bridge{cfg: Config{Clock: func() time.Time { return now }}}, line: Line{Created: now.Add(-time.Hour)}}
	job := journal.Job{At: now, Created: now}
	message := func(id chatwoot.MessageID, status, failure string) chatwoot.Message {
		m := chatwoot.Message{ID: id, Type: chatwoot.Outgoing, Content: "hello", Status: status}
		m.CreatedAt.Time, m.Attributes.ExternalError = now, failure
		return m
	}
	latest := message(10, "sent", "")
	require.True(t, r.late(job))
	require.True(t, r.awaited(message(9, "failed", "connection refused"), latest))
	require.True(t, r.awaited(message(9, "sent", ""), latest))
	r.compared.Store(true)
	require.False(t, r.late(job))
	require.False(t, r.awaited(message(9, "failed", "connection refused"), latest))
	require.True(t, r.awaited(message(9, "sent", ""), latest))
	require.False(t, r.awaited(message(11, "sent", ""), latest))
}

// Chatwoot is asked once for what came before a message, and not for what came
// before those that were found then; a process that was started again has not
// asked yet.
func TestD24_WhatCameBeforeIsAskedForOnce(t *testing.T) {
	t.Parallel()
	var lag webhookLag
	require.False(t, lag.looked("chat", 5))
	lag.noteLooked("chat", 5)
	require.True(t, lag.looked("chat", 5))
	require.True(t, lag.looked("chat", 4), "it was found then")
	require.False(t, lag.looked("chat", 6))
	require.False(t, lag.looked("other", 5))
	lag.noteLooked("chat", 4)
	require.True(t, lag.looked("chat", 5))
	var restarted webhookLag
	require.False(t, restarted.looked("chat", 5))
}

func TestADeletionTakesBackWhatTheDeskSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		links []idmap.Link
		m     chatwoot.Message
		want  []string
	}{
		"every part": {
			[]idmap.Link{{WA: "A", Direction: idmap.FromAgent}, {WA: "B", Part: 1, Direction: idmap.FromAgent}},
			chatwoot.Message{}, []string{"A", "B"},
		},
		"a customer's message": {[]idmap.Link{{WA: "A", Direction: idmap.FromCustomer}}, chatwoot.Message{}, nil},
		"typed on the phone":   {[]idmap.Link{{WA: "A", Direction: idmap.FromOwnPhone}}, chatwoot.Message{}, []string{"A"}},
		"its file":             {[]idmap.Link{{WA: "A#file", Direction: idmap.FromOwnPhone}}, chatwoot.Message{}, []string{"A"}},
		"its placeholder":      {[]idmap.Link{{WA: "A#waiting", Direction: idmap.FromOwnPhone}}, chatwoot.Message{}, nil},
		"not linked yet":       {nil, chatwoot.Message{SourceID: "WAID:A", Type: chatwoot.Outgoing}, []string{"A"}},
		"a note":               {nil, chatwoot.Message{SourceID: "WAID:A", Type: chatwoot.Outgoing, Private: true}, nil},
		"never sent":           {nil, chatwoot.Message{Type: chatwoot.Outgoing}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range revocable(test.links, test.m) {
				got = append(got, l.WA)
			}
			require.Equal(t, test.want, got)
		})
	}
}
