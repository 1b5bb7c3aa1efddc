package preview

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"github.com/wootbridge/wootbridge/internal/fetch"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// within is how long a text waits for all of it.
	within = 2 * time.Second
	// largestPage and largestImage bound what is read, in bytes.
	largestPage  = 1 << 20
	largestImage = 4 << 20

	userAgent = "Wootbridge (link preview)"
)

// Looker looks at what links lead to. It may be used by several goroutines at once.
type Looker struct {
	Fetcher *fetch.Fetcher
	// Thumbnail makes a small JPEG of a picture; nil is one that cannot be read.
	Thumbnail func(ctx context.Context, picture io.ReadSeeker) []byte
	Log       *slog.Logger
}

// Of gives what a link leads to, or nil: there is no page, it has no title, or it is not
// to be had soon.
func (l *Looker) Of(ctx context.Context, link string) *content.Preview {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	p, err := l.page(ctx, link)
	if err != nil {
		l.Log.Debug("a link is sent without a preview", "error", withoutAddress(err))
		return nil
	}
	if p.title == "" {
		return nil
	}
	found := &content.Preview{Link: link, Title: p.title, Description: p.description}
	if p.image != nil {
		if found.Thumbnail, err = l.image(ctx, p.image); err != nil {
			l.Log.Debug("a link's preview has no picture", "error", withoutAddress(err))
		}
	}
	return found
}

var errNoPage = errors.New("it is no page")

func (l *Looker) page(ctx context.Context, link string) (page, error) {
	at, err := url.Parse(link)
	if err != nil {
		return page{}, errNoPage
	}
	at.Fragment, at.RawFragment = "", ""
	resp, err := l.get(ctx, at)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	kind := strings.ToLower(resp.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "text/html") && !strings.HasPrefix(kind, "application/xhtml+xml") {
		return page{}, errNoPage
	}
	text, err := charset.NewReader(io.LimitReader(resp.Body, largestPage), kind)
	if err != nil {
		return page{}, errNoPage
	}
	if resp.Request != nil && resp.Request.URL != nil {
		at = resp.Request.URL // where it was sent on to
	}
	return parse(text, at), nil
}

func (l *Looker) image(ctx context.Context, at *url.URL) ([]byte, error) {
	resp, err := l.get(ctx, at)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	picture, err := io.ReadAll(io.LimitReader(resp.Body, largestImage+1))
	if err != nil {
		return nil, err
	}
	if len(picture) > largestImage {
		return nil, errors.New("the picture is too large")
	}
	return l.Thumbnail(ctx, bytes.NewReader(picture)), nil
}

func (l *Looker) get(ctx context.Context, at *url.URL) (*http.Response, error) {
	resp, err := l.Fetcher.Get(ctx, fetch.Request{URL: at, UserAgent: userAgent})
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, errNoPage
	}
	return resp, nil
}

// withoutAddress keeps what customers get out of the log.
func withoutAddress(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
