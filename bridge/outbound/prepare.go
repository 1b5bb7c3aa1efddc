package outbound

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// prepared is what is decided about a message before its first part leaves, from what may
// be otherwise later: the chat's timer, who signed last, who is in the group, what a link
// leads to. It is recorded with the first part, so that a repeat sends the same. It is
// also the stored form, which outlives releases: fields are only added.
type prepared struct {
	// Text is the message's text with its signature and mentions; nil leaves it as it is.
	Text      *string            `json:"text,omitempty"`
	Mentions  []string           `json:"mentions,omitempty"`
	Everybody bool               `json:"everybody,omitempty"`
	Timer     *content.ChatTimer `json:"timer,omitempty"`
	Preview   *content.Preview   `json:"preview,omitempty"`
	Members   int                `json:"members,omitempty"`

	// fresh says that it is not recorded yet, kept that it is; signedBy is who signs then.
	fresh, kept bool
	signedBy    int64
}

// prepare decides what is open about a message, or reads what was decided.
func (h *Handler) prepare(ctx context.Context, s *sending, parts []compose.Part, links []idmap.Link) (prepared, error) {
	if len(links) > 0 {
		return h.readPrepared(ctx, s.e.Message)
	}
	p := prepared{fresh: true}
	text, only := textOf(parts)
	group, err := h.group(ctx, s, text)
	if err != nil {
		return p, err
	}
	p.Members, p.Timer = len(group.Members), timerOf(s.chat, group)
	mentioned := compose.Mention(text, group.Members)
	p.Mentions, p.Everybody = mentioned.JIDs, mentioned.Everybody
	signature, err := h.signature(ctx, s)
	if err != nil {
		return p, err
	}
	signed := compose.Signed(signature, mentioned.Text)
	if signed != mentioned.Text {
		p.signedBy = s.e.Message.Author.ID
	}
	if signed != text {
		p.Text = &signed
	}
	if only {
		p.Preview = h.preview(ctx, signed)
	}
	return p, nil
}

// textOf is the text of a message, and whether it stands alone.
func textOf(parts []compose.Part) (text string, only bool) {
	for _, p := range parts {
		if p.Text != "" {
			return p.Text, p.File == nil
		}
	}
	return "", false
}

// apply puts what was decided into the parts.
func (p prepared) apply(parts []compose.Part) []compose.Part {
	if p.Text == nil {
		return parts
	}
	for i := range parts {
		if parts[i].Text != "" {
			parts[i].Text = *p.Text
			break
		}
	}
	return parts
}

// readPrepared reads what was decided about a message of which a part may have left.
func (h *Handler) readPrepared(ctx context.Context, m chatwoot.Message) (prepared, error) {
	var p prepared
	stored, err := h.IDs.Prepared(ctx, h.Inbox.LineID(), int64(m.ID))
	if err != nil || stored == "" {
		return p, err
	}
	if err := json.Unmarshal([]byte(stored), &p); err != nil {
		return p, fmt.Errorf("read how a message was prepared: %w", err)
	}
	p.kept = true
	return p, nil
}

// stored is the form in which it is kept, "" where there is nothing to keep.
func (p prepared) stored() (string, error) {
	if p.Text == nil && p.Mentions == nil && p.Timer == nil && p.Preview == nil && !p.Everybody && p.Members == 0 {
		return "", nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("store how a message was prepared: %w", err)
	}
	return string(raw), nil
}

// recordPrepared records what the first part of a message takes along.
func (h *Handler) recordPrepared(ctx context.Context, tx *sql.Tx, s *sending) error {
	if !s.prepared.fresh || s.prepared.signedBy == 0 {
		return nil
	}
	return h.IDs.SetSignedBy(ctx, tx, s.chat.ID, s.prepared.signedBy)
}

// timerOf is the timer that a message is sent with, nil without one. What WhatsApp says of
// a group counts for more than what was seen in it, if it says that there is one, or told
// that it was switched off since.
func timerOf(chat idmap.Chat, group content.Group) *content.ChatTimer {
	seconds, set := chat.Timer, chat.TimerSet
	switch told := int64(group.Timer); {
	case told == seconds:
	case told > 0, !group.TimerChanged.IsZero() && group.TimerChanged.Unix() >= set:
		seconds, set = told, 0
	}
	if seconds <= 0 {
		return nil
	}
	t := &content.ChatTimer{Seconds: uint32(seconds)}
	if set > 0 {
		t.Set = time.Unix(set, 0).UTC()
	}
	return t
}

// group is what WhatsApp says of the chat, nothing unless it is a group. What it does not
// say, no message waits for; without a connection it would wait anyway.
func (h *Handler) group(ctx context.Context, s *sending, text string) (content.Group, error) {
	if !strings.HasSuffix(s.to, "@g.us") {
		return content.Group{}, nil
	}
	group, err := h.Session.Group(ctx, s.to, strings.Contains(text, "@"))
	switch {
	case err == nil:
		return group, nil
	case errors.Is(err, whatsapp.ErrNotConnected), ctx.Err() != nil:
		return content.Group{}, err
	}
	h.Log.Debug("nothing is known of a group's members", "error", err)
	return content.Group{}, nil
}

// signature is what stands above the message.
func (h *Handler) signature(ctx context.Context, s *sending) (string, error) {
	settings, last := h.Inbox.Settings(), int64(0)
	if settings.Signature == lines.SignatureOff {
		return "", nil
	}
	if settings.SignatureWhen == lines.SignAgentChanged {
		var err error
		if last, err = h.IDs.SignedBy(ctx, s.chat.ID); err != nil {
			return "", err
		}
	}
	return compose.Signature(s.e.Message.Author, settings, last), nil
}

// preview is what the first link of a text leads to, or nil.
func (h *Handler) preview(ctx context.Context, text string) *content.Preview {
	link := compose.FirstLink(text)
	if link == "" || h.Previews == nil || h.Inbox.Settings().LinkPreviews == lines.LinkPreviewsOff {
		return nil
	}
	return h.Previews.Of(ctx, link)
}

// Previews tell what links lead to.
type Previews interface {
	// Of gives nil for what is not to be had soon.
	Of(ctx context.Context, link string) *content.Preview
}
