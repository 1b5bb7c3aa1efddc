package inbound

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What is sealed with the secret of an earlier message is read here, and shown as what it
// is. Where nobody has the secret yet, a placeholder is shown; it may come with the
// message that it belongs to, or with the phone's history. Then the lane of the messages
// does the job again, and what was in it is threaded to its placeholder.

// secretPatience is how long a secret is waited for. A waiting content is looked at soon
// at first, and ever more rarely.
const (
	secretPatience  = 7 * 24 * time.Hour
	firstSecretLook = time.Second
	lastSecretLook  = time.Hour
)

// unsealed opens what is sealed in a message, if it can be, and gives the source id of the
// placeholder that stands for it, if one does.
func (h *Handler) unsealed(ctx context.Context, j *work.Job, m content.Message) (content.Message, string, error) {
	sealed, ok := m.Content.(content.Sealed)
	if !ok {
		return m, "", nil
	}
	below := ""
	placeholder := sourceid.Derived(m.ID, sourceid.Waiting)
	if link, err := h.linkByWA(ctx, j, sourceid.Link(placeholder)); err == nil && link.Chat == j.Chat() {
		below = placeholder
	} else if idmap.IgnoreUnknown(err) != nil {
		return m, "", err
	}
	plaintext, err := h.Session.Unseal(ctx, m, sealed)
	switch {
	case errors.Is(err, whatsapp.ErrNotConnected) && h.triesAgain(j, err):
		return m, below, &work.RetryError{After: time.Second, Err: err}
	case errors.Is(err, whatsapp.ErrNoSecret), errors.Is(err, whatsapp.ErrNotConnected):
		return m, below, nil
	case err != nil:
		return m, below, err
	}
	opened, err := content.Open(m, sealed, plaintext)
	if err != nil {
		h.Log.Warn("what was sealed in a message cannot be read", "error", err)
		opened.Content = content.Unsupported{Name: "secretEncryptedMessage"}
	}
	return opened, below, nil
}

// inPlaceOf threads posts to the placeholder that stood for them. A small line is too
// narrow for that.
func inPlaceOf(placeholder string, posts []render.Post) []render.Post {
	for i, p := range posts {
		if placeholder != "" && p.Form != render.Pill && p.SourceID != placeholder {
			posts[i].Below, posts[i].ReplyTo = placeholder, ""
		}
	}
	return posts
}

// isAwaited reports whether a placeholder stands for what is sealed already: the same
// message again, or in a group another vote in the same poll.
func (h *Handler) isAwaited(ctx context.Context, j *work.Job, m content.Message, s content.Sealed) (bool, error) {
	link, err := h.linkByWA(ctx, j, sourceid.Link(sourceid.Derived(m.ID, sourceid.Waiting)))
	if err == nil && link.Chat == j.Chat() {
		return true, nil
	}
	if idmap.IgnoreUnknown(err) != nil || s.Kind != content.SealedVote || !m.Group {
		return false, idmap.IgnoreUnknown(err)
	}
	unread, err := h.IDs.Remark(ctx, h.about(j, s.Target.ID, idmap.RemarkUnread), "")
	return !unread.At.IsZero(), err
}

// await keeps a message until the secret comes with which it can be read. All that needs
// the same one waits together.
func (h *Handler) await(j *work.Job, m content.Message, s content.Sealed) work.Recorder {
	now, line := h.Clock(), h.Inbox.LineID()
	return func(ctx context.Context, tx *sql.Tx) error {
		remark := idmap.Remark{Person: m.ID, Value: string(j.Payload), At: now}
		if err := h.IDs.SetRemark(ctx, tx, h.about(j, s.Target.ID, idmap.RemarkSealed), remark); err != nil {
			return err
		}
		if s.Kind == content.SealedVote && m.Group {
			if err := h.IDs.SetRemark(ctx, tx, h.about(j, s.Target.ID, idmap.RemarkUnread), idmap.Remark{At: now}); err != nil {
				return err
			}
		}
		_, err := h.Journal.AppendTx(ctx, tx, journal.Entry{
			Lane: journal.LaneKey{Line: line, Chat: j.Chat(), Queue: journal.Maintenance}, Kind: journal.KindSecret,
			Dedupe:  strings.Join([]string{line, j.Chat(), "secret", foreign.Key(s.Target.ID)}, "|"),
			Payload: j.Payload, OccurredAt: j.OccurredAt,
		})
		return err
	}
}

// Aside says of the kinds of jobs that wait aside, besides receipts, for how long one
// does still; see delivery.
func (h *Handler) Aside() map[string]func(ctx context.Context, chat string, job journal.Job) time.Duration {
	return map[string]func(context.Context, string, journal.Job) time.Duration{
		journal.KindSecret:  h.secretWaits,
		journal.KindTally:   h.tallyWaits,
		journal.KindRinging: h.ringWaits,
	}
}

// wakeAside lets what waits aside since a message be looked at.
func (h *Handler) wakeAside(m content.Message) {
	switch m.Content.(type) {
	case content.Sealed, content.Vote:
		h.Journal.Wake(journal.Maintenance, 0)
	}
}

// secretWaits is for how long a secret is not looked for.
func (h *Handler) secretWaits(ctx context.Context, _ string, job journal.Job) time.Duration {
	age := h.Clock().Sub(job.RecordedAt)
	m, err := content.Decode(job.Payload)
	sealed, ok := m.Content.(content.Sealed)
	if err != nil || !ok || age >= secretPatience {
		return 0
	}
	if _, err := h.Session.Unseal(ctx, m, sealed); err == nil {
		return 0
	}
	return min(lastSecretLook, max(age/2, firstSecretLook))
}

// HandleSecret gives what waits for a secret to the lane of the messages when it can be
// read. After a long time it is waited for no longer.
func (h *Handler) HandleSecret(ctx context.Context, j *work.Job) error {
	m, err := content.Decode(j.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	sealed, ok := m.Content.(content.Sealed)
	if !ok {
		return j.Done(ctx, nil)
	}
	about := h.about(j, sealed.Target.ID, idmap.RemarkSealed)
	_, err = h.Session.Unseal(ctx, m, sealed)
	found := err == nil
	if !found && h.Clock().Sub(j.RecordedAt) < secretPatience {
		return &work.RetryError{After: firstSecretLook, Err: err}
	}
	waiting, err := h.IDs.Remarks(ctx, about)
	if err != nil {
		return err
	}
	err = j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, w := range waiting {
			if !found {
				break
			}
			if err := h.again(ctx, tx, j, w); err != nil {
				return err
			}
		}
		return h.IDs.DeleteRemarks(ctx, tx, about)
	})
	if err == nil && found {
		h.Journal.Wake(journal.In, 0)
	}
	return err
}

// again appends a message once more, in the lane of the messages.
func (h *Handler) again(ctx context.Context, tx *sql.Tx, j *work.Job, w idmap.Remark) error {
	line := h.Inbox.LineID()
	m, broken := content.Header([]byte(w.Value))
	if broken != nil {
		return nil
	}
	_, err := h.Journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: line, Chat: j.Chat(), Queue: journal.In}, Kind: string(content.EnvMessage),
		Dedupe: strings.Join([]string{line, j.Chat(), content.ContentKey(m.ID, m.FromMe), "read"}, "|"), Payload: []byte(w.Value), OccurredAt: m.At,
		Backlog: true,
	})
	return err
}
