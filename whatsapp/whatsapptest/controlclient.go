package whatsapptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Control drives a server in another process through its ControlHandler.
type Control struct {
	// BaseURL is where the handler is served, without a slash at the end.
	BaseURL string
	// Client is http.DefaultClient when nil.
	Client *http.Client
}

// State returns the whole server's state.
func (c Control) State(ctx context.Context) (ServerState, error) {
	var state ServerState
	err := c.call(ctx, http.MethodGet, "/state", nil, &state)
	return state, err
}

// NewPeer makes an account, or returns the one that has the number.
func (c Control) NewPeer(ctx context.Context, number, name string) (PeerState, error) {
	var state PeerState
	err := c.call(ctx, http.MethodPost, "/peers", map[string]string{"number": number, "name": name}, &state)
	return state, err
}

// Peer returns an account's state.
func (c Control) Peer(ctx context.Context, number string) (PeerState, error) {
	var state PeerState
	err := c.call(ctx, http.MethodGet, peerPath(number, ""), nil, &state)
	return state, err
}

// ScanQR scans a code with an account's phone.
func (c Control) ScanQR(ctx context.Context, number, code string) error {
	return c.call(ctx, http.MethodPost, peerPath(number, "/scan"), map[string]string{"code": code}, nil)
}

// EnterPairCode types a code on an account's phone.
func (c Control) EnterPairCode(ctx context.Context, number, code string) error {
	return c.call(ctx, http.MethodPost, peerPath(number, "/code"), map[string]string{"code": code}, nil)
}

// Send sends a message as an account and returns its id.
func (c Control) Send(ctx context.Context, from string, request SendRequest) (string, error) {
	var answer struct{ ID string }
	err := c.call(ctx, http.MethodPost, peerPath(from, "/send"), request, &answer)
	return answer.ID, err
}

// SendText sends a text as an account and returns its id.
func (c Control) SendText(ctx context.Context, from, to, text string) (string, error) {
	var answer struct{ ID string }
	err := c.call(ctx, http.MethodPost, peerPath(from, "/send"), SendRequest{To: to, Text: text}, &answer)
	return answer.ID, err
}

// Refused lists the calls that an account's clients have refused.
func (c Control) Refused(ctx context.Context, number string) ([]string, error) {
	var ids []string
	err := c.call(ctx, http.MethodGet, peerPath(number, "/refused"), nil, &ids)
	return ids, err
}

// Flood sends much at once from one account to another, and returns the texts in
// their order.
func (c Control) Flood(ctx context.Context, from string, flood FloodRequest) ([]string, error) {
	var answer struct{ Texts []string }
	err := c.call(ctx, http.MethodPost, peerPath(from, "/flood"), flood, &answer)
	return answer.Texts, err
}

// HangMedia makes the file servers answer nothing, or again.
func (c Control) HangMedia(ctx context.Context, on bool) error {
	return c.call(ctx, http.MethodPost, "/media", MediaRequestState{Hang: on}, nil)
}

// FileRequest describes a file to be sent; Kind is as in Peer.SendFile.
type FileRequest struct {
	To, Kind, Name, Mimetype, Caption, ID, Quote, Address string
}

// SendFile sends a file of any size as an account and returns the message's id.
func (c Control) SendFile(ctx context.Context, from string, file FileRequest, content io.Reader) (string, error) {
	query := url.Values{
		"to": {file.To}, "kind": {file.Kind}, "name": {file.Name}, "mimetype": {file.Mimetype},
		"caption": {file.Caption}, "id": {file.ID}, "quote": {file.Quote}, "address": {file.Address},
	}
	var answer struct{ ID string }
	err := c.do(ctx, http.MethodPost, peerPath(from, "/file?"+query.Encode()), content, "application/octet-stream", &answer)
	return answer.ID, err
}

// SendReceipt sends a receipt (read, played, delivered) for received messages.
func (c Control) SendReceipt(ctx context.Context, from, kind string, ids ...string) error {
	return c.call(ctx, http.MethodPost, peerPath(from, "/receipt"), map[string]any{"type": kind, "ids": ids}, nil)
}

// Typing shows an account as typing, recording or paused in a chat.
func (c Control) Typing(ctx context.Context, from, to string, state TypingState) error {
	return c.call(ctx, http.MethodPost, peerPath(from, "/typing"), map[string]string{"to": to, "state": string(state)}, nil)
}

// ChangeNumber gives an account another number; see Peer.ChangeNumber.
func (c Control) ChangeNumber(ctx context.Context, number, next string) (PeerState, error) {
	var state PeerState
	err := c.call(ctx, http.MethodPost, peerPath(number, "/number"), map[string]string{"number": next}, &state)
	return state, err
}

// Settings changes what an account does by itself.
func (c Control) Settings(ctx context.Context, number string, settings SettingsRequest) error {
	return c.call(ctx, http.MethodPost, peerPath(number, "/settings"), settings, nil)
}

// Messages lists what an account has received, with the hashes of its files.
func (c Control) Messages(ctx context.Context, number string) ([]MessageState, error) {
	var list []MessageState
	err := c.call(ctx, http.MethodGet, peerPath(number, "/messages"), nil, &list)
	return list, err
}

// Receipts lists the receipts for an account's messages.
func (c Control) Receipts(ctx context.Context, number string) ([]ReceiptState, error) {
	var list []ReceiptState
	err := c.call(ctx, http.MethodGet, peerPath(number, "/receipts"), nil, &list)
	return list, err
}

// TypingEvents lists the typing states an account has seen.
func (c Control) TypingEvents(ctx context.Context, number string) ([]string, error) {
	var list []string
	err := c.call(ctx, http.MethodGet, peerPath(number, "/typing"), nil, &list)
	return list, err
}

// Device does something to the client that was linked to an account last.
func (c Control) Device(ctx context.Context, number string, request DeviceRequest) (PeerState, error) {
	var state PeerState
	err := c.call(ctx, http.MethodPost, peerPath(number, "/device"), request, &state)
	return state, err
}

// File returns the decrypted file of a received message.
func (c Control) File(ctx context.Context, number, id string) (io.ReadCloser, error) {
	resp, err := c.request(ctx, http.MethodGet, peerPath(number, "/messages/"+url.PathEscape(id)+"/file"), nil, "")
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func peerPath(number, rest string) string { return "/peers/" + url.PathEscape(number) + rest }

func (c Control) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode control request: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	return c.do(ctx, method, path, content, "application/json", answer)
}

func (c Control) do(ctx context.Context, method, path string, body io.Reader, contentType string, answer any) error {
	resp, err := c.request(ctx, method, path, body, contentType)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	if answer == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("decode answer of %s %s: %w", method, path, err)
	}
	return nil
}

func (c Control) request(ctx context.Context, method, path string, body io.Reader, contentType string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.BaseURL+path, body)
	if err != nil {
		return nil, fmt.Errorf("make control request: %w", err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("control simulator: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }() // only read
	var refusal struct{ Error string }
	if err := json.NewDecoder(resp.Body).Decode(&refusal); err != nil {
		refusal.Error = http.StatusText(resp.StatusCode)
	}
	return nil, fmt.Errorf("control simulator: %s %s: %s (status %d)", method, req.URL.Path, refusal.Error, resp.StatusCode)
}
