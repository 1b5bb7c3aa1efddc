package content

import (
	"cmp"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Told is a message of a kind that has a name and, mostly, a text, and nothing more.
type Told struct {
	Kind ToldKind
	Text string // as sent, perhaps empty
	// Target is the id of the message that it is about; empty for none.
	Target string
}

// ToldKind is what such a message is.
type ToldKind string

// The kinds.
const (
	OneTimeCode        ToldKind = "one-time code" // which linked devices do not get
	PhoneOnly          ToldKind = "phone only"    // what else they do not get
	NumberAsked        ToldKind = "number asked"
	StatusMention      ToldKind = "status mention"
	GroupStatusMention ToldKind = "group status mention"
	CallsAllowed       ToldKind = "calls allowed" // by a customer who was asked
	CallsRefused       ToldKind = "calls refused"
	StatusReaction     ToldKind = "status reaction" // the text is an emoji
	StatusAddYours     ToldKind = "status add yours"
	StatusReshare      ToldKind = "status reshare"
	StatusAnswerShared ToldKind = "status answer shared"
	StatusGroupReply   ToldKind = "status group reply"
	StatusNews         ToldKind = "status news"
	StatusAnswer       ToldKind = "status answer"
	QuestionAnswer     ToldKind = "question answer"
	SealedUntil        ToldKind = "sealed" // until its time has come
	BroadcastCall      ToldKind = "broadcast call"
	ChatCard           ToldKind = "chat" // the text is its name
)

// HistoryShared says that somebody has shown a group's recent messages to new members.
type HistoryShared struct{}

// StickerPack is a collection of stickers.
type StickerPack struct {
	Name, Publisher, Text string
	Stickers              int
}

// Song is a piece of music.
type Song struct{ Title, Author, URL string }

// PollResult is how a poll has gone, which nobody can vote in.
type PollResult struct {
	Question string
	Votes    []OptionVotes
	// More says that there are more answers than are taken over.
	More bool
}

// OptionVotes is how many have chosen an answer.
type OptionVotes struct {
	Option string
	Votes  int64
}

// LoggedCall is what became of a call.
type LoggedCall struct {
	Video, Group bool
	Outcome      CallOutcome
	Seconds      int64 // 0 if it does not say
}

// CallOutcome is how a call ended.
type CallOutcome string

// The outcomes.
const (
	CallTaken     CallOutcome = "taken"
	CallMissed    CallOutcome = "missed"
	CallFailed    CallOutcome = "failed"
	CallRejected  CallOutcome = "rejected"
	CallElsewhere CallOutcome = "elsewhere" // taken on another device
	CallOngoing   CallOutcome = "ongoing"
)

func (Told) isContent()          {}
func (StickerPack) isContent()   {}
func (HistoryShared) isContent() {}
func (Song) isContent()          {}
func (PollResult) isContent()    {}
func (LoggedCall) isContent()    {}

// placeholder stands for what WhatsApp sends to the phone alone.
func placeholder(x *waE2E.PlaceholderMessage) (Content, *waE2E.ContextInfo) {
	if x.Type != nil && x.GetType() == waE2E.PlaceholderMessage_MASK_LINKED_DEVICES {
		return Told{Kind: OneTimeCode}, nil
	}
	return Told{Kind: PhoneOnly}, nil
}

func numberAsked(x *waE2E.RequestPhoneNumberMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: NumberAsked}, x.GetContextInfo()
}

// The wrappers of a mention hold nothing but the place of the story.

func statusMention(*waE2E.FutureProofMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: StatusMention}, nil
}

func groupStatusMention(*waE2E.FutureProofMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: GroupStatusMention}, nil
}

func statusAnswer(x *waE2E.StatusQuestionAnswerMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: StatusAnswer, Text: clean(x.GetText()), Target: targetOf(x.GetKey())}, nil
}

func statusQuoted(x *waE2E.StatusQuotedMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: StatusAnswerShared, Text: clean(x.GetText()), Target: targetOf(x.GetOriginalStatusID())}, nil
}

func statusNotification(x *waE2E.StatusNotificationMessage) (Content, *waE2E.ContextInfo) {
	told := Told{Kind: StatusNews, Target: targetOf(x.GetOriginalMessageKey())}
	switch x.GetType() {
	case waE2E.StatusNotificationMessage_STATUS_ADD_YOURS:
		told.Kind = StatusAddYours
	case waE2E.StatusNotificationMessage_STATUS_RESHARE:
		told.Kind = StatusReshare
	case waE2E.StatusNotificationMessage_STATUS_QUESTION_ANSWER_RESHARE:
		told.Kind = StatusAnswerShared
	case waE2E.StatusNotificationMessage_STATUS_GROUP_STATUS_REPLY:
		told.Kind = StatusGroupReply
	}
	return told, nil
}

func statusReaction(x *waE2E.StatusStickerInteractionMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: StatusReaction, Text: clean(x.GetStickerKey()), Target: targetOf(x.GetKey())}, nil
}

func questionAnswer(x *waE2E.QuestionResponseMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: QuestionAnswer, Text: clean(x.GetText()), Target: targetOf(x.GetKey())}, nil
}

func sealedUntil(*waE2E.ConditionalRevealMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: SealedUntil}, nil
}

func broadcastCall(x *waE2E.BCallMessage) (Content, *waE2E.ContextInfo) {
	return Told{Kind: BroadcastCall, Text: clean(x.GetCaption())}, nil
}

func chatCard(x *waE2E.Chat) (Content, *waE2E.ContextInfo) {
	return Told{Kind: ChatCard, Text: clean(x.GetDisplayName())}, nil
}

func historyShared(*waE2E.MessageHistoryNotice) (Content, *waE2E.ContextInfo) {
	return HistoryShared{}, nil
}

func stickerPack(x *waE2E.StickerPackMessage) (Content, *waE2E.ContextInfo) {
	return StickerPack{
		Name: clean(x.GetName()), Publisher: clean(x.GetPublisher()), Text: clean(cmp.Or(x.GetCaption(), x.GetPackDescription())),
		Stickers: len(x.GetStickers()),
	}, x.GetContextInfo()
}

func song(x *waE2E.MusicMessage) (Content, *waE2E.ContextInfo) {
	music := x.GetEmbeddedMusic()
	return Song{
		Title: clean(music.GetTitle()), Author: clean(music.GetAuthor()), URL: clean(cmp.Or(x.GetSongUri(), music.GetArtistAttribution())),
	}, x.GetContextInfo()
}

func pollResult(x *waE2E.PollResultSnapshotMessage) (Content, *waE2E.ContextInfo) {
	all := x.GetPollVotes()
	p := PollResult{Question: clean(x.GetName()), More: len(all) > mostOptions}
	for _, vote := range all[:min(mostOptions, len(all))] {
		p.Votes = append(p.Votes, OptionVotes{Option: clean(vote.GetOptionName()), Votes: max(0, vote.GetOptionVoteCount())})
	}
	return p, x.GetContextInfo()
}

func loggedCall(x *waE2E.CallLogMessage) (Content, *waE2E.ContextInfo) {
	c := LoggedCall{Video: x.GetIsVideo(), Group: len(x.GetParticipants()) > 1, Outcome: CallMissed, Seconds: max(0, x.GetDurationSecs())}
	switch x.GetCallOutcome() {
	case waE2E.CallLogMessage_CONNECTED:
		c.Outcome = CallTaken
	case waE2E.CallLogMessage_FAILED:
		c.Outcome = CallFailed
	case waE2E.CallLogMessage_REJECTED:
		c.Outcome = CallRejected
	case waE2E.CallLogMessage_ACCEPTED_ELSEWHERE:
		c.Outcome = CallElsewhere
	case waE2E.CallLogMessage_ONGOING:
		c.Outcome = CallOngoing
	}
	return c, nil
}
