package chatwoot_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// recorded is a frame of a recording of the live channel.
type recorded struct {
	Step  string
	Frame json.RawMessage
	// What stands in Frame, as far as it is one of an event.
	head struct {
		Type    string
		Message struct {
			Event string
			Data  json.RawMessage
		}
	}
}

// recordedFrames reads what the live channel of a release said; the marks of the
// client that recorded it are left out.
func recordedFrames(t testing.TB, recording string) (frames []recorded) {
	t.Helper()
	for _, line := range jsonLines(t, "chatwoottest/testdata/live/"+recording+".jsonl") {
		var r recorded
		require.NoError(t, json.Unmarshal(line, &r))
		if json.Unmarshal(r.Frame, &r.head); r.head.Type != "" || r.head.Message.Event != "" {
			frames = append(frames, r)
		}
	}
	require.NotEmpty(t, frames)
	return frames
}

func jsonLines(t testing.TB, file string) (lines [][]byte) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 4<<20)
	for scan.Scan() {
		lines = append(lines, bytes.Clone(scan.Bytes()))
	}
	require.NoError(t, scan.Err())
	return lines
}

// told is what a recorded step has to become: kind, event, whether it is of an inbox.
type told struct {
	kind    chatwoot.FrameKind
	event   string
	inboxed bool
}

var event = chatwoot.FrameEvent

// What each step of a recording told, in its order.
var recordedSteps = map[string][]told{
	"start": {{kind: chatwoot.FrameWelcome}, {kind: chatwoot.FrameConfirmed}, {event, "", false}, {kind: chatwoot.FramePing}},
	// Nobody needs to know of a contact that is new.
	"contact":      {{event, "", false}, {kind: chatwoot.FramePing}},
	"conversation": {{event, "", true}},
	"incoming":     {{event, chatwoot.EventMessageCreated, true}, {event, chatwoot.EventContactUpdated, false}},
	// The first reply is told twice, a change of the conversation does not matter.
	"agent reply":                        {{event, chatwoot.EventMessageCreated, true}, {event, "", true}, {event, "", true}},
	"agent reply with echo id and quote": {{event, chatwoot.EventMessageCreated, true}},
	"private note":                       {{event, chatwoot.EventMessageCreated, true}},
	"agent file":                         {{event, chatwoot.EventMessageCreated, true}},
	"status patch":                       {{event, chatwoot.EventMessageUpdated, true}},
	"status failed":                      {{event, chatwoot.EventMessageUpdated, true}},
	"retry":                              {{event, chatwoot.EventMessageUpdated, true}, {event, chatwoot.EventMessageUpdated, true}},
	"delete":                             {{event, chatwoot.EventMessageUpdated, true}},
	"typing on":                          {{event, chatwoot.EventTypingOn, true}},
	"resolve":                            {{event, chatwoot.EventStatusChanged, true}, {event, chatwoot.EventMessageCreated, true}, {event, "", true}},
	"contact edited":                     {{event, chatwoot.EventContactUpdated, false}},
	"second contact":                     {{event, "", false}},
	"merge": {
		{event, chatwoot.EventContactMerged, false}, {event, chatwoot.EventContactChanged, true},
		{event, "", true}, // a message that has got another sender
		{event, chatwoot.EventContactDeleted, false}, {event, chatwoot.EventContactUpdated, false},
	},
	"contact deleted":    {{event, chatwoot.EventContactDeleted, false}},
	"inbox deleted":      {{event, chatwoot.EventCacheInvalidated, false}},
	"wrong pubsub token": {{kind: chatwoot.FrameWelcome}},
	"wrong account":      {{kind: chatwoot.FrameWelcome}},
	"no user":            {{kind: chatwoot.FrameWelcome}},
	"no subprotocol":     {{kind: chatwoot.FrameWelcome}},
}

func TestEveryRecordedFrameIsUnderstood(t *testing.T) {
	t.Parallel()
	for release, inbox := range map[string]chatwoot.InboxID{"4.15.1": 19, "4.2.0": 3} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			got := map[string][]told{}
			for _, r := range recordedFrames(t, release) {
				f := chatwoot.ParseFrame(r.Frame)
				got[r.Step] = append(got[r.Step], told{f.Kind, f.Event, f.Inbox != 0})
				if f.Kind != chatwoot.FrameEvent {
					require.Equal(t, chatwoot.Frame{Kind: f.Kind}, f)
					continue
				}
				require.EqualValues(t, 1, f.Account, r.Step)
				if f.Inbox != 0 {
					require.Equal(t, inbox, f.Inbox, r.Step)
				}
				e, err := f.Decode()
				require.NoError(t, err)
				require.Equal(t, []any{f.Event, f.Account, f.Inbox, true}, []any{e.Kind, e.Account, e.Inbox, e.Live}, r.Step)
			}
			require.Equal(t, recordedSteps, got)
		})
	}
}

// Of a line whose webhook is refused every change of a bubble is told, and each
// refusal.
func TestEveryRefusalOfAWebhookIsTold(t *testing.T) {
	t.Parallel()
	refusals := 0
	for _, r := range recordedFrames(t, "4.15.1-webhook-refused") {
		f := chatwoot.ParseFrame(r.Frame)
		if r.head.Message.Event != "message.updated" {
			continue
		}
		require.Equal(t, chatwoot.EventMessageUpdated, f.Event, r.Step)
		e, err := f.Decode()
		require.NoError(t, err)
		if failure, ok := chatwoot.WebhookFailureOf(e.Message.Attributes.ExternalError); ok {
			require.Equal(t, chatwoot.WebhookUnanswered, failure)
			require.Equal(t, "failed", e.Message.Status)
			refusals++
		}
	}
	require.Equal(t, 7, refusals)
}

// decode reads a frame of an event of the live channel.
func decode(t testing.TB, event, data string) chatwoot.Event {
	t.Helper()
	f := frame(event, data)
	require.Equal(t, chatwoot.FrameEvent, f.Kind, data)
	e, err := f.Decode()
	require.NoError(t, err)
	return e
}

func frame(event, data string) chatwoot.Frame { return chatwoot.ParseFrame(wrapped(event, data)) }

func wrapped(event, data string) []byte {
	return []byte(`{"identifier":"{\"channel\":\"RoomChannel\"}","message":{"event":"` + event + `","data":` + data + `}}`)
}

func TestWhatTheRecordedEventsSay(t *testing.T) {
	t.Parallel()
	byStep := map[string][]chatwoot.Event{}
	for _, r := range recordedFrames(t, "4.15.1") {
		if f := chatwoot.ParseFrame(r.Frame); f.Event != "" {
			e, err := f.Decode()
			require.NoError(t, err)
			byStep[r.Step] = append(byStep[r.Step], e)
		}
	}
	const source = "d74c38a2-9cd2-4984-aff2-735915750377"
	conversation := chatwoot.EventConversation{ID: 226, Inbox: 19, SourceID: source}

	reply := byStep["agent reply"][0]
	require.Equal(t, conversation, reply.Conversation)
	require.Equal(t, chatwoot.Message{
		ID: 5288, Conversation: 226, Content: "an **answer**", Type: chatwoot.Outgoing, ContentType: "text", Status: "sent", Author: chatwoot.Author{ID: 2, Name: "Ana Souza", Type: "user"},
		CreatedAt: chatwoot.Time{Time: time.Unix(1795959288, 0)},
	}, reply.Message)
	require.Zero(t, reply.Message.CreatedAt.Nanosecond(), "frames tell whole seconds")

	incoming := byStep["incoming"][0].Message
	require.Equal(t, chatwoot.Incoming, incoming.Type)
	require.Equal(t, "WAID:cable1", incoming.SourceID)
	require.EqualValues(t, 5288, byStep["agent reply with echo id and quote"][0].Message.Attributes.InReplyTo)
	require.True(t, byStep["private note"][0].Message.Private)
	file := byStep["agent file"][0].Message.Attachments
	require.Len(t, file, 1)
	require.Equal(t, "a.png", file[0].Name())
	require.Equal(t, []any{int64(24), "image", "image/png", int64(75)}, []any{file[0].ID, file[0].FileType, file[0].ContentType, file[0].Size})

	require.Equal(t, "delivered", byStep["status patch"][0].Message.Status)
	failed := byStep["status failed"][0].Message
	require.Equal(t, []string{"failed", "x"}, []string{failed.Status, failed.Attributes.ExternalError})
	for _, retried := range byStep["retry"] {
		require.Equal(t, []string{"sent", ""}, []string{retried.Message.Status, retried.Message.Attributes.ExternalError})
		require.Equal(t, "an **answer**", retried.Message.Content)
	}
	require.True(t, byStep["delete"][0].Message.Attributes.Deleted)

	typing := byStep["typing on"][0]
	require.True(t, typing.AgentTyping)
	require.Equal(t, []any{conversation.ID, conversation.Inbox, source}, []any{typing.Conversation.ID, typing.Conversation.Inbox, typing.Conversation.SourceID})
	require.Equal(t, []any{"resolved", conversation.ID, source}, []any{byStep["resolve"][0].Conversation.Status, byStep["resolve"][0].Conversation.ID, byStep["resolve"][0].Conversation.SourceID})
	require.Equal(t, chatwoot.Activity, byStep["resolve"][1].Message.Type)

	require.Equal(t, []any{chatwoot.ContactID(228), "Maria S"}, []any{byStep["contact edited"][0].Contact.ID, byStep["contact edited"][0].Contact.Name})
	merged, moved, gone := byStep["merge"][0], byStep["merge"][1], byStep["merge"][2]
	require.EqualValues(t, 229, merged.Contact.ID, "the survivor")
	require.Equal(t, []any{conversation.ID, chatwoot.ContactID(229)}, []any{moved.Conversation.ID, moved.Conversation.ContactID})
	require.EqualValues(t, 228, gone.Contact.ID)
	for _, r := range recordedFrames(t, "4.15.1") {
		if f := chatwoot.ParseFrame(r.Frame); f.Event == chatwoot.EventCacheInvalidated {
			require.Equal(t, "1795959331", f.InboxesVersion())
		}
	}
}

func TestWhoTypesIsAnAgentInTheOpenConversation(t *testing.T) {
	t.Parallel()
	const conversation = `"conversation":{"id":7,"inbox_id":3,"contact_inbox":{"source_id":"s"}}`
	for data, want := range map[string]bool{
		`{"account_id":1,"user":{"type":"user"},"is_private":false,` + conversation + `}`:      true,
		`{"account_id":1,"user":{"type":"user"},"is_private":true,` + conversation + `}`:       false,
		`{"account_id":1,"user":{"type":"contact"},"is_private":false,` + conversation + `}`:   false,
		`{"account_id":1,"user":{"type":"agent_bot"},"is_private":false,` + conversation + `}`: false,
		`{"account_id":1,"user":null,` + conversation + `}`:                                    false,
	} {
		for name, kind := range map[string]string{"conversation.typing_on": chatwoot.EventTypingOn, "conversation.typing_off": chatwoot.EventTypingOff} {
			e := decode(t, name, data)
			require.Equal(t, []any{kind, want}, []any{e.Kind, e.AgentTyping}, data)
			require.Equal(t, []any{chatwoot.ConversationID(7), chatwoot.InboxID(3)}, []any{e.Conversation.ID, e.Inbox})
		}
	}
}

// update is a message.updated of an agent's message with what has changed.
func update(attributes, changes string) chatwoot.Frame {
	if changes != "" {
		changes = `,"previous_changes":` + changes
	}
	return frame("message.updated", `{"id":9,"account_id":1,"inbox_id":2,"conversation_id":3,"message_type":1,"content":"hi","status":"sent","content_type":"text","content_attributes":`+attributes+changes+`}`)
}

// Of an update that is neither a status nor a deletion nothing has to be done.
// Translations are stored among the content attributes (app/models/message.rb).
func TestAnUpdateIsActedOnForAStatusOrADeletionOnly(t *testing.T) {
	t.Parallel()
	const updated = `"updated_at":["2026-11-29T13:34:48.146Z","2026-11-29T13:34:58.365Z"]`
	for name, tc := range map[string]struct {
		attributes, changes string
		acted               bool
	}{
		"status":                    {`{}`, `{` + updated + `,"status":["sent","delivered"]}`, true},
		"failure":                   {`{"external_error":"x"}`, `{` + updated + `,"status":["sent","failed"],"content_attributes":[{},{"external_error":"x"}]}`, true},
		"another failure":           {`{"external_error":"y"}`, `{` + updated + `,"content_attributes":[{"external_error":"x"},{"external_error":"y"}]}`, true},
		"deletion":                  {`{"deleted":true}`, `{` + updated + `,"content":["hi","This message was deleted"],"content_attributes":[{},{"deleted":true}]}`, true},
		"what became of a deletion": {`{"deleted":true}`, `{` + updated + `}`, true},
		"retry":                     {`{"external_error":null}`, `{` + updated + `,"status":["failed","sent"],"content_attributes":[{"external_error":"x"},{"external_error":null}]}`, true},
		"retry, its second frame":   {`{}`, `{` + updated + `,"content_attributes":[{"external_error":null},{}]}`, true},
		"nothing said":              {`{}`, `{}`, true},
		"nothing said, older":       {`{}`, ``, true},
		"merge":                     {`{}`, `{` + updated + `,"sender_id":[228,229]}`, false},
		"sentiment":                 {`{}`, `{` + updated + `,"sentiment":[{},{"label":"positive"}]}`, false},
		"transcription":             {`{}`, `{` + updated + `,"processed_message_content":["","hello"]}`, false},
		"touched":                   {`{}`, `{` + updated + `}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := update(tc.attributes, tc.changes)
			require.Equal(t, []any{chatwoot.FrameEvent, chatwoot.InboxID(2)}, []any{f.Kind, f.Inbox}, "it is a sign of life in any case")
			require.Equal(t, tc.acted, f.Event == chatwoot.EventMessageUpdated, f.Event)
		})
	}
}

// Chatwoot keeps a translation, and the answer to a survey, among the content
// attributes.
func TestATranslationIsNotActedOn(t *testing.T) {
	t.Parallel()
	for name, attributes := range map[string]string{
		"translation":         `{"translations":{"de":"hallo"}}`,
		"second translation":  `{"translations":{"de":"hallo","fr":"salut"}}`,
		"answer to a survey":  `{"submitted_values":{"csat_survey_response":{"rating":5}}}`,
		"an e-mail address":   `{"submitted_email":"ana@example.com"}`,
		"unsupported content": `{"is_unsupported":true}`,
	} {
		f := update(attributes, `{"updated_at":["a","b"],"content_attributes":[{},`+attributes+`]}`)
		require.Empty(t, f.Event, name)
	}
}

// webhookRow is a recorded webhook about a message whose row stands in it as well:
// the row is what a frame says.
func webhookRow(t *testing.T, line []byte) (webhook []byte, row json.RawMessage, ok bool) {
	t.Helper()
	var w struct{ Step, Raw string }
	require.NoError(t, json.Unmarshal(line, &w))
	if strings.HasPrefix(w.Step, "retry") {
		return nil, nil, false // two changes at once: the row is of the second one
	}
	var body struct {
		ID           int
		Event        string
		Conversation struct{ Messages []json.RawMessage }
	}
	if json.Unmarshal([]byte(w.Raw), &body) != nil || !strings.HasPrefix(body.Event, "message_") {
		return nil, nil, false
	}
	for _, m := range body.Conversation.Messages {
		var nested struct{ ID int }
		require.NoError(t, json.Unmarshal(m, &nested))
		if nested.ID == body.ID {
			return []byte(w.Raw), m, true
		}
	}
	return nil, nil, false
}

// comparable is a message without what the two ways say in different words.
func comparable(m chatwoot.Message) chatwoot.Message {
	m.CreatedAt.Time = m.CreatedAt.Truncate(time.Second).UTC()
	m.Status = ""
	return m
}

// A webhook and the row beside it in the same webhook are one message.
func TestRecordedRowsReadLikeTheirWebhooks(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.2.0", "4.11.2", "4.16.2"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			compared := 0
			for _, line := range jsonLines(t, "testdata/"+release+"/webhooks.jsonl") {
				raw, row, ok := webhookRow(t, line)
				if !ok {
					continue
				}
				webhook, err := chatwoot.ParseEvent(raw)
				require.NoError(t, err)
				live := decode(t, strings.Replace(webhook.Kind, "_", ".", 1), string(row))
				if live.Kind == "" {
					continue // an update that is not acted on
				}
				require.Equal(t, comparable(webhook.Message), comparable(live.Message))
				require.Equal(t, []any{webhook.Kind, webhook.Account, webhook.Inbox, webhook.Conversation.ID, webhook.Conversation.SourceID},
					[]any{live.Kind, live.Account, live.Inbox, live.Conversation.ID, live.Conversation.SourceID})
				compared++
			}
			require.Greater(t, compared, 30)
		})
	}
}

// A message that an agent writes reads the same by its frame and by its webhook,
// whatever a release makes of the editor's line breaks.
func TestAMessageIsTheSameByBothWays(t *testing.T) {
	t.Parallel()
	texts := []string{
		"hi", "a\\\nb", "a\\\r\nb", "a\\\n\\\nb\\\n", "end\n\n\n", "end\r\n", "\\\n", "back\\slash", "  spaces  ", "Zeile\u2028neu", "<b>&amp;</b>",
	}
	for _, release := range []string{"4.2.0", "4.11.2", "4.13.0", "4.15.1", chatwoottest.DefaultVersion} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			desk := newDesk(t, chatwoottest.Options{Version: release})
			conversation := desk.conversation()
			cable := desk.listen()
			same := func(write func() (chatwoottest.Message, error), what string) {
				t.Helper()
				m, err := write()
				require.NoError(t, err)
				live := cable.until(chatwoot.EventMessageCreated)
				delivery, err := desk.WaitWebhook(patience, func(d chatwoottest.Delivery) bool { return d.Event == "message_created" && d.Message == m.ID })
				require.NoError(t, err)
				webhook, err := chatwoot.ParseEvent(delivery.Body)
				require.NoError(t, err)
				require.Equal(t, comparable(webhook.Message), comparable(live.Message), "%q", what)
				require.EqualValues(t, m.ID, live.Message.ID)
				listed, err := desk.client.Messages(ctx, chatwoot.ConversationID(conversation), 0, 0)
				require.NoError(t, err)
				require.Equal(t, live.Message.Content, listed[len(listed)-1].Content, "a comparison finds it so, too")
			}
			for _, text := range texts {
				same(func() (chatwoottest.Message, error) { return desk.Reply(conversation, text) }, text)
			}
			same(func() (chatwoottest.Message, error) { return desk.Note(conversation, "note\\\n") }, "a note")
			same(func() (chatwoottest.Message, error) {
				return desk.Reply(conversation, "files", chatwoottest.WithFile("b.txt", "text/plain", []byte("b")),
					chatwoottest.WithFile("a.txt", "text/plain", []byte("a")), chatwoottest.WithFile("c.txt", "text/plain", []byte("c")))
			}, "files")
		})
	}
}

// A message is put even when its frame is read, and once more when what the frame
// became is read again from the journal. A webhook's is read from there, too.
func TestAMessageThatIsReadTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"a\\\nb", "a\\\n\\\n", "a\r\n"} {
		quoted, err := json.Marshal(content)
		require.NoError(t, err)
		live := decode(t, "message.created", `{"id":9,"account_id":1,"inbox_id":2,"conversation_id":3,"message_type":1,"content":`+string(quoted)+`}`)
		raw, err := chatwoot.EncodeCreated(live.Message, live)
		require.NoError(t, err)
		again, err := chatwoot.ParseEvent(raw)
		require.NoError(t, err)
		require.Equal(t, live.Message.Content, again.Message.Content, "%q", content)
	}
}

// Attachments are listed in no order; their ids are in the agent's.
func TestAttachmentsOfAFrameComeInTheAgentsOrder(t *testing.T) {
	t.Parallel()
	e := decode(t, "message.created", `{"id":9,"account_id":1,"inbox_id":2,"conversation_id":3,"message_type":1,"attachments":[{"id":3},{"id":1},{"id":2}]}`)
	require.Equal(t, []chatwoot.Attachment{{ID: 1}, {ID: 2}, {ID: 3}}, e.Message.Attachments)
}

// A customer's words stay as they are; those of an agent are put even.
func TestOnlyWhatTheEditorWroteIsPutEven(t *testing.T) {
	t.Parallel()
	for kind, want := range map[int]string{0: "a\\\nb\n", 1: "a\nb", 2: "a\\\nb\n", 3: "a\nb"} {
		e := decode(t, "message.created", fmt.Sprintf(`{"id":9,"account_id":1,"inbox_id":2,"conversation_id":3,"message_type":%d,"content":"a\\\nb\n"}`, kind))
		require.Equal(t, want, e.Message.Content, kind)
	}
}

const duplicateKeys = `{"type":"nothing","type":"ping","message":{"event":"message.created","event":"message.updated","data":{"id":1,"id":2,"account_id":1,"account_id":2,"inbox_id":3,"inbox_id":4}}}`

// hostileFrames are what no Chatwoot sends, and something in between may.
func hostileFrames() map[string]string {
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	message := func(data string) string { return string(wrapped("message.created", data)) }
	return map[string]string{
		"nothing":             "",
		"null":                "null",
		"a number":            "7",
		"a text":              `"welcome"`,
		"a list":              `[{"type":"welcome"}]`,
		"half a frame":        `{"type":"wel`,
		"two frames":          `{"type":"welcome"}{"type":"ping"}`,
		"NUL":                 "\x00",
		"NUL in a frame":      "{\"type\":\"wel\x00come\"}",
		"an escaped NUL":      message(`{"id":1,"account_id":1,"inbox_id":2,"message_type":1,"content":"a\u0000b","source_id":"\u0000"}`),
		"invalid UTF-8":       message("{\"id\":1,\"account_id\":1,\"inbox_id\":2,\"content\":\"a\xff\xfeb\"}"),
		"half a surrogate":    message(`{"id":1,"account_id":1,"inbox_id":2,"content":"\ud83d"}`),
		"HTML":                "<html><body>502 Bad Gateway</body></html>",
		"deep lists":          deep("[", "]", 2<<20),
		"deep objects":        deep(`{"a":`, "}", 1<<20),
		"deep in an event":    message(`{"id":1,"account_id":1,"content_attributes":` + deep("[", "]", 3<<20) + `}`),
		"rather deep":         message(`{"id":1,"account_id":1,"content_attributes":` + deep("[", "]", 5000) + `}`),
		"open lists":          strings.Repeat("[", 8<<20),
		"1 MB":                message(`{"id":1,"account_id":1,"inbox_id":2,"message_type":1,"content":"` + strings.Repeat("x", 1<<20) + `"}`),
		"9 MB":                message(`{"id":1,"account_id":1,"inbox_id":2,"message_type":1,"content":"` + strings.Repeat("x", 9<<20) + `"}`),
		"many keys":           message(`{"id":1` + strings.Repeat(`,"x":{}`, 100_000) + `}`),
		"duplicate keys":      duplicateKeys,
		"numbers as texts":    message(`{"id":"1","account_id":"1","inbox_id":"2","conversation_id":"3","message_type":"1"}`),
		"huge numbers":        message(`{"id":1e400,"account_id":99999999999999999999999,"inbox_id":-1,"created_at":1e308}`),
		"fractions":           message(`{"id":1.5,"account_id":1.9,"inbox_id":2.1}`),
		"a time that is none": message(`{"id":1,"account_id":1,"inbox_id":2,"created_at":"NaN"}`),
		"lists for objects":   message(`{"id":1,"account_id":1,"inbox_id":2,"conversation":[],"sender":[],"content_attributes":[],"attachments":{}}`),
		"texts for objects":   message(`{"id":1,"account_id":1,"inbox_id":2,"conversation":"x","content_attributes":"x","attachments":"x"}`),
		"nulls":               message(`{"id":null,"account_id":null,"inbox_id":null,"conversation":null,"content":null,"content_attributes":null,"attachments":null}`),
		"no data":             `{"message":{"event":"message.created"}}`,
		"data is a text":      `{"message":{"event":"message.created","data":"x"}}`,
		"data is a list":      `{"message":{"event":"message.created","data":[1]}}`,
		"the event is none":   `{"message":{"event":7,"data":{}}}`,
		"the message is none": `{"message":[]}`,
		"changes are a list":  string(wrapped("message.updated", `{"id":1,"previous_changes":[1,2]}`)),
		"changes are a text":  string(wrapped("message.updated", `{"id":1,"previous_changes":"status"}`)),
		"changes are odd":     string(wrapped("message.updated", `{"id":1,"previous_changes":{"content_attributes":7,"status":null}}`)),
		"a path":              `{"message.event":"message.created","message":{"event":"message.created","data":{"account_id|inbox_id":1,"#":2}}}`,
		"typing":              string(wrapped("conversation.typing_on", `{"conversation":{"id":"x"},"user":[]}`)),
		"a contact":           string(wrapped("contact.updated", `{"id":"x","name":7}`)),
		"a cache":             string(wrapped("account.cache_invalidated", `{"cache_keys":[]}`)),
		"a rejection":         `{"identifier":"x","type":"reject_subscription"}`,
		"a goodbye":           `{"type":"disconnect","reason":"server_restart","reconnect":true}`,
	}
}

// digest does all that is done with a frame.
func digest(raw []byte) chatwoot.Frame {
	f := chatwoot.ParseFrame(raw)
	_ = f.InboxesVersion()
	if e, err := f.Decode(); err == nil {
		for _, a := range e.Message.Attachments {
			_ = a.Name()
		}
	}
	return f
}

func TestHostileFramesHarmNobody(t *testing.T) {
	t.Parallel()
	none := map[string]bool{}
	for name, raw := range hostileFrames() {
		f := digest([]byte(raw))
		if none[name] = f.Kind == chatwoot.FrameUnknown; none[name] {
			require.Equal(t, chatwoot.Frame{}, f, name)
		}
	}
	for _, name := range []string{"nothing", "NUL", "HTML", "deep lists", "deep objects", "deep in an event", "open lists", "two frames", "no data", "data is a text", "a rejection", "a goodbye"} {
		require.True(t, none[name], name)
	}
}

// What one reader takes for the account and inbox the other must, too: a frame
// that passes the filter must not be of another line.
func TestTheFilterAndTheEventAgree(t *testing.T) {
	t.Parallel()
	f := chatwoot.ParseFrame([]byte(duplicateKeys))
	e, err := f.Decode()
	require.NoError(t, err)
	require.Equal(t, []any{f.Account, f.Inbox}, []any{e.Account, e.Inbox})
	require.Equal(t, f.Inbox, e.Conversation.Inbox)
}

func FuzzParseFrame(f *testing.F) {
	for _, recording := range []string{"4.15.1", "4.2.0", "4.15.1-webhook-refused"} {
		for _, r := range recordedFrames(f, recording) {
			f.Add([]byte(r.Frame))
		}
	}
	for _, raw := range hostileFrames() {
		if len(raw) < 64<<10 {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		parsed := digest(raw)
		if parsed.Kind == chatwoot.FrameUnknown && parsed != (chatwoot.Frame{}) {
			t.Fatal("something was found in what is no frame")
		}
		e, err := parsed.Decode()
		if parsed.Kind == chatwoot.FrameEvent && err == nil && (e.Account != parsed.Account || e.Inbox != parsed.Inbox || e.Kind != parsed.Event || !e.Live) {
			t.Fatal("an event is not of its frame")
		}
	})
}

// desk is a simulated Chatwoot with an inbox whose webhooks go to nobody.
type desk struct {
	*chatwoottest.Server
	t      *testing.T
	client *chatwoot.Client
	inbox  chatwoot.Inbox
}

// patience bounds every wait: only a failing test uses it up.
const patience = 30 * time.Second

func newDesk(t *testing.T, options chatwoottest.Options) *desk {
	t.Helper()
	options.Dir = t.TempDir()
	d := &desk{Server: chatwoottest.New(options), t: t}
	require.NoError(t, d.Start())
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	d.client = d.clientOf(d.AdminToken())
	var err error
	d.inbox, err = d.client.CreateInbox(ctx, chatwoot.NewInbox{Name: "Shop", LockToSingle: true, WebhookURL: d.URL() + "/nobody"})
	require.NoError(t, err)
	return d
}

func (d *desk) clientOf(token string) *chatwoot.Client {
	d.t.Helper()
	c, err := chatwoot.New(chatwoot.Config{BaseURL: d.URL(), Token: token, Account: int64(d.Account()), Transport: transport(d.t)})
	require.NoError(d.t, err)
	return c
}

// transport keeps no connection beyond the test.
func transport(t *testing.T) *http.Transport {
	own := &http.Transport{}
	t.Cleanup(own.CloseIdleConnections)
	return own
}

// conversation begins a conversation with a customer.
func (d *desk) conversation() int {
	d.t.Helper()
	contact, err := d.AddContact("name", "Maria", "phone_number", "+5511888880002")
	require.NoError(d.t, err)
	m, err := d.StartConversation(int(d.inbox.ID), contact.ID, "hello")
	require.NoError(d.t, err)
	return m.Conversation
}

// subscription is the administrator's.
func (d *desk) subscription() chatwoot.Subscription {
	d.t.Helper()
	profile, err := d.client.Profile(ctx)
	require.NoError(d.t, err)
	return chatwoot.Subscription{Pubsub: profile.Pubsub, User: profile.ID, Account: int64(d.Account())}
}

// listener is a connection that is confirmed.
type listener struct {
	*chatwoot.Cable
	t   *testing.T
	ctx context.Context
}

func (d *desk) listen() *listener {
	d.t.Helper()
	l := d.dial()
	require.NoError(d.t, l.Subscribe(l.ctx, d.subscription()))
	l.kind(chatwoot.FrameConfirmed)
	return l
}

func (d *desk) dial() *listener {
	d.t.Helper()
	limited, cancel := context.WithTimeout(ctx, 2*patience)
	d.t.Cleanup(cancel)
	cable, err := d.client.DialCable(limited)
	require.NoError(d.t, err)
	d.t.Cleanup(cable.Close)
	return &listener{cable, d.t, limited}
}

// kind waits for a frame of a kind.
func (l *listener) kind(kind chatwoot.FrameKind) chatwoot.Frame {
	l.t.Helper()
	for {
		f, err := l.Next(l.ctx)
		require.NoError(l.t, err)
		if f.Kind == kind {
			return f
		}
	}
}

// until waits for an event.
func (l *listener) until(event string) chatwoot.Event {
	l.t.Helper()
	for {
		if f := l.kind(chatwoot.FrameEvent); f.Event == event {
			e, err := f.Decode()
			require.NoError(l.t, err)
			return e
		}
	}
}
