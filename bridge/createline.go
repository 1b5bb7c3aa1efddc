package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// NewLine is what an admin gives to make a line.
type NewLine struct {
	Name          string
	ChatwootURL   string
	ChatwootToken string
	Account       int64
	// Inbox is an API-channel inbox that exists; 0 makes one.
	Inbox    chatwoot.InboxID
	Settings json.RawMessage
}

// CreateLine makes a line and its inbox, points the inbox's webhook here, and
// runs the line.
func (b *Bridge) CreateLine(ctx context.Context, n NewLine) (Line, error) {
	settings, err := DefaultSettings().Merge(n.Settings)
	if err != nil {
		return Line{}, err
	}
	line := Line{
		ID: LineID(lines.NewID()[:12]), Name: strings.TrimSpace(n.Name), ChatwootURL: strings.TrimRight(strings.TrimSpace(n.ChatwootURL), "/"),
		Account: n.Account, Settings: settings, Created: b.cfg.Clock(),
		Token: seal.Secret(strings.TrimSpace(n.ChatwootToken)), PathSecret: seal.Secret(lines.NewID()), SourceKey: seal.Secret(lines.NewID() + lines.NewID()),
	}
	if line.Name == "" {
		return Line{}, fault.Invalid("name", "name must not be empty")
	}
	desk, err := chatwoot.New(chatwoot.Config{BaseURL: line.ChatwootURL, Token: line.Token.Reveal(), Account: line.Account})
	if err != nil {
		return Line{}, fault.Invalid("chatwoot_url", err.Error())
	}
	webhook, err := chatwoot.WebhookURL(b.publicURL(line.ChatwootURL), string(line.ID), line.PathSecret.Reveal())
	if err != nil {
		return Line{}, fault.Invalid("PUBLIC_URL", "set WOOTBRIDGE_PUBLIC_URL to where Chatwoot reaches the bridge: "+err.Error())
	}
	inbox, err := inboxFor(ctx, desk, n, line.Name, webhook)
	if err != nil {
		return Line{}, &Error{Code: CodeRefused, Message: "the inbox cannot be set up in Chatwoot", Err: err}
	}
	line.Inbox, line.InboxIdentifier, line.WebhookSecret = inbox.ID, inbox.Identifier, seal.Secret(inbox.Secret)
	if line.Watermark, err = desk.NewestMessage(ctx, inbox.ID); err != nil {
		return Line{}, &Error{Code: CodeRefused, Message: "the inbox cannot be read in Chatwoot", Err: err}
	}
	if err := b.lines.Insert(ctx, line); err != nil {
		return Line{}, err
	}
	return line, b.lookNow(ctx)
}

// apiChannel is the only kind of inbox that takes customers' messages from a
// bridge.
const apiChannel = "Channel::Api"

func inboxFor(ctx context.Context, desk *chatwoot.Client, n NewLine, name, webhook string) (chatwoot.Inbox, error) {
	if n.Inbox == 0 {
		return desk.CreateInbox(ctx, chatwoot.NewInbox{Name: name, WebhookURL: webhook, LockToSingle: true})
	}
	inbox, err := desk.Inbox(ctx, n.Inbox)
	if err != nil {
		return inbox, err
	}
	if inbox.ChannelType != apiChannel {
		return inbox, fmt.Errorf("inbox %d is not an API channel", n.Inbox)
	}
	return desk.SetInboxWebhook(ctx, n.Inbox, webhook)
}
