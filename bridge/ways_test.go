package bridge_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// quick are the times of a line that need not wait for the world.
func quick(cfg *bridge.Config) {
	cfg.Listening = listen.Times{Look: 20 * time.Millisecond, Answer: 2 * time.Second, Again: 50 * time.Millisecond}
}

// way is one of the line's ways as people see it.
func (w *world) way(name listen.Way) listen.Status {
	status, err := w.bridge.LineStatus(w.t.Context(), w.line)
	require.NoError(w.t, err)
	for _, s := range status.Ways {
		if s.Way == name {
			return s
		}
	}
	w.t.Fatalf("there is no way %s", name)
	return listen.Status{}
}

// wayIs waits until a way is what it should be.
func (w *world) wayIs(name listen.Way, verdict listen.Verdict, code listen.Code) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		s := w.way(name)
		return s.Verdict == verdict && s.Reason.Code == code
	}, patience, 5*time.Millisecond, "%s: %s %s", name, verdict, code)
}

// restart begins a new process with times that are quick.
func (w *world) restart() {
	w.t.Helper()
	w.handler.Store(nil)
	w.bridge.Stop()
	w.configure = quick
	w.start()
	w.connected()
}

// red are the bubbles that are red.
func (w *world) red() (red []string) {
	for _, c := range w.desk.Conversations() {
		for _, m := range w.desk.Messages(c.ID) {
			if m.Status == "failed" {
				red = append(red, m.Text)
			}
		}
	}
	return red
}

// T17: Chatwoot calls no private addresses, which is its default since 4.14. The
// webhook's address goes, the bubbles show the truth, and replies come by the live
// channel.
func TestT17_WebhooksThatCannotReachTheBridge(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.restart()
		w.desk.SetPrivateWebhooks(false)
		w.alice.SendText(w.phone, "hi")
		first := w.desk.wait("the conversation", withText("hi"))
		for i := range 5 {
			text := fmt.Sprint("answer ", i)
			m, err := w.desk.Reply(first.Conversation, text)
			require.NoError(t, err)
			_, err = w.alice.WaitText(patience, text)
			require.NoError(t, err)
			w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		}
		w.wayIs(listen.Webhook, listen.Closed, listen.Private)
		w.wayIs(listen.Live, listen.Works, listen.None)
		require.Eventually(t, func() bool { return w.desk.Inboxes()[0].WebhookURL == "" }, patience, 5*time.Millisecond)
		require.Contains(t, w.way(listen.Webhook).Sentence(), "SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true")
		require.Eventually(t, func() bool { return len(w.red()) == 0 }, patience, 20*time.Millisecond, "%q", w.red())
		require.Len(t, w.alice.Texts(), 5)

		// The next process knows it, and does not turn anything red again.
		w.restart()
		w.wayIs(listen.Webhook, listen.Closed, listen.Private)
		w.wayIs(listen.Live, listen.Works, listen.None)
		require.Empty(t, w.desk.Inboxes()[0].WebhookURL)

		// A page of settings that was open for long writes the old address back.
		require.NoError(t, w.desk.SetWebhookURL(first.Inbox, w.front.URL+"/webhooks/"+string(w.line)+"/old"))
		require.Eventually(t, func() bool { return w.desk.Inboxes()[0].WebhookURL == "" }, patience, 5*time.Millisecond)

		// An admin has mended it, and says so.
		w.desk.SetPrivateWebhooks(true)
		require.NoError(t, w.bridge.UpdateLine(t.Context(), w.line, bridge.LineUpdate{Settings: []byte(`{"listen":"both"}`)}))
		w.wayIs(listen.Webhook, listen.Works, listen.None)
		require.NotEmpty(t, w.desk.Inboxes()[0].WebhookURL)
		require.Empty(t, w.red())
	}, byBoth)
}

// Without an address of the bridge a line lacks nothing.
func TestALineNeedsNoAddressOfTheBridge(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.handler.Store(nil)
		w.bridge.Stop()
		w.configure = func(cfg *bridge.Config) {
			quick(cfg)
			cfg.PublicURL = ""
		}
		w.start()
		w.connected()
		w.wayIs(listen.Webhook, listen.Closed, listen.NoAddress)
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		sent := w.desk.say("an answer")
		got, err := w.alice.WaitText(patience, "an answer")
		require.NoError(t, err)
		w.desk.wait("the tick", withStatus(sent.ID, "delivered"))
		require.NoError(t, w.desk.Delete(sent.ID))
		_, err = w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == got.ID
		})
		require.NoError(t, err)
		require.Empty(t, w.red())
		require.Empty(t, w.desk.Inboxes()[0].WebhookURL)
		status, err := w.bridge.LineStatus(t.Context(), w.line)
		require.NoError(t, err)
		require.Empty(t, status.LastError)
		require.Empty(t, status.WebhookURL)

		err = w.bridge.UpdateLine(t.Context(), w.line, bridge.LineUpdate{Settings: []byte(`{"listen":"webhook"}`)})
		require.ErrorContains(t, err, "WOOTBRIDGE_PUBLIC_URL")
		second, err := w.AddLine(t.Context(), bridge.NewLine{Name: "Second"})
		require.NoError(t, err)
		require.NotEqual(t, w.line, second)
	}, byBoth)
}

// The live channel is cut every moment; nothing is lost, doubled or swapped.
func TestTheLiveChannelIsCutAgainAndAgain(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.restart()
		talking(w)
		w.desk.SetLive(chatwoottest.LiveFaults{CutAfter: 300 * time.Millisecond})
		var want []string
		for i := range 30 {
			text := fmt.Sprint("answer ", i)
			want = append(want, text)
			w.desk.say(text)
			time.Sleep(50 * time.Millisecond)
		}
		require.NoError(t, w.alice.WaitCount(patience, len(want)))
		require.Equal(t, want, w.alice.Texts())
	}, byLive)
}

// A channel that pings and says nothing is found out, and another socket is
// taken.
func TestADeafLiveChannelIsFoundOut(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.SetLive(chatwoottest.LiveFaults{Deaf: true})
		w.restart()
		w.wayIs(listen.Live, listen.Closed, listen.Deaf)
		require.Contains(t, w.way(listen.Live).Sentence(), "restart its web process")
		status, err := w.bridge.LineStatus(t.Context(), w.line)
		require.NoError(t, err)
		require.Contains(t, status.LastError, "take up to")
		w.desk.say("into a deaf ear")
		_, err = w.alice.WaitText(patience, "into a deaf ear")
		require.NoError(t, err, "comparisons bring it")
		w.desk.SetLive(chatwoottest.LiveFaults{})
		w.wayIs(listen.Live, listen.Works, listen.None)
		w.desk.say("heard again")
		_, err = w.alice.WaitText(patience, "heard again")
		require.NoError(t, err)
	}, byLive)
}

// What may keep the live channel from working is said, and ends.
func TestWhyTheLiveChannelDoesNotWorkIsSaid(t *testing.T) {
	for name, fault := range map[string]struct {
		live chatwoottest.LiveFaults
		code listen.Code
	}{
		"a proxy without upgrade":   {chatwoottest.LiveFaults{NoUpgrade: true}, listen.NoUpgrade},
		"silence after the welcome": {chatwoottest.LiveFaults{Silent: true}, listen.NotConfirmed},
		"no pings":                  {chatwoottest.LiveFaults{NoPings: true}, listen.Silent},
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				talking(w)
				w.desk.SetLive(fault.live)
				w.restart()
				w.wayIs(listen.Live, listen.Closed, fault.code)
				require.NotEmpty(t, w.way(listen.Live).Sentence())
				w.desk.SetLive(chatwoottest.LiveFaults{})
				w.wayIs(listen.Live, listen.Works, listen.None)
			}, byBoth)
		})
	}
}

// A webhook says what Chatwoot makes of a message, a frame and a list what it has
// stored: on the phone it is the same.
func TestTheSameTextGreetingAndSurveyGiveTheSameBytesByEachWay(t *testing.T) {
	t.Parallel()
	texts := []string{"one\\\ntwo", "trailing\n\n", "**bold** and \\\n\\\nmore\n", "a\\b stays"}
	heard := map[string][]string{}
	var mu sync.Mutex
	t.Run("ways", func(t *testing.T) {
		for _, listen := range []string{"webhook", "live", "both", "lists"} {
			t.Run(listen, func(t *testing.T) {
				t.Parallel()
				how := setting{orderWait: orderWait, listen: listen}
				if listen == "lists" {
					how.listen = "live"
				}
				w := newWorld(t, databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), how)
				inbox := strconv.Itoa(w.desk.Inboxes()[0].ID)
				w.ask(http.MethodPatch, "/inboxes/"+inbox, `{"greeting_enabled":true,"greeting_message":"Welcome\\\n to us\n","csat_survey_enabled":true}`)
				if listen == "lists" {
					w.restart()
					w.desk.SetLive(chatwoottest.LiveFaults{NoUpgrade: true})
					w.desk.CutLive()
				}
				w.alice.SendText(w.phone, "hi")
				conversation := w.desk.wait("the conversation", withText("hi")).Conversation
				_, err := w.alice.WaitText(patience, "Welcome\n to us")
				require.NoError(t, err)
				for _, text := range texts {
					_, err := w.desk.Reply(conversation, text)
					require.NoError(t, err)
				}
				require.NoError(t, w.desk.Resolve(conversation))
				require.NoError(t, w.alice.WaitCount(patience, len(texts)+2))
				got := w.alice.Texts()
				last := len(got) - 1
				require.Regexp(t, "^Please rate this conversation, "+w.desk.URL()+"/survey/responses/[0-9a-f-]{36}$", got[last])
				got[last] = "survey"
				mu.Lock()
				defer mu.Unlock()
				heard[listen] = got
			})
		}
	})
	for listen, got := range heard {
		require.Equal(t, heard["webhook"], got, listen)
	}
}

// The link of a survey is told by Chatwoot's sign-in page alone. Without it the
// survey is not sent, and its bubble says why.
func TestASurveyWithoutItsLinkIsRed(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.ask(http.MethodPatch, "/inboxes/"+strconv.Itoa(w.desk.Inboxes()[0].ID), `{"csat_survey_enabled":true}`)
		require.NoError(t, w.desk.SetLoginPage(chatwoottest.LoginPageWithoutURL))
		w.alice.SendText(w.phone, "hi")
		conversation := w.desk.wait("the conversation", withText("hi")).Conversation
		require.NoError(t, w.desk.Resolve(conversation))
		survey := w.desk.wait("the red survey", func(m chatwoottest.Message) bool { return m.Status == "failed" })
		require.Contains(t, survey.Reason, "FRONTEND_URL")
		require.Empty(t, w.alice.Texts())
		require.NoError(t, w.desk.SetLoginPage(chatwoottest.LoginPageWhole))
		require.NoError(t, w.desk.Retry(survey.ID))
		require.NoError(t, w.alice.WaitCount(patience, 1))
		require.Contains(t, w.alice.Texts()[0], "/survey/responses/")
	}, byLive)
}

// What inbox webhooks never tell takes effect at once: with a deleted contact the
// next message is one request, not a failure first.
func TestAContactThatIsDeletedOrMergedIsKnownAtOnce(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		first := w.desk.wait("the conversation", withText("hi"))
		contact := func() (id int64) {
			require.NoError(t, w.db.QueryRow(`SELECT contact_id FROM chat`).Scan(&id))
			return id
		}
		before := contact()
		w.wayIs(listen.Live, listen.Works, listen.None) // what happens before that is noticed when it is used
		other, err := w.desk.AddContact("name", "Alice of the site", "email", "alice@example.com")
		require.NoError(t, err)
		w.ask(http.MethodPost, "/actions/contact_merge", fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, other.ID, before))
		require.Eventually(t, func() bool { return contact() == int64(other.ID) }, patience, 5*time.Millisecond)
		w.alice.SendText(w.phone, "after the merge")
		require.Equal(t, first.Conversation, w.desk.wait("the next", withText("after the merge")).Conversation)

		w.ask(http.MethodDelete, fmt.Sprint("/contacts/", other.ID), "")
		require.Eventually(t, func() bool { return contact() == 0 }, patience, 5*time.Millisecond)
		w.alice.SendText(w.phone, "after the deletion")
		require.NotEqual(t, first.Conversation, w.desk.wait("a new one", withText("after the deletion")).Conversation)
	}, byLive)
}

// Who listens as a member of an inbox that assigns conversations by itself is
// online, and gets some.
func TestAListenerWhoGetsConversationsIsNamed(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		notice := func() string {
			status, err := w.bridge.LineStatus(t.Context(), w.line)
			require.NoError(t, err)
			return status.Notice
		}
		inbox := w.desk.Inboxes()[0].ID
		w.ask(http.MethodPost, "/inbox_members", fmt.Sprintf(`{"inbox_id":%d,"user_ids":[%d]}`, inbox, w.desk.Users()[0].ID))
		w.ask(http.MethodPatch, fmt.Sprint("/inboxes/", inbox), `{"enable_auto_assignment":true}`)
		w.restart()
		require.Eventually(t, func() bool { return notice() != "" }, patience, 5*time.Millisecond)
		require.Contains(t, notice(), "no member of the inbox")
		w.ask(http.MethodPatch, fmt.Sprint("/inboxes/", inbox), `{"enable_auto_assignment":false}`)
		w.restart()
		require.Eventually(t, func() bool { return w.way(listen.Live).Verdict == listen.Unknown }, patience, 5*time.Millisecond)
		require.Empty(t, notice())
	}, byBoth)
}

// What was said while the channel was cut comes by no way again. What is said after
// that must not leave before it.
func TestWhatWasSaidWhileTheChannelWasCutIsNotOvertaken(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		connected := func(n int) {
			require.Eventually(t, func() bool {
				all := w.desk.LiveConnections()
				return len(all) == n && (n == 0 || all[0].Confirmed)
			}, patience, time.Millisecond)
		}
		var want []string
		for i := range 3 {
			connected(1)
			w.desk.SetLive(chatwoottest.LiveFaults{NoUpgrade: true})
			w.desk.CutLive()
			connected(0)
			lost, after := fmt.Sprint("lost ", i), fmt.Sprint("after ", i)
			w.desk.say(lost)
			w.desk.SetLive(chatwoottest.LiveFaults{})
			connected(1)
			w.desk.say(after)
			want = append(want, lost, after)
			require.NoError(t, w.alice.WaitCount(patience, len(want)))
			require.Equal(t, want, w.alice.Texts())
		}
	}, byLive)
}

// While both ways are cut comparisons bring the replies, and the status says so.
func TestWithBothWaysCutRepliesAreFetched(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.restart()
		talking(w)
		w.wayIs(listen.Live, listen.Works, listen.None)
		w.desk.SetPrivateWebhooks(false)
		w.desk.SetLive(chatwoottest.LiveFaults{NoUpgrade: true})
		w.desk.CutLive()
		w.wayIs(listen.Live, listen.Closed, listen.NoUpgrade)
		w.desk.say("the first")
		_, err := w.alice.WaitText(patience, "the first")
		require.NoError(t, err)
		w.wayIs(listen.Webhook, listen.Closed, listen.Private)
		status, err := w.bridge.LineStatus(t.Context(), w.line)
		require.NoError(t, err)
		require.Contains(t, status.LastError, "take up to 5s")
		w.desk.say("the second")
		_, err = w.alice.WaitText(patience, "the second")
		require.NoError(t, err)
	}, byBoth)
}
