package listen_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/internal/guard"
)

var background = context.Background()

// patience bounds every wait: only a failing test uses it up.
const patience = 30 * time.Second

// ear is a line that writes down what it is told.
type ear struct {
	mu   sync.Mutex
	told []string
	more chan struct{} // closed and replaced whenever something is told
	hear func(f chatwoot.Frame)
}

func newEar() *ear { return &ear{more: make(chan struct{})} }

func (e *ear) note(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, what)
	close(e.more)
	e.more = make(chan struct{})
}

// Hear implements listen.Listener.
func (e *ear) Hear(_ context.Context, f chatwoot.Frame) {
	if e.hear != nil {
		e.hear(f)
	}
	event, err := f.Decode()
	switch {
	case err != nil:
		e.note("cannot be read")
	case event.Message.ID != 0:
		e.note("message " + event.Message.Content)
	case event.Contact.ID != 0:
		e.note(f.Event + " " + event.Contact.Name)
	case f.Event != "":
		e.note(f.Event)
	}
}

// Connected implements listen.Listener.
func (e *ear) Connected() { e.note("connected") }

// Disconnected implements listen.Listener.
func (e *ear) Disconnected(why listen.Reason) { e.note("disconnected " + string(why.Code)) }

// Missed implements listen.Listener.
func (e *ear) Missed() { e.note("missed") }

// all is what was told so far.
func (e *ear) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.told)
}

// until waits until something is told, beyond the first n, and gives how much was
// told by then.
func (e *ear) until(t *testing.T, n int, what string) int {
	t.Helper()
	deadline := time.After(patience)
	for {
		e.mu.Lock()
		told, more := slices.Clone(e.told), e.more
		e.mu.Unlock()
		if i := slices.Index(told[min(n, len(told)):], what); i >= 0 {
			return n + i + 1
		}
		select {
		case <-more:
		case <-deadline:
			require.FailNow(t, "was not told: "+what, "%q", told)
		}
	}
}

// place is a simulated Chatwoot and the channels of a process.
type place struct {
	*chatwoottest.Server
	t        *testing.T
	channels *listen.Channels
	stop     func() // the process
	running  *sync.WaitGroup
}

func newPlace(t *testing.T, options chatwoottest.Options, profileEvery time.Duration) *place {
	t.Helper()
	options.Dir = t.TempDir()
	p := &place{Server: chatwoottest.New(options), t: t}
	require.NoError(t, p.Start())
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	p.channels, p.stop, p.running = newChannels(profileEvery)
	t.Cleanup(func() { p.stop(); p.running.Wait() })
	return p
}

// newChannels are the channels of a process that runs until it is stopped.
func newChannels(profileEvery time.Duration) (*listen.Channels, func(), *sync.WaitGroup) {
	life, stop := context.WithCancel(background)
	var running sync.WaitGroup
	return &listen.Channels{
		Clock: time.Now, Log: quiet, Guard: guard.Guard{Log: quiet}, ProfileEvery: profileEvery,
		Background: func(fn func(ctx context.Context)) { running.Go(func() { fn(life) }) },
	}, stop, &running
}

func (p *place) client(token string) *chatwoot.Client {
	p.t.Helper()
	transport := &http.Transport{}
	p.t.Cleanup(transport.CloseIdleConnections)
	c, err := chatwoot.New(chatwoot.Config{BaseURL: p.URL(), Token: token, Account: int64(p.Account()), Transport: transport})
	require.NoError(p.t, err)
	return c
}

// inbox makes an inbox.
func (p *place) inbox(name string) chatwoot.Inbox {
	p.t.Helper()
	inbox, err := p.client(p.AdminToken()).CreateInbox(background, chatwoot.NewInbox{Name: name})
	require.NoError(p.t, err)
	return inbox
}

// conversation begins one in an inbox.
func (p *place) conversation(inbox chatwoot.InboxID) int {
	p.t.Helper()
	contact, err := p.AddContact("name", "Maria")
	require.NoError(p.t, err)
	m, err := p.StartConversation(int(inbox), contact.ID, "hello")
	require.NoError(p.t, err)
	return m.Conversation
}

func (p *place) reply(conversation int, text string) {
	p.t.Helper()
	_, err := p.Reply(conversation, text)
	require.NoError(p.t, err)
}

// listenAs lets a line listen with a token, until leave is called.
func (p *place) listenAs(token string, inbox chatwoot.InboxID) (e *ear, leave func()) {
	p.t.Helper()
	e = newEar()
	return e, p.join(listen.Member{Client: p.client(token), Address: p.URL(), Account: int64(p.Account()), Inbox: inbox, Listener: e})
}

func (p *place) join(m listen.Member) (leave func()) {
	ctx, cancel := context.WithCancel(background)
	var listening sync.WaitGroup
	listening.Go(func() { p.channels.Listen(ctx, m) })
	leave = func() { cancel(); listening.Wait() }
	p.t.Cleanup(leave)
	return leave
}

// connections waits until so many are open and confirmed.
func (p *place) connections(n int) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		confirmed := 0
		for _, c := range p.LiveConnections() {
			if c.Confirmed {
				confirmed++
			}
		}
		return confirmed == n && len(p.LiveConnections()) == n
	}, patience, time.Millisecond, "%v", p.LiveConnections())
}

func TestLinesOfOneOwnerShareAConnection(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop, office, other := p.inbox("Shop"), p.inbox("Office"), p.inbox("Other")
	inShop, inOffice, inOther := p.conversation(shop.ID), p.conversation(office.ID), p.conversation(other.ID)
	first, leaveFirst := p.listenAs(p.AdminToken(), shop.ID)
	first.until(t, 0, "connected")
	second, leaveSecond := p.listenAs(p.AdminToken(), office.ID)
	second.until(t, 0, "connected")
	require.Len(t, p.LiveConnections(), 1)

	// Each hears its own inbox, and both what is of no inbox.
	p.reply(inOther, "of no concern")
	p.reply(inShop, "for the shop")
	p.reply(inOffice, "for the office")
	contact, err := p.AddContact("name", "Ana")
	require.NoError(t, err)
	require.NoError(t, p.DeleteContact(contact.ID))
	for e, own := range map[*ear]string{first: "message for the shop", second: "message for the office"} {
		e.until(t, 0, own)
		e.until(t, 0, "contact_deleted Ana")
		require.Equal(t, []string{"connected", own, "contact_deleted Ana"}, e.all())
	}

	// The one that leaves hears no more, the other one goes on.
	leaveFirst()
	heard := len(first.all())
	p.reply(inShop, "too late")
	p.reply(inOffice, "still here")
	second.until(t, 0, "message still here")
	require.Len(t, first.all(), heard)
	require.Len(t, p.LiveConnections(), 1)

	// With the last one the connection goes, and its goroutine.
	leaveSecond()
	p.connections(0)
	p.running.Wait()
}

// Another account's events come by the same stream; a line hears its own account.
func TestEventsOfAnotherAccountAreNotHeard(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	e, _ := p.listenAs(p.AdminToken(), shop.ID)
	e.until(t, 0, "connected")
	frame := func(account int, inbox chatwoot.InboxID, text string) {
		p.SendFrame(fmt.Appendf(nil, `{"identifier":"x","message":{"event":"message.created","data":{"id":1,"account_id":%d,"inbox_id":%d,"conversation_id":1,"content":%q}}}`, account, inbox, text))
	}
	frame(2, shop.ID, "another account")
	frame(1, shop.ID+1, "another inbox")
	p.SendFrame([]byte(`{"identifier":"x","message":{"event":"contact.updated","data":{"id":1,"account_id":2,"name":"another account"}}}`))
	frame(1, shop.ID, "ours")
	e.until(t, 0, "message ours")
	require.Equal(t, []string{"connected", "message ours"}, e.all())
}

func TestEachOwnerHasItsOwnConnection(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	second := p.AddAdministrator(p.Account(), chatwoottest.UserSpec{Name: "Eve", Email: "eve@example.com"})
	conversation := p.conversation(shop.ID)
	one, leave := p.listenAs(p.AdminToken(), shop.ID)
	other, _ := p.listenAs(p.Token(second), shop.ID)
	one.until(t, 0, "connected")
	other.until(t, 0, "connected")
	p.connections(2)
	p.reply(conversation, "for both")
	one.until(t, 0, "message for both")
	other.until(t, 0, "message for both")

	// Renewing the connection of one leaves the other alone.
	told := len(one.all())
	p.channels.Renew(one)
	one.until(t, told, "connected")
	leave()
	p.connections(1)
	require.NotContains(t, other.all(), "disconnected cut")
}

func TestACutConnectionIsOpenedAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	conversation := p.conversation(shop.ID)
	first, _ := p.listenAs(p.AdminToken(), shop.ID)
	second, _ := p.listenAs(p.AdminToken(), shop.ID+1)
	first.until(t, 0, "connected")
	second.until(t, 0, "connected")
	p.CutLive()
	for _, e := range []*ear{first, second} {
		e.until(t, e.until(t, 0, "disconnected cut"), "connected")
		require.Equal(t, []string{"connected", "disconnected cut", "connected"}, e.all())
	}
	require.Len(t, p.LiveConnections(), 1)
	p.reply(conversation, "heard again")
	first.until(t, 0, "message heard again")
}

// A connection that went deaf stays deaf: only another socket helps.
func TestARenewedConnectionIsAnotherSocket(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	e, _ := p.listenAs(p.AdminToken(), shop.ID)
	e.until(t, 0, "connected")
	before := p.LiveConnections()[0]
	for range 3 {
		p.channels.Renew(e) // asked for more than once, it is done once
	}
	e.until(t, 1, "connected")
	require.Equal(t, []string{"connected", "disconnected cut", "connected"}, e.all())
	p.connections(1)
	require.True(t, p.LiveConnections()[0].Since.After(before.Since))
	p.channels.Renew(newEar()) // who is not there renews nothing
	p.reply(p.conversation(shop.ID), "heard")
	e.until(t, 0, "message heard")
	require.Equal(t, 2, count(e.all(), "connected"))
}

func count(told []string, what string) (n int) {
	for _, one := range told {
		if one == what {
			n++
		}
	}
	return n
}

// After any of these Chatwoot confirms and pings on, and says nothing any more.
func TestAnOwnerWhoMayNotListenAnyMoreIsNoticed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lose func(p *place, user int) error
		told []string // after the connection
		back func(p *place, user int) error
	}{
		"password": {
			func(p *place, user int) error { return p.SetPassword(user, "Another1!") },
			[]string{"disconnected cut", "connected"}, nil,
		},
		"role": {
			func(p *place, user int) error { return p.SetRole(user, "agent") },
			[]string{"disconnected cut", "connected"},
			func(p *place, user int) error { return p.SetRole(user, "administrator") },
		},
		"account": {
			func(p *place, user int) error { return p.RemoveFromAccount(user) },
			[]string{"disconnected cut", "disconnected not_a_member"}, nil,
		},
		"token": {
			func(p *place, user int) error { _, err := p.ResetToken(user); return err },
			[]string{"disconnected token"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, chatwoottest.Options{}, 10*time.Millisecond)
			shop := p.inbox("Shop")
			conversation, admin := p.conversation(shop.ID), p.Users()[0].ID
			e, _ := p.listenAs(p.AdminToken(), shop.ID)
			n := e.until(t, 0, "connected")
			require.NoError(t, tc.lose(p, admin))
			for _, what := range tc.told {
				n = e.until(t, n, what)
			}
			if tc.back != nil {
				require.NoError(t, tc.back(p, admin))
				n = e.until(t, n, "connected")
			}
			if tc.told[len(tc.told)-1] == "connected" {
				p.reply(conversation, "heard")
				e.until(t, n, "message heard")
			}
		})
	}
}

// A suspended account tells on, and refuses everything that is done about it.
func TestASuspendedAccountIsSaidToBeSuspended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		e, leave := d.listen(t)
		defer leave()
		synctest.Wait()
		d.change(func(d *desk) { d.accounts[0].Status = "suspended" })
		time.Sleep(5 * time.Minute)
		require.Equal(t, "disconnected suspended", e.all()[len(e.all())-1], "%q", e.all())
	})
}

// Two lines of one owner have one connection, and each its own token: the one that
// was given the new one must not wait for the other.
func TestALineWithAGoodTokenDoesNotWaitForOneWithABadToken(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 10*time.Millisecond)
	shop, office := p.inbox("Shop"), p.inbox("Office")
	first, _ := p.listenAs(p.AdminToken(), shop.ID)
	first.until(t, 0, "connected")
	_, err := p.ResetToken(p.Users()[0].ID)
	require.NoError(t, err)
	first.until(t, 0, "disconnected token")
	second, _ := p.listenAs(p.AdminToken(), office.ID)
	require.Eventually(t, func() bool { return count(second.all(), "connected") > 0 }, 10*time.Second, 5*time.Millisecond, "%q", second.all())
}

func TestAProxyWithoutWebSocketsIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	p.SetLive(chatwoottest.LiveFaults{NoUpgrade: true})
	e, _ := p.listenAs(p.AdminToken(), p.inbox("Shop").ID)
	e.until(t, 0, "disconnected no_upgrade")
	p.ClearFaults()
	e.until(t, 0, "connected")
}

func TestATokenThatIsRefusedIsSaidToBe(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	e, leave := p.listenAs("nobody's", p.inbox("Shop").ID)
	e.until(t, 0, "disconnected token")
	require.Empty(t, p.LiveConnections())
	leave()
	p.running.Wait()
}

func TestAFrameThatIsTooLargeIsMissedByEveryLine(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	conversation := p.conversation(shop.ID)
	first, _ := p.listenAs(p.AdminToken(), shop.ID)
	second, _ := p.listenAs(p.AdminToken(), shop.ID+1)
	first.until(t, 0, "connected")
	second.until(t, 0, "connected")
	p.SendFrame([]byte(strings.Repeat("x", 9<<20)))
	first.until(t, 0, "missed")
	second.until(t, 0, "missed")
	p.reply(conversation, "and on")
	first.until(t, 0, "message and on")
	require.NotContains(t, first.all(), "disconnected cut")
}

// Whatever foreign bytes do to a line, the process and the other lines live.
func TestAPanicEndsTheConnectionOnly(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	conversation := p.conversation(shop.ID)
	var once sync.Once
	e := newEar()
	e.hear = func(f chatwoot.Frame) {
		if f.Event == chatwoot.EventMessageCreated {
			once.Do(func() { panic("boom") })
		}
	}
	p.join(listen.Member{Client: p.client(p.AdminToken()), Address: p.URL(), Account: int64(p.Account()), Inbox: shop.ID, Listener: e})
	n := e.until(t, 0, "connected")
	p.reply(conversation, "boom")
	n = e.until(t, n, "connected")
	p.reply(conversation, "heard")
	e.until(t, n, "message heard")
}

// Lines that come and go at any moment leave nothing behind, and who stays is
// connected.
func TestLinesMayComeAndGoAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	shop := p.inbox("Shop")
	conversation := p.conversation(shop.ID)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for range 5 {
				e, leave := p.listenAs(p.AdminToken(), shop.ID)
				if i%2 == 0 {
					e.until(t, 0, "connected")
				}
				p.channels.Renew(e)
				leave()
			}
		})
	}
	all.Wait()
	p.connections(0)
	p.running.Wait()
	e, _ := p.listenAs(p.AdminToken(), shop.ID)
	e.until(t, 0, "connected")
	p.reply(conversation, "heard")
	e.until(t, 0, "message heard")
}

// The process ends while lines listen.
func TestChannelsEndWithTheProcess(t *testing.T) {
	t.Parallel()
	p := newPlace(t, chatwoottest.Options{}, 0)
	e, leave := p.listenAs(p.AdminToken(), p.inbox("Shop").ID)
	e.until(t, 0, "connected")
	heard := e.all() // on a busy machine the first attempt may be cut off
	p.stop()
	p.running.Wait()
	p.connections(0)
	leave()
	require.Equal(t, heard, e.all(), "the end of the process is no news of the channel")
}

// listen lets a line listen at a Chatwoot without a network.
func (d *desk) listen(t *testing.T) (e *ear, leave func()) {
	t.Helper()
	channels, stop, running := newChannels(0)
	e = newEar()
	ctx, cancel := context.WithCancel(background)
	running.Go(func() {
		channels.Listen(ctx, listen.Member{Client: clientOf(t, d), Address: "http://chatwoot.example.com", Account: 1, Inbox: 1, Listener: e})
	})
	return e, func() {
		cancel()
		stop()
		running.Wait()
		synctest.Wait()
	}
}

// pauses are the times between moments, without the jitter of up to a half.
func pauses(moments []time.Time) (pauses []time.Duration) {
	for i := range len(moments) - 1 {
		pauses = append(pauses, moments[i+1].Sub(moments[i]))
	}
	return pauses
}

// within says that pauses grow as they should.
func within(t *testing.T, got []time.Duration, want ...time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, len(got), len(want), "%v", got)
	for i, pause := range want {
		require.GreaterOrEqual(t, got[i], pause, "%v", got)
		require.LessOrEqual(t, got[i], pause+pause/2, "%v", got)
	}
}

func TestAChatwootThatIsAwayIsAskedEverMoreSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.away = true
		e, leave := d.listen(t)
		defer leave()
		time.Sleep(10 * time.Minute)
		within(t, pauses(see(d, func(d *desk) []time.Time { return slices.Clone(d.profiles) })),
			time.Second, 2*time.Second, 4*time.Second, 8*time.Second, 16*time.Second, 32*time.Second, time.Minute, time.Minute)
		require.Equal(t, "disconnected unreachable", e.all()[0])
		d.change(func(d *desk) { d.away = false })
		time.Sleep(2 * time.Minute)
		require.Equal(t, 1, d.open())
		require.Equal(t, "connected", e.all()[len(e.all())-1])
	})
}

// A connection that ends at once is opened ever more seldom, one that lived for a
// while at once.
func TestConnectionsThatComeToNothingAreTriedEverMoreSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.noUpgrade = true
		e, leave := d.listen(t)
		defer leave()
		time.Sleep(10 * time.Minute)
		within(t, pauses(see(d, func(d *desk) []time.Time { return slices.Clone(d.dialled) })),
			time.Second, 2*time.Second, 4*time.Second, 8*time.Second, 16*time.Second, 32*time.Second, time.Minute, time.Minute)
		require.Equal(t, "disconnected no_upgrade", e.all()[0])

		d.change(func(d *desk) { d.noUpgrade = false })
		time.Sleep(5 * time.Minute)
		require.Equal(t, 1, d.open())
		for range 3 {
			d.change(func(d *desk) { d.dialled = nil })
			cut := time.Now()
			d.cut()
			time.Sleep(90 * time.Second)
			within(t, []time.Duration{see(d, func(d *desk) time.Time { return d.dialled[0] }).Sub(cut)}, time.Second)
			require.Equal(t, 1, d.open())
		}
	})
}

// A refusal is silence: what is not confirmed is begun anew, on another socket.
func TestAChannelThatIsNotConfirmedIsBegunAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.silent = true
		e, leave := d.listen(t)
		defer leave()
		time.Sleep(9 * time.Second)
		require.Empty(t, e.all())
		time.Sleep(time.Second + time.Millisecond)
		require.Equal(t, []string{"disconnected not_confirmed"}, e.all())
		time.Sleep(2 * time.Second)
		require.Len(t, see(d, func(d *desk) []time.Time { return d.dialled }), 2)
		require.Len(t, see(d, func(d *desk) []*socket { return slices.Clone(d.sockets) }), 1)
		d.change(func(d *desk) { d.silent = false })
		time.Sleep(time.Minute)
		require.Equal(t, "connected", e.all()[len(e.all())-1])
		told := len(e.all())
		time.Sleep(time.Hour)
		require.Len(t, e.all(), told, "and it stays")
	})
}

func TestAChannelThatFallsSilentIsBegunAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		e, leave := d.listen(t)
		defer leave()
		synctest.Wait()
		require.Equal(t, []string{"connected"}, e.all())
		time.Sleep(time.Hour)
		d.change(func(d *desk) { d.mute = true })
		time.Sleep(10*time.Second + time.Millisecond)
		require.Equal(t, []string{"connected", "disconnected silent"}, e.all()[:2])
		d.change(func(d *desk) { d.mute = false })
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"connected", "disconnected silent", "connected"}, e.all())
	})
}

// The owner is looked at every three minutes; whether somebody shows as online is
// no reason to begin anew, and a look that fails is none either.
func TestTheOwnerIsLookedAtFromTimeToTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		e, leave := d.listen(t)
		defer leave()
		synctest.Wait()
		asked := func() int { return len(see(d, func(d *desk) []time.Time { return d.profiles })) }
		before := asked()
		d.change(func(d *desk) { d.accounts[0].Availability = "busy" })
		time.Sleep(30*time.Minute + time.Second)
		require.Equal(t, before+10, asked())
		d.change(func(d *desk) { d.away = true })
		time.Sleep(30 * time.Minute)
		require.Equal(t, []string{"connected"}, e.all())
		d.change(func(d *desk) { d.away = false; d.pubsub = "another" })
		time.Sleep(3*time.Minute + 2*time.Second)
		require.Equal(t, []string{"connected", "disconnected cut", "connected"}, e.all())
		d.change(func(d *desk) { d.accounts = append(d.accounts, chatwoot.Account{ID: 2, Role: "agent"}) })
		time.Sleep(3*time.Minute + 2*time.Second)
		require.Equal(t, 3, count(e.all(), "connected"), "another account is something else to be told of")
		d.change(func(d *desk) { slices.Reverse(d.accounts) })
		time.Sleep(10 * time.Minute)
		require.Equal(t, 3, count(e.all(), "connected"), "their order is nothing")
	})
}
