package admin

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
func (s *Service) CreateLine(ctx context.Context, n NewLine) (lines.Line, error) {
	settings, err := lines.DefaultSettings().Merge(n.Settings)
	if err != nil {
		return lines.Line{}, err
	}
	address, named := ChatwootAddress(n.ChatwootURL)
	switch {
	case n.Account <= 0:
		n.Account = named
	case named != 0 && named != n.Account:
		return lines.Line{}, fault.Invalid("account_id", fmt.Sprintf("account_id is %d, but the address is of account %d", n.Account, named))
	}
	line := lines.Line{
		ID: lines.ID(lines.NewID()[:12]), Name: strings.TrimSpace(n.Name), ChatwootURL: address,
		Account: n.Account, Settings: settings, Created: s.cfg.Clock(),
		Token: seal.Secret(strings.TrimSpace(n.ChatwootToken)), PathSecret: seal.Secret(lines.NewID()), SourceKey: seal.Secret(lines.NewID() + lines.NewID()),
	}
	if line.Name == "" {
		return lines.Line{}, fault.Invalid("name", "name must not be empty")
	}
	gate := chatwoot.NewGate(s.cfg.Clock)
	client, err := clientOf(line, line.Token, gate)
	if err != nil {
		return lines.Line{}, fault.Invalid("chatwoot_url", err.Error())
	}
	if err := s.refuseDeaf(line); err != nil {
		return lines.Line{}, err
	}
	webhook := ""
	if settings.HearsWebhooks() {
		webhook, _ = s.cfg.Reach.Webhook(line) // without an address the live channel tells all
	}
	inbox, err := s.inboxFor(ctx, client, n.Inbox, line, webhook)
	if err != nil {
		return lines.Line{}, err
	}
	line.Inbox, line.InboxIdentifier, line.WebhookSecret = inbox.ID, inbox.Identifier, seal.Secret(inbox.Secret)
	if line.Watermark, err = client.NewestMessage(ctx, inbox.ID); err != nil {
		return lines.Line{}, s.setUpFault(ctx, client, line, inbox.ID, err)
	}
	line.Created = gate.Theirs(line.Created) // messages are compared with it
	if err := s.cfg.Store.Insert(ctx, line); err != nil {
		return lines.Line{}, s.refuseTaken(ctx, client, line, err)
	}
	return line, s.cfg.Lines.SyncNow(ctx)
}

func clientOf(line lines.Line, token seal.Secret, gate *chatwoot.Gate) (*chatwoot.Client, error) {
	return chatwoot.New(chatwoot.Config{BaseURL: line.ChatwootURL, Token: token.Reveal(), Account: line.Account, Gate: gate})
}

// apiChannel is the only kind of inbox that takes customers' messages from a
// bridge.
const apiChannel = "Channel::Api"

// inboxFor gives the inbox of a new line: the one that is named, or, for 0, a new
// one. One that another line has is refused before anything is changed.
func (s *Service) inboxFor(ctx context.Context, client *chatwoot.Client, id chatwoot.InboxID, line lines.Line, webhook string) (chatwoot.Inbox, error) {
	if id == 0 {
		inbox, err := client.CreateInbox(ctx, chatwoot.NewInbox{Name: line.Name, WebhookURL: webhook, LockToSingle: true})
		return inbox, s.setUpFault(ctx, client, line, id, err)
	}
	line.Inbox = id
	if err := s.cfg.Store.Free(ctx, line); err != nil {
		return chatwoot.Inbox{}, sayTaken(err)
	}
	inbox, err := client.Inbox(ctx, id)
	if err != nil {
		return inbox, s.setUpFault(ctx, client, line, id, err)
	}
	if inbox.ChannelType != apiChannel {
		return inbox, fault.Refused(fmt.Sprintf("inbox %d is not an API channel: name one that is, or leave it out so that one is made", id), nil)
	}
	line.InboxIdentifier = inbox.Identifier
	if err := s.cfg.Store.Free(ctx, line); err != nil {
		return chatwoot.Inbox{}, sayTaken(err)
	}
	if webhook == "" {
		return inbox, nil
	}
	inbox, err = client.SetInboxWebhook(ctx, id, webhook)
	return inbox, s.setUpFault(ctx, client, line, id, err)
}

// refuseDeaf refuses settings with which a line would hear nothing: webhooks alone,
// and no address for them.
func (s *Service) refuseDeaf(line lines.Line) error {
	if line.Settings.HearsLive() {
		return nil
	}
	if _, err := s.cfg.Reach.Webhook(line); err != nil {
		return fault.Invalid("listen", "listen=webhook needs an address of the bridge that Chatwoot can call: set WOOTBRIDGE_PUBLIC_URL, or leave listen as it is")
	}
	return nil
}

// LineUpdate is what to change of a line; nil leaves a thing alone.
type LineUpdate struct {
	Name *string
	// Settings is a JSON object that is laid over the settings there are.
	Settings json.RawMessage
	// Token is another token for Chatwoot's API. It is tried before it is stored.
	Token *string
}

// UpdateLine changes a line's name, settings and token, at once. A line that
// stopped because Chatwoot refused its token goes on with the new one.
func (s *Service) UpdateLine(ctx context.Context, id lines.ID, u LineUpdate) error {
	line, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	record := line.Record()
	name := record.Name
	if u.Name != nil {
		name = strings.TrimSpace(*u.Name)
	}
	if name == "" {
		return fault.Invalid("name", "name must not be empty")
	}
	settings, err := record.Settings.Merge(u.Settings)
	if err != nil {
		return err
	}
	record.Settings = settings
	if err := s.refuseDeaf(record); err != nil {
		return err
	}
	if u.Token != nil {
		if err := s.setToken(ctx, record, seal.Secret(strings.TrimSpace(*u.Token))); err != nil {
			return err
		}
	}
	if err := s.cfg.Store.SetSettings(ctx, id, name, settings); err != nil {
		return err
	}
	if err := s.cfg.Lines.SyncNow(ctx); err != nil {
		return err
	}
	if names(u.Settings, "listen") {
		line.Recheck()
	}
	return nil
}

// names reports whether a JSON object has a field.
func names(object json.RawMessage, field string) bool {
	var given map[string]json.RawMessage
	if json.Unmarshal(object, &given) != nil {
		return false
	}
	_, named := given[field]
	return named
}
