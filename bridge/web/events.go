package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// streamPause is the shortest time between two readings of a line: a busy
	// queue changes many times a second.
	streamPause = 250 * time.Millisecond
	// streamRefresh is how often a line is read although nothing announced a
	// change; each time something is written, so that proxies keep the connection
	// open.
	streamRefresh = 15 * time.Second
	// streamWrite is how long a client may take to read.
	streamWrite = 30 * time.Second
)

// events streams a line's state and its changes.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		return errMethod // nobody would read the rest, which does not end
	}
	id := lineID(r)
	changed, stop, err := s.admin.Watch(id)
	if err != nil {
		return err
	}
	defer stop()
	status, err := s.admin.LineStatus(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	stream := &stream{w: w, control: http.NewResponseController(w)}
	refresh := time.NewTicker(streamRefresh)
	defer refresh.Stop()
	for {
		if err := stream.send(status); err != nil {
			return nil // the client has gone
		}
		if wait.Woken(r.Context(), streamPause, s.closing) != wait.Elapsed {
			return nil // the client has gone, or the server stops
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-s.closing:
			return nil
		case <-refresh.C:
		case <-changed:
		}
		if status, err = s.admin.LineStatus(r.Context(), id); err != nil {
			return nil // deleted, or the database is away: the client asks again and is told
		}
	}
}

// stream writes changes to its client.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
	state   api.StateEvent
	qr      api.QREvent
	queue   api.Queue
}

func (s *stream) send(status admin.LineStatus) error {
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	state := api.StateEvent{
		State: string(status.State.Code), Sentence: status.State.Sentence, JID: status.State.JID, Phone: status.State.Phone, LastError: status.LastError,
	}
	qr := api.QREvent{QR: status.State.QR, PairingCode: status.State.PairingCode}
	queue := queueOf(status.Queue)
	first := !s.begun
	s.begun = true
	if first || state != s.state {
		s.state = state
		if err := s.event(api.EventState, state); err != nil {
			return err
		}
	}
	if first || qr != s.qr {
		s.qr = qr
		if err := s.event(api.EventQR, qr); err != nil {
			return err
		}
	}
	if first || queue != s.queue {
		s.queue = queue
		if err := s.event(api.EventQueue, queue); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(s.w, ": \n\n"); err != nil {
		return err
	}
	return s.control.Flush()
}

func (s *stream) event(name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, data)
	return err
}
