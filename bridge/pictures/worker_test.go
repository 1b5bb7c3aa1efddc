package pictures_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/pictures"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	patience = time.Minute
	ana      = "5511888880002@s.whatsapp.net"
)

// gallery is a WhatsApp with pictures.
type gallery struct {
	mu    sync.Mutex
	asked []string // "JID known"
	shown whatsapp.Picture
	err   error
	panic bool
}

func (g *gallery) Picture(_ context.Context, jid, known string) (whatsapp.Picture, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, jid+" "+known)
	if g.panic {
		panic("a picture without an id")
	}
	if g.err == nil && known == g.shown.ID {
		return whatsapp.Picture{}, whatsapp.ErrSamePicture
	}
	return g.shown, g.err
}

func (g *gallery) shows(id string, content []byte, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shown, g.err, g.panic = whatsapp.Picture{ID: id, Content: content}, err, false
}

func (g *gallery) times() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

type studio struct {
	*pictures.Worker
	t       *testing.T
	desk    *chatwoottest.Server
	gallery *gallery
	line    *linetest.Line
	chat    string
	panics  int
	mu      sync.Mutex
	now     time.Time
}

func newStudio(t *testing.T, options ...string) *studio {
	t.Helper()
	desk := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
	require.NoError(t, desk.Start())
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	s := &studio{t: t, desk: desk, gallery: &gallery{}, now: time.Now()}
	setUp := linetest.At(t, desk, "")
	setUp.Settings = func(settings *lines.Settings) {
		for _, pictures := range options {
			settings.Pictures = pictures
		}
	}
	s.line = linetest.New(t, setUp)
	contact, err := desk.AddContact("name", "Ana", "phone_number", "+5511888880002")
	require.NoError(t, err)
	s.chat = s.line.Know(ana, int64(contact.ID))
	s.Worker = &pictures.Worker{
		Inbox: s.line.Inbox, IDs: s.line.IDs, Session: s.gallery, Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond,
		Guard: guard.Guard{Log: slog.New(slog.DiscardHandler), Count: func() { s.panics++ }},
		Clock: func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now },
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return s
}

func (s *studio) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// look says that somebody wrote, and waits until WhatsApp was asked n times in all and
// everything was looked at.
func (s *studio) look(n int) {
	s.t.Helper()
	s.Seen(s.chat)
	s.settle(n)
}

func (s *studio) settle(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.gallery.times() >= n }, patience, time.Millisecond)
	require.Eventually(s.t, s.Idle, patience, time.Millisecond)
	require.Equal(s.t, n, s.gallery.times())
}

func (s *studio) avatar() string { return s.desk.Contacts()[0].Avatar }

func photo(t *testing.T, side int) ([]byte, string) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, side, side)), nil))
	sum := sha256.Sum256(out.Bytes())
	return out.Bytes(), hex.EncodeToString(sum[:])
}

func TestAContactGetsItsPictureOnceAndTheNextOneWhenItChanges(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	first, sum := photo(t, 8)
	s.gallery.shows("1", first, nil)
	s.look(1)
	require.Equal(t, sum, s.avatar())
	s.look(1) // known: nobody is asked
	second, sum := photo(t, 9)
	s.gallery.shows("2", second, nil)
	s.Changed(content.Address{JID: ana})
	s.settle(2)
	require.Equal(t, sum, s.avatar())
	require.Equal(t, []string{ana + " ", ana + " 1"}, s.gallery.asked)
	s.pass(15 * 24 * time.Hour)
	s.look(3)
	require.Equal(t, sum, s.avatar(), "the same picture stays")

	s.gallery.shows("", nil, whatsapp.ErrNoPicture)
	s.Changed(content.Address{JID: ana})
	s.settle(4)
	require.Empty(t, s.avatar(), "a picture that was taken away is taken away")
}

func TestWhatCannotBeHadIsNotAskedForAgainAndAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		again time.Duration
	}{
		"none":     {whatsapp.ErrNoPicture, 73 * time.Hour},
		"hidden":   {whatsapp.ErrPictureHidden, 73 * time.Hour},
		"a fault":  {errors.New("the file server is away"), 61 * time.Minute},
		"too many": {whatsapp.ErrTooOften, 7 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t)
			s.gallery.shows("", nil, test.err)
			s.look(1)
			s.pass(test.again / 2)
			s.look(1)
			content, sum := photo(t, 8)
			s.gallery.shows("1", content, nil)
			s.pass(test.again / 2)
			s.pass(time.Minute)
			s.look(2)
			require.Equal(t, sum, s.avatar())
		})
	}
}

func TestAPictureThatSomebodyElseSetStaysUntilThePersonHasAnother(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	theirs, sum := photo(t, 7)
	require.NoError(t, s.line.Inbox.Client().SetAvatar(t.Context(), 1, &chatwoot.Upload{
		Name: "a.jpg", ContentType: "image/jpeg", Size: int64(len(theirs)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(theirs)), nil },
	}))
	content1, _ := photo(t, 8)
	s.gallery.shows("1", content1, nil)
	s.look(1)
	require.Equal(t, sum, s.avatar())
	s.gallery.shows("", nil, whatsapp.ErrNoPicture)
	s.Changed(content.Address{JID: ana})
	s.settle(2)
	require.Equal(t, sum, s.avatar(), "what is not the bridge's is not taken away")
	content2, sum := photo(t, 9)
	s.gallery.shows("2", content2, nil)
	s.Changed(content.Address{JID: ana})
	s.settle(3)
	require.Equal(t, sum, s.avatar())
}

func TestAPanicInsideTheLibraryEndsOneLookOnly(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.gallery.panic = true
	s.look(1)
	content, sum := photo(t, 8)
	s.gallery.shows("1", content, nil)
	s.pass(61 * time.Minute)
	s.look(2)
	require.Equal(t, sum, s.avatar())
	require.Equal(t, 1, s.panics)
}

func TestWithoutPicturesNobodyIsAsked(t *testing.T) {
	t.Parallel()
	s := newStudio(t, lines.PicturesOff)
	s.Seen(s.chat)
	s.Changed(content.Address{JID: ana})
	require.True(t, s.Idle())
	require.Zero(t, s.gallery.times())
}

func TestWhatIsNoPictureIsNotShown(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.gallery.shows("1", []byte("<svg onload=alert(1)>"), nil)
	s.look(1)
	require.Empty(t, s.avatar())
}

// Nobody waits for pictures: thousands who write at once only fill a queue.
func TestSeeingNeverBlocks(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.gallery.shows("", nil, whatsapp.ErrNotConnected)
	for range 5000 {
		s.Seen("a chat that is not known")
		s.Changed(content.Address{JID: "1@lid"})
	}
	require.Eventually(t, s.Idle, patience, time.Millisecond)
}
