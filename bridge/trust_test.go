package bridge_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// restless asks again soon whether a paused line can go on.
func restless(cfg *bridge.Config) { cfg.AskEvery = 20 * time.Millisecond }

// neverPaused fails the test where the line is paused.
func (w *world) neverPaused() {
	w.t.Helper()
	state, err := w.bridge.State(w.line)
	require.NoError(w.t, err)
	require.NotEqual(w.t, bridge.StatePaused, state.Code, state.Sentence)
}

// isPosting reports whether a request posts a message.
func isPosting(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages")
}

// requestBody reads a request's body and puts it back.
func requestBody(r *http.Request) []byte {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// untilGivenUp lets time pass, in which another customer's messages get through,
// until a message of Alice's is shown that waits behind one that fails alone.
func (w *world) untilGivenUp(bob *whatsapptest.Peer, waits string) {
	w.t.Helper()
	attempts := func() (n int) {
		_ = w.db.QueryRow(`SELECT COALESCE(MAX(attempt), 0) FROM job WHERE kind = 'message' AND state = 'waiting'`).Scan(&n)
		return n
	}
	for said := 1; !slices.Contains(w.desk.incoming(), waits); said++ {
		require.Less(w.t, said, 300, "%d messages", len(w.desk.incoming()))
		before := attempts()
		mark := strings.Repeat("x", said)
		bob.SendText(w.phone, mark)
		w.desk.wait("the other customer's", withText(mark))
		w.neverPaused()
		w.pass(time.Minute)
		// The next attempt, if it is due: time that passes too fast would end the
		// leases of what is under way.
		for range 100 {
			if attempts() != before || slices.Contains(w.desk.incoming(), waits) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	w.desk.wait("its placeholder", func(m chatwoottest.Message) bool { return strings.Contains(m.SourceID, "#unreadable") })
}

// Whatever stands in front of Chatwoot answers in its place for a while: nothing is
// lost, nothing is given up, and no line stops.
func TestK1_WhatSomethingInFrontSaysIsNotChatwootsWord(t *testing.T) {
	for name, answer := range map[string]chatwoottest.FrontAnswer{
		"404 text":           chatwoottest.FrontNotFound,
		"a default page":     chatwoottest.FrontDefaultPage,
		"502":                chatwoottest.FrontBadGateway,
		"503":                chatwoottest.FrontUnavailable,
		"403 page":           chatwoottest.FrontBlocked,
		"401 page":           chatwoottest.FrontSignIn,
		"a sign-in page":     chatwoottest.FrontSignInPage,
		"a redirect":         chatwoottest.FrontRedirect,
		"408":                {Status: http.StatusRequestTimeout},
		"418":                {Status: http.StatusTeapot},
		"JSON of a gateway":  {Status: http.StatusNotFound, ContentType: "application/json", Body: `{"message":"no Route matched with those values"}`},
		"JSON of a firewall": {Status: http.StatusForbidden, ContentType: "application/json", Body: `{"error":"blocked"}`},
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				talking(w)
				reply := w.desk.say("an answer")
				w.got(0)
				w.desk.wait("its tick", withStatus(reply.ID, "delivered"))
				pass := w.between.Always(answer)
				w.alice.SendText(w.phone, "meanwhile")
				w.alice.MarkRead(w.alice.Messages()[0].ID)
				w.failed("message")
				w.neverPaused()
				w.alice.SendText(w.phone, "and more")
				pass()
				w.pass(time.Minute)
				w.desk.wait("what was written meanwhile", withText("and more"))
				require.Equal(t, []string{"hi", "meanwhile", "and more"}, w.desk.incoming())
				w.desk.wait("the tick of meanwhile", withStatus(reply.ID, "read"))
				w.neverPaused()
				dead, err := w.bridge.Jobs(context.Background(), journal.JobFilter{State: journal.Dead})
				require.NoError(t, err)
				require.Empty(t, dead)
			}, behindFront)
		})
	}
}

// The bridge starts while something else answers for Chatwoot.
func TestK1_AStartBehindAProxyThatWaitsForChatwoot(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.handler.Store(nil)
		w.bridge.Stop()
		var asked atomic.Int32
		pass := w.between.Decide(func(*http.Request, []byte) *chatwoottest.FrontAnswer {
			asked.Add(1)
			return &chatwoottest.FrontNotFound
		})
		w.alice.SendText(w.phone, "meanwhile")
		w.start()
		w.connected()
		require.Eventually(t, func() bool { return asked.Load() >= 3 }, patience, 5*time.Millisecond)
		w.neverPaused()
		pass()
		w.pass(time.Minute)
		w.desk.wait("what was written meanwhile", withText("meanwhile"))
		require.Equal(t, []string{"hi", "meanwhile"}, w.desk.incoming())
	}, behindFront)
}

// An agent's file is fetched while a proxy says 404: it is not taken for one that
// the agent has deleted.
func TestK1_AFileBehindAProxyIsNotTakenForDeleted(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		pass := w.between.Decide(func(r *http.Request, _ []byte) *chatwoottest.FrontAnswer {
			if strings.Contains(r.URL.Path, "/cable") || isPosting(r) {
				return nil
			}
			return &chatwoottest.FrontNotFound
		})
		w.desk.say("look at this", chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4")))
		w.failed("created")
		pass()
		w.pass(time.Minute)
		require.NotNil(t, w.got(0).Message.GetDocumentWithCaptionMessage(), "%v", w.alice.Messages())
	}, behindFront, byBoth)
}

// Nor is what something in front answers in its place sent to the customer.
func TestK1_APageInPlaceOfAnAgentsFileIsNotSent(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		for i, page := range []*chatwoottest.FrontAnswer{&chatwoottest.FrontDefaultPage, &chatwoottest.FrontSignInPage} {
			pass := w.between.Decide(func(r *http.Request, _ []byte) *chatwoottest.FrontAnswer {
				if strings.Contains(r.URL.Path, "/active_storage/") {
					return page
				}
				return nil
			})
			w.desk.say("look at this", chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4")))
			w.failed("created")
			pass()
			w.pass(time.Minute)
			got := w.got(i)
			require.NotNil(t, got.Message.GetDocumentWithCaptionMessage(), "%v", w.alice.Messages())
			file, err := w.alice.Download(got)
			require.NoError(t, err)
			require.Equal(t, "%PDF-1.4", string(file))
		}
	}, behindFront, byBoth)
}

// A firewall that dislikes one customer's text keeps nobody else's back, and the
// agent learns of the text in the end.
func TestH2_AFirewallRefusesOneText(t *testing.T) {
	const text = "' OR 1=1; DROP TABLE x <script>"
	oneMode(t, func(t *testing.T, w *world) {
		bob := w.wa.NewPeer("5511777770002", "Bob")
		talking(w)
		w.between.Decide(func(_ *http.Request, body []byte) *chatwoottest.FrontAnswer {
			if bytes.Contains(body, []byte("DROP TABLE")) {
				return &chatwoottest.FrontBlocked
			}
			return nil
		})
		w.alice.SendText(w.phone, text)
		w.alice.SendText(w.phone, "did you get it?")
		w.failed("message")
		w.untilGivenUp(bob, "did you get it?")
	}, behindFront)
}

// Chatwoot says 422 of whatever it cannot do at the moment: what passes is waited
// for.
func TestK2_AnExceptionThatPassesCostsNoMessage(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		var refused atomic.Int32
		remove := w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			if !isPosting(r) {
				return chatwoottest.Fault{}
			}
			refused.Add(1)
			return chatwoottest.Fault{Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"error":"PG::UndefinedColumn: ERROR:  column \"x\" does not exist"}`}
		})
		bob := w.wa.NewPeer("5511777770002", "Bob")
		w.alice.SendText(w.phone, "one")
		bob.SendText(w.phone, "two")
		require.Eventually(t, func() bool {
			w.pass(30 * time.Second)
			return refused.Load() >= 10
		}, patience, 20*time.Millisecond)
		remove()
		// A refusal that was under way begins another rest.
		require.Eventually(t, func() bool {
			w.pass(30 * time.Second)
			return len(w.desk.incoming()) >= 3
		}, patience, 100*time.Millisecond, "hers and his")
		w.desk.wait("hers", withText("one"))
		w.desk.wait("his", withText("two"))
		require.Len(t, w.desk.incoming(), 3, "%q", w.desk.incoming())
	})
}

// What is refused for one message alone is given up after some attempts, visibly,
// and its chat goes on.
func TestK3_WhatIsRefusedForOneMessageAloneEndsVisibly(t *testing.T) {
	for name, fault := range map[string]chatwoottest.Fault{
		"an exception": {Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"error":"undefined method"}`},
		"500":          {Status: http.StatusInternalServerError, ContentType: "application/json", Body: `{"status":500,"error":"Internal Server Error"}`},
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				bob := w.wa.NewPeer("5511777770002", "Bob")
				talking(w)
				w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
					if isPosting(r) && bytes.Contains(requestBody(r), []byte("poison")) {
						return fault
					}
					return chatwoottest.Fault{}
				})
				w.alice.SendText(w.phone, "poison")
				w.alice.SendText(w.phone, "after it")
				w.failed("message")
				w.untilGivenUp(bob, "after it")
			})
		})
	}
}

// Chatwoot refuses the token for a while, or shows no inbox: the line stops, asks
// on, and goes on by itself.
func TestK1_APausedLineGoesOnByItself(t *testing.T) {
	for name, fault := range map[string]chatwoottest.Fault{
		"the token": {Status: http.StatusUnauthorized, ContentType: "application/json", Body: `{"error":"Invalid Access Token"}`},
		"the inbox": {Status: http.StatusNotFound, ContentType: "application/json", Body: `{"error":"Resource could not be found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				w.handler.Store(nil)
				w.bridge.Stop()
				w.configure = restless
				w.start()
				w.connected()
				talking(w)
				remove := w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
					if strings.Contains(r.URL.Path, "/profile") && fault.Status == http.StatusNotFound {
						return chatwoottest.Fault{}
					}
					return fault
				})
				w.alice.SendText(w.phone, "meanwhile")
				w.until("the pause", func(s whatsapp.State) bool { return s.Code == bridge.StatePaused })
				state, err := w.bridge.State(w.line)
				require.NoError(t, err)
				require.Contains(t, state.Sentence, "goes on by itself")
				require.NotContains(t, strings.ToLower(state.Sentence), "delete this line")
				remove()
				w.connected()
				w.desk.wait("what was written meanwhile", withText("meanwhile"))
				require.Equal(t, []string{"hi", "meanwhile"}, w.desk.incoming())
			})
		})
	}
}

// What an admin has paused stays so, whatever Chatwoot says.
func TestK1_WhatAnAdminPausedStaysPaused(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.handler.Store(nil)
		w.bridge.Stop()
		w.configure = restless
		w.start()
		w.connected()
		require.NoError(t, w.bridge.Pause(t.Context(), w.line))
		time.Sleep(100 * time.Millisecond) // some rounds of asking
		state, err := w.bridge.State(w.line)
		require.NoError(t, err)
		require.Equal(t, bridge.StatePaused, state.Code)
		require.NoError(t, w.bridge.Resume(t.Context(), w.line))
		w.connected()
	})
}

// Chatwoot cannot store files for a while: the caption comes with a line in the
// file's place, what follows is not held up, and the file comes by itself.
func TestK2_AFileThatChatwootCannotStoreFollowsItsCaption(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		remove := w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			if !isPosting(r) || !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
				return chatwoottest.Fault{}
			}
			return chatwoottest.Fault{Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"error":"Aws::S3::Errors::ServiceUnavailable"}`}
		})
		_, err := w.alice.SendFile(w.phone, "document", strings.NewReader("%PDF-1.4"), whatsapptest.WithCaption("the contract"), whatsapptest.WithFileName("a.pdf"))
		require.NoError(t, err)
		w.alice.SendText(w.phone, "can you sign it?")
		w.desk.wait("what follows", withText("can you sign it?"))
		texts := w.desk.incoming()
		require.Len(t, texts, 3, "%q", texts)
		require.Contains(t, texts[1], "the contract")
		remove()
		require.Eventually(t, func() bool {
			w.pass(time.Minute)
			for _, c := range w.desk.Conversations() {
				for _, m := range w.desk.Messages(c.ID) {
					if len(m.Files) == 1 && m.Files[0].Name == "a.pdf" {
						return true
					}
				}
			}
			return false
		}, patience, 50*time.Millisecond)
	})
}
