package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Picture is a profile picture of a person or a group.
type Picture struct {
	ID      string // WhatsApp's, another one whenever the picture changes
	Content []byte
}

var (
	// ErrNoPicture says that there is no picture.
	ErrNoPicture = errors.New("there is no profile picture")
	// ErrPictureHidden says that the picture is not shown to this account.
	ErrPictureHidden = errors.New("the profile picture is not shown to this account")
	// ErrSamePicture says that the picture is the one that is known.
	ErrSamePicture = errors.New("the profile picture is the same as before")
	// ErrTooOften says that WhatsApp wants fewer questions.
	ErrTooOften = errors.New("WhatsApp wants fewer questions")
)

const (
	// pictureMost is how large a picture may be: Chatwoot takes 15 MB, WhatsApp's own
	// have some hundred KB.
	pictureMost = 5 << 20
	pictureTime = time.Minute
)

// Picture fetches the picture of whoever has a JID, unless it is the known one. A panic
// in the library is an error.
func (s *Session) Picture(ctx context.Context, jid, known string) (Picture, error) {
	to, err := types.ParseJID(jid)
	if err != nil {
		return Picture{}, fmt.Errorf("fetch a profile picture: %w", ErrNoPicture)
	}
	client, err := s.client()
	if err != nil {
		return Picture{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	var info *types.ProfilePictureInfo
	err = guarded(s, func() (err error) {
		info, err = client.GetProfilePictureInfo(ctx, to, &whatsmeow.GetProfilePictureParams{ExistingID: known})
		return err
	})
	switch {
	case errors.Is(err, whatsmeow.ErrProfilePictureNotSet):
		err = ErrNoPicture
	case errors.Is(err, whatsmeow.ErrProfilePictureUnauthorized):
		err = ErrPictureHidden
	case errors.Is(err, whatsmeow.ErrIQRateOverLimit):
		err = ErrTooOften
	case err == nil && info == nil, err == nil && known != "" && info.ID == known:
		err = ErrSamePicture
	}
	if err != nil {
		return Picture{}, fmt.Errorf("ask for a profile picture: %w", err)
	}
	raw, err := s.readPicture(ctx, info.URL)
	if err != nil {
		return Picture{}, fmt.Errorf("fetch a profile picture: %w", withoutAddress(err))
	}
	return Picture{ID: info.ID, Content: raw}, nil
}

// readPicture reads a picture from one of WhatsApp's servers.
func (s *Session) readPicture(ctx context.Context, address string) ([]byte, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("its address cannot be read")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if staysAtWhatsApp(&http.Request{URL: at}, nil) != nil {
		return nil, errors.New("its address is not WhatsApp's")
	}
	req.Close = true // the next one may be hours away
	resp, err := s.pictures().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, pictureMost+1))
	if err == nil && len(raw) > pictureMost {
		err = errors.New("it is too large")
	}
	return raw, err
}

// pictures is the client for pictures, made once.
func (s *Session) pictures() *http.Client {
	s.picturesOnce.Do(func() { s.pictureClient = mediaClient(s.cfg.transport()) })
	return s.pictureClient
}

// pictureChanged tells whose picture is another one now.
func (c *connection) pictureChanged(evt *events.Picture) {
	if tell := c.s.cfg.PictureChanged; tell != nil {
		tell(content.AddressOf(evt.JID, types.EmptyJID, c.alternate))
	}
}
