package whatsapptest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"

	"github.com/wootbridge/wootbridge/whatsapp/internal/signalsession"
)

// Options configure a Server. The zero value is good for most tests.
type Options struct {
	// Log receives what the server does; nothing is logged when nil.
	Log *slog.Logger
	// Addr is the address to listen on, by default a free port of loopback.
	Addr string
	// ForwardRepeats hands a message id that a client has already used on to
	// the recipient. By default such a repeat is acknowledged and dropped.
	ForwardRepeats bool
	// RotateQR retires the code that a phone scans first, as WhatsApp does: the
	// client has to show another secret, and only that one links.
	RotateQR bool
	// Packets says in which websocket messages bytes go to a client: it is given
	// a length-prefixed frame and returns the parts, in order. By default a
	// message is a frame. It is called concurrently.
	Packets func(frame []byte) [][]byte
	// Now is the server's clock, time.Now when nil.
	Now func() time.Time
}

// Server is a WhatsApp server. Its methods may be called concurrently.
type Server struct {
	opts   Options
	log    *slog.Logger
	static *keys.KeyPair
	cert   []byte
	hooks  hooks
	media  *mediaStore
	hang   mediaHang
	http   *http.Server
	// work counts the goroutines that Close waits for.
	work sync.WaitGroup
	ctx  context.Context
	stop context.CancelFunc

	mu         sync.Mutex
	listener   net.Listener
	peers      []*Peer
	byUser     map[types.JID]*Peer
	aliases    map[types.JID]*Peer // see AddAlias
	groups     map[types.JID]*Group
	conns      map[*conn]struct{}
	closed     bool
	pairings   map[string]*pairing
	codes      map[string]*codePairing
	seen       map[messageKey]struct{}
	repeats    int
	unknown    []string
	transports []*http.Transport
	nextID     uint64
	revision   uint32
	required   uint32
	refused    int
}

// messageKey names a message as its sender sent it.
type messageKey struct {
	account *Peer
	to      types.JID
	id      string
}

// New makes a server that does not listen yet.
func New(opts Options) *Server {
	signalsession.Silence()
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Server{
		opts:     opts,
		log:      opts.Log,
		static:   keys.NewKeyPair(),
		ctx:      ctx,
		stop:     stop,
		byUser:   map[types.JID]*Peer{},
		aliases:  map[types.JID]*Peer{},
		groups:   map[types.JID]*Group{},
		conns:    map[*conn]struct{}{},
		pairings: map[string]*pairing{},
		codes:    map[string]*codePairing{},
		seen:     map[messageKey]struct{}{},
	}
}

// Start begins to listen.
func (s *Server) Start() error {
	// Clients compare it with the machine's clock, whatever the server's says.
	cert, err := newCertificate(s.static, time.Now())
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	dir, err := os.MkdirTemp("", "whatsapptest-")
	if err != nil {
		return fmt.Errorf("make media folder: %w", err)
	}
	listener, err := net.Listen("tcp", s.opts.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", s.opts.Addr, err), os.RemoveAll(dir))
	}
	s.cert, s.media = cert, newMediaStore(dir)
	mux := http.NewServeMux()
	mux.HandleFunc("/ws/chat", s.serveSocket)
	mux.HandleFunc("/{$}", s.serveStart)
	mux.HandleFunc("/mms/", s.serveMedia)
	mux.HandleFunc("/v/", s.serveMedia)
	mux.HandleFunc("/pp/", s.servePicture)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.mu.Lock()
	s.listener = listener
	s.mu.Unlock()
	s.work.Go(func() { _ = s.http.Serve(listener) })
	return nil
}

// Close ends all connections, waits for the server's goroutines and deletes the
// media folder.
func (s *Server) Close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	transports := s.transports
	s.mu.Unlock()
	for _, c := range conns {
		c.reset()
	}
	for _, transport := range transports {
		transport.CloseIdleConnections()
	}
	if s.http != nil {
		_ = s.http.Close()
	}
	s.work.Wait()
	if s.media != nil {
		if err := os.RemoveAll(s.media.dir); err != nil {
			s.log.Warn("delete media folder", "error", err)
		}
	}
}

// Addr returns host:port; it speaks plain HTTP and WebSocket for every host
// name that WhatsApp uses.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return s.opts.Addr
	}
	return s.listener.Addr().String()
}

// RootKey returns the public key that the server's certificate ends in.
func (s *Server) RootKey() [32]byte { return RootKey() }

// TransportTo returns a transport that dials every host, TLS or not, as plain
// TCP to an address. net/http does not check that what DialTLSContext returns is
// TLS, so "https" and "wss" become plain HTTP on loopback.
func TransportTo(addr string) *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}
	return &http.Transport{DialContext: dial, DialTLSContext: dial}
}

// Transport returns a TransportTo this server, which must have been started.
func (s *Server) Transport() *http.Transport {
	transport := TransportTo(s.Addr())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transports = append(s.transports, transport)
	return transport
}

// Wire points a client at this server. Call TrustRoot before.
func (s *Server) Wire(cli *whatsmeow.Client) {
	client := &http.Client{Transport: s.Transport()}
	cli.SetPreLoginHTTPClient(client)
	cli.SetWebsocketHTTPClient(client)
	cli.SetMediaHTTPClient(client)
}

// UnknownStanzas lists the requests the server had no answer for. A test should
// find it empty at its end.
func (s *Server) UnknownStanzas() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}

// Repeats counts the messages a client sent again under an id it had used.
func (s *Server) Repeats() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repeats
}

// Peers lists the accounts, in the order in which they were made.
func (s *Server) Peers() []*Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.peers)
}

// Peer finds an account by its phone number or alias, by its LID or by any JID
// of one of its devices; nil when there is none.
func (s *Server) Peer(number string) *Peer {
	jid := types.NewJID(number, types.DefaultUserServer)
	if parsed, err := types.ParseJID(number); err == nil && parsed.User != "" {
		jid = parsed
	}
	return s.lookup(jid)
}

func (s *Server) lookup(jid types.JID) *Peer {
	jid = jid.ToNonAD()
	if jid.Server == types.LegacyUserServer {
		jid.Server = types.DefaultUserServer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byUser[jid]
}

func (s *Server) noteUnknown(stanza string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown = append(s.unknown, stanza)
}

// isRepeat notes a message and reports whether its id was used before.
func (s *Server) isRepeat(key messageKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, repeat := s.seen[key]; repeat {
		s.repeats++
		return true
	}
	s.seen[key] = struct{}{}
	return false
}

func (s *Server) stanzaID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	return fmt.Sprintf("%d-%d", s.opts.Now().Unix(), s.nextID)
}
