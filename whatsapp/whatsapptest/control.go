package whatsapptest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.mau.fi/whatsmeow/types"
)

// PeerState is how the control interface shows an account.
type PeerState struct {
	Number  string        `json:"number"`
	Name    string        `json:"name"`
	LID     string        `json:"lid"`
	Devices []DeviceState `json:"devices,omitempty"`
	Errors  []string      `json:"errors,omitempty"`
}

// DeviceState is how the control interface shows a linked client.
type DeviceState struct {
	ID              uint16 `json:"id"`
	Online          bool   `json:"online"`
	Available       bool   `json:"available"`
	Logins          int    `json:"logins"`
	Pending         int    `json:"pending"`
	PendingMessages int    `json:"pending_messages"`
	HeldAcks        int    `json:"held_acks"`
}

// MessageState is how the control interface shows a received message.
type MessageState struct {
	ID         string    `json:"id"`
	From       string    `json:"from"`
	FromDevice uint16    `json:"from_device"`
	FromMe     bool      `json:"from_me,omitempty"`
	Chat       string    `json:"chat"`
	Kind       string    `json:"kind"`
	Text       string    `json:"text,omitempty"`
	Quoted     string    `json:"quoted,omitempty"`
	Target     string    `json:"target,omitempty"`
	FileName   string    `json:"file_name,omitempty"`
	Mimetype   string    `json:"mimetype,omitempty"`
	Size       int64     `json:"size,omitempty"`
	SHA256     string    `json:"sha256,omitempty"`
	MediaError string    `json:"media_error,omitempty"`
	Time       time.Time `json:"time"`
}

// ReceiptState is how the control interface shows a receipt.
type ReceiptState struct {
	ID   string    `json:"id"`
	From string    `json:"from"`
	Type string    `json:"type"`
	Time time.Time `json:"time"`
}

// ServerState is what a test checks at its end.
type ServerState struct {
	Address   string      `json:"address"`
	RootKey   string      `json:"root_key"`
	Repeats   int         `json:"repeats"`
	Unknown   []string    `json:"unknown_stanzas,omitempty"`
	Peers     []PeerState `json:"peers"`
	Uploads   int         `json:"uploads"`
	Downloads int         `json:"downloads"`
}

// controlError is an error with its HTTP status.
type controlError struct {
	status int
	text   string
}

func (e controlError) Error() string { return e.text }

// ControlHandler drives the server over HTTP, for tests of a bridge in another
// process. Bodies are JSON but for files, which are sent as they are. Control is
// a client for it.
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, handler func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answerControl(w, r, handler) })
	}
	route("GET /state", func(*http.Request) (any, error) { return s.state(), nil })
	route("POST /media", s.controlMedia)
	route("POST /samples", s.controlSample)
	route("POST /peers", s.controlNewPeer)
	route("GET /peers/{number}", s.withPeer(func(p *Peer, _ *http.Request) (any, error) { return p.describe(), nil }))
	route("POST /peers/{number}/scan", s.withPeer(controlScan))
	route("POST /peers/{number}/code", s.withPeer(controlCode))
	route("POST /peers/{number}/send", s.withPeer(controlSend))
	route("GET /peers/{number}/refused", s.withPeer(controlRefused))
	route("POST /peers/{number}/flood", s.withPeer(controlFlood))
	route("POST /peers/{number}/file", s.withPeer(controlSendFile))
	route("POST /peers/{number}/receipt", s.withPeer(controlReceipt))
	route("POST /peers/{number}/typing", s.withPeer(controlTyping))
	route("POST /peers/{number}/number", s.withPeer(controlChangeNumber))
	route("POST /peers/{number}/picture", s.withPeer(controlPicture))
	route("POST /peers/{number}/settings", s.withPeer(controlSettings))
	route("GET /peers/{number}/messages", s.withPeer(controlMessages))
	route("GET /peers/{number}/receipts", s.withPeer(controlReceipts))
	route("GET /peers/{number}/typing", s.withPeer(controlTypingEvents))
	route("POST /peers/{number}/device", s.withPeer(controlDevice))
	mux.HandleFunc("GET /peers/{number}/messages/{id}/file", s.controlFile)
	return mux
}

func (s *Server) answerControl(w http.ResponseWriter, r *http.Request, handler func(*http.Request) (any, error)) {
	answer, err := handler(r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		var typed controlError
		if errors.As(err, &typed) {
			status = typed.status
		}
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.log.Debug("answer control request", "error", err)
	}
}

func (s *Server) withPeer(handler func(*Peer, *http.Request) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		p := s.Peer(r.PathValue("number"))
		if p == nil {
			return nil, controlError{http.StatusNotFound, "no account with this number"}
		}
		return handler(p, r)
	}
}

func (s *Server) state() ServerState {
	root := s.RootKey()
	state := ServerState{
		Address: s.Addr(), RootKey: hex.EncodeToString(root[:]), Repeats: s.Repeats(), Unknown: s.UnknownStanzas(),
		Uploads: s.Uploads(), Downloads: s.Downloads(),
	}
	for _, p := range s.Peers() {
		state.Peers = append(state.Peers, p.describe())
	}
	return state
}

func (p *Peer) describe() PeerState {
	state := PeerState{Number: p.Number(), Name: p.Name(), LID: p.LID().String()}
	for _, d := range p.Companions() {
		state.Devices = append(state.Devices, DeviceState{
			ID: d.id, Online: d.Online(), Available: d.Available(), Logins: d.Logins(),
			Pending: d.Pending(), PendingMessages: d.PendingMessages(), HeldAcks: d.HeldAcks(),
		})
	}
	for _, err := range p.Errors() {
		state.Errors = append(state.Errors, err.Error())
	}
	return state
}

func (s *Server) controlNewPeer(r *http.Request) (any, error) {
	var body struct{ Number, Name string }
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	if _, err := strconv.ParseUint(body.Number, 10, 64); err != nil {
		return nil, fmt.Errorf("number must be digits: %w", err)
	}
	if known := s.Peer(body.Number); known != nil {
		return known.describe(), nil
	}
	return s.NewPeer(body.Number, body.Name).describe(), nil
}

func decodeControl(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return fmt.Errorf("decode request: %w", err)
	}
	return nil
}

func controlMessages(p *Peer, _ *http.Request) (any, error) {
	list := []MessageState{}
	for _, r := range p.Messages() {
		list = append(list, p.messageState(r))
	}
	return list, nil
}

// messageState describes a message; the hash of its file is that of what the
// peer can really download and decrypt.
func (p *Peer) messageState(r Received) MessageState {
	state := MessageState{
		ID: r.ID, From: r.From.Number(), FromDevice: r.FromDevice, FromMe: r.FromMe, Chat: r.Chat.String(),
		Kind: r.Kind(), Text: r.Text(), Quoted: r.Quoted().GetStanzaID(), Target: r.Target(), Time: r.Time,
	}
	media, err := r.Media()
	if err != nil {
		return state
	}
	state.FileName, state.Mimetype = media.FileName, media.Mimetype
	sum := sha256.New()
	counted := &countingWriter{w: sum}
	if err := p.DownloadTo(counted, r); err != nil {
		state.MediaError = err.Error()
		return state
	}
	state.Size, state.SHA256 = counted.n, hex.EncodeToString(sum.Sum(nil))
	return state
}

func controlReceipts(p *Peer, _ *http.Request) (any, error) {
	list := []ReceiptState{}
	for _, r := range p.Receipts() {
		kind := string(r.Type)
		if r.Type == types.ReceiptTypeDelivered {
			kind = "delivered"
		}
		list = append(list, ReceiptState{ID: r.ID, From: r.From.Number(), Type: kind, Time: r.Time})
	}
	return list, nil
}

func controlTypingEvents(p *Peer, _ *http.Request) (any, error) {
	list := []string{}
	for _, event := range p.TypingEvents() {
		list = append(list, string(event.State))
	}
	return list, nil
}

func (s *Server) controlFile(w http.ResponseWriter, r *http.Request) {
	p := s.Peer(r.PathValue("number"))
	if p == nil {
		http.NotFound(w, r)
		return
	}
	message, ok := p.find(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := p.DownloadTo(w, message); err != nil {
		s.log.Debug("send file to control client", "error", err)
		abort(w)
	}
}
