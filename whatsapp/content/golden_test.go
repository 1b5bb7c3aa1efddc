package content_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample is a message as WhatsApp sends it. Its file is in testdata/messages,
// what it is decoded to beside it.
type sample struct {
	Info struct {
		ID           string    `json:"id"`
		Chat         types.JID `json:"chat"`
		Sender       types.JID `json:"sender"`
		SenderAlt    types.JID `json:"sender_alt"`
		RecipientAlt types.JID `json:"recipient_alt"`
		FromMe       bool      `json:"from_me"`
		Group        bool      `json:"group"`
		PushName     string    `json:"push_name"`
		Timestamp    int64     `json:"timestamp"`
		Trouble      string    `json:"trouble"`
	} `json:"info"`
	Message json.RawMessage `json:"message"`
}

// envelope wraps the sample as a session does.
func (s sample) envelope(t testing.TB) content.Envelope {
	t.Helper()
	unknown := func(types.JID) types.JID { return types.EmptyJID }
	info := types.MessageInfo{
		ID: s.Info.ID, PushName: s.Info.PushName, Timestamp: time.Unix(s.Info.Timestamp, 0),
		MessageSource: types.MessageSource{
			Chat: s.Info.Chat, Sender: s.Info.Sender, SenderAlt: s.Info.SenderAlt, RecipientAlt: s.Info.RecipientAlt,
			IsFromMe: s.Info.FromMe, IsGroup: s.Info.Group,
		},
	}
	if s.Info.Trouble != "" {
		e, err := content.PlaceholderEnvelope(info, s.Info.Trouble, unknown)
		require.NoError(t, err)
		return e
	}
	var m waE2E.Message
	require.NoError(t, protojson.Unmarshal(s.Message, &m))
	e, err := content.MessageEnvelope(info, &m, unknown)
	require.NoError(t, err)
	return e
}

// samples are all of testdata/messages, by name.
func samples(t testing.TB) map[string]sample {
	t.Helper()
	paths, err := filepath.Glob("testdata/messages/*.json")
	require.NoError(t, err)
	all := map[string]sample{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var s sample
		require.NoError(t, json.Unmarshal(raw, &s), path)
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = s
	}
	require.NotEmpty(t, all)
	return all
}

// described is a content for people who compare golden files.
func described(c content.Content) map[string]any {
	if c == nil {
		return nil
	}
	return map[string]any{strings.TrimPrefix(fmt.Sprintf("%T", c), "content."): c}
}

// describe writes down what a payload is decoded to.
func describe(t testing.TB, payload []byte) string {
	t.Helper()
	m, err := content.Decode(payload)
	require.NoError(t, err)
	quoted := any(nil)
	if m.Quote != nil {
		quoted = map[string]any{"ID": m.Quote.ID, "Sender": m.Quote.Sender, "Content": described(m.Quote.Content)}
	}
	text, err := json.MarshalIndent(map[string]any{
		"ID": m.ID, "Chat": m.Chat, "Sender": m.Sender, "FromMe": m.FromMe, "Group": m.Group, "PushName": m.PushName, "At": m.At,
		"Quote": quoted, "Content": described(m.Content),
	}, "", "\t")
	require.NoError(t, err)
	return string(text) + "\n"
}

func TestMessagesAreDecodedAsWritten(t *testing.T) {
	t.Parallel()
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := s.envelope(t)
			got := "dedupe " + e.Dedupe + "\n" + describe(t, e.Payload)
			golden := filepath.Join("testdata", "messages", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err, "run the test with -update")
			require.Equal(t, string(want), got)
		})
	}
}

// What the first release stored is decoded by every later one. These files are
// never rewritten.
func TestPayloadsOfEarlierReleasesAreStillDecoded(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/stored/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := samples(t)
	for _, path := range paths {
		stored, err := os.ReadFile(path)
		require.NoError(t, err)
		e := all[strings.TrimSuffix(filepath.Base(path), ".json")].envelope(t)
		require.JSONEq(t, withoutProto(t, stored), withoutProto(t, e.Payload), path)
		require.Equal(t, describe(t, e.Payload), describe(t, stored), path)
	}
}

// withoutProto leaves out the protocol's own bytes, whose order is the library's.
func withoutProto(t *testing.T, payload []byte) string {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(payload, &fields))
	delete(fields, "proto")
	raw, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(raw)
}
