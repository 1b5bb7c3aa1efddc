package pictures

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// pause is the least time between two looks of a line: to ask WhatsApp for many
	// pictures at once looks like somebody who collects them.
	pause = 2 * time.Second
	// anew is after how long a picture is looked at again of which WhatsApp did not say
	// that it changed, and none how long it is believed that there is none.
	anew, none = 14 * 24 * time.Hour, 3 * 24 * time.Hour
	// troubled is how long a look that failed is not repeated, and restful how long
	// nobody is looked at when WhatsApp wants fewer questions.
	troubled, restful = time.Hour, 6 * time.Hour
	// waitingMost bounds how many contacts wait; the others are looked at when they
	// write again.
	waitingMost = 1000
)

// Session is what pictures need of WhatsApp.
type Session interface {
	// Picture fetches the picture of whoever has a JID. The error may be one of
	// whatsapp's, such as ErrNoPicture.
	Picture(ctx context.Context, jid, known string) (whatsapp.Picture, error)
}

// Worker keeps the pictures of a line's contacts.
type Worker struct {
	Inbox   *inbox.Inbox
	IDs     *idmap.Map
	Session Session
	Guard   guard.Guard
	Clock   func() time.Time
	Log     *slog.Logger
	// Pause replaces the time between two looks; 0 means the usual.
	Pause time.Duration

	once    sync.Once
	wake    chan struct{}
	mu      sync.Mutex
	queue   []look
	waiting map[string]bool
	busy    bool
	rests   time.Time
}

// look is a contact to be looked at: by its chat, or by an address of it whose picture
// has changed.
type look struct {
	chat    string
	changed content.Address
}

// Seen says that a chat's contact is in use. It never blocks.
func (w *Worker) Seen(chat string) { w.add(chat, look{chat: chat}) }

// Changed says that the picture of whoever has an address has changed. It never blocks.
func (w *Worker) Changed(address content.Address) {
	w.add(address.JID+"|changed", look{changed: address})
}

func (w *Worker) add(key string, next look) {
	if w.Inbox.Settings().Pictures == lines.PicturesOff {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[key] || len(w.queue) >= waitingMost {
		return
	}
	if w.waiting == nil {
		w.waiting = map[string]bool{}
	}
	w.waiting[key] = true
	w.queue = append(w.queue, next)
	select {
	case w.woken() <- struct{}{}:
	default:
	}
}

func (w *Worker) woken() chan struct{} {
	w.once.Do(func() { w.wake = make(chan struct{}, 1) })
	return w.wake
}

func (w *Worker) next() (look, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy = len(w.queue) > 0; !w.busy {
		return look{}, false
	}
	first := w.queue[0]
	w.queue = w.queue[1:]
	delete(w.waiting, first.chat)
	delete(w.waiting, first.changed.JID+"|changed")
	return first, true
}

// Idle reports whether nobody waits to be looked at.
func (w *Worker) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue) == 0 && !w.busy
}

// Run looks at one contact after the other until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	rest := w.Pause
	if rest == 0 {
		rest = pause
	}
	for {
		next, any := w.next()
		if !any {
			select {
			case <-w.woken():
				continue
			case <-ctx.Done():
				return
			}
		}
		asked := false
		err := w.Guard.Run("looking at a profile picture", func() (err error) {
			asked, err = w.look(ctx, next)
			return err
		})
		if err != nil && ctx.Err() == nil {
			w.Log.Info("a profile picture could not be brought to Chatwoot; it is tried again later", "error", err)
		}
		if (asked || err != nil) && !wait.Sleep(ctx, rest) {
			return
		}
	}
}

// look brings a contact's picture to Chatwoot, if there is a newer one. asked says that
// somebody was asked.
func (w *Worker) look(ctx context.Context, next look) (asked bool, err error) {
	now, line := w.Clock(), w.Inbox.LineID()
	if now.Before(w.rests) || w.Inbox.Settings().Pictures == lines.PicturesOff {
		return false, nil
	}
	changed := next.changed.JID != ""
	if changed {
		known := false
		if next.chat, known, err = w.IDs.Known(ctx, line, next.changed.JID, next.changed.Alt); err != nil || !known {
			return false, err // nobody has written yet
		}
	}
	epoch, err := w.IDs.Epoch(ctx, line)
	if err != nil {
		return false, err
	}
	chat, err := w.IDs.Chat(ctx, line, next.chat, epoch)
	if err != nil || chat.Contact == 0 || len(chat.Aliases) == 0 {
		return false, idmap.IgnoreUnknown(err)
	}
	known, err := w.IDs.Picture(ctx, chat.ID)
	if err != nil {
		return false, err
	}
	if known.Contact != chat.Contact {
		known = idmap.Picture{Contact: chat.Contact} // another contact than before: it has no picture of ours
	}
	if !changed && !due(known, now) {
		return false, nil
	}
	known.Checked = now
	picture, err := w.Session.Picture(ctx, target(chat), known.ID)
	switch {
	case errors.Is(err, whatsapp.ErrNotConnected):
		return true, nil // looked at with the next message
	case errors.Is(err, whatsapp.ErrSamePicture), errors.Is(err, whatsapp.ErrPictureHidden):
		return true, w.IDs.SetPicture(ctx, chat.ID, known)
	case errors.Is(err, whatsapp.ErrNoPicture):
		return true, w.remove(ctx, chat, known)
	case errors.Is(err, whatsapp.ErrTooOften):
		w.rests = now.Add(restful)
		return true, err
	case err == nil:
		err = w.put(ctx, chat, known, picture, changed)
	}
	if err != nil && ctx.Err() == nil {
		known.Checked = now.Add(troubled - patience(known))
		err = errors.Join(err, w.IDs.SetPicture(ctx, chat.ID, known))
	}
	return true, err
}

// due reports whether a picture is to be looked at though nobody said that it changed.
func due(known idmap.Picture, now time.Time) bool {
	return known.Checked.IsZero() || now.Sub(known.Checked) >= patience(known)
}

// patience is how long what is known of a picture is believed.
func patience(known idmap.Picture) time.Duration {
	if known.ID == "" {
		return none
	}
	return anew
}

// target is the address by which WhatsApp is asked.
func target(chat idmap.Chat) string {
	if number := chat.Number(); number != "" {
		return number
	}
	return chat.Aliases[0]
}

// put gives the contact the picture. One that somebody else has put there stays, until
// WhatsApp says that the person has another.
func (w *Worker) put(ctx context.Context, chat idmap.Chat, known idmap.Picture, picture whatsapp.Picture, changed bool) error {
	client := w.Inbox.At(chatwoot.Background)
	id := chatwoot.ContactID(chat.Contact)
	known.Ours = known.Ours && known.ID != ""
	if !known.Ours && !changed {
		contact, err := client.Contact(ctx, id)
		if chatwoot.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if contact.Thumbnail != "" {
			known.ID = picture.ID
			return w.IDs.SetPicture(ctx, chat.ID, known)
		}
	}
	kind := media.ForDesk("image/jpeg", picture.Content)
	if !media.IsMedia(kind) {
		return errors.New("the picture is none")
	}
	err := client.SetAvatar(ctx, id, &chatwoot.Upload{
		Name: "picture" + media.Extension(kind), ContentType: kind, Size: int64(len(picture.Content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(picture.Content)), nil },
	})
	if chatwoot.IsNotFound(err) {
		return nil // made anew with the next message
	}
	if err != nil {
		return err
	}
	known.ID, known.Ours = picture.ID, true
	return w.IDs.SetPicture(ctx, chat.ID, known)
}

// remove takes the bridge's own picture away from a contact who has none any more.
func (w *Worker) remove(ctx context.Context, chat idmap.Chat, known idmap.Picture) error {
	if known.Ours {
		if err := w.Inbox.At(chatwoot.Background).RemoveAvatar(ctx, chatwoot.ContactID(chat.Contact)); err != nil && !chatwoot.IsNotFound(err) {
			return err
		}
	}
	known.ID, known.Ours = "", false
	return w.IDs.SetPicture(ctx, chat.ID, known)
}
