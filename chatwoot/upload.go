package chatwoot

import (
	"context"
	"io"
	"net/http"
)

// upload sends a form without resty, which would read all of it into memory
// beforehand, to be able to repeat it. Not the whole takes a limited time, but
// every standstill, Chatwoot's work at the end included.
func (c *Client) upload(ctx context.Context, call call, path string) (answer, error) {
	ctx, moved, stop := untilStalled(ctx, c.timeout)
	defer stop()
	form := call.stream
	body := movingReader{ReadCloser: form.reader(), moved: moved}
	req, err := http.NewRequestWithContext(ctx, call.method, c.base.String()+path, body)
	if err != nil {
		_ = body.Close()
		return answer{}, err
	}
	req.ContentLength = form.size
	req.Header.Set("Content-Type", form.contentType())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(tokenHeader, c.token)
	resp, err := c.uploads.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer{status: resp.StatusCode, header: resp.Header, body: content}, err
}
