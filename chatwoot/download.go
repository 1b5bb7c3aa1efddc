package chatwoot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
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
// No token is sent: the address itself is the right to read.
func (c *Client) Download(ctx context.Context, dataURL string, w io.Writer, limit int64) (DownloadInfo, error) {
	target, https, err := c.fileURL(dataURL)
	if err != nil {
		return DownloadInfo{}, err
	}
	ctx, moved, stop := untilStalled(ctx, c.timeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return DownloadInfo{}, errors.New("fetch a file: the address is not valid")
	}
	req.Header.Set("User-Agent", userAgent)
	if https {
		req.Header.Set("X-Forwarded-Proto", "https") // or an internal call is sent away with a 301
	}
	resp, err := c.files.Do(req)
	if err != nil {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", transportError(err, http.MethodGet))
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
	n, err := io.Copy(w, io.LimitReader(movingReader{ReadCloser: resp.Body, moved: moved}, limit+1))
	if err != nil {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &UnavailableError{Err: errors.New("the connection broke in the middle")})
	}
	if n > limit {
		return DownloadInfo{}, ErrTooLarge
	}
	return DownloadInfo{ContentType: resp.Header.Get("Content-Type"), Size: n}, nil
}

// storagePath is in the addresses of files that Chatwoot itself gives out.
const storagePath = "/rails/active_storage/"

// fileRedirects is how often a file's address may send to another.
const fileRedirects = 10

// followFile follows the redirects of a file's address. Chatwoot makes the second
// address of the request; where a proxy does not tell it that this came by https, it
// would lead to the same host by http, where nobody may answer.
func followFile(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		if len(via) >= fileRedirects {
			return errors.New("a file's address leads in circles")
		}
		to := next.URL
		if base.Scheme == "https" && to.Scheme == "http" && to.Hostname() == base.Hostname() && strings.Contains(to.Path, storagePath) {
			to.Scheme, to.Host = base.Scheme, base.Host
			next.Host = base.Host
		}
		return nil
	}
}

// fileURL puts the configured Chatwoot in front of an attachment's path, and
// says whether the public address was an https one on another scheme.
func (c *Client) fileURL(dataURL string) (target string, https bool, err error) {
	parsed, err := url.Parse(dataURL)
	if err != nil || parsed.Path == "" || (parsed.Scheme != "" && parsed.Scheme != "http" && parsed.Scheme != "https") {
		return "", false, errors.New("fetch a file: the address is not valid")
	}
	if !strings.Contains(parsed.Path, storagePath) && parsed.Host != "" {
		return dataURL, false, nil // stored elsewhere, with an address of its own
	}
	parsed.Path = "/" + strings.TrimPrefix(parsed.Path, "/")
	if parsed.RawPath != "" {
		parsed.RawPath = "/" + strings.TrimPrefix(parsed.RawPath, "/")
	}
	target = c.base.Scheme + "://" + c.base.Host + c.prefix(parsed) + parsed.EscapedPath()
	if parsed.RawQuery != "" {
		target += "?" + parsed.RawQuery
	}
	return target, parsed.Scheme == "https" && c.base.Scheme == "http", nil
}

// prefix is the configured base path, unless the file's path has it already.
func (c *Client) prefix(file *url.URL) string {
	if strings.HasPrefix(file.Path, c.base.Path) {
		return ""
	}
	return c.base.EscapedPath()
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
