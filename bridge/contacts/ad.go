package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// The attributes that tell of the ad that a customer came from, on the contact and on
// the conversation.
const (
	adSource    = "ad_source_id"
	adURL       = "ad_source_url"
	adClick     = "ctwa_clid"
	adFirstSeen = "ad_first_seen"
)

// longestAttribute is what Chatwoot stores of one with a conversation, in characters.
const longestAttribute = 1500

// adJob is the payload of a job of the kind ad.
type adJob struct {
	Conversation int64             `json:"conversation"`
	Attributes   map[string]string `json:"attributes"`
	Seen         time.Time         `json:"seen"`
}

// QueueAd journals what is to be kept of the ad that a message came from.
func (d *Directory) QueueAd(ctx context.Context, tx *sql.Tx, chat idmap.Chat, m content.Message) error {
	if m.Ad == nil || m.FromMe {
		return nil
	}
	job := adJob{Conversation: chat.Conversation, Attributes: map[string]string{}, Seen: m.At}
	for name, value := range map[string]string{adSource: m.Ad.SourceID, adURL: m.Ad.URL, adClick: m.Ad.ClickID} {
		// Less than the whole of one would lead nowhere.
		if value != "" && utf8.RuneCountInString(value) < longestAttribute {
			job.Attributes[name] = value
		}
	}
	raw, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("queue what is known of an ad: %w", err)
	}
	_, err = d.Journal.AppendTx(ctx, tx, journal.Entry{
		Lane: journal.LaneKey{Line: d.line(), Chat: chat.ID, Queue: journal.Maintenance}, Kind: journal.KindAd, Payload: raw, OccurredAt: m.At,
		Dedupe: fmt.Sprintf("%s|ad|%s|%s", d.line(), chat.ID, m.ID),
	})
	return err
}

// RecordAd writes it to the contact and to the conversation. What others keep there
// stays, and so does when the first ad was seen.
func (d *Directory) RecordAd(ctx context.Context, j *work.Job) error {
	var job adJob
	if err := json.Unmarshal(j.Payload, &job); err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	chat, err := d.IDs.Chat(ctx, d.line(), j.Chat(), j.Epoch)
	if err != nil {
		return err
	}
	client := d.Inbox.At(chatwoot.Background)
	if contact := chatwoot.ContactID(chat.Contact); contact != 0 {
		there, err := client.ContactAttributes(ctx, contact)
		if err == nil {
			err = client.AddContactAttributes(ctx, contact, job.news(there))
		}
		if err != nil && !chatwoot.IsNotFound(err) {
			return err
		}
	}
	if conversation := chatwoot.ConversationID(job.Conversation); conversation != 0 {
		there, err := client.ConversationAttributes(ctx, conversation)
		if err == nil {
			all := maps.Clone(there)
			if all == nil {
				all = chatwoot.CustomAttributes{}
			}
			maps.Copy(all, job.news(there))
			err = client.SetConversationAttributes(ctx, conversation, all)
		}
		if err != nil && !chatwoot.IsNotFound(err) {
			return err
		}
	}
	return j.Done(ctx, nil)
}

// news are the attributes to write where others are there already.
func (job adJob) news(there chatwoot.CustomAttributes) chatwoot.CustomAttributes {
	news := chatwoot.CustomAttributes{}
	for name, value := range job.Attributes {
		news[name] = quoted(value)
	}
	if seen := there[adFirstSeen]; len(seen) == 0 || string(seen) == "null" || string(seen) == `""` {
		news[adFirstSeen] = quoted(job.Seen.UTC().Format(time.RFC3339))
	}
	return news
}

// quoted is a text in JSON.
func quoted(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil { // a text always has a form
		return json.RawMessage(`""`)
	}
	return raw
}
