package upgradetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// freezing names the commit whose state is to be frozen.
var freezing = flag.String("freeze", "", "freeze a state under testdata, with the name of the commit that is checked out")

// freeze makes a state on both databases; testdata/README.md says when.
func freeze(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		raw := bytes.Repeat([]byte("frozen"), seal.KeySize)[:seal.KeySize]
		f := &freezer{stack: newStack(t, db, base64.StdEncoding.EncodeToString(raw), &bridgetest.Clock{})}
		f.started.Phones, f.started.Shown, f.started.Revoked = map[string][]string{}, map[int]string{}, map[string][]string{}
		f.replayed.Phones, f.replayed.Shown, f.replayed.Revoked = map[string][]string{}, map[int]string{}, map[string][]string{}
		f.resumed.Phones = map[string][]string{}
		f.start()
		f.makeLines()
		f.leaveDone()
		f.leaveDead()
		f.leaveWaiting()
		f.stop()
		f.whileAway()
		f.flip()
		save(f.stack, f.manifest(*freezing), filepath.Join("testdata", *freezing, string(db.Dialect)))
	})
}

// freezer brings a bridge into the state that is frozen.
type freezer struct {
	*stack
	shop, night bridge.LineID
	inbox       int // the shop's
	token       string
	second      *whatsapptest.Peer
	people      int

	started, replayed, resumed arrivals
	old                        oldThings
	lines                      []frozenLine
	asked                      []string // Alice's messages that wait
	again                      string   // see manifest.Again
	merges                     int      // see manifest.Merges
	// Of the stages: customers that a later one goes on with.
	alice, bruno *bridgetest.Conversation
	rita         *bridgetest.Conversation
	unnumbered   chatwoottest.Message // failed, its contact has a number by now
}

// The settings that a line has; each differs from the default.
const (
	shopSettings = `{"send_rate":40,"order_wait_ms":120,"max_age_hours":72,"blue_ticks":"never","formatting":true,"language":"pt-BR","events":"note","timezone":"America/Sao_Paulo","listen":"webhook","group_ticks":"first","signature_template":"{name}","signature_when":"agent_changed","link_previews":"off",` +
		`"reactions":"message","edits":"note","view_once":"show","status_updates":"message","channels":"message","calls":"note","reject_calls":true,"reject_calls_text":"Write, please.",` +
		`"security_codes":"pill","groups":"list","groups_list":["120363*","!120363000000000009"],"pictures":"off","texts":{"deleted":"{name} took this back"}}`
	nightSettings  = `{"formatting":false,"language":"es","events":"off"}`
	branchSettings = `{"captions":"apart","own_messages":"note","deletes":"erase","signature":"name"}`
)

// makeLines makes a line for everything that can be wrong with one.
func (f *freezer) makeLines() {
	f.token = f.Chatwoot.Token(f.Chatwoot.AddAdministrator(f.Chatwoot.Account(), chatwoottest.UserSpec{Name: "Shop's bridge", Email: "shop@example.com"}))
	f.Phone = f.WhatsApp.NewPeer("5511999990001", "Shop")
	f.second = f.WhatsApp.NewPeer("5511999990002", "Night")
	f.shop = f.line("Shop", f.token, shopSettings)
	f.inbox = int(f.status("Shop").Line.Inbox)
	f.pair(f.shop, f.Phone)
	f.night = f.line("Night", f.Chatwoot.AdminToken(), nightSettings)
	f.pair(f.night, f.second)

	gone := f.Chatwoot.AddAdministrator(f.Chatwoot.Account(), chatwoottest.UserSpec{Name: "Gone", Email: "gone@example.com"})
	f.line("Token", f.Chatwoot.Token(gone), `{}`)
	f.line("Inbox", f.Chatwoot.AdminToken(), `{}`)
	f.line("Branch", f.Chatwoot.AdminToken(), branchSettings)
	require.NoError(f.t, f.Bridge.DeleteLine(context.Background(), f.line("Deleted", f.Chatwoot.AdminToken(), `{}`), true))

	_, err := f.Chatwoot.ResetToken(gone)
	require.NoError(f.t, err)
	require.NoError(f.t, f.Chatwoot.DeleteInbox(int(f.status("Inbox").Line.Inbox)))
	f.useElsewhere(int(f.status("Branch").Line.Inbox))
	f.stop() // what is wrong in Chatwoot is noticed at a start
	f.start()
	for _, name := range []string{"Token", "Inbox"} {
		f.eventually("the pause of "+name, func() bool { return f.status(name).State.Code == bridge.StatePaused })
	}
	f.eventually("strangers", func() bool { return f.status("Branch").LastError != "" })
	f.connected(f.shop)
	f.connected(f.night)
}

// useElsewhere posts a message that looks like the bridge's, an hour ago.
func (f *freezer) useElsewhere(inbox int) {
	who, err := f.Chatwoot.AddContact("name", "Somebody", "phone_number", "+5511777770000")
	require.NoError(f.t, err)
	begun, err := f.Chatwoot.StartConversation(inbox, who.ID, "by another bridge")
	require.NoError(f.t, err)
	f.ask(http.MethodPost, "/conversations/"+number(begun.Conversation)+"/messages", `{"content":"from elsewhere","message_type":"incoming","source_id":"WAID:3EB0ELSEWHERE"}`)
	for _, m := range f.Chatwoot.Messages(begun.Conversation) {
		require.NoError(f.t, f.Chatwoot.Backdate(m.ID, time.Hour))
	}
}

func (f *freezer) line(name, token, settings string) bridge.LineID {
	f.t.Helper()
	line, err := f.AddLine(f.t.Context(), bridge.NewLine{Name: name, ChatwootToken: token, Settings: json.RawMessage(settings)})
	require.NoError(f.t, err)
	return line
}

func (f *freezer) pair(line bridge.LineID, phone *whatsapptest.Peer) {
	f.t.Helper()
	require.NoError(f.t, f.Pair(f.t.Context(), line, phone))
}

// somebody is a customer who has not written yet.
func (f *freezer) somebody(name string) *bridgetest.Conversation {
	f.people++
	return f.Customer("55118888800"+string(rune('0'+f.people/10))+string(rune('0'+f.people%10)), name)
}

// meet is a customer who has written to the shop.
func (f *freezer) meet(name string, options ...whatsapptest.SendOption) *bridgetest.Conversation {
	f.t.Helper()
	c := f.somebody(name)
	f.greet(c, options...)
	return c
}

func (f *freezer) greet(c *bridgetest.Conversation, options ...whatsapptest.SendOption) {
	f.t.Helper()
	_, err := c.Ask("hi from "+c.Name(), options...)
	require.NoError(f.t, err)
}

// answered is an agent's reply that the customer has.
func (f *freezer) answered(c *bridgetest.Conversation, text string, options ...chatwoottest.MessageOption) (chatwoottest.Message, whatsapptest.Received) {
	f.t.Helper()
	m := f.reply(c.ID, text, options...)
	got, err := c.WaitText(patience, text)
	require.NoError(f.t, err)
	f.waitStatus(m.ID, "delivered")
	return m, got
}

// waitJobs waits for n jobs of the shop.
func (f *freezer) waitJobs(key string, n int) {
	f.t.Helper()
	f.eventually(key, func() bool { return f.jobs()["Shop/"+key] >= n })
}

// refuse answers the shop's requests that fit with a fault.
func (f *freezer) refuse(fault chatwoottest.Fault, fits func(r *http.Request) bool) (remove func()) {
	return f.Chatwoot.OnRequest(func(r *http.Request) chatwoottest.Fault {
		if r.Header.Get("Api-Access-Token") == f.token && fits(r) {
			return fault
		}
		return chatwoottest.Fault{}
	})
}

func invalid() chatwoottest.Fault {
	return chatwoottest.Fault{Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"message":"refused","attributes":["content"]}`}
}

func away() chatwoottest.Fault {
	return chatwoottest.Fault{Status: http.StatusServiceUnavailable, ContentType: "text/html", Body: "away"}
}

func readsContact(r *http.Request) bool {
	path := strings.Split(r.URL.Path, "/")
	return r.Method == http.MethodGet && path[len(path)-2] == "contacts" && path[len(path)-1] != "search"
}

func merges(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/contact_merge") }

func uploads(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
}

func posts(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages")
}

func ticks(r *http.Request) bool {
	return r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/messages/")
}

func everything(*http.Request) bool { return true }

// withhold answers downloads from WhatsApp with a status, so many times.
func (f *freezer) withhold(status, times int) (remove func()) {
	var left atomic.Int64
	left.Store(int64(times))
	return f.WhatsApp.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.MediaRequest && e.Request.Method == http.MethodGet && left.Add(-1) >= 0 {
			return whatsapptest.Action{Error: status}
		}
		return whatsapptest.Action{}
	})
}

// refuseSends makes WhatsApp refuse what a line sends to a customer for good.
func (f *freezer) refuseSends() (remove func()) {
	return f.WhatsApp.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "message") {
			return whatsapptest.Action{Error: http.StatusNotAcceptable}
		}
		return whatsapptest.Action{}
	})
}

func history(chat *whatsapptest.Peer, kind waHistorySync.HistorySync_HistorySyncType) *waHistorySync.HistorySync {
	return &waHistorySync.HistorySync{SyncType: kind.Enum(), Conversations: []*waHistorySync.Conversation{{ID: proto.String(chat.JID().String())}}}
}

// flip moves four jobs that are done to where nothing from outside brings them:
// an offer of history comes whole, so it neither waits nor dies, and what joins
// two chats fails with the database only; what an agent writes waits for it.
func (f *freezer) flip() {
	for _, to := range []struct {
		kind  string
		state journal.State
	}{{"history", journal.Dead}, {"join", journal.Dead}, {"join", journal.Waiting}, {"history", journal.Waiting}} {
		const flipOne = `UPDATE job SET state = $1, ended = CASE WHEN $1 = 'waiting' THEN 0 ELSE ended END,
			last_error = CASE WHEN $1 = 'dead' THEN 'given up' ELSE '' END
			WHERE id = (SELECT MIN(id) FROM job WHERE kind = $2 AND state = 'done')`
		done, err := f.DB.Exec(flipOne, string(to.state), to.kind)
		require.NoError(f.t, err)
		n, err := done.RowsAffected()
		require.NoError(f.t, err)
		require.EqualValues(f.t, 1, n, to.kind)
	}
	_, err := f.DB.Exec(`UPDATE lane SET due = $1, head = $1 WHERE due IS NULL AND EXISTS (SELECT 1 FROM job WHERE job.lane = lane.key AND state = 'waiting')`,
		f.Clock.Now().UnixMilli())
	require.NoError(f.t, err)
}

// checkJobs looks that there is a job of every kind in every state.
func (f *freezer) checkJobs() {
	jobs := f.jobs()
	for _, kind := range []string{
		"in/message", "out/created", "out/deleted", "out/retry", "status/receipt", "status/show", "upkeep/contact", "upkeep/merge", "upkeep/join",
		"upkeep/file", "upkeep/media_retry", "upkeep/history",
	} {
		for _, state := range []journal.State{journal.Waiting, journal.Done, journal.Dead} {
			require.NotZero(f.t, jobs["Shop/"+kind+"/"+string(state)], "%s, %s", kind, state)
		}
	}
	require.Equal(f.t, 1, jobs["Shop/upkeep/parked/dead"])
}

// manifest says what was made; the bridge has stopped.
func (f *freezer) manifest(commit string) manifest {
	f.checkJobs()
	m := manifest{
		Commit: commit, FrozenAt: f.Clock.Now().UTC(), Key: f.key, Chatwoot: f.Chatwoot.URL(), Jobs: f.jobs(),
		Again: f.again, Merges: f.merges,
		Appended: map[string]int{"Shop/in/message": 1, "Shop/out/created": 1}, // what was written while no bridge ran
		Started:  f.started, Replayed: f.replayed, Resumed: f.resumed, Old: f.old, Lines: f.lines,
	}
	m.Started.Desk = append(m.Started.Desk, f.asked)
	for _, c := range f.Chatwoot.Conversations() {
		for _, message := range f.Chatwoot.Messages(c.ID) {
			if message.Kind == "incoming" {
				m.Held++
			}
		}
	}
	return m
}
