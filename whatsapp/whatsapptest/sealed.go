package whatsapptest

import (
	"crypto/sha256"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"
)

// Secret is a new secret for a message: apps seal votes and edits with it.
func Secret() *waE2E.MessageContextInfo {
	return &waE2E.MessageContextInfo{MessageSecret: randomBytes(32)}
}

// SealVote votes in a poll; no answer takes the vote back. Like all that is sealed it
// names people by their hidden ids, whatever the chat shows.
func (p *Peer) SealVote(to Chat, poll Received, answers []string, opts ...SendOption) string {
	vote := &waE2E.PollVoteMessage{}
	for _, answer := range answers {
		hash := sha256.Sum256([]byte(answer))
		vote.SelectedOptions = append(vote.SelectedOptions, hash[:])
	}
	payload, iv := p.sealWith(poll, whatsmeow.EncSecretPollVote, vote)
	return p.Send(to, &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
		PollCreationMessageKey: p.key(to, poll), Vote: &waE2E.PollEncValue{EncPayload: payload, EncIV: iv},
		SenderTimestampMS: ptr(p.srv.opts.Now().UnixMilli()),
	}}, opts...)
}

// SealEdit changes the text of one of the peer's own messages as newer apps do.
func (p *Peer) SealEdit(to Chat, id, text string, opts ...SendOption) string {
	target, _ := p.Sent(id)
	payload, iv := p.sealWith(target, whatsmeow.EncSecretMessageEdit, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: p.key(to, target), EditedMessage: &waE2E.Message{Conversation: &text},
	}})
	return p.Send(to, &waE2E.Message{SecretEncryptedMessage: &waE2E.SecretEncryptedMessage{
		TargetMessageKey: p.key(to, target), EncPayload: payload, EncIV: iv, SecretEncType: waE2E.SecretEncryptedMessage_MESSAGE_EDIT.Enum(),
	}}, opts...)
}

// sealWith encrypts what the peer says of an earlier message with the secret of that.
func (p *Peer) sealWith(target Received, use whatsmeow.MsgSecretType, inside proto.Message) (payload, iv []byte) {
	plaintext, err := proto.Marshal(inside)
	if err != nil {
		p.fail("seal: %v", err)
	}
	sealer := p.LID().String()
	key := hkdfutil.SHA256(secretOf(target.Message), nil, []byte(target.ID+target.From.LID().String()+sealer+string(use)), 32)
	var beside []byte
	if use == whatsmeow.EncSecretPollVote || use == whatsmeow.EncSecretEventResponse {
		beside = []byte(target.ID + "\x00" + sealer)
	}
	iv = randomBytes(12)
	if payload, err = gcmutil.Encrypt(key, iv, plaintext, beside); err != nil {
		p.fail("seal: %v", err)
	}
	return payload, iv
}

// secretOf is the secret of a message, which may stand inside a wrapper.
func secretOf(m *waE2E.Message) []byte {
	if secret := m.GetMessageContextInfo().GetMessageSecret(); secret != nil {
		return secret
	}
	for _, inner := range []*waE2E.Message{m.GetDeviceSentMessage().GetMessage(), m.GetEphemeralMessage().GetMessage()} {
		if inner != nil {
			return secretOf(inner)
		}
	}
	return nil
}
