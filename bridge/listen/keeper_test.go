package listen_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
)

const (
	public = "https://bridge.example.com"
	here   = public + "/webhooks/" + linetest.ID + "/" + linetest.PathSecret
)

const (
	refusedPrivate = "Hostname 'bridge.example.com' has no public ip addresses"
	refusedStatus  = "502 Bad Gateway"
)

// keeping is a line at a Chatwoot without a network, on the clock of a synctest
// bubble. Its process may be another one from time to time.
type keeping struct {
	*desk
	t    *testing.T
	line *linetest.Line
	// public is the bridge's address, or empty; settings are the line's.
	public   string
	settings lines.Settings
	chats    []listen.Chat
	times    listen.Times
	*process
}

// process is what one process knows of the line.
type process struct {
	inbox  *inbox.Inbox
	ways   *listen.Ways
	keeper *listen.Keeper
	stop   func()

	mu       sync.Mutex
	compared int
	taken    []chatwoot.Event
	verdicts []string // each change of the ways
}

// keep runs a test on a line whose webhooks arrive after 100 ms, as long as they are
// posted to the right address.
func keep(t *testing.T, test func(k *keeping)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{desk: newDesk(), t: t, public: public, settings: lines.DefaultSettings(), chats: []listen.Chat{{Source: "source", Conversation: 1}}}
		k.line = linetest.New(t, linetest.Options{Chatwoot: k.desk})
		k.post = k.arrives
		defer func() {
			if k.process != nil {
				k.stop()
			}
			time.Sleep(time.Second) // what was posted arrives
		}()
		test(k)
	})
}

// arrives posts a webhook that gets through to this process.
func (k *keeping) arrives() {
	if k.address != here {
		return
	}
	ways := k.ways
	go func() {
		time.Sleep(100 * time.Millisecond)
		ways.Heard(listen.Webhook)
	}()
}

// lost posts a webhook that never arrives.
func (*keeping) lost() {}

// start begins a process: what it asks Chatwoot first points the webhook.
func (k *keeping) start() {
	k.t.Helper()
	k.begin()
	synctest.Wait()
	require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
}

// settle gives the ways the time to show that they work.
func (*keeping) settle() { time.Sleep(30 * time.Second) }

// begin begins a process that has not yet asked what the inbox is like.
func (k *keeping) begin() {
	k.t.Helper()
	p := &process{}
	k.process = p
	record := k.line.Inbox.Line()
	record.Settings = k.settings
	p.inbox = inbox.New(inbox.Config{
		Line: record, Client: clientOf(k.t, k.desk), Gate: chatwoot.NewGate(time.Now), Store: k.line.Store, Bots: &inbox.Bots{},
		Reach: inbox.Reach{Public: k.public}, Clock: time.Now, Log: quiet,
	})
	p.ways = listen.NewWays(time.Now, func() { p.changed() })
	channels, stop, running := newChannels(0)
	p.keeper = listen.NewKeeper(listen.Config{
		Inbox: p.inbox, Ways: p.ways, Channels: channels, Store: k.line.Store, Times: k.times,
		Chats: func(context.Context) ([]listen.Chat, error) { return k.chats, nil },
		Take:  p.take, Compare: p.compare, Lost: p.compare, Guard: guard.Guard{Log: quiet}, Clock: time.Now, Log: quiet,
	})
	ctx, cancel := context.WithCancel(background)
	running.Go(func() { p.keeper.Run(ctx) })
	p.stop = sync.OnceFunc(func() { cancel(); stop(); running.Wait() })
}

// restart ends the process and begins another one.
func (k *keeping) restart() {
	k.t.Helper()
	k.stop()
	k.start()
}

func (p *process) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.ways.Status() {
		p.verdicts = append(p.verdicts, fmt.Sprintf("%s %s %s", s.Way, s.Verdict, s.Reason.Code))
	}
}

func (p *process) take(_ context.Context, e chatwoot.Event) {
	p.mu.Lock()
	p.taken = append(p.taken, e)
	p.mu.Unlock()
	if text := e.Message.Attributes.ExternalError; text != "" {
		p.keeper.WebhookFailed(text)
	}
}

func (p *process) compare() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compared++
}

func (p *process) comparisons() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.compared
}

// heard are the events that were taken.
func (p *process) heard() []chatwoot.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.taken)
}

// changesOf are the changes of a way, one after the other.
func (p *process) changesOf(way listen.Way) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Compact(slices.DeleteFunc(slices.Clone(p.verdicts), func(v string) bool { return !strings.HasPrefix(v, string(way)+" ") }))
}

// is says how the ways are.
func (k *keeping) is(webhook, live string) {
	k.t.Helper()
	text := func(way listen.Way) string {
		s := k.ways.Of(way)
		if s.Verdict == listen.Closed {
			return string(s.Reason.Code)
		}
		return string(s.Verdict)
	}
	require.Equal(k.t, []string{webhook, live}, []string{text(listen.Webhook), text(listen.Live)})
}

// points says where the inbox's webhook points.
func (k *keeping) points(address string) {
	k.t.Helper()
	require.Equal(k.t, address, see(k.desk, func(d *desk) string { return d.address }))
}

func (k *keeping) probed() int { return see(k.desk, func(d *desk) int { return len(d.probes) }) }

func (k *keeping) wasSet() []string {
	return see(k.desk, func(d *desk) []string { return slices.Clone(d.set) })
}

// red lets Chatwoot turn a bubble red; the live channel tells.
func (k *keeping) red(reason string) {
	k.change(func(d *desk) {
		d.tell("message.updated", fmt.Sprintf(`{"id":5,"account_id":1,"inbox_id":1,"conversation_id":1,"message_type":1,"status":"failed","content_attributes":{"external_error":%q},"previous_changes":{"status":["sent","failed"]}}`, reason))
	})
	synctest.Wait()
}

// refuse closes the webhook by a failure that needs no second one.
func (k *keeping) refuse() {
	k.t.Helper()
	k.change(func(d *desk) { d.post = k.lost })
	k.red(refusedPrivate)
	require.Equal(k.t, listen.Private, k.ways.Of(listen.Webhook).Reason.Code)
}

func (k *keeping) closure() lines.Closure {
	k.t.Helper()
	c, err := k.line.Store.Closure(k.t.Context(), linetest.ID)
	require.NoError(k.t, err)
	return c
}

// listens changes the line's setting while it runs.
func (k *keeping) listens(how string) {
	k.settings.Listen = how
	record := k.inbox.Record()
	record.Settings = k.settings
	k.inbox.Update(record)
	k.keeper.Wake()
}

func TestBothWaysAreProbedWhenTheyAreQuiet(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.is("works", "works")
		k.points(here)
		before := k.probed()
		require.LessOrEqual(k.t, before, 2)
		for range 6 {
			time.Sleep(10*time.Minute + 30*time.Second)
		}
		require.Equal(k.t, before+6, k.probed(), "one each ten minutes in which nothing came")
		// While there is traffic nobody needs a probe.
		before = k.probed()
		for i := range 60 {
			k.say(1, 1, i+1, "hello")
			k.ways.Heard(listen.Webhook)
			time.Sleep(time.Minute)
		}
		require.Equal(k.t, before, k.probed())
		k.is("works", "works")
		require.Empty(k.t, k.closure())
		require.Equal(k.t, []string{here}, k.wasSet())
	})
}

func TestALineWithoutAConversationIsNotProbed(t *testing.T) {
	keep(t, func(k *keeping) {
		k.chats = nil
		k.start()
		time.Sleep(time.Hour)
		require.Zero(k.t, k.probed())
		k.is("unknown", "unknown")
		require.Equal(k.t, 1, k.open())
	})
}

func TestAProbePassesOverConversationsThatWereDeleted(t *testing.T) {
	keep(t, func(k *keeping) {
		k.chats = []listen.Chat{{Source: "a", Conversation: 9}, {Source: "b", Conversation: 8}, {Source: "c", Conversation: 7}}
		k.gone = map[string]bool{"9": true, "8": true}
		k.start()
		k.settle()
		k.is("works", "works")
	})
}

// A Chatwoot that cannot be asked says nothing of its ways.
func TestAProbeThatCannotBeMadeSaysNothing(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.change(func(d *desk) { d.away = true })
		time.Sleep(30 * time.Minute)
		k.is("works", "works")
		k.change(func(d *desk) { d.away = false })
		time.Sleep(30 * time.Minute)
		k.is("works", "works")
	})
}

// T17: the address goes, what is red for nothing is looked at, and it is remembered.
func TestT17_AWebhookThatCannotGetThroughLosesItsAddress(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		compared := k.comparisons()
		k.refuse()
		time.Sleep(time.Second)
		k.is("private", "works")
		k.points("")
		require.Greater(k.t, k.comparisons(), compared, "bubbles may be red for nothing")
		known := k.closure()
		require.Equal(k.t, []string{"private", refusedPrivate}, []string{known.Reason, known.Detail})
		require.Equal(k.t, k.ways.Of(listen.Webhook).Since.UnixMilli(), known.At.UnixMilli())
		require.Contains(k.t, k.ways.Of(listen.Webhook).Sentence(), "SAFE_FETCH_ALLOW_PRIVATE_NETWORK")
		// And it stays away, whoever reads the inbox again.
		for range 3 {
			time.Sleep(time.Hour)
			require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
			k.points("")
		}
		require.Equal(k.t, []string{here, ""}, k.wasSet())
	})
}

// What fails now and then must fail for a while; then the address goes, if the live
// channel works.
func TestAWebhookThatFailsAgainAndAgainLosesItsAddress(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.change(func(d *desk) { d.post = k.lost })
		k.red(refusedStatus)
		k.red(refusedStatus)
		time.Sleep(59 * time.Second)
		k.points(here)
		k.is("works", "works")
		time.Sleep(2 * time.Second)
		k.red(refusedStatus)
		time.Sleep(time.Second)
		k.is("unanswered", "works")
		k.points("")
	})
}

func TestAWebhookThatNeverComesLosesItsAddress(t *testing.T) {
	keep(t, func(k *keeping) {
		k.post = k.lost
		k.start()
		time.Sleep(55 * time.Second)
		k.is("unknown", "works")
		k.points(here)
		time.Sleep(time.Minute)
		k.is("never_came", "works")
		k.points("")
		require.Equal(k.t, "never_came", k.closure().Reason)
		probes := k.probed()
		require.LessOrEqual(k.t, probes, 5)
		time.Sleep(time.Hour)
		require.LessOrEqual(k.t, k.probed(), probes+7, "what is closed is left alone")
	})
}

// With neither way there is no reason to believe that the address does harm: what
// failed may work again. One that cannot work is of no use in any case.
func TestTheAddressStaysWhereTheLiveChannelDoesNotWork(t *testing.T) {
	for name, fault := range map[string]func(d *desk){
		"no WebSocket":  func(d *desk) { d.noUpgrade = true },
		"not confirmed": func(d *desk) { d.silent = true },
		"deaf":          func(d *desk) { d.deaf = true },
	} {
		t.Run(name, func(t *testing.T) {
			keep(t, func(k *keeping) {
				fault(k.desk)
				k.start()
				time.Sleep(time.Minute)
				require.True(k.t, k.ways.Closed(listen.Live))
				require.Equal(k.t, listen.Works, k.ways.Of(listen.Webhook).Verdict)
				k.change(func(d *desk) { d.post = k.lost })
				for range 4 {
					k.keeper.WebhookFailed(refusedStatus)
					time.Sleep(30 * time.Second)
				}
				require.True(k.t, k.ways.None())
				time.Sleep(10 * time.Minute)
				k.points(here)
				require.Equal(k.t, []string{here}, k.wasSet())

				k.change(func(d *desk) { d.noUpgrade, d.silent, d.deaf = false, false, false })
				time.Sleep(5 * time.Minute)
				require.Equal(k.t, listen.Works, k.ways.Of(listen.Live).Verdict)
				k.points("")
			})
		})
	}
}

func TestAnAddressThatIsNotOursIsLeftAlone(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.refuse()
		time.Sleep(time.Second)
		k.points("")
		for _, other := range []string{"https://other.example.com/hook", public + "/webhooks/another-line/secret"} {
			k.save(other)
			time.Sleep(time.Minute)
			require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
			k.points(other)
		}
	})
}

// Whoever saves a page of settings that was open for long writes the old address
// back.
func TestAnOldAddressThatComesBackIsTakenOutAgain(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.refuse()
		time.Sleep(time.Second)
		for i, old := range []string{here, public + "/webhooks/" + linetest.ID + "/older-secret", "http://bridge:8080/webhooks/" + linetest.ID + "/x", here} {
			k.save(old)
			time.Sleep(time.Second)
			k.points("")
			require.Len(k.t, k.wasSet(), 3+i)
		}
		// Where the webhook works the right address comes back.
		k.change(func(d *desk) { d.post = k.arrives })
		k.keeper.Recheck()
		time.Sleep(5 * time.Second)
		k.is("works", "works")
		k.save(public + "/webhooks/" + linetest.ID + "/older-secret")
		time.Sleep(time.Second)
		k.points(here)
	})
}

func TestAClosedWebhookStaysClosedAfterARestart(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.refuse()
		time.Sleep(time.Second)
		set := len(k.wasSet())
		for range 3 {
			k.restart()
			require.Equal(k.t, refusedPrivate, k.ways.Of(listen.Webhook).Reason.Detail)
			time.Sleep(time.Hour)
			require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
			k.is("private", "works")
			k.points("")
			require.Len(k.t, k.wasSet(), set)
		}
		// Even a Chatwoot whose live channel is away meanwhile keeps a webhook closed
		// that cannot get through.
		k.stop()
		k.change(func(d *desk) { d.noUpgrade = true })
		k.start()
		time.Sleep(time.Hour)
		require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
		k.is("private", "no_upgrade")
		require.Len(k.t, k.wasSet(), set)
	})
}

func TestAClosedWebhookIsTriedOnceADay(t *testing.T) {
	keep(t, func(k *keeping) {
		k.times, k.ping = listen.Times{Look: time.Minute}, 9*time.Second
		k.start()
		time.Sleep(2 * time.Minute)
		k.refuse()
		time.Sleep(time.Second)
		require.Equal(k.t, []string{here, ""}, k.wasSet())
		closed := k.closure()
		time.Sleep(23*time.Hour + 55*time.Minute)
		require.Len(k.t, k.wasSet(), 2, "not before a day has passed")
		time.Sleep(10 * time.Minute)
		require.Len(k.t, k.wasSet(), 4, "set, and taken out again")
		k.points("")
		k.is("private", "works")
		tried := k.closure()
		require.Equal(k.t, []any{closed.At, closed.Reason, closed.Detail}, []any{tried.At, tried.Reason, tried.Detail})
		require.True(k.t, tried.Tried.After(closed.Tried))

		// When that was outlives the process.
		k.times.Trial = 3 * time.Hour
		time.Sleep(time.Hour)
		k.restart()
		time.Sleep(time.Hour)
		require.Len(k.t, k.wasSet(), 4)
		time.Sleep(time.Hour)
		require.Len(k.t, k.wasSet(), 6)
		k.is("private", "works")

		// One that comes back opens the way for good.
		k.change(func(d *desk) { d.post = k.arrives })
		time.Sleep(4 * time.Hour)
		k.is("works", "works")
		k.points(here)
		require.Len(k.t, k.wasSet(), 7)
		require.Equal(k.t, lines.Closure{}, k.closure())
		k.restart()
		k.points(here)
		require.Equal(k.t, listen.Unknown, k.ways.Of(listen.Webhook).Verdict, "nothing is known against it")
	})
}

// A trial is one probe long.
func TestATrialSetsTheAddressForOneProbe(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.refuse()
		time.Sleep(30 * time.Second)
		probes := k.probed()
		k.keeper.Recheck()
		synctest.Wait()
		k.points(here)
		require.Equal(k.t, probes+1, k.probed())
		time.Sleep(10*time.Second - time.Millisecond)
		k.points(here)
		time.Sleep(time.Second)
		k.points("")
		k.is("private", "works")
		require.Equal(k.t, probes+1, k.probed())
		time.Sleep(time.Hour)
		k.points("")
		require.Equal(k.t, []string{here, "", here, ""}, k.wasSet())
	})
}

// A real message fails during the trial: it ends so as well.
func TestATrialThatTurnsABubbleRedEnds(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.refuse()
		time.Sleep(30 * time.Second)
		k.keeper.Recheck()
		synctest.Wait()
		k.points(here)
		k.red(refusedPrivate)
		time.Sleep(11 * time.Second)
		k.points("")
		k.is("private", "works")
	})
}

func TestARecheckOpensAWebhookThatWasMended(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.refuse()
		time.Sleep(30 * time.Second)
		k.change(func(d *desk) { d.post = k.arrives })
		k.keeper.Recheck()
		time.Sleep(time.Second)
		k.is("works", "works")
		k.points(here)
		require.Equal(k.t, lines.Closure{}, k.closure())
		// Where nothing is closed it is an ordinary probe.
		probes := k.probed()
		k.keeper.Recheck()
		time.Sleep(time.Second)
		require.LessOrEqual(k.t, k.probed(), probes+1)
		k.is("works", "works")
	})
}

// An agent's token may do all but change the inbox: nothing is asked for again and
// again, and people are told who can help.
func TestATokenThatMayNotChangeTheInbox(t *testing.T) {
	keep(t, func(k *keeping) {
		k.address, k.forbidden = here, true
		k.start()
		k.settle()
		k.is("works", "works")
		k.refuse()
		time.Sleep(2 * time.Hour)
		k.is("private", "works")
		k.points(here)
		refused := len(k.wasSet())
		require.LessOrEqual(k.t, refused, 2, "%q", k.wasSet())
		time.Sleep(2 * time.Hour)
		require.Len(k.t, k.wasSet(), refused)
		require.Contains(k.t, k.ways.Of(listen.Webhook).Sentence(), "an administrator must empty the webhook address")
		require.Less(k.t, k.comparisons(), 10, "no comparison after the other either")
		// Once somebody has done it all is well.
		k.save("")
		time.Sleep(time.Minute)
		require.NotContains(k.t, k.ways.Of(listen.Webhook).Sentence(), "administrator must empty")
		require.Len(k.t, k.wasSet(), refused)
	})
}

// A line that is told to listen to webhooks alone keeps its address, however badly
// that goes.
func TestListeningToWebhooksAloneKeepsTheAddress(t *testing.T) {
	keep(t, func(k *keeping) {
		k.settings.Listen = lines.ListenWebhook
		k.start()
		k.settle()
		k.is("works", "off")
		require.Zero(k.t, k.open())
		k.change(func(d *desk) { d.post = k.lost })
		k.keeper.WebhookFailed(refusedPrivate)
		time.Sleep(time.Minute)
		k.is("private", "off")
		for range 3 {
			time.Sleep(time.Hour)
			require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
			k.points(here)
		}
		require.Equal(k.t, []string{here}, k.wasSet())
		require.Empty(k.t, see(k.desk, func(d *desk) []time.Time { return d.dialled }))
	})
}

func TestListeningToTheLiveChannelAloneNeedsNoAddress(t *testing.T) {
	keep(t, func(k *keeping) {
		k.settings.Listen = lines.ListenLive
		k.address = here
		k.start()
		k.settle()
		k.is("off", "works")
		k.points("")
		k.red(refusedPrivate) // of before
		time.Sleep(time.Hour)
		k.is("off", "works")
		require.Equal(k.t, lines.Closure{}, k.closure())
		require.True(k.t, k.ways.Of(listen.Webhook).Unused())
	})
}

// What nobody listens to is not tried, once a day or otherwise.
func TestAClosedWebhookThatNobodyListensToIsNotTried(t *testing.T) {
	keep(t, func(k *keeping) {
		k.times, k.ping = listen.Times{Look: time.Minute, Trial: time.Hour}, 9*time.Second
		k.start()
		time.Sleep(2 * time.Minute)
		k.refuse()
		time.Sleep(time.Second)
		k.listens(lines.ListenLive)
		time.Sleep(time.Minute)
		k.is("off", "works")
		changes := k.changesOf(listen.Webhook)
		time.Sleep(4 * time.Hour)
		require.Equal(k.t, changes, k.changesOf(listen.Webhook))
		require.Equal(k.t, []string{here, ""}, k.wasSet())
	})
}

func TestABridgeWithoutAnAddressUsesTheLiveChannel(t *testing.T) {
	keep(t, func(k *keeping) {
		k.public = ""
		k.start()
		time.Sleep(time.Hour)
		k.is("no_address", "works")
		require.Empty(k.t, k.wasSet())
	})
}

// The setting may be changed while the line runs.
func TestTheSettingDecidesWhatIsListenedTo(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.is("works", "works")
		k.listens(lines.ListenWebhook)
		time.Sleep(5 * time.Second)
		k.is("works", "off")
		require.Zero(k.t, k.open())
		k.listens(lines.ListenLive)
		time.Sleep(5 * time.Second)
		k.is("off", "works")
		require.Equal(k.t, 1, k.open())
		k.listens(lines.ListenBoth)
		require.NoError(k.t, k.inbox.Refresh(k.t.Context()))
		time.Sleep(30 * time.Second)
		k.is("works", "works")
		k.points(here)
		require.Equal(k.t, 1, k.open())
	})
}

// Behind a load balancer webhooks may come to another process, which says so.
func TestAProbeThatAnotherProcessHasAnsweredCounts(t *testing.T) {
	keep(t, func(k *keeping) {
		k.post = func() {
			go func() {
				time.Sleep(50 * time.Millisecond)
				require.NoError(k.t, k.line.Store.NoteWebhook(background, linetest.ID, time.Now()))
			}()
		}
		k.start()
		time.Sleep(time.Minute)
		k.is("works", "works")
		time.Sleep(time.Hour)
		k.is("works", "works")
		k.points(here)
		require.NotContains(k.t, k.changesOf(listen.Webhook), "webhook closed never_came")
		// One that came before the probe is no answer.
		k.change(func(d *desk) { d.post = k.lost })
		time.Sleep(30 * time.Minute)
		k.is("never_came", "works")
	})
}

// Only an event that must come shows that a channel lives: a deaf one pings on, and
// is confirmed again and again.
func TestADeafChannelIsClosedAndBegunAnewUntilItHears(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.is("works", "works")
		k.change(func(d *desk) { d.deaf, d.dialled = true, nil })
		compared := k.comparisons()
		time.Sleep(11 * time.Minute)
		k.is("works", "deaf")
		require.Greater(k.t, k.comparisons(), compared)
		since := k.ways.Of(listen.Live).Since
		changes := k.changesOf(listen.Live)
		require.Equal(k.t, "live closed deaf", changes[len(changes)-1])
		time.Sleep(2 * time.Hour)
		k.is("works", "deaf")
		require.Equal(k.t, since, k.ways.Of(listen.Live).Since)
		require.Equal(k.t, changes, k.changesOf(listen.Live), "it is said once")
		dialled := see(k.desk, func(d *desk) []time.Time { return slices.Clone(d.dialled) })
		require.Greater(k.t, len(dialled), 10, "another socket may hear")
		require.Less(k.t, len(dialled), 250, "ever more seldom")
		require.LessOrEqual(k.t, k.open(), 1)
		require.Contains(k.t, k.ways.Of(listen.Live).Sentence(), "restart its web process")

		k.change(func(d *desk) { d.deaf = false })
		time.Sleep(3 * time.Minute)
		k.is("works", "works")
		require.Equal(k.t, append(changes, "live works "), k.changesOf(listen.Live))
		open := k.open()
		dialled = see(k.desk, func(d *desk) []time.Time { return slices.Clone(d.dialled) })
		time.Sleep(time.Hour)
		require.Equal(k.t, 1, open)
		require.Len(k.t, see(k.desk, func(d *desk) []time.Time { return d.dialled }), len(dialled), "and it stays")
	})
}

// After an outage of Redis new sockets are now confirmed and deaf, now not confirmed
// at all (#14705): all that time the channel does not work.
func TestADeafChannelThatIsNotEvenConfirmedNowAndThenStaysClosed(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		k.change(func(d *desk) { d.deaf = true })
		time.Sleep(15 * time.Minute)
		k.is("works", "deaf")
		before := len(k.changesOf(listen.Live))
		for range 2 {
			k.change(func(d *desk) { d.silent = true })
			time.Sleep(15 * time.Minute)
			k.change(func(d *desk) { d.silent = false })
			time.Sleep(15 * time.Minute)
		}
		for _, change := range k.changesOf(listen.Live)[before:] {
			require.Contains(k.t, change, "live closed", "%q", k.changesOf(listen.Live))
		}
	})
}

// A deaf channel is one that does not work: with a webhook that does not work
// either, the address is not taken out because of it.
func TestAChannelThatIsDeafFromTheBeginning(t *testing.T) {
	keep(t, func(k *keeping) {
		k.deaf = true
		k.start()
		time.Sleep(time.Minute)
		k.is("works", "deaf")
		require.NotContains(k.t, k.changesOf(listen.Live), "live works ")
		k.points(here)
	})
}

// What was said before a connection is lost, so everything is compared.
func TestEveryConnectionIsFollowedByAComparison(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		for range 3 {
			compared := k.comparisons()
			k.cut()
			time.Sleep(10 * time.Millisecond)
			k.is("works", "cut")
			time.Sleep(5 * time.Minute)
			k.is("works", "works")
			require.Greater(k.t, k.comparisons(), compared)
		}
	})
}

func TestWhatTheLiveChannelTellsIsTaken(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		before := len(k.heard())
		k.say(1, 1, 7, "ours")
		k.say(1, 2, 8, "another inbox")
		k.say(2, 1, 9, "another account")
		synctest.Wait()
		require.Len(k.t, k.heard(), before+1)
		require.Equal(k.t, "ours", k.heard()[before].Message.Content)

		// What nobody acts on is a sign of life, and nothing more.
		k.change(func(d *desk) { d.tell("conversation.updated", `{"account_id":1,"inbox_id":1,"id":1}`) })
		synctest.Wait()
		require.Len(k.t, k.heard(), before+1)

		// What cannot be read, or was not, is looked for.
		for _, raw := range []string{
			`{"message":{"event":"message.created","data":{"account_id":1,"inbox_id":1,"id":"x"}}}`, strings.Repeat("x", 9<<20),
		} {
			compared := k.comparisons()
			k.change(func(d *desk) { d.sockets[0].queue <- raw })
			synctest.Wait()
			require.Equal(k.t, compared+1, k.comparisons())
		}
		require.Len(k.t, k.heard(), before+1)
		k.is("works", "works")
	})
}

// Whoever listens as a member of an inbox that assigns conversations by itself is
// given some.
func TestAnOwnerToWhomConversationsAreAssignedIsToldOf(t *testing.T) {
	for name, tc := range map[string]struct {
		set  func(d *desk)
		told bool
	}{
		"a member":            {func(d *desk) { d.assigns, d.members = true, []int64{1, 2} }, true},
		"no member":           {func(d *desk) { d.assigns, d.members = true, []int64{2} }, false},
		"nothing is assigned": {func(d *desk) { d.members = []int64{1} }, false},
		"busy":                {func(d *desk) { d.assigns, d.members, d.accounts[0].Availability = true, []int64{1}, "busy" }, false},
		"offline":             {func(d *desk) { d.assigns, d.members, d.accounts[0].Availability = true, []int64{1}, "offline" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			keep(t, func(k *keeping) {
				tc.set(k.desk)
				k.start()
				time.Sleep(time.Minute)
				require.Equal(k.t, tc.told, k.keeper.Notice() != "", k.keeper.Notice())
				k.change(func(d *desk) { d.members = nil })
				time.Sleep(2 * time.Hour)
				require.Empty(k.t, k.keeper.Notice(), "it is looked at again")
			})
		})
	}
}

// The bridge's own sentences on a bubble are no failures of its webhook, in any
// language and with whatever is put into them.
func TestTheBridgesOwnTextsAreNoWebhookFailures(t *testing.T) {
	t.Parallel()
	sentences := 0
	for _, language := range catalogue.Languages() {
		texts := catalogue.For(language)
		for _, key := range texts.Keys() {
			if !strings.HasPrefix(key, "fail.") {
				continue
			}
			for _, value := range []string{"", "2000", "404", "504", "10:00", "2026-11-29 10:00"} {
				text := texts.Text(key, "n", value, "time", value)
				failure, ok := chatwoot.WebhookFailureOf(text)
				require.False(t, ok, "%s %s: %q is taken for %s", language, key, text, failure)
				sentences++
			}
		}
	}
	require.Greater(t, sentences, 150)
}

func TestOnlyAWebhooksFailureCountsAsOne(t *testing.T) {
	keep(t, func(k *keeping) {
		k.start()
		k.settle()
		for range 5 {
			k.keeper.WebhookFailed(catalogue.For("en").Text("fail.notwa"))
			k.keeper.WebhookFailed("")
			k.keeper.WebhookFailed("(#131047) Re-engagement message")
			time.Sleep(30 * time.Second)
		}
		k.is("works", "works")
	})
}
