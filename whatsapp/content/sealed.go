package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// SealedKind tells what is sealed. The name is stored nowhere.
type SealedKind string

// What is sealed with the secret of an earlier message.
const (
	SealedVote       SealedKind = "vote"
	SealedReaction   SealedKind = "reaction"
	SealedComment    SealedKind = "comment"
	SealedAnswer     SealedKind = "event answer"
	SealedEdit       SealedKind = "edit"
	SealedEventEdit  SealedKind = "event edit"
	SealedPollEdit   SealedKind = "poll edit"
	SealedPollOption SealedKind = "poll option"
)

// Sealed is a content that can be read with the secret of an earlier message only. That
// may come later.
type Sealed struct {
	Kind    SealedKind
	Target  Key // the message whose secret it is
	IV      []byte
	Payload []byte
}

// Vote is what somebody has chosen in a poll, as of now; nothing at all if that was taken
// back.
type Vote struct {
	Target string
	Chosen []string // as OptionHash names them
}

// Attendance is what somebody says to an event.
type Attendance string

// The answers.
const (
	Going    Attendance = "going"
	Maybe    Attendance = "maybe"
	NotGoing Attendance = "not"
)

// EventAnswer says whether somebody comes to an event.
type EventAnswer struct {
	Target string
	Answer Attendance
	Guests int // whom they bring along
}

// PollOption is an answer that somebody adds to a poll.
type PollOption struct {
	Target string
	Option string
}

func (Sealed) isContent()      {}
func (Vote) isContent()        {}
func (EventAnswer) isContent() {}
func (PollOption) isContent()  {}

// OptionHash is how votes name an answer of a poll.
func OptionHash(option string) string {
	hash := sha256.Sum256([]byte(option))
	return hex.EncodeToString(hash[:])
}

// sealable is what the fields with something sealed have in common.
type sealable interface {
	GetEncIV() []byte
	GetEncPayload() []byte
}

func sealed(kind SealedKind, target *waCommon.MessageKey, value sealable) (Content, *waE2E.ContextInfo) {
	return Sealed{Kind: kind, Target: keyOf(target), IV: value.GetEncIV(), Payload: value.GetEncPayload()}, nil
}

func sealedVote(p *waE2E.PollUpdateMessage) (Content, *waE2E.ContextInfo) {
	return sealed(SealedVote, p.GetPollCreationMessageKey(), p.GetVote())
}

func sealedReaction(r *waE2E.EncReactionMessage) (Content, *waE2E.ContextInfo) {
	return sealed(SealedReaction, r.GetTargetMessageKey(), r)
}

func sealedComment(c *waE2E.EncCommentMessage) (Content, *waE2E.ContextInfo) {
	return sealed(SealedComment, c.GetTargetMessageKey(), c)
}

func sealedAnswer(e *waE2E.EncEventResponseMessage) (Content, *waE2E.ContextInfo) {
	return sealed(SealedAnswer, e.GetEventCreationMessageKey(), e)
}

// sealedMessage is a message in whole: mostly a new version of an earlier one.
func sealedMessage(s *waE2E.SecretEncryptedMessage) (Content, *waE2E.ContextInfo) {
	kinds := map[waE2E.SecretEncryptedMessage_SecretEncType]SealedKind{
		waE2E.SecretEncryptedMessage_MESSAGE_EDIT:    SealedEdit,
		waE2E.SecretEncryptedMessage_EVENT_EDIT:      SealedEventEdit,
		waE2E.SecretEncryptedMessage_POLL_EDIT:       SealedPollEdit,
		waE2E.SecretEncryptedMessage_POLL_ADD_OPTION: SealedPollOption,
	}
	kind, known := kinds[s.GetSecretEncType()]
	if !known {
		return Unsupported{Name: "secretEncryptedMessage"}, nil
	}
	return sealed(kind, s.GetTargetMessageKey(), s)
}

func pollOption(p *waE2E.PollAddOptionMessage) (Content, *waE2E.ContextInfo) {
	return PollOption{Target: p.GetPollCreationMessageKey().GetID(), Option: clean(p.GetAddOption().GetOptionName())}, nil
}

// Open gives a message of which the content was sealed, with the content that was in it.
// Whatever that says, it concerns the message whose secret has opened it.
func Open(m Message, s Sealed, plaintext []byte) (Message, error) {
	opened, context, err := s.open(plaintext)
	if err != nil {
		return m, fmt.Errorf("decode a sealed %s: %w", s.Kind, err)
	}
	return m.with(opened, context), nil
}

func (s Sealed) open(plaintext []byte) (Content, *waE2E.ContextInfo, error) {
	target := s.Target.ID
	switch s.Kind {
	case SealedVote:
		var vote waE2E.PollVoteMessage
		err := proto.Unmarshal(plaintext, &vote)
		return Vote{target, hashes(vote.GetSelectedOptions())}, nil, err
	case SealedReaction:
		var sent waE2E.ReactionMessage
		err := proto.Unmarshal(plaintext, &sent)
		content, context := reaction(&sent)
		r, _ := content.(Reaction)
		r.Target = target
		return r, context, err
	case SealedAnswer:
		var answer waE2E.EventResponseMessage
		err := proto.Unmarshal(plaintext, &answer)
		return answered(target, &answer), nil, err
	}
	var inside waE2E.Message
	if err := proto.Unmarshal(plaintext, &inside); err != nil {
		return nil, nil, err
	}
	if s.Kind == SealedComment {
		said, context := decodeNested(&inside)
		return below{s.Target, said}, context, nil
	}
	content, context := decodeContent(&inside, maxWrappers/2)
	switch c := content.(type) {
	case Edit:
		return Edit{Target: target, New: c.New}, context, nil
	case PollOption:
		return PollOption{Target: target, Option: c.Option}, context, nil
	case Nothing, Revoke, Sealed, Reaction, below:
		return Nothing{}, nil, nil
	}
	return Edit{Target: target, New: content}, context, nil
}

func hashes(selected [][]byte) []string {
	var chosen []string
	for _, hash := range selected[:min(mostOptions, len(selected))] {
		chosen = append(chosen, hex.EncodeToString(hash))
	}
	return chosen
}

// answered is an answer to an event; nothing where it says nothing.
func answered(target string, e *waE2E.EventResponseMessage) Content {
	answers := map[waE2E.EventResponseMessage_EventResponseType]Attendance{
		waE2E.EventResponseMessage_GOING: Going, waE2E.EventResponseMessage_MAYBE: Maybe, waE2E.EventResponseMessage_NOT_GOING: NotGoing,
	}
	answer, known := answers[e.GetResponse()]
	if !known {
		return Nothing{}
	}
	return EventAnswer{Target: target, Answer: answer, Guests: int(max(0, e.GetExtraGuestCount()))}
}
