package whatsapptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// SampleEncryption says under which message's secret something is encrypted, and
// where in the message that is.
type SampleEncryption struct {
	OrigID     string `json:"orig_id"`
	OrigSender string `json:"orig_sender"`
	Sender     string `json:"sender"`
	Secret     []byte `json:"secret"`
	UseCase    string `json:"use_case"`
	Into       string `json:"into"`
}

// SampleDecrypted is what was encrypted: a message of a type of waE2E.
type SampleDecrypted struct {
	Message     json.RawMessage `json:"message"`
	Type        string          `json:"type"`
	OptionNames []string        `json:"option_names,omitempty"`
}

// seal encrypts what the sample says it holds, for the addresses that it now has.
func (s Sample) seal(m *waE2E.Message) error {
	e := s.Encryption
	if e == nil || s.Decrypted == nil {
		return nil
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("WAWebProtobufsE2E." + s.Decrypted.Type))
	if err != nil {
		return fmt.Errorf("read what the sample encrypts: %w", err)
	}
	content := kind.New().Interface()
	if err := protojson.Unmarshal(s.Decrypted.Message, content); err != nil {
		return fmt.Errorf("read what the sample encrypts: %w", err)
	}
	plaintext, err := proto.Marshal(content)
	if err != nil {
		return fmt.Errorf("encode what the sample encrypts: %w", err)
	}
	at := m.ProtoReflect()
	for name := range strings.SplitSeq(e.Into, ".") {
		field := at.Descriptor().Fields().ByJSONName(name)
		if field == nil || field.Message() == nil || field.IsList() {
			return fmt.Errorf("the sample's message has no %s", e.Into)
		}
		at = at.Mutable(field).Message()
	}
	payload, iv := at.Descriptor().Fields().ByName("encPayload"), at.Descriptor().Fields().ByName("encIV")
	if payload == nil || iv == nil {
		return errors.New("nothing is encrypted where the sample says it is")
	}
	nonce := at.Get(iv).Bytes()
	if len(nonce) != 12 {
		nonce = randomBytes(12)
	}
	var with []byte
	if use := whatsmeow.MsgSecretType(e.UseCase); use == whatsmeow.EncSecretPollVote || use == whatsmeow.EncSecretEventResponse {
		with = []byte(e.OrigID + "\x00" + e.Sender)
	}
	key := hkdfutil.SHA256(e.Secret, nil, []byte(e.OrigID+e.OrigSender+e.Sender+e.UseCase), 32)
	sealed, err := gcmutil.Encrypt(key, nonce, plaintext, with)
	if err != nil {
		return fmt.Errorf("encrypt the sample: %w", err)
	}
	at.Set(payload, protoreflect.ValueOfBytes(sealed))
	at.Set(iv, protoreflect.ValueOfBytes(nonce))
	return nil
}

// sendOriginal sends what an encrypted sample is about: a poll, an event or a text.
func (s *Server) sendOriginal(to *Peer, sample Sample) (string, error) {
	e := *sample.Encryption
	author, err := types.ParseJID(e.OrigSender)
	if err != nil {
		return "", fmt.Errorf("read the sample's orig_sender: %w", err)
	}
	m := &waE2E.Message{}
	switch whatsmeow.MsgSecretType(e.UseCase) {
	case whatsmeow.EncSecretPollVote, whatsmeow.EncSecretPollEdit, whatsmeow.EncSecretPollAddOption:
		poll := &waE2E.PollCreationMessage{Name: ptr("Which day?"), SelectableOptionsCount: ptr(uint32(0))}
		for _, option := range append(sample.options(), "Sunday") {
			poll.Options = append(poll.Options, &waE2E.PollCreationMessage_Option{OptionName: &option})
		}
		m.PollCreationMessageV3 = poll
	case whatsmeow.EncSecretEventResponse, whatsmeow.EncSecretEventEdit:
		m.EventMessage = &waE2E.EventMessage{Name: ptr("Tasting"), StartTime: ptr(s.opts.Now().Unix() + 86400)}
	default:
		m.Conversation = ptr("What this is about")
	}
	m.MessageContextInfo = &waE2E.MessageContextInfo{MessageSecret: e.Secret}
	info := sample.Info
	c := cast{srv: s, own: to}
	alt := c.otherAddress(author)
	info.ID, info.Sender, info.SenderAlt, info.PushName = e.OrigID, e.OrigSender, &alt, ""
	info.FromMe, info.Edit, info.MediaType, info.Type = c.srv.lookup(author.ToNonAD()) == to, "", "", ""
	if info.RecipientAlt == "" && info.FromMe {
		if chat, err := types.ParseJID(info.Chat); err == nil {
			info.RecipientAlt = c.otherAddress(chat)
		}
	}
	attrs, sender, err := s.sampleAttrs(to, c, info, SampleOptions{})
	if err != nil {
		return "", err
	}
	return e.OrigID, sender.sendStanza(to, attrs, info, m)
}

func (s Sample) options() []string {
	if s.Decrypted == nil || len(s.Decrypted.OptionNames) == 0 {
		return []string{"Friday", "Saturday"}
	}
	return append([]string{}, s.Decrypted.OptionNames...)
}
