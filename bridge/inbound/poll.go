package inbound

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// poll is what is remembered of a poll: votes name its answers by their hashes, and may
// come when the journal has forgotten the poll itself.
type poll struct {
	Question string   `json:"question"`
	Options  []option `json:"options"`
}

// option is an answer of a poll.
type option struct {
	Hash string `json:"hash"`
	Name string `json:"name"`
}

const (
	// longestKept is how much is kept of a question or an answer, in bytes.
	longestKept = 500
	// mostKept is how many answers a poll has at most, with those that are added.
	mostKept = 200
)

func (p poll) known() bool { return p.Question != "" || len(p.Options) > 0 }

func pollFrom(c content.Poll) poll { return poll{}.with(c) }

// with is a poll with what another version of it says. Answers that it had before stay:
// somebody may have chosen them.
func (p poll) with(c content.Poll) poll {
	p.Question, p.Options = kept(c.Question), slices.Clone(p.Options)
	for _, name := range c.Options {
		hash := content.OptionHash(name)
		has := slices.ContainsFunc(p.Options, func(o option) bool { return o.Hash == hash })
		if !has && len(p.Options) < mostKept {
			p.Options = append(p.Options, option{hash, kept(name)})
		}
	}
	return p
}

// kept is the beginning of a text.
func kept(text string) string {
	if len(text) <= longestKept {
		return text
	}
	return strings.ToValidUTF8(text[:longestKept], "")
}

func (p poll) encode() string {
	raw, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(raw), `\u0000`, "")
}

// pollOf is a poll of the chat, the zero value if nobody knows it. One that came before
// polls were remembered may be in the journal still.
func (h *Handler) pollOf(ctx context.Context, j *work.Job, id string, inJournal content.Content) (p poll, err error) {
	known, err := h.IDs.Remark(ctx, h.about(j, id, idmap.RemarkPoll), "")
	if err != nil {
		return p, err
	}
	if known.Value != "" && json.Unmarshal([]byte(known.Value), &p) == nil {
		return p, nil
	}
	if c, ok := inJournal.(content.Poll); ok {
		return pollFrom(c), nil
	}
	return p, nil
}

// The votes of a group are counted when there have been none for a while: one note for
// each of them would bury the conversation.

const (
	// votesQuiet is for how long no vote must have come.
	votesQuiet = 30 * time.Second
	// votesPatience is after what time votes are counted in any case.
	votesPatience = 10 * time.Minute
)

// tally is the payload of a job that counts votes.
type tally struct {
	Poll string `json:"poll"`
}

// tallyLater appends a job that counts a poll's votes; there is one for those of a
// moment.
func (h *Handler) tallyLater(j *work.Job, poll string) work.Recorder {
	return func(ctx context.Context, tx *sql.Tx) error {
		payload, err := json.Marshal(tally{poll})
		if err != nil {
			return err
		}
		line := h.Inbox.LineID()
		moment := strconv.FormatInt(h.Clock().Unix()/int64(votesQuiet/time.Second), 10)
		_, err = h.Journal.AppendTx(ctx, tx, journal.Entry{
			Lane: journal.LaneKey{Line: line, Chat: j.Chat(), Queue: journal.Maintenance}, Kind: journal.KindTally,
			Dedupe: strings.Join([]string{line, j.Chat(), "tally", foreign.Key(poll), moment}, "|"), Payload: payload, OccurredAt: h.Clock(),
		})
		return err
	}
}

// tallyWaits is for how long votes are not counted yet.
func (h *Handler) tallyWaits(ctx context.Context, chat string, job journal.Job) time.Duration {
	var t tally
	age := h.Clock().Sub(job.RecordedAt)
	if err := json.Unmarshal(job.Payload, &t); err != nil || age >= votesPatience {
		return 0
	}
	votes, err := h.IDs.Remarks(ctx, idmap.About{Line: h.Inbox.LineID(), Chat: chat, Message: t.Poll, Kind: idmap.RemarkVote})
	if err != nil || len(votes) == 0 {
		return 0 // what cannot be found out says so in its turn
	}
	return min(votesQuiet, votesQuiet-h.Clock().Sub(votes[len(votes)-1].At))
}

// HandleTally says how often each answer of a poll was chosen, unless that was said
// since the last vote.
func (h *Handler) HandleTally(ctx context.Context, j *work.Job) error {
	var t tally
	if err := json.Unmarshal(j.Payload, &t); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	votes, err := h.IDs.Remarks(ctx, h.about(j, t.Poll, idmap.RemarkVote))
	if err != nil {
		return err
	}
	counted, err := h.IDs.Remark(ctx, h.about(j, t.Poll, idmap.RemarkTally), "")
	if err != nil {
		return err
	}
	chat, err := h.IDs.Chat(ctx, h.Inbox.LineID(), j.Chat(), j.Epoch)
	if idmap.IgnoreUnknown(err) != nil {
		return err
	}
	if len(votes) == 0 || !votes[len(votes)-1].At.After(counted.At) || chat.Conversation == 0 {
		return j.Done(ctx, nil)
	}
	inJournal, err := h.contentOf(ctx, j, t.Poll)
	if err != nil {
		return err
	}
	of := earlier{content: inJournal}
	if of.poll, err = h.pollOf(ctx, j, t.Poll, inJournal); err != nil {
		return err
	}
	var chosen [][]string
	for _, vote := range votes {
		chosen = append(chosen, strings.Fields(vote.Value))
	}
	last := votes[len(votes)-1].At
	source := sourceid.Derived(t.Poll, sourceid.Votes+"-"+strconv.FormatInt(j.ID, 10))
	p := render.Tally(source, t.Poll, chosen, of.in(h.Inbox.Rendering()))
	client := h.Inbox.At(chatwoot.Background)
	if _, _, found, err := h.findEarlier(ctx, j, client, p.SourceID); err != nil {
		return err
	} else if !found {
		if _, err := h.postInto(ctx, j, client, chat.Conversation, p, nil); err != nil && !chatwoot.IsNotFound(err) {
			return err
		}
	}
	return j.Done(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return h.IDs.SetRemark(ctx, tx, h.about(j, t.Poll, idmap.RemarkTally), idmap.Remark{At: last})
	})
}
