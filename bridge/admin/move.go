package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Move is where a line's Chatwoot is now.
type Move struct {
	ChatwootURL string
	// Token is another token for the API there; nil keeps the line's.
	Token *string
}

// MoveLine follows a Chatwoot that has got another address: the line keeps its
// phone, chats, messages and jobs. It is refused, and changes nothing, unless the
// same inbox with the same conversations is there. A line that stopped because its
// Chatwoot was not what it should be goes on.
func (s *Service) MoveLine(ctx context.Context, id lines.ID, m Move) error {
	line, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	before := line.Record()
	there := before
	there.ChatwootURL, _ = ChatwootAddress(m.ChatwootURL)
	if m.Token != nil {
		there.Token = seal.Secret(strings.TrimSpace(*m.Token))
	}
	client, err := clientOf(there, there.Token, nil)
	if err != nil {
		return fault.Invalid("chatwoot_url", err.Error())
	}
	if err := s.cfg.Store.Free(ctx, there); err != nil {
		return sayTakenThere(err)
	}
	if err := s.refuseDeaf(there); err != nil {
		return err
	}
	if err := sameInbox(ctx, client, there); err != nil {
		return err
	}
	if err := s.sameMessages(ctx, client, there); err != nil {
		return err
	}
	if err := s.cfg.Store.Move(ctx, before, there.ChatwootURL, there.Token); err != nil {
		return sayTakenThere(err)
	}
	if err := s.goOn(ctx, there); err != nil {
		return err
	}
	return s.cfg.Lines.SyncNow(ctx)
}

// sayTakenThere is sayTaken for a line that was to be moved.
func sayTakenThere(err error) error {
	var taken *lines.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	return fault.Conflict(fmt.Sprintf("the line %q (%s) has this inbox at that address already, and an inbox belongs to one line: delete that line first, or enter another address; nothing was changed", taken.Name, taken.ID))
}

// setToken gives a line another token, once Chatwoot has shown its inbox for it.
func (s *Service) setToken(ctx context.Context, line lines.Line, token seal.Secret) error {
	client, err := clientOf(line, token, nil)
	if err != nil {
		return fault.Invalid("chatwoot_token", err.Error())
	}
	if err := sameInbox(ctx, client, line); err != nil {
		return err
	}
	if err := s.cfg.Store.SetToken(ctx, line.ID, token); err != nil {
		return err
	}
	return s.goOn(ctx, line)
}

// sameInbox refuses an address and a token that do not show the line's inbox. It
// says what to enter instead.
func sameInbox(ctx context.Context, client *chatwoot.Client, line lines.Line) error {
	inbox, err := client.Inbox(ctx, line.Inbox)
	var unauthorized *chatwoot.UnauthorizedError
	switch {
	case errors.As(err, &unauthorized):
		return fault.Refused(fmt.Sprintf("%s does not show the line's inbox for this token: enter the access token of an administrator of its account %d; nothing was changed", line.ChatwootURL, line.Account), err)
	case chatwoot.IsNotFound(err):
		return fault.Refused(fmt.Sprintf("%s has no inbox %d in account %d: enter the address of the Chatwoot that has this line's conversations, up to where /app begins, and a token of that account; nothing was changed", line.ChatwootURL, line.Inbox, line.Account), err)
	case err != nil:
		return fault.Refused(fmt.Sprintf("%s does not show the line's inbox: enter Chatwoot's address as a browser shows it, up to where /app begins, and try again when it answers; nothing was changed", line.ChatwootURL), err)
	case inbox.ID != line.Inbox || inbox.ChannelType != apiChannel || differ(inbox.Identifier, line.InboxIdentifier):
		return fault.Refused(fmt.Sprintf("the inbox %d at %s is another one (%q): enter the address and the token of the Chatwoot that has this line's conversations; nothing was changed", line.Inbox, line.ChatwootURL, inbox.Name), nil)
	}
	return nil
}

// differ reports whether two identifiers are known and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// provingChats is how many conversations are looked for at a new address: some may
// have been deleted.
const provingChats = 3

// sameMessages refuses a Chatwoot that does not have the line's conversations, as a
// fresh one or an old copy does. A line without any is content with its inbox.
func (s *Service) sameMessages(ctx context.Context, client *chatwoot.Client, line lines.Line) error {
	known, err := s.cfg.IDs.LatestConversations(ctx, string(line.ID), provingChats)
	if err != nil || len(known) == 0 {
		return err
	}
	has := map[int64]bool{}
	for _, chat := range known {
		found, err := client.Conversations(ctx, line.Inbox, chat.SourceID)
		if err != nil && !chatwoot.IsNotFound(err) {
			return fault.Refused(fmt.Sprintf("%s does not show the line's conversations; nothing was changed, try again", line.ChatwootURL), err)
		}
		if slices.ContainsFunc(found, func(c chatwoot.Conversation) bool { return int64(c.ID) == chat.Conversation }) {
			has[chat.Conversation] = true
		}
	}
	if len(has) == 0 {
		return fault.Refused(fmt.Sprintf("%s does not have this line's conversations, such as number %d: enter the address of the Chatwoot that has them, or bring its data there first; nothing was changed", line.ChatwootURL, known[0].Conversation), nil)
	}
	conversation, message, err := s.cfg.IDs.NewestMessage(ctx, string(line.ID))
	if err != nil || !has[conversation] {
		return err
	}
	switch _, err := client.Message(ctx, chatwoot.ConversationID(conversation), chatwoot.MessageID(message)); {
	case chatwoot.IsNotFound(err):
		return fault.Refused(fmt.Sprintf("%s has an older copy of this line's conversations: the newest message of number %d is not there. Bring the newest data there first; nothing was changed", line.ChatwootURL, conversation), nil)
	case err != nil:
		return fault.Refused(fmt.Sprintf("%s does not show the line's messages; nothing was changed, try again", line.ChatwootURL), err)
	}
	return nil
}
