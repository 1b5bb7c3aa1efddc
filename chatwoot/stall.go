package chatwoot

import (
	"context"
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
