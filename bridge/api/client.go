package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// Client calls the admin API of a running server. It is safe for concurrent
// use. A call that the server refuses gives a *fault.Error.
type Client struct {
	base string // as people are told
	http *resty.Client
}

// requestTimeout is longer than the server takes for its slowest call, the
// making of an inbox.
const requestTimeout = 2 * time.Minute

// NewClient makes a Client for the server at base, such as
// http://127.0.0.1:8081; it does not connect.
func NewClient(base, token string) *Client {
	base = strings.TrimRight(base, "/")
	client := resty.NewWithClient(&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}).
		SetBaseURL(base).SetAuthToken(token).SetHeader("Accept", "application/json").
		SetRedirectPolicy(resty.NoRedirectPolicy()).SetDisableWarn(true)
	return &Client{base: seal.Mask(base), http: client}
}

// CloseIdle ends connections that are kept for further calls.
func (c *Client) CloseIdle() { c.http.GetClient().CloseIdleConnections() }

// Lines lists all lines, the oldest first.
func (c *Client) Lines(ctx context.Context) ([]Line, error) {
	var answer Lines
	err := c.do(ctx, http.MethodGet, "/api/v1/lines", nil, nil, &answer)
	return answer.Lines, err
}

// Line reads one line.
func (c *Client) Line(ctx context.Context, id string) (Line, error) {
	var line Line
	err := c.do(ctx, http.MethodGet, linePath(id), nil, nil, &line)
	return line, err
}

// CreateLine makes a line, and its inbox in Chatwoot unless one is named.
func (c *Client) CreateLine(ctx context.Context, n NewLine) (Line, error) {
	var line Line
	err := c.do(ctx, http.MethodPost, "/api/v1/lines", nil, n, &line)
	return line, err
}

// UpdateLine changes a line's name, settings and token of Chatwoot.
func (c *Client) UpdateLine(ctx context.Context, id string, u LineUpdate) (Line, error) {
	var line Line
	err := c.do(ctx, http.MethodPatch, linePath(id), nil, u, &line)
	return line, err
}

// ReplaceToken gives a line another access token of Chatwoot.
func (c *Client) ReplaceToken(ctx context.Context, id, token string) (Line, error) {
	var line Line
	err := c.do(ctx, http.MethodPost, linePath(id)+"/token", nil, NewToken{ChatwootToken: token}, &line)
	return line, err
}

// Move gives a line the address that its Chatwoot has now.
func (c *Client) Move(ctx context.Context, id string, m Move) (Line, error) {
	var line Line
	err := c.do(ctx, http.MethodPost, linePath(id)+"/move", nil, m, &line)
	return line, err
}

// DeleteLine logs a line's device out and removes the line, in the background where
// it is large; force does so though messages wait, which are lost.
func (c *Client) DeleteLine(ctx context.Context, id string, force bool) error {
	query := url.Values{}
	if force {
		query.Set("force", "true")
	}
	return c.do(ctx, http.MethodDelete, linePath(id), query, nil, nil)
}

// Pair asks for a code to link a phone; it then shows in the line's events.
func (c *Client) Pair(ctx context.Context, id string, p Pair) error {
	return c.do(ctx, http.MethodPost, linePath(id)+"/pair", nil, p, nil)
}

// Logout unlinks a line's device.
func (c *Client) Logout(ctx context.Context, id string) error { return c.command(ctx, id, "logout") }

// Confirm lets a line send what was missed although its database lacks messages
// that Chatwoot holds.
func (c *Client) Confirm(ctx context.Context, id string) error { return c.command(ctx, id, "confirm") }

// Reconnect ends a line's connection and connects at once.
func (c *Client) Reconnect(ctx context.Context, id string) error {
	return c.command(ctx, id, "reconnect")
}

// Pause stops a line; what comes for it is kept.
func (c *Client) Pause(ctx context.Context, id string) error { return c.command(ctx, id, "pause") }

// Resume lets a paused line run again.
func (c *Client) Resume(ctx context.Context, id string) error { return c.command(ctx, id, "resume") }

func (c *Client) command(ctx context.Context, id, what string) error {
	return c.do(ctx, http.MethodPost, linePath(id)+"/"+what, nil, nil, nil)
}

// JobFilter selects jobs.
type JobFilter struct {
	State string // waiting, done, dead or unconverted; empty means dead
	Line  string // empty means all
	After int64  // ids above this one
	Limit int    // of the page; 0 leaves it to the server
}

// Jobs reads a page of jobs.
func (c *Client) Jobs(ctx context.Context, f JobFilter) (Jobs, error) {
	query := url.Values{}
	for name, value := range map[string]string{"state": f.State, "line": f.Line} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range map[string]int64{"after": f.After, "limit": int64(f.Limit)} {
		if value != 0 {
			query.Set(name, strconv.FormatInt(value, 10))
		}
	}
	var page Jobs
	err := c.do(ctx, http.MethodGet, "/api/v1/jobs", query, nil, &page)
	return page, err
}

// Replay tries one dead job again.
func (c *Client) Replay(ctx context.Context, job int64) error {
	return c.do(ctx, http.MethodPost, "/api/v1/jobs/"+strconv.FormatInt(job, 10)+"/replay", nil, nil, nil)
}

// ReplayAll tries the dead jobs of a line again, or all when line is empty,
// and says how many.
func (c *Client) ReplayAll(ctx context.Context, line string) (int, error) {
	var answer Replayed
	err := c.do(ctx, http.MethodPost, "/api/v1/jobs/replay", nil, Replay{Line: line}, &answer)
	return answer.Replayed, err
}

// ReplayUnconverted converts messages that were shown as placeholders, of a line, or all
// when line is empty.
func (c *Client) ReplayUnconverted(ctx context.Context, line string) (Replayed, error) {
	var answer Replayed
	err := c.do(ctx, http.MethodPost, "/api/v1/jobs/replay", nil, Replay{Line: line, Unconverted: true}, &answer)
	return answer, err
}

// Ready reports whether the server can take events in.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, http.MethodGet, "/readyz", nil, nil, nil)
}

// whoTimeout is for a server that says who it is.
const whoTimeout = 3 * time.Second

// maxDescription bounds what is read of somebody who may not be a bridge.
const maxDescription = 1 << 20

// Title is how the admin API's description of itself begins.
const Title = "Wootbridge admin API"

// IsAdminAPI reports whether a bridge's admin API answers, which says so to everybody:
// a client without a token will do.
func (c *Client) IsAdminAPI(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, whoTimeout)
	defer cancel()
	var document struct {
		Info struct {
			Title string `json:"title"`
		} `json:"info"`
	}
	resp, err := c.http.R().SetContext(ctx).SetResult(&document).SetResponseBodyLimit(maxDescription).Get("/api/v1/openapi.json")
	return err == nil && resp.IsSuccess() && document.Info.Title == Title
}

func linePath(id string) string { return "/api/v1/lines/" + url.PathEscape(id) }

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r := c.http.R().SetContext(ctx).SetQueryParamsFromValues(query)
	if body != nil {
		r.SetBody(body).SetHeader("Content-Type", "application/json")
	}
	if into != nil {
		r.SetResult(into)
	}
	resp, err := r.Execute(method, path)
	if err != nil {
		return c.unreachable(err)
	}
	if !resp.IsSuccess() {
		return c.refused(resp.StatusCode(), bytes.NewReader(resp.Body()))
	}
	return nil
}

// maxFailure bounds how much of a refusal is read.
const maxFailure = 64 << 10

// refused returns the error that an answer holds.
func (c *Client) refused(status int, body io.Reader) error {
	var failure Failure
	if err := json.NewDecoder(io.LimitReader(body, maxFailure)).Decode(&failure); err != nil || failure.Error.Code == "" {
		return &fault.Error{Code: fault.CodeInternal, Message: fmt.Sprintf("%s answers with status %d, which a bridge does not: is this its address?", c.base, status)}
	}
	return &failure.Error
}

// ErrUnreachable says that no server answers.
var ErrUnreachable = errors.New("no answer")

func (c *Client) unreachable(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w from %s in time", ErrUnreachable, c.base)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w at %s: nothing listens there", ErrUnreachable, c.base)
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.base, err)
}
