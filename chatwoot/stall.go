package chatwoot

import (
	"context"
	"errors"
	"io"
	"time"
)

// untilStalled gives a context that ends when nothing has moved for a while: a
// large file may take as long as it needs, but not stand still. stop must be
// called.
func untilStalled(ctx context.Context, limit time.Duration) (_ context.Context, moved, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() { timer.Reset(limit) }, func() { timer.Stop(); cancel(nil) }
}

// movingReader tells about every read.
type movingReader struct {
	io.ReadCloser
	moved func()
}

func (r movingReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.moved()
	return n, err
}

const (
	// crawlsAfter is from when on a transfer has to have leastRate, in bytes a
	// second on the average: one that sends a byte now and then never stands still.
	crawlsAfter = 5 * time.Minute
	leastRate   = 256
)

var errCrawls = errors.New("the file comes too slowly")

// steadyReader ends a transfer that crawls.
type steadyReader struct {
	io.Reader
	began time.Time
	read  int64
}

func (r *steadyReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.read += int64(n)
	if took := time.Since(r.began); err == nil && took > crawlsAfter && float64(r.read) < leastRate*took.Seconds() {
		err = errCrawls
	}
	return n, err
}
