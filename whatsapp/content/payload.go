package content

import (
	"encoding/json"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// payload is the stored form of a message event. Fields are added, never
// changed: jobs outlive releases.
type payload struct {
	Version int       `json:"v"`
	ID      string    `json:"id"`
	Chat    Address   `json:"chat"`
	Sender  Address   `json:"sender"`
	FromMe  bool      `json:"from_me,omitempty"`
	Group   bool      `json:"group,omitempty"`
	Push    string    `json:"push_name,omitempty"`
	At      time.Time `json:"at"`
	Status  bool      `json:"status,omitempty"` // published, and written to nobody
	// Trouble is set instead of Proto when the content could not be had: TroubleUndecryptable,
	// or WhatsApp's word for an unavailable message.
	Trouble string `json:"trouble,omitempty"`
	Proto   []byte `json:"proto,omitempty"`
	// Event is what a happening has in place of a message.
	Event *event `json:"event,omitempty"`
	// Part is set where one part of the content is meant.
	Part int `json:"part,omitempty"`
	// Unfinished says that a machine goes on writing: the next version comes at once.
	Unfinished bool `json:"unfinished,omitempty"`
}

// TroubleUndecryptable is the trouble of a message that could not be decrypted.
const TroubleUndecryptable = "undecryptable"

// Decode reads the payload of an EnvMessage. It is pure: the same payload
// always gives the same message, so a later release may decode it better.
func Decode(raw []byte) (Message, error) {
	m, p, err := header(raw)
	if err != nil {
		return Message{}, err
	}
	if p.Event != nil {
		m.Content = p.Event.decode(p)
		return m, nil
	}
	switch p.Trouble {
	case "":
		var sent waE2E.Message
		if err := proto.Unmarshal(p.Proto, &sent); err != nil {
			return Message{}, fmt.Errorf("decode message: %w", err)
		}
		content, context := decodeContent(&sent, 0)
		with := associationOf(&sent, 0)
		m = m.with(withoutFilm(content, context, with), context)
		m.Marks, m.Status = marksOf(context, with), p.Status
		if e, ok := m.Content.(Edit); ok {
			m = edited(m, e, p.Unfinished)
		}
		m.Timer = timerOf(&sent, context)
	case TroubleUndecryptable:
		m.Content = Undecryptable{}
	default:
		m.Content = Unavailable{Reason: p.Trouble}
	}
	return m, nil
}

// Header reads who wrote what is in a payload, and nothing of the content: as much
// as can be read, with the error of the rest. Content stays nil.
func Header(raw []byte) (Message, error) {
	m, _, err := header(raw)
	return m, err
}

func header(raw []byte) (Message, payload, error) {
	var p payload
	err := json.Unmarshal(raw, &p)
	if err != nil {
		err = fmt.Errorf("decode message: %w", err)
	}
	return Message{
		ID: p.ID, Chat: p.Chat, Sender: p.Sender, FromMe: p.FromMe, Group: p.Group, PushName: PersonName(p.Push), At: p.At, Part: p.Part,
	}, p, err
}

// WithPart is the payload of a message of which one part is meant.
func WithPart(raw []byte, part int) ([]byte, error) {
	if part == 0 {
		return raw, nil
	}
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("mean a part of a message: %w", err)
	}
	p.Part = part
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("mean a part of a message: %w", err)
	}
	return raw, nil
}
