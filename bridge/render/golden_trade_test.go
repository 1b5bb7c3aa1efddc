package render_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// tradeKinds are the kinds of samples that are told in words of ours: what is bought and
// paid, appointments and invitations, what an AI says, and the rarer ones.
var tradeKinds = []string{
	"ai-answer", "ai-forward", "audio-sticker", "bcall", "bot-platform", "bot-task", "call-link", "call-log", "catalog", "chat", "conditional-reveal",
	"event", "event-cover", "event-invite", "group-invite", "group-status", "group-status-mention", "invoice", "music",
	"newsletter-admin-invite", "newsletter-admin-profile", "newsletter-follower-invite", "order", "payment-cancel", "payment-decline",
	"payment-invite", "payment-reminder", "payment-request", "payment-send", "phone-request", "placeholder", "poll-option-image",
	"poll-result", "product", "question", "question-reply", "question-response", "scheduled-call", "scheduled-call-edit", "split-payment",
	"spoiler", "status-add-yours", "status-mention", "status-notification", "status-question-answer", "status-quoted",
	"status-sticker-interaction", "sticker-pack",
}

// unseenKinds are between the apps only.
var unseenKinds = []string{"call", "group-root-key", "history-bundle", "root-secret", "sticker-sync"}

// samplesOf are the samples of some kinds, decoded as a line decodes them, by name.
func samplesOf(t *testing.T, kinds []string) map[string]content.Message {
	t.Helper()
	paths, err := filepath.Glob("../../whatsapp/content/testdata/messages/*.json")
	require.NoError(t, err)
	all, seen := map[string]content.Message{}, map[string]bool{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var s struct {
			Kind string
			Info struct {
				ID               string
				Chat, Sender     types.JID
				From_Me, Group   bool
				Push_Name        string
				Timestamp        int64
				Sender_Alt       types.JID
				Trouble          string
				Recipient_Alt    types.JID
				Addressing_Mode  string
				Verified_Name    string
				Type, Media_Type string
			}
			Message json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &s), path)
		if !slices.Contains(kinds, s.Kind) {
			continue
		}
		seen[s.Kind] = true
		var m waE2E.Message
		require.NoError(t, protojson.Unmarshal(s.Message, &m), path)
		e, err := content.MessageEnvelope(types.MessageInfo{
			ID: s.Info.ID, PushName: s.Info.Push_Name, Timestamp: time.Unix(s.Info.Timestamp, 0),
			MessageSource: types.MessageSource{
				Chat: s.Info.Chat, Sender: s.Info.Sender, SenderAlt: s.Info.Sender_Alt, RecipientAlt: s.Info.Recipient_Alt,
				IsFromMe: s.Info.From_Me, IsGroup: s.Info.Group,
			},
		}, &m, func(types.JID) types.JID { return types.EmptyJID })
		require.NoError(t, err, path)
		all[strings.TrimSuffix(filepath.Base(path), ".json")], err = content.Decode(e.Payload)
		require.NoError(t, err, path)
	}
	require.Len(t, seen, len(kinds), "there is a sample of each kind")
	return all
}

// Each sample as agents see it: all of a language are in one file.
func TestSamplesOfTradeAndOfRareKindsAsAgentsSeeThem(t *testing.T) {
	t.Parallel()
	all := samplesOf(t, tradeKinds)
	names := []string{}
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, language := range catalogue.Languages() {
		c := context(language)
		var got strings.Builder
		for _, name := range names {
			posts := render.Message(all[name], c)
			require.NotEmpty(t, posts, name)
			for _, p := range posts {
				require.NotContains(t, p.Content, c.Texts.Text("unsupported"), name)
				require.True(t, p.Content != "" || p.Attach != nil, name)
			}
			got.WriteString("# " + name + "\n" + describe(posts))
		}
		file := filepath.Join("testdata", "trade-samples."+language+".golden")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err, "go test ./bridge/render -update writes it")
		require.Equal(t, string(want), got.String())
	}
}

func TestWhatIsBetweenTheAppsOnlyIsNotShown(t *testing.T) {
	t.Parallel()
	for name, m := range samplesOf(t, unseenKinds) {
		require.Empty(t, render.Message(m, context("en")), name)
	}
}
