package whatsapptest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// SendRequest is what the control interface sends on behalf of a peer. Exactly
// one of Text, Revoke, Edit (with Text), React (with Text), Proto and Plaintext says what.
type SendRequest struct {
	To     string `json:"to"`
	Text   string `json:"text,omitempty"`
	ID     string `json:"id,omitempty"`
	Quote  string `json:"quote,omitempty"`
	Revoke string `json:"revoke,omitempty"`
	Edit   string `json:"edit,omitempty"`
	React  string `json:"react,omitempty"`
	// Address is "lid" or "lid-only" to be shown by hidden id.
	Address string `json:"address,omitempty"`
	// Corrupted spoils the first encryption.
	Corrupted bool `json:"corrupted,omitempty"`
	// Proto is a message of any kind, encoded; Plaintext what is encrypted in place of one.
	Proto     []byte `json:"proto,omitempty"`
	Plaintext []byte `json:"plaintext,omitempty"`
	PushName  string `json:"push_name,omitempty"`
}

// DeviceRequest is what the control interface does to the client linked last.
type DeviceRequest struct {
	// Action is drop, unlink, replace, stream-error, refuse-login, temp-ban,
	// hold-acks or release-acks.
	Action string        `json:"action"`
	Code   int           `json:"code,omitempty"`
	Expire time.Duration `json:"expire,omitempty"`
}

// SettingsRequest changes what a peer does by itself; what is nil stays.
type SettingsRequest struct {
	AutoDelivery *bool `json:"auto_delivery,omitempty"`
	AutoRead     *bool `json:"auto_read,omitempty"`
	// FailNext makes the next ciphertexts unreadable.
	FailNext *int `json:"fail_next,omitempty"`
	// PhoneOff switches the phone off, or on again.
	PhoneOff *bool `json:"phone_off,omitempty"`
	// SpoilAppState makes a collection of the app state unreadable at the server,
	// such as "regular_low".
	SpoilAppState *string `json:"spoil_app_state,omitempty"`
	// HideNumber shows the account by its hidden id alone.
	HideNumber *bool `json:"hide_number,omitempty"`
	// Alias is a further number that leads to the account.
	Alias *string `json:"alias,omitempty"`
}

func controlScan(p *Peer, r *http.Request) (any, error) {
	var body struct{ Code string }
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	if err := p.ScanQR(body.Code); err != nil {
		return nil, err
	}
	return p.describe(), nil
}

func controlCode(p *Peer, r *http.Request) (any, error) {
	var body struct{ Code string }
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	if err := p.EnterPairCode(body.Code); err != nil {
		return nil, err
	}
	return p.describe(), nil
}

func (p *Peer) chat(number string) (Chat, error) {
	to := p.srv.Peer(number)
	if to == nil {
		return nil, controlError{http.StatusNotFound, "no account to send to"}
	}
	return to, nil
}

func controlSend(p *Peer, r *http.Request) (any, error) {
	var body SendRequest
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	to, err := p.chat(body.To)
	if err != nil {
		return nil, err
	}
	opts, err := p.controlOptions(body)
	if err != nil {
		return nil, err
	}
	var id string
	switch {
	case body.Proto != nil || body.Plaintext != nil:
		var m waE2E.Message
		if err := proto.Unmarshal(body.Proto, &m); err != nil {
			return nil, controlError{http.StatusUnprocessableEntity, "the message cannot be decoded"}
		}
		id = p.Send(to, &m, opts...)
	case body.Revoke != "":
		id = p.Revoke(to, body.Revoke, opts...)
	case body.Edit != "":
		id = p.Edit(to, body.Edit, body.Text, opts...)
	case body.React != "":
		target, err := p.known(body.React)
		if err != nil {
			return nil, err
		}
		id = p.React(to, target, body.Text, opts...)
	default:
		id = p.SendText(to, body.Text, opts...)
	}
	return map[string]string{"id": id}, nil
}

// known finds a message that the peer has received or sent.
func (p *Peer) known(id string) (Received, error) {
	if message, ok := p.history(id); ok {
		return message, nil
	}
	return Received{}, controlError{http.StatusNotFound, "no message " + id}
}

func (p *Peer) controlOptions(body SendRequest) ([]SendOption, error) {
	var opts []SendOption
	if body.ID != "" {
		opts = append(opts, WithID(body.ID))
	}
	switch body.Address {
	case "":
	case "lid":
		opts = append(opts, WithLID())
	case "lid-only":
		opts = append(opts, WithLIDOnly())
	default:
		return nil, fmt.Errorf("unknown address %q", body.Address)
	}
	if body.Corrupted {
		opts = append(opts, Corrupted())
	}
	if body.Plaintext != nil {
		opts = append(opts, WithPlaintext(body.Plaintext))
	}
	if body.PushName != "" {
		opts = append(opts, WithPushName(body.PushName))
	}
	if body.Quote != "" {
		quoted, err := p.known(body.Quote)
		if err != nil {
			return nil, err
		}
		opts = append(opts, WithQuote(quoted))
	}
	return opts, nil
}

// controlSendFile sends the request's body as a file; the rest is in the query.
func controlSendFile(p *Peer, r *http.Request) (any, error) {
	query := r.URL.Query()
	to, err := p.chat(query.Get("to"))
	if err != nil {
		return nil, err
	}
	opts, err := p.controlOptions(SendRequest{ID: query.Get("id"), Quote: query.Get("quote"), Address: query.Get("address")})
	if err != nil {
		return nil, err
	}
	opts = append(opts, WithCaption(query.Get("caption")), WithFileName(query.Get("name")), WithMimetype(query.Get("mimetype")))
	if seconds, err := strconv.ParseUint(query.Get("seconds"), 10, 32); err == nil {
		opts = append(opts, WithSeconds(uint32(seconds)))
	}
	id, err := p.SendFile(to, query.Get("kind"), r.Body, opts...)
	if err != nil {
		return nil, err
	}
	return map[string]string{"id": id}, nil
}

func controlReceipt(p *Peer, r *http.Request) (any, error) {
	var body struct {
		Type string
		IDs  []string
	}
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	for _, id := range body.IDs {
		if _, ok := p.find(id); !ok {
			return nil, controlError{http.StatusNotFound, "no message " + id}
		}
	}
	switch body.Type {
	case "read":
		p.MarkRead(body.IDs...)
	case "played":
		p.MarkPlayed(body.IDs...)
	case "delivered":
		p.MarkDelivered(body.IDs...)
	default:
		return nil, fmt.Errorf("unknown receipt type %q", body.Type)
	}
	return struct{}{}, nil
}

func controlTyping(p *Peer, r *http.Request) (any, error) {
	var body struct{ To, State string }
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	to, err := p.chat(body.To)
	if err != nil {
		return nil, err
	}
	p.Typing(to, TypingState(body.State))
	return struct{}{}, nil
}

func controlSettings(p *Peer, r *http.Request) (any, error) {
	var body SettingsRequest
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	if body.AutoDelivery != nil {
		p.SetAutoDelivery(*body.AutoDelivery)
	}
	if body.AutoRead != nil {
		p.SetAutoRead(*body.AutoRead)
	}
	if body.FailNext != nil {
		p.FailNext(*body.FailNext)
	}
	if body.HideNumber != nil {
		p.HideNumber(*body.HideNumber)
	}
	if body.Alias != nil {
		p.AddAlias(*body.Alias)
	}
	return struct{}{}, p.setPhone(body)
}

func controlChangeNumber(p *Peer, r *http.Request) (any, error) {
	var body struct{ Number string }
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	if _, err := strconv.ParseUint(body.Number, 10, 64); err != nil {
		return nil, fmt.Errorf("number must be digits: %w", err)
	}
	if err := p.ChangeNumber(body.Number); err != nil {
		return nil, controlError{http.StatusConflict, err.Error()}
	}
	return p.describe(), nil
}

func controlDevice(p *Peer, r *http.Request) (any, error) {
	var body DeviceRequest
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	device := p.Companion()
	if device == nil {
		return nil, controlError{http.StatusConflict, "no client is linked"}
	}
	switch body.Action {
	case "drop":
		device.Drop()
	case "unlink":
		device.Unlink()
	case "replace":
		device.Replace()
	case "stream-error":
		device.StreamError(strconv.Itoa(body.Code))
	case "refuse-login":
		device.RefuseLogin(body.Code)
	case "temp-ban":
		device.TempBan(body.Code, body.Expire)
	case "hold-acks":
		device.HoldAcks(true)
	case "release-acks":
		device.HoldAcks(false)
	default:
		return nil, fmt.Errorf("unknown action %q", body.Action)
	}
	return p.describe(), nil
}
