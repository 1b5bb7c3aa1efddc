package chatwoot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wootbridge/wootbridge/internal/fetch"
)

// Config says which Chatwoot, and as whom.
type Config struct {
	BaseURL string // https://chat.example.com, a path is allowed
	Token   string
	Account int64
	// Transport is for tests; nil means a transport of its own.
	Transport http.RoundTripper
	Timeout   time.Duration  // of one request, 0 means 60 s
	Gate      *Gate          // shared by the clients of one Chatwoot; nil means no limit
	Fetcher   *fetch.Fetcher // of files; nil means one that an admin has allowed nothing
	Log       *slog.Logger
}

// Client calls one account of one Chatwoot.
type Client struct {
	base     *url.URL
	account  int64
	token    string
	http     *resty.Client
	uploads  *http.Client // with the token, see upload
	files    *fetch.Fetcher
	via      http.RoundTripper // to Chatwoot
	gate     *Gate
	priority Priority
	timeout  time.Duration
	// headerless says that a good answer came without the header that marks
	// Chatwoot's: a proxy takes it away. Copies share it.
	headerless *atomic.Bool
}

// tokenHeader has hyphens: proxies drop names with underscores.
const tokenHeader = "Api-Access-Token"

const userAgent = "Wootbridge (+https://github.com/wootbridge/wootbridge)"

// maxAnswer bounds what is read of an answer.
const maxAnswer = 32 << 20

// New makes a Client. It does not connect.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(strings.TrimSpace(cfg.BaseURL), "/"))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, errors.New("the Chatwoot address is not of the form https://chat.example.com")
	}
	token := strings.TrimSpace(cfg.Token)
	if token == "" {
		return nil, errors.New("the Chatwoot token is empty")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 60 * time.Second
	}
	if cfg.Fetcher == nil {
		cfg.Fetcher = fetch.New(fetch.Options{})
	}
	transport := cfg.Transport
	if transport == nil {
		transport = ownTransport()
	}
	// A redirect never gets the token; no call of the API answers with one. That of
	// something in front is an answer to look at.
	client := resty.NewWithClient(&http.Client{Transport: transport}).
		SetBaseURL(base.String()).
		SetHeader(tokenHeader, token).
		SetHeader("User-Agent", userAgent).
		SetHeader("Accept", "application/json").
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })).
		SetResponseBodyLimit(maxAnswer).
		SetLogger(quiet{})
	return &Client{
		base: base, account: cfg.Account, token: token, http: client, gate: cfg.Gate, timeout: cfg.Timeout, headerless: new(atomic.Bool),
		uploads: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		files:   cfg.Fetcher, via: transport,
	}, nil
}

// quiet drops resty's own log lines, which would hold addresses.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}

// WithPriority gives a light copy whose requests pass the gate in their turn.
func (c *Client) WithPriority(p Priority) *Client {
	clone := *c
	clone.priority = p
	return &clone
}

// call is one request of the API.
type call struct {
	what   string // for errors: "create a message"
	method string
	path   string
	query  url.Values
	body   any // JSON
	stream *multipartBody
	into   any
	// lookup says that a POST changes nothing, so that it may be repeated
	// whatever became of it.
	lookup bool
	// absolute says that path does not begin below the account.
	absolute bool
}

func (c *Client) do(ctx context.Context, req call) error {
	if err := c.gate.Enter(ctx, c.priority); err != nil {
		return fmt.Errorf("%s: %w", req.what, err)
	}
	started := time.Now()
	err := errPanic // unless exchange returns: a panic must not keep the place
	kind := req.what
	if req.stream != nil {
		kind = ""
	}
	defer func() { c.gate.Leave(c.priority, Ended{Kind: kind, Err: err, Took: time.Since(started)}) }()
	if err = c.exchange(ctx, req); err != nil {
		return fmt.Errorf("%s: %w", req.what, err)
	}
	return nil
}

var errPanic = errors.New("panic in a request")

func (c *Client) exchange(ctx context.Context, req call) error {
	path := req.path
	if !req.absolute {
		path = "/api/v1/accounts/" + strconv.FormatInt(c.account, 10) + req.path
	}
	send := c.request
	if req.stream != nil {
		send = c.upload
	}
	effect := req.method
	if req.lookup {
		effect = http.MethodGet
	}
	began := time.Now()
	got, err := send(ctx, req, path)
	if err != nil {
		return transportError(err, effect)
	}
	c.gate.noteDate(got.header, time.Since(began))
	got.page = req.absolute
	if got.status < 200 || got.status > 299 {
		return got.failure(effect, c.headerless.Load())
	}
	if err := got.succeeded(req.into); err != nil {
		return err
	}
	if req.into != nil {
		c.headerless.Store(got.header.Get(requestID) == "")
	}
	return nil
}

// request makes a call that has no file.
func (c *Client) request(ctx context.Context, req call, path string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r := c.http.R().SetContext(ctx).SetQueryParamsFromValues(req.query)
	if req.body != nil {
		r.SetHeader("Content-Type", "application/json").SetBody(req.body)
	}
	resp, err := r.Execute(req.method, path)
	if err != nil {
		return answer{}, err
	}
	return answer{status: resp.StatusCode(), header: resp.Header(), body: resp.Body()}, nil
}

// transportError classifies a request without an answer. It drops the
// library's text, which has the address with its query in it.
func transportError(err error, method string) error {
	cause := errors.New("no answer")
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		cause = context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		cause = context.Canceled
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		cause = errors.New("connection broken")
	}
	if told := tlsFault(err); told != nil {
		return &UnavailableError{Err: told} // no request was made
	}
	var op *net.OpError
	var lookup *net.DNSError
	switch dialled := errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"); {
	case dialled && errors.As(err, &lookup):
		return &UnavailableError{Err: errors.New("the host name is not found"), Down: true}
	case dialled && errors.Is(err, syscall.ECONNREFUSED):
		return &UnavailableError{Err: errors.New("connection refused"), Down: true}
	case dialled, method == http.MethodGet: // it never left, or asked only
		return &UnavailableError{Err: cause}
	}
	return &AmbiguousError{Err: cause}
}
