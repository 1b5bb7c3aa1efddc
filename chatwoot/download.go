package chatwoot

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/internal/fetch"
)

// DownloadInfo describes a file that was fetched.
type DownloadInfo struct {
	ContentType string
	Size        int64
}

// ErrTooLarge says that a file is larger than the caller's limit.
var ErrTooLarge = errors.New("the file is larger than the limit")

// Download streams an attachment to w, at most limit bytes. The address's host
// is often one that only browsers can reach (or a bind address), so the
// configured one is used in its place; the signed path is good for any host.
// Anything else has to be public, or allowed by an admin: the error is a
// fetch.RefusedError. No token is sent: the address itself is the right to read.
func (c *Client) Download(ctx context.Context, dataURL string, w io.Writer, limit int64) (DownloadInfo, error) {
	target, https, err := c.fileURL(dataURL)
	if err != nil {
		return DownloadInfo{}, err
	}
	ctx, moved, stop := untilStalled(ctx, c.timeout)
	defer stop()
	header := c.homeHeader()
	if https {
		header.Set("X-Forwarded-Proto", "https") // or an internal call is sent away with a 301
	}
	resp, err := c.files.Get(ctx, fetch.Request{URL: target, Home: c.home(storagePath), Via: c.via, Header: header, UserAgent: userAgent})
	if err != nil {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", fetchError(err))
	}
	defer resp.Body.Close()
	own := resp.Request.URL.Host == c.base.Host
	switch {
	case own && resp.StatusCode >= 300 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.Header.Get(requestID) == "" && !c.headerless.Load():
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", answer{status: resp.StatusCode, header: resp.Header}.front())
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusForbidden:
		return DownloadInfo{}, ErrNotStored // object storage may say 403 of what it does not have
	case resp.StatusCode == http.StatusTooManyRequests:
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &RateLimitedError{RetryAfter: retryAfter(resp.Header)})
	case resp.StatusCode >= 500:
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &UnavailableError{Err: fmt.Errorf("status %d", resp.StatusCode)})
	case resp.StatusCode != http.StatusOK:
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &InvalidError{Status: resp.StatusCode})
	case resp.ContentLength > limit:
		return DownloadInfo{}, ErrTooLarge
	}
	body := &steadyReader{Reader: movingReader{ReadCloser: resp.Body, moved: moved}, began: time.Now()}
	n, err := io.Copy(w, io.LimitReader(body, limit+1))
	if errors.Is(err, errCrawls) {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &UnavailableError{Err: err})
	}
	if err != nil {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &UnavailableError{Err: errors.New("the connection broke in the middle")})
	}
	if n > limit {
		return DownloadInfo{}, ErrTooLarge
	}
	return DownloadInfo{ContentType: resp.Header.Get("Content-Type"), Size: n}, nil
}

// fetchError is transportError, but for an address that the rules refuse.
func fetchError(err error) error {
	var refused *fetch.RefusedError
	if errors.As(err, &refused) {
		return refused
	}
	return transportError(err, http.MethodGet)
}

// storagePath is below which Chatwoot keeps its files.
const storagePath = "/rails/active_storage/"

var errFileAddress = errors.New("fetch a file: the address is not valid")

// home is the address of what lies below a path of the configured Chatwoot.
func (c *Client) home(path string) *url.URL {
	at := c.base.Scheme + "://" + c.base.Host + c.base.EscapedPath() + path
	home, err := url.Parse(at)
	if err != nil {
		return nil
	}
	return home
}

// homeHeader is what something in front of Chatwoot wants to see, of a name and
// password in its address. Nobody else gets it.
func (c *Client) homeHeader() http.Header {
	header := http.Header{}
	if c.base.User != nil {
		password, _ := c.base.User.Password()
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.base.User.Username()+":"+password)))
	}
	return header
}

// fileURL puts the configured Chatwoot in front of an attachment's path, and
// says whether the public address was an https one on another scheme.
func (c *Client) fileURL(dataURL string) (target *url.URL, https bool, err error) {
	parsed, err := url.Parse(dataURL)
	if err != nil || parsed.Path == "" || (parsed.Scheme != "" && parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, false, errFileAddress
	}
	path := "/" + strings.TrimPrefix(parsed.EscapedPath(), "/")
	at := strings.Index(path, storagePath)
	if at < 0 {
		if parsed.Scheme == "" {
			return nil, false, errFileAddress
		}
		return parsed, false, nil // stored elsewhere, with an address of its own
	}
	own := c.base.Scheme + "://" + c.base.Host + c.base.EscapedPath() + path[at:]
	if parsed.RawQuery != "" {
		own += "?" + parsed.RawQuery
	}
	if target, err = url.Parse(own); err != nil {
		return nil, false, errFileAddress
	}
	return target, parsed.Scheme == "https" && c.base.Scheme == "http", nil
}

// Name is the file's name: webhooks have no field for it, so it is the last
// segment of the address, decoded.
func (a Attachment) Name() string {
	parsed, err := url.Parse(a.DataURL)
	if err != nil {
		return ""
	}
	name := path.Base(parsed.EscapedPath()) // a slash in the name is escaped
	if name == "." || name == "/" {
		return ""
	}
	for range 2 {
		if decoded, err := url.PathUnescape(name); err == nil {
			name = decoded
		}
	}
	return name
}
