package whatsapp

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow"
)

// stallTimeout is how long a transfer may stand still, WhatsApp's work at its
// end included.
const stallTimeout = 2 * time.Minute

// untilStalled gives a context that ends when the file has been left alone for
// too long, and the file to work with meanwhile: a large one may take as long
// as it needs. stop must be called.
func untilStalled(ctx context.Context, file whatsmeow.File) (_ context.Context, moving whatsmeow.File, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stallTimeout, func() { cancel(context.DeadlineExceeded) })
	moving = movingFile{File: file, moved: func() { timer.Reset(stallTimeout) }}
	return ctx, moving, func() { timer.Stop(); cancel(nil) }
}

// movingFile tells about every read and write. It has no more methods than it
// needs: those with which an os.File copies by itself would pass it by.
type movingFile struct {
	whatsmeow.File
	moved func()
}

func (f movingFile) Read(p []byte) (int, error) {
	f.moved()
	return f.File.Read(p)
}

func (f movingFile) Write(p []byte) (int, error) {
	f.moved()
	return f.File.Write(p)
}

func (f movingFile) WriteAt(p []byte, offset int64) (int, error) {
	f.moved()
	return f.File.WriteAt(p, offset)
}
