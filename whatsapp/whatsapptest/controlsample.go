package whatsapptest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// controlSample sends the request's body, a sample; the rest is in the query.
func (s *Server) controlSample(r *http.Request) (any, error) {
	var sample Sample
	if err := decodeControl(r, &sample); err != nil {
		return nil, err
	}
	query := r.URL.Query()
	to, err := s.sampleTarget(query.Get("to"))
	if err != nil {
		return nil, err
	}
	o := SampleOptions{ID: query.Get("id")}
	for name, into := range map[string]*bool{"keep_time": &o.KeepTime, "keep_files": &o.KeepFiles, "original": &o.Original} {
		if query.Get(name) == "" {
			continue
		}
		if *into, err = strconv.ParseBool(query.Get(name)); err != nil {
			return nil, controlError{http.StatusBadRequest, name + " is true or false"}
		}
	}
	sent, err := s.SendSample(to, sample, o)
	if err != nil {
		return nil, controlError{http.StatusUnprocessableEntity, err.Error()}
	}
	return sent, nil
}

// sampleTarget is the account to send to: the one that has clients, unless it is named.
func (s *Server) sampleTarget(number string) (*Peer, error) {
	if number != "" {
		if to := s.Peer(number); to != nil {
			return to, nil
		}
		return nil, controlError{http.StatusNotFound, "no account to send to"}
	}
	var found *Peer
	for _, p := range s.Peers() {
		switch {
		case len(p.Companions()) == 0:
		case found != nil:
			return nil, errors.New("several accounts have clients: say by to which is meant")
		default:
			found = p
		}
	}
	if found == nil {
		return nil, controlError{http.StatusConflict, "no client is linked"}
	}
	return found, nil
}

// SendSample sends a sample, as Server.SendSample does, to the account with the number,
// or to the one that has clients. The sample is JSON.
func (c Control) SendSample(ctx context.Context, to string, sample []byte, o SampleOptions) (SampleSent, error) {
	query := url.Values{"to": {to}, "id": {o.ID}}
	for name, value := range map[string]bool{"keep_time": o.KeepTime, "keep_files": o.KeepFiles, "original": o.Original} {
		query.Set(name, strconv.FormatBool(value))
	}
	var sent SampleSent
	err := c.do(ctx, http.MethodPost, "/samples?"+query.Encode(), bytes.NewReader(sample), "application/json", &sent)
	return sent, err
}

// controlPicture takes the request's body as the account's profile picture; an empty
// body removes it.
func controlPicture(p *Peer, r *http.Request) (any, error) {
	content, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 16<<20))
	if err != nil {
		return nil, err
	}
	if len(content) == 0 {
		content = nil
	}
	p.SetPicture(content)
	return p.describe(), nil
}

// SetPicture gives an account a profile picture, or none.
func (c Control) SetPicture(ctx context.Context, number string, content []byte) error {
	return c.do(ctx, http.MethodPost, peerPath(number, "/picture"), bytes.NewReader(content), "image/jpeg", nil)
}
