package whatsapptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Sample is a recorded or written-down message of any kind: the stanza it came in,
// and the message as protojson. Its people are invented; see Server.SendSample.
type Sample struct {
	Kind string     `json:"kind,omitempty"`
	Info SampleInfo `json:"info"`
	// Message is a waE2E.Message. Proto is merged into it: what protojson cannot say.
	Message json.RawMessage `json:"message"`
	Proto   []byte          `json:"proto,omitempty"`
	// Node is a notification or a call, sent as it is in place of a message.
	Node json.RawMessage `json:"node,omitempty"`
	// Encryption and Decrypted are of a message whose content is encrypted once more,
	// under the secret of another message.
	Encryption *SampleEncryption `json:"encryption,omitempty"`
	Decrypted  *SampleDecrypted  `json:"decrypted,omitempty"`
	// File is the content of the message's files, in place of one made for their kind.
	File []byte `json:"file,omitempty"`
}

// SampleInfo is what the stanza of a message says. Only what is not clear by itself
// has to be there: a message without a sender comes from its chat.
type SampleInfo struct {
	ID             string  `json:"id,omitempty"`
	Chat           string  `json:"chat,omitempty"`
	Sender         string  `json:"sender,omitempty"`
	SenderAlt      *string `json:"sender_alt,omitempty"` // the other address, "" for a sender who has none
	RecipientAlt   string  `json:"recipient_alt,omitempty"`
	FromMe         bool    `json:"from_me,omitempty"`
	AddressingMode string  `json:"addressing_mode,omitempty"`
	PushName       string  `json:"push_name,omitempty"`
	Type           string  `json:"type,omitempty"`
	MediaType      string  `json:"media_type,omitempty"`
	Edit           string  `json:"edit,omitempty"`
	Category       string  `json:"category,omitempty"`
	Trouble        string  `json:"trouble,omitempty"`
	Timestamp      int64   `json:"timestamp,omitempty"`
	ServerID       int64   `json:"server_id,omitempty"`
}

// SampleOptions say how a sample is sent.
type SampleOptions struct {
	// ID is the message's in place of its own, NewSampleID for one that nobody has used.
	ID string
	// KeepTime sends it with its own time; else it is sent now.
	KeepTime bool
	// KeepFiles leaves the files' addresses and keys as they are, under which nothing is.
	KeepFiles bool
	// Original sends the message that an encrypted one is about before it: one with its
	// id and its secret.
	Original bool
}

// NewSampleID asks for a new id.
const NewSampleID = "new"

// SampleSent says what was sent as what.
type SampleSent struct {
	ID     string `json:"id"`
	Chat   string `json:"chat"`
	Sender string `json:"sender"`
	// Original is the id of the message that was sent before it, if one was.
	Original string `json:"original,omitempty"`
	// Files counts the files that were uploaded.
	Files int `json:"files,omitempty"`
}

var errSampleEmpty = errors.New("the sample has neither a message nor a node")

// SendSample sends a sample to the companions of an account. The sample's own account
// (5511999990001, hidden id 100000000000001) becomes this one, its other people become
// accounts of the server, made when they are not there, its groups likewise: their
// hidden ids are replaced wherever they are, and what is encrypted under them is
// encrypted again. Files are uploaded in place of those that the message names.
func (s *Server) SendSample(to *Peer, sample Sample, o SampleOptions) (SampleSent, error) {
	if len(to.Companions()) == 0 {
		return SampleSent{}, fmt.Errorf("no client is linked to %s", to.Number())
	}
	sample, cast, err := s.castSample(to, sample)
	if err != nil {
		return SampleSent{}, err
	}
	if len(sample.Node) > 0 && string(sample.Node) != "null" {
		return s.sendSampleNode(to, sample, o)
	}
	message, err := sample.read()
	if err != nil {
		return SampleSent{}, err
	}
	out := SampleSent{}
	if o.Original && sample.Encryption != nil {
		if out.Original, err = s.sendOriginal(to, sample); err != nil {
			return SampleSent{}, err
		}
	}
	if err := sample.seal(message); err != nil {
		return SampleSent{}, err
	}
	if !o.KeepFiles {
		if out.Files, err = s.uploadSample(message, sample.File); err != nil {
			return SampleSent{}, err
		}
	}
	attrs, sender, err := s.sampleAttrs(to, cast, sample.Info, o)
	if err != nil {
		return SampleSent{}, err
	}
	out.ID, out.Chat, out.Sender = attrText(&waBinary.Node{Attrs: attrs}, "id"), sample.Info.Chat, sample.Info.Sender
	return out, sender.sendStanza(to, attrs, sample.Info, message)
}

// read makes the message of its two forms.
func (s Sample) read() (*waE2E.Message, error) {
	m := &waE2E.Message{}
	switch {
	case len(s.Message) > 0 && string(s.Message) != "null":
		if err := protojson.Unmarshal(s.Message, m); err != nil {
			return nil, fmt.Errorf("read the sample's message: %w", err)
		}
	case len(s.Proto) == 0 && s.Info.Trouble == "":
		return nil, errSampleEmpty
	}
	if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(s.Proto, m); err != nil {
		return nil, fmt.Errorf("read the sample's proto: %w", err)
	}
	return m, nil
}

// sampleAttrs are the attributes of the stanza, and who has sent it.
func (s *Server) sampleAttrs(to *Peer, cast cast, info SampleInfo, o SampleOptions) (waBinary.Attrs, *Peer, error) {
	chat, err := types.ParseJID(info.Chat)
	if err != nil {
		return nil, nil, fmt.Errorf("read the sample's chat: %w", err)
	}
	author, err := types.ParseJID(info.Sender)
	if err != nil {
		return nil, nil, fmt.Errorf("read the sample's sender: %w", err)
	}
	var alt types.JID
	if info.SenderAlt != nil && *info.SenderAlt != "" {
		if alt, err = types.ParseJID(*info.SenderAlt); err != nil {
			return nil, nil, fmt.Errorf("read the sample's sender_alt: %w", err)
		}
		alt = alt.ToNonAD()
	}
	attrs := waBinary.Attrs{"id": sampleID(info.ID, o.ID), "type": info.Type, "t": s.sampleTime(info.Timestamp, o).Unix()}
	for name, value := range map[string]string{
		"notify": info.PushName, "edit": info.Edit, "category": info.Category, "addressing_mode": info.AddressingMode,
	} {
		if value != "" {
			attrs[name] = value
		}
	}
	if info.ServerID != 0 {
		attrs["server_id"] = info.ServerID
	}
	other := map[string]string{types.HiddenUserServer: "_pn", types.DefaultUserServer: "_lid"}[author.Server]
	switch {
	case chat.Server == types.GroupServer || chat.Server == types.BroadcastServer:
		attrs["from"], attrs["participant"] = chat, author
		if !alt.IsEmpty() && other != "" {
			attrs["participant"+other] = alt
		}
	case info.FromMe:
		delete(attrs, "addressing_mode")
		attrs["from"] = author.ToNonAD()
		if info.Category == "" {
			attrs["recipient"] = chat
			if info.RecipientAlt != "" {
				if attrs["peer_recipient"+other], err = types.ParseJID(info.RecipientAlt); err != nil {
					return nil, nil, fmt.Errorf("read the sample's recipient_alt: %w", err)
				}
			}
		}
	default:
		delete(attrs, "addressing_mode")
		attrs["from"] = author
		if !alt.IsEmpty() && other != "" {
			attrs["sender"+other] = alt
		}
	}
	return attrs, cast.peer(author, info.PushName), nil
}

func sampleID(own, wanted string) string {
	switch {
	case wanted == NewSampleID, wanted == "" && own == "":
		return newMessageID()
	case wanted != "":
		return wanted
	}
	return own
}

func (s *Server) sampleTime(stated int64, o SampleOptions) time.Time {
	if o.KeepTime && stated != 0 {
		return time.Unix(stated, 0)
	}
	return s.opts.Now()
}

// sendStanza sends a message under attributes that are given, to the companions of an
// account. A client that cannot read it gets it again.
func (p *Peer) sendStanza(to *Peer, attrs waBinary.Attrs, info SampleInfo, message *waE2E.Message) error {
	id := attrText(&waBinary.Node{Attrs: attrs}, "id")
	if info.Type == "" {
		attrs["type"] = messageType(message)
	}
	chat := attrJID(&waBinary.Node{Attrs: attrs}, "from")
	switch {
	case info.Trouble != "" && info.Trouble != "undecryptable":
		kind := info.Trouble
		if kind == "unavailable" {
			kind = "" // the type that it has when it has none
		}
		for _, device := range to.Companions() {
			device.push(unavailable(attrs, kind))
		}
		return nil
	case chat.Server == types.NewsletterServer: // posts of channels are not encrypted
		raw, err := proto.Marshal(message)
		if err != nil {
			return fmt.Errorf("encode the sample: %w", err)
		}
		kind := waBinary.Attrs{}
		if info.MediaType != "" {
			kind["mediatype"] = info.MediaType
		}
		for _, device := range to.Companions() {
			device.push(waBinary.Node{Tag: "message", Attrs: attrs, Content: []waBinary.Node{{Tag: "plaintext", Attrs: kind, Content: raw}}})
		}
		return nil
	}
	if info.FromMe && info.Category == "" && message.DeviceSentMessage == nil {
		destination := chat.String()
		if recipient := attrJID(&waBinary.Node{Attrs: attrs}, "recipient"); !recipient.IsEmpty() {
			destination = recipient.String()
		}
		message = &waE2E.Message{
			DeviceSentMessage:  &waE2E.DeviceSentMessage{DestinationJID: &destination, Message: message},
			MessageContextInfo: message.MessageContextInfo,
		}
	}
	sent := &sentMessage{id: id, to: to, message: message, at: p.srv.opts.Now(), options: sendOptions{stanza: attrs, enc: waBinary.Attrs{}}}
	if info.MediaType != "" {
		sent.options.enc["mediatype"] = info.MediaType
	}
	if info.Edit != "" {
		sent.options.enc["decrypt-fail"] = "hide"
	}
	if info.Trouble == "undecryptable" {
		sent.options.corrupt = maxRetries + 1
	}
	// A client has no session with another device of the sender.
	sent.options.stateless = attrJID(&waBinary.Node{Attrs: attrs}, "from").Device != 0 || attrJID(&waBinary.Node{Attrs: attrs}, "participant").Device != 0
	p.mu.Lock()
	p.sent[id] = sent
	p.mu.Unlock()
	p.crypt.Lock()
	defer p.crypt.Unlock()
	for _, device := range to.Companions() {
		p.sendTo(device, sent, 0)
	}
	return nil
}

// sendSampleNode sends a stanza that is no message, under an id of its own.
func (s *Server) sendSampleNode(to *Peer, sample Sample, o SampleOptions) (SampleSent, error) {
	var node waBinary.Node
	if err := json.Unmarshal(sample.Node, &node); err != nil {
		return SampleSent{}, fmt.Errorf("read the sample's node: %w", err)
	}
	node = withJIDs(node)
	node.Attrs["id"] = s.stanzaID()
	if o.ID != "" && o.ID != NewSampleID {
		node.Attrs["id"] = o.ID
	}
	stated, _ := strconv.ParseInt(attrText(&node, "t"), 10, 64)
	node.Attrs["t"] = s.sampleTime(stated, o).Unix()
	for _, device := range to.Companions() {
		device.push(node)
	}
	return SampleSent{ID: attrText(&node, "id"), Chat: attrText(&node, "from"), Sender: attrText(&node, "participant")}, nil
}

// withJIDs turns the addresses among a stanza's attributes into such.
func withJIDs(node waBinary.Node) waBinary.Node {
	node.Attrs = maps.Clone(node.Attrs)
	if node.Attrs == nil {
		node.Attrs = waBinary.Attrs{}
	}
	for name, value := range node.Attrs {
		text, ok := value.(string)
		if !ok {
			continue
		}
		if jid, err := types.ParseJID(text); err == nil && sampleServers[jid.Server] && jid.User != "" {
			node.Attrs[name] = jid
		}
	}
	if children, ok := node.Content.([]waBinary.Node); ok {
		inner := make([]waBinary.Node, len(children))
		for i, child := range children {
			inner[i] = withJIDs(child)
		}
		node.Content = inner
	}
	return node
}

var sampleServers = map[string]bool{
	types.DefaultUserServer: true, types.HiddenUserServer: true, types.GroupServer: true, types.NewsletterServer: true,
	types.BroadcastServer: true, types.BotServer: true,
}
