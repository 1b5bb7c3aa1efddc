package chatwoot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
)

// File streams an attachment to w as Download does, and makes sure that it is what
// Chatwoot has stored: what something in front answers instead, such as a page to sign
// in at, is no file, and half a file is none either. On an error, w may hold something.
func (c *Client) File(ctx context.Context, a Attachment, w io.Writer, limit int64) (DownloadInfo, error) {
	info, err := c.Download(ctx, a.DataURL, w, limit)
	if err != nil {
		return DownloadInfo{}, err
	}
	// Chatwoot tells the size of its record, which is the file's; 0 is an empty file, or an
	// attachment of before it was recorded.
	known := a.Size > 0
	if known && info.Size == a.Size {
		return info, nil
	}
	if isPage(info.ContentType) && !a.isPage() {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &FrontError{Status: http.StatusOK, Page: true})
	}
	if known {
		return DownloadInfo{}, fmt.Errorf("fetch a file: %w", &UnavailableError{Err: errNotWhole})
	}
	return info, nil
}

var errNotWhole = errors.New("what came is not the file that was stored")

func isPage(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return strings.Contains(kind, "html")
}

// isPage reports whether the file itself is one for browsers.
func (a Attachment) isPage() bool {
	if isPage(a.ContentType) {
		return true
	}
	switch strings.ToLower(path.Ext(a.Name())) {
	case ".html", ".htm", ".xhtml", ".shtml", ".mhtml":
		return true
	}
	return false
}
