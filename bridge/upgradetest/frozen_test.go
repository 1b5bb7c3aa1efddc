package upgradetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// later is how long after the freeze a state is opened: every lane that rests is
// due by then.
const later = 12 * time.Minute

// Every state that an earlier commit left behind is read whole, and what waited
// in it arrives once, in order; so does what was given up, when it is tried
// again. See doc.go.
func TestFrozenStates(t *testing.T) {
	t.Parallel()
	if *freezing != "" { // the new state is opened with the others at once
		t.Run("freeze", freeze)
	}
	states, err := filepath.Glob(filepath.Join("testdata", "*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, states)
	for _, folder := range states {
		t.Run(strings.TrimPrefix(folder, "testdata"+string(os.PathSeparator)), func(t *testing.T) {
			t.Parallel()
			o := thaw(t, folder)
			o.readsEverything()
			o.sealsWhatWasInTheClear()
			o.start()
			o.finishesWhatWaited()
			o.resumesWhatWasPaused()
			o.replaysWhatWasDead()
			o.knowsTheOld()
			o.repeatsNothing()
		})
	}
}

// thawed is an office with a frozen state.
type thawed struct {
	*stack
	m manifest
	// texts are those that customers' phones had at the freeze, and got since as
	// they had to.
	texts map[string][]string
	// messages are the ids of Chatwoot's messages at the freeze.
	messages map[int]bool
	ticks    int // jobs for ticks of manifest.Again
	// keys and secrets are those that the state has in the clear.
	keys, secrets [][]byte
}

// thaw opens a state; the bridge does not run yet.
func thaw(t *testing.T, folder string) *thawed {
	t.Helper()
	m := readManifest(t, folder)
	db := restore(t, database.Dialect(filepath.Base(folder)), read(t, filepath.Join(folder, databaseFile)))
	o := &thawed{stack: newStack(t, db, m.Key, bridgetest.ClockAt(m.FrozenAt.Add(later))), m: m, texts: map[string][]string{}, messages: map[int]bool{}}
	o.passes = reconcile.Schedule{Every: time.Second, Again: 100 * time.Millisecond, Spacing: 10 * time.Millisecond}
	require.NoError(t, o.WhatsApp.Thaw(read(t, filepath.Join(folder, whatsappFile))))
	require.NoError(t, o.Chatwoot.Thaw(read(t, filepath.Join(folder, chatwootFile))))
	move(t, db, m.Chatwoot, o.Chatwoot.URL())
	for _, p := range o.WhatsApp.Peers() {
		o.texts[p.Number()] = p.Texts()
	}
	o.everyMessage(func(m chatwoottest.Message) { o.messages[m.ID] = true })
	o.ticks = o.ticksOf(m.Again)
	require.NotZero(t, o.ticks)
	o.keys, o.secrets = inTheClear(t, db)
	var sealed int
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM device_key`).Scan(&sealed))
	require.True(t, sealed > 0 || len(o.keys) >= 8 && len(o.secrets) > 0, "two devices")
	var err error
	o.Bridge, err = o.NewBridge(t.Context(), o.Configure)
	require.NoError(t, err)
	return o
}

// ticksOf counts the jobs for ticks of a message.
func (o *thawed) ticksOf(id string) (n int) {
	o.t.Helper()
	rows, err := o.DB.Query(`SELECT payload FROM job WHERE kind = 'receipt'`)
	require.NoError(o.t, err)
	defer rows.Close()
	for rows.Next() {
		var payload []byte
		require.NoError(o.t, rows.Scan(&payload))
		if bytes.Contains(payload, []byte(id)) {
			n++
		}
	}
	require.NoError(o.t, rows.Err())
	return n
}

func (o *thawed) everyMessage(look func(chatwoottest.Message)) {
	for _, c := range o.Chatwoot.Conversations() {
		for _, m := range o.Chatwoot.Messages(c.ID) {
			look(m)
		}
	}
}

// readsEverything compares jobs and lines with those at the freeze, before
// anything is done.
func (o *thawed) readsEverything() {
	require.Equal(o.t, o.m.Jobs, o.jobs())
	listed := map[string]int{}
	for _, state := range []journal.State{journal.Waiting, journal.Done, journal.Dead, journal.Unconverted} {
		maps.Copy(listed, o.listed(state))
	}
	require.Equal(o.t, o.m.Jobs, listed)
}

// is reports whether a line's state is that of the freeze; what does not change
// by itself has to be.
func (o *thawed) is(want frozenLine) bool {
	lines, err := o.Bridge.Lines(o.t.Context())
	require.NoError(o.t, err)
	i := slices.IndexFunc(lines, func(l bridge.LineStatus) bool { return string(l.Line.ID) == want.ID })
	require.GreaterOrEqual(o.t, i, 0, "the line %s", want.Name)
	l := lines[i]
	settings, err := json.Marshal(l.Line.Settings)
	require.NoError(o.t, err)
	o.keepsSettings(want, settings)
	require.Equal(o.t, want.Name, l.Line.Name)
	require.Equal(o.t, want.Inbox, int64(l.Line.Inbox))
	require.Equal(o.t, want.JID, l.Line.JID)
	require.Equal(o.t, want.Phone, l.Line.Phone)
	return string(l.State.Code) == want.State && (want.Sentence == "" || l.State.Sentence == want.Sentence) &&
		(want.Strange == 0 || strings.Contains(l.LastError, fmt.Sprint(want.Strange, " message")))
}

// keepsSettings compares every setting that there was with what it is now.
// Settings that came later have their own values; the groups of lines that had no
// setting for them come in as they did.
func (o *thawed) keepsSettings(want frozenLine, settings []byte) {
	o.t.Helper()
	var then, now map[string]any
	require.NoError(o.t, json.Unmarshal(want.Settings, &then))
	require.NoError(o.t, json.Unmarshal(settings, &now))
	if blue, had := then["read_receipts"].(bool); had { // as it was up to 00027
		delete(then, "read_receipts")
		then["blue_ticks"] = map[bool]string{true: lines.BlueOnReply, false: lines.BlueNever}[blue]
	}
	for key, value := range then {
		require.Equal(o.t, value, now[key], "the setting %s of %s", key, want.Name)
	}
	if _, chosen := then["groups"]; !chosen {
		require.Equal(o.t, "all", now["groups"], want.Name)
	}
}

// finishesWhatWaited waits for what arrives by itself.
func (o *thawed) finishesWhatWaited() {
	for _, line := range o.m.Lines {
		o.eventually("the line "+line.Name+" as it was", func() bool { return o.is(line) })
	}
	lines, err := o.Bridge.Lines(o.t.Context())
	require.NoError(o.t, err)
	require.Len(o.t, lines, len(o.m.Lines), "a deleted line stays away")
	dead := ofState(o.m.Jobs, "dead")
	o.arrive(o.m.Started)
	o.waitPass()
	require.NoError(o.t, o.WhatsApp.Peer(o.status("Shop").Line.Phone).Companion().WaitSettled(patience))
	o.idle("Shop")
	require.Equal(o.t, dead, ofState(o.jobs(), "dead"), "nothing more is given up")
	for kind, n := range o.m.Appended {
		require.Equal(o.t, ofKind(o.m.Jobs, kind)+n, ofKind(o.jobs(), kind), "jobs of %s", kind)
	}
	require.Equal(o.t, o.ticks, o.ticksOf(o.m.Again), "a tick that was told again")
}

func (o *thawed) resumesWhatWasPaused() {
	require.NoError(o.t, o.Bridge.Resume(o.t.Context(), o.status("Night").Line.ID))
	o.arrive(o.m.Resumed)
	o.idle("Night")
}

// replaysWhatWasDead tries everything again that was given up. Only what no
// release knows stays dead.
func (o *thawed) replaysWhatWasDead() {
	shop, dead := o.status("Shop").Line.ID, 0
	for _, n := range ofState(o.m.Jobs, "dead") {
		dead += n
	}
	replayed, err := o.Bridge.ReplayAll(o.t.Context(), shop)
	require.NoError(o.t, err)
	require.Equal(o.t, dead, replayed)
	o.arrive(o.m.Replayed)
	o.idle("Shop")
	require.Equal(o.t, map[string]int{"Shop/upkeep/parked/dead": 1}, ofState(o.jobs(), "dead"))
}

// arrive waits for messages and notes that they came; that each came once is
// seen in repeatsNothing.
func (o *thawed) arrive(a arrivals) {
	o.t.Helper()
	for _, run := range a.Desk {
		var came []chatwoottest.Message
		for _, id := range run {
			came = append(came, o.arrived(id))
		}
		for i := range came[1:] {
			require.Less(o.t, came[i].ID, came[i+1].ID, "the order of a customer's messages")
			require.Equal(o.t, came[i].Conversation, came[i+1].Conversation)
		}
	}
	for digits, texts := range a.Phones {
		for _, text := range texts {
			_, err := o.WhatsApp.Peer(digits).WaitText(patience, text)
			require.NoError(o.t, err)
		}
		o.texts[digits] = append(o.texts[digits], texts...)
	}
	for digits, ids := range a.Revoked {
		for _, id := range ids {
			_, err := o.WhatsApp.Peer(digits).WaitMessage(patience, func(r whatsapptest.Received) bool { return r.Kind() == "revoke" && r.Target() == id })
			require.NoError(o.t, err)
		}
	}
	for id, status := range a.Shown {
		o.waitStatus(id, status)
	}
	for _, digits := range a.Contacts {
		o.eventually("one contact of "+digits, func() bool { return o.contacts(digits) == [2]int{1, 1} })
	}
}

// contacts counts a customer's contacts: those with the number, and all.
func (o *thawed) contacts(digits string) (n [2]int) {
	peer := o.WhatsApp.Peer(digits)
	for _, c := range o.Chatwoot.Contacts() {
		if c.Phone == "+"+digits {
			n[0]++
		}
		if strings.HasPrefix(c.Name, peer.Name()) {
			n[1]++
		}
	}
	return n
}

// idle waits until a line has nothing to do. A tick of what has no bubble, such
// as a deletion, waits for a minute to no purpose.
func (o *thawed) idle(line string) {
	o.t.Helper()
	o.eventually("nothing that waits", func() bool {
		waiting := ofState(o.jobs(), "waiting")
		delete(waiting, line+"/upkeep/receipt/waiting")
		for key := range waiting {
			if strings.HasPrefix(key, line+"/") {
				return false
			}
		}
		return true
	})
}

func ofKind(jobs map[string]int, kind string) (n int) {
	for key, count := range jobs {
		if strings.HasPrefix(key, kind+"/") {
			n += count
		}
	}
	return n
}

func ofState(jobs map[string]int, state string) map[string]int {
	some := maps.Clone(jobs)
	maps.DeleteFunc(some, func(key string, _ int) bool { return !strings.HasSuffix(key, "/"+state) })
	return some
}

// knowsTheOld uses links from before the freeze: ticks find their bubbles, and
// answers quote what they answer.
func (o *thawed) knowsTheOld() {
	old := o.m.Old
	customer := o.WhatsApp.Peer(old.Customer)
	customer.MarkRead(old.ReplyID)
	o.waitStatus(old.Reply, "read")
	conversation := o.wait("an old message", func(m chatwoottest.Message) bool { return m.ID == old.Asked }).Conversation
	for _, quoted := range []struct {
		message int
		id      string
	}{{old.Asked, old.AskedID}, {old.Reply, old.ReplyID}, {old.Typed, old.TypedID}, {old.File, old.FileID}} {
		text := "about message " + number(quoted.message)
		o.reply(conversation, text, chatwoottest.Quoting(quoted.message))
		got, err := customer.WaitText(patience, text)
		require.NoError(o.t, err)
		require.Equal(o.t, quoted.id, got.Quoted().GetStanzaID())
		o.texts[old.Customer] = append(o.texts[old.Customer], text)
	}
	id := customer.SendText(o.WhatsApp.Peer(o.status("Shop").Line.Phone), "about what you said", whatsapptest.WithQuoteOf(customer, old.AskedID, nil))
	answer := o.arrived(id)
	require.Equal(o.t, old.Asked, answer.ReplyTo)
	require.Equal(o.t, conversation, answer.Conversation, "the conversation of before")
	_, err := customer.WaitReceipt(patience, id, types.ReceiptTypeDelivered)
	require.NoError(o.t, err)
	require.NoError(o.t, o.Chatwoot.Delete(old.Reply))
	_, err = customer.WaitMessage(patience, func(r whatsapptest.Received) bool { return r.Kind() == "revoke" && r.Target() == old.ReplyID })
	require.NoError(o.t, err)
}

// repeatsNothing starts the bridge again, lets it compare both sides, and counts
// what there is on each.
func (o *thawed) repeatsNothing() {
	require.Equal(o.t, o.m.Merges, o.Chatwoot.Requests()["POST /api/v1/accounts/{account}/actions/contact_merge"])
	require.NoError(o.t, o.Chatwoot.WaitIdle(o.t.Context()))
	o.stop()
	o.start()
	shop := o.status("Shop").Line
	o.connected(shop.ID)
	o.waitPass()
	conversation := o.wait("an old message", func(m chatwoottest.Message) bool { return m.ID == o.m.Old.Asked }).Conversation
	customer := o.WhatsApp.Peer(o.m.Old.Customer)
	customer.SendText(o.WhatsApp.Peer(shop.Phone), "the end")
	o.waitText("the end")
	o.reply(conversation, "the end")
	_, err := customer.WaitText(patience, "the end")
	require.NoError(o.t, err)
	o.idle("Shop")

	o.texts[o.m.Old.Customer] = append(o.texts[o.m.Old.Customer], "the end")
	for _, p := range o.WhatsApp.Peers() {
		if p.Companion() == nil {
			require.Equal(o.t, withoutRevokes(o.texts[p.Number()]), withoutRevokes(p.Texts()), "what %s has", p.Name())
		}
		require.Empty(o.t, p.Errors())
		ids := map[string]bool{}
		for _, r := range p.Messages() {
			require.False(o.t, ids[r.ID], "%s has a message twice", p.Name())
			ids[r.ID] = true
		}
	}
	require.Empty(o.t, o.WhatsApp.UnknownStanzas())
	sources := map[string]bool{}
	o.everyMessage(func(m chatwoottest.Message) {
		if m.SourceID != "" {
			require.False(o.t, sources[m.SourceID], "%s is there twice", m.SourceID)
			sources[m.SourceID] = true
		}
	})
	o.onlyWhatWasExpectedCame(sources)
}

// onlyWhatWasExpectedCame compares what customers' messages there are since the
// freeze with those that had to come. A file may come by itself, below its message:
// where there was no connection yet, its message did not wait for it.
func (o *thawed) onlyWhatWasExpectedCame(sources map[string]bool) {
	o.t.Helper()
	expected := map[string]bool{}
	for _, a := range []arrivals{o.m.Started, o.m.Replayed, o.m.Resumed} {
		for _, run := range a.Desk {
			for _, id := range run {
				expected[id] = true
				require.True(o.t, sources["WAID:"+id], "%s did not come", id)
			}
		}
	}
	var others []string
	o.everyMessage(func(m chatwoottest.Message) {
		if m.Kind != "incoming" || o.messages[m.ID] {
			return
		}
		id := strings.TrimPrefix(m.SourceID, "WAID:")
		if message, alone := strings.CutSuffix(id, "#file"); !expected[id] && !(alone && expected[message]) {
			others = append(others, m.Text)
		}
	})
	require.Len(o.t, others, 2, "but for the two of this test")
}

// waitPass waits for a pass over Chatwoot's messages that has not begun yet.
func (o *thawed) waitPass() {
	o.t.Helper()
	now := o.Clock.Now().UnixMilli()
	o.eventually("a pass", func() bool {
		var began int64
		require.NoError(o.t, o.DB.QueryRow(`SELECT reconciled FROM line WHERE name = 'Shop'`).Scan(&began))
		return began >= now
	})
}

// withoutRevokes leaves out what has no text.
func withoutRevokes(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return text == "" })
}
