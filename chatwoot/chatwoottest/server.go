package chatwoottest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Server. The zero value is a Chatwoot of DefaultVersion on
// a free loopback port.
type Options struct {
	// Version is the release to behave like, from 4.2.0 on; DefaultVersion when
	// empty. What it does not say by itself is that of the release before.
	Version string
	// Enterprise is the edition of the usual image: sounds are analysed and
	// transcribed after their message was announced, and each of the two is a
	// message_updated.
	Enterprise bool
	// Addr is the address to listen on; "127.0.0.1:0" when empty.
	Addr string
	// Log receives one line per failed webhook; nothing when nil.
	Log *slog.Logger
	// Now is the clock of every timestamp and of the flood guard.
	Now func() time.Time
	// Dir is the folder below which files are kept; the system's when empty.
	Dir string
	// AccountName names account 1; "Acme" when empty.
	AccountName string
	// Admin and Agent name the two users of account 1.
	Admin, Agent UserSpec
	// MessagesPerSecond is how many messages the server can store; every
	// creation passes one queue at that rate. 0 is as fast as the machine.
	MessagesPerSecond float64
	// FrontendURL is what Chatwoot takes for its own address, in the links that
	// it gives away, without a slash at the end; the server's own when empty.
	FrontendURL string
	// PingEvery is the pause between two pings of the live channel; 3 s when zero.
	PingEvery time.Duration
	// FrameLateness is how much later than it happened the live channel tells of
	// anything. With 0 that is before the request that did it is answered.
	FrameLateness time.Duration
	// PublicWebhooksOnly refuses webhooks to hosts without a public address, as
	// 4.14.0 and later do of themselves; see SetPrivateWebhooks.
	PublicWebhooksOnly bool
	// WebhookTimeout is how long a receiver may take; 5 s when zero.
	WebhookTimeout time.Duration
	// WebhookWorkers is how many deliveries run at once; 4 when zero. With
	// more than one their order is not guaranteed, as with Sidekiq.
	WebhookWorkers int
}

// UserSpec describes a user. An empty token is generated.
type UserSpec struct {
	Name, Email, Token string
}

// Server is a Chatwoot in memory. All methods are safe for concurrent use.
type Server struct {
	opts    Options
	release release
	log     *slog.Logger
	files   *fileStore

	http     *http.Server
	listener net.Listener
	client   *http.Client    // delivers webhooks
	ctx      context.Context // until Close
	stop     context.CancelFunc
	running  sync.WaitGroup // listener, workers, live connections, and what is delayed
	capacity *capacity

	ahead atomic.Int64 // of Options.Now, in nanoseconds

	mu sync.Mutex
	db tables
	// changed is closed and replaced whenever something a waiter may wait
	// for has happened.
	changed  chan struct{}
	queue    queue
	live     live
	faults   faults
	requests map[string]int
	hooks    []Delivery
	account  int
	admin    int
	agent    int
	// publicOnly and loginPage are set while the server runs.
	publicOnly bool
	loginPage  LoginPage
	backup     []byte // see Backup
}

// New prepares a server; it does not listen before Start.
func New(opts Options) *Server {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&opts.Version, DefaultVersion)
	def(&opts.Addr, "127.0.0.1:0")
	def(&opts.AccountName, "Acme")
	def(&opts.Admin.Name, "Bridge")
	def(&opts.Admin.Email, "bridge@example.com")
	def(&opts.Agent.Name, "Ana")
	def(&opts.Agent.Email, "ana@example.com")
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.WebhookTimeout == 0 {
		opts.WebhookTimeout = 5 * time.Second
	}
	if opts.WebhookWorkers == 0 {
		opts.WebhookWorkers = 4
	}
	if opts.PingEvery == 0 {
		opts.PingEvery = 3 * time.Second
	}
	s := &Server{
		opts:     opts,
		release:  parseRelease(opts.Version),
		log:      opts.Log,
		db:       newTables(),
		changed:  make(chan struct{}),
		requests: map[string]int{},
		capacity: &capacity{rate: opts.MessagesPerSecond},
	}
	s.queue.outstanding = map[int]bool{}
	s.live = live{wake: make(chan struct{}, 1), presence: map[int]time.Time{}, lateness: opts.FrameLateness}
	s.publicOnly = opts.PublicWebhooksOnly
	s.account = s.AddAccount(opts.AccountName)
	s.admin = s.addUser(s.account, opts.Admin, roleAdministrator)
	s.agent = s.addUser(s.account, opts.Agent, roleAgent)
	return s
}

// Start listens and delivers webhooks until Close.
func (s *Server) Start() error {
	files, err := newFileStore(s.opts.Dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.opts.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", s.opts.Addr, err), files.close())
	}
	ctx, stop := context.WithCancel(context.Background())
	s.files, s.listener, s.ctx, s.stop = files, listener, ctx, stop
	s.client = &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: s.opts.WebhookWorkers},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.http = &http.Server{
		Handler:           s.dated(s.routes()),
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.running.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("chatwoottest stopped serving", "error", err)
		}
	})
	for range s.opts.WebhookWorkers {
		s.running.Go(func() { s.deliverAll(ctx) })
	}
	s.running.Go(func() { s.sendFrames(ctx) })
	s.running.Go(func() { s.beat(ctx) })
	return nil
}

// dated puts the server's clock on every answer, as web servers do with theirs.
func (s *Server) dated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.now().Format(http.TimeFormat))
		h.ServeHTTP(w, r)
	})
}

// Close ends every request, delivery and live connection, waits for them and
// removes the files.
// Webhooks not yet delivered are lost.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	s.mu.Lock()
	s.live.closed = true
	s.mu.Unlock()
	s.stop()
	err := s.http.Close()
	s.running.Wait()
	s.client.CloseIdleConnections()
	return errors.Join(err, s.files.close())
}

// URL is the base address, without a slash at the end.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Account is the number of the first account.
func (s *Server) Account() int { return s.account }

// AdminToken is the access token of the first account's administrator.
func (s *Server) AdminToken() string { return s.Token(s.admin) }

// AgentToken is the access token of the first account's agent.
func (s *Server) AgentToken() string { return s.Token(s.agent) }

func (s *Server) now() time.Time {
	return s.opts.Now().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Microsecond)
}

// SetClockAhead puts the server's clock ahead of Options.Now: that of all that it
// stores, of its answers' Date and of its webhooks' signatures. It may be negative.
func (s *Server) SetClockAhead(by time.Duration) { s.ahead.Store(int64(by)) }

// touched wakes everyone who waits for a change; the caller holds mu.
func (s *Server) touched() {
	close(s.changed)
	s.changed = make(chan struct{})
}
