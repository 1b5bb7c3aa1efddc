package content_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// witness knows the people of the samples.
func witness() content.Witness {
	return content.Witness{
		Own:       []types.JID{types.NewJID("5511999990001", types.DefaultUserServer), types.NewJID("100000000000001", types.HiddenUserServer)},
		Alternate: func(types.JID) types.JID { return types.EmptyJID },
		Name:      func(types.JID) string { return "" },
	}
}

var jidLike = regexp.MustCompile(`^[0-9:.-]+@[a-z.]+$`)

// stanza reads the node of a sample as the library has it: with addresses.
func stanza(t testing.TB, raw []byte) *waBinary.Node {
	t.Helper()
	var file struct {
		Node waBinary.Node `json:"node"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	var address func(*waBinary.Node)
	address = func(n *waBinary.Node) {
		for key, value := range n.Attrs {
			if text, ok := value.(string); ok && jidLike.MatchString(text) {
				jid, err := types.ParseJID(text)
				require.NoError(t, err)
				n.Attrs[key] = jid
			}
		}
		children := n.GetChildren()
		for i := range children {
			address(&children[i])
		}
	}
	address(&file.Node)
	return &file.Node
}

// Every stanza that is no message is understood as its golden file says.
func TestWhatHappensBesideTheMessagesIsUnderstood(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/happenings/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		node := stanza(t, raw)
		require.True(t, content.IsHappening(node), file)
		e, tells, err := content.HappeningEnvelope(node, witness())
		require.NoError(t, err, file)
		got := "nothing\n"
		if tells {
			m, err := content.Decode(e.Payload)
			require.NoError(t, err, file)
			require.Equal(t, e.Chat, m.Chat)
			decoded, err := json.MarshalIndent(map[string]any{
				"kind": e.Kind, "happens": e.Happens, "step": e.Step, "renames": e.Renames, "content": fmt.Sprintf("%T", m.Content),
				"id": m.ID, "chat": m.Chat, "sender": m.Sender, "name": m.PushName, "group": m.Group, "at": m.At, "what": m.Content,
			}, "", "\t")
			require.NoError(t, err)
			got = string(decoded) + "\n"
		}
		golden := strings.TrimSuffix(file, ".json") + ".golden"
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got, file)
	}
}

// A copy has the same key, though it says that it waited; another change has another.
func TestACopyOfWhatHappenedIsKnown(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/happenings/sys-group-8.json")
	require.NoError(t, err)
	key := func(change func(*waBinary.Node)) string {
		node := stanza(t, raw)
		change(node)
		e, tells, err := content.HappeningEnvelope(node, witness())
		require.NoError(t, err)
		require.True(t, tells)
		return e.Dedupe
	}
	first := key(func(*waBinary.Node) {})
	require.Equal(t, first, key(func(n *waBinary.Node) { n.Attrs["offline"], n.Attrs["notify"] = "3", "Bruno B." }))
	require.NotEqual(t, first, key(func(n *waBinary.Node) { n.Attrs["t"] = "1790000001" }))
	require.NotEqual(t, first, key(func(n *waBinary.Node) { n.GetChildren()[0].Attrs["subject"] = "Other" }))
}

// Nobody can make a stanza so large that it costs more than a message.
func TestALargeStanzaIsCut(t *testing.T) {
	t.Parallel()
	var members []waBinary.Node
	for i := range 10_000 {
		members = append(members, waBinary.Node{Tag: "participant", Attrs: waBinary.Attrs{"jid": types.NewJID(fmt.Sprint(200000000000000+i), types.HiddenUserServer)}})
	}
	deep := waBinary.Node{Tag: "x"}
	for range 1000 {
		deep = waBinary.Node{Tag: "x", Content: []waBinary.Node{deep}}
	}
	e, tells, err := content.HappeningEnvelope(&waBinary.Node{
		Tag: "notification", Attrs: waBinary.Attrs{
			"type": "w:gp2", "from": types.NewJID("120363000000000001", types.GroupServer), "participant": types.NewJID("300000000000003", types.HiddenUserServer),
			"id": strings.Repeat("9", 100_000), "t": "99999999999999999999", "notify": "\xff\x00\u202eAna\n**",
		},
		Content: []waBinary.Node{
			{Tag: "add", Content: members}, deep,
			{Tag: "subject", Attrs: waBinary.Attrs{"subject": strings.Repeat("<b>", 100_000)}},
		},
	}, witness())
	require.NoError(t, err)
	require.True(t, tells)
	require.Less(t, len(e.Payload), 100_000)
	require.Equal(t, time.Time{}, e.At)
	m, err := content.Decode(e.Payload)
	require.NoError(t, err)
	h, ok := m.Content.(content.Happening)
	require.True(t, ok)
	require.Len(t, h.Changes, 2)
	require.Equal(t, 9900, h.Changes[0].More)
	require.Equal(t, "Ana **", h.By.Name)
}

// What the library would not take, or what is of the own account alone, tells nothing.
func TestWhatTellsNothing(t *testing.T) {
	t.Parallel()
	group, ana, me := types.NewJID("120363000000000001", types.GroupServer), types.NewJID("200000000000002", types.HiddenUserServer), types.NewJID("5511999990001", types.DefaultUserServer)
	for what, node := range map[string]waBinary.Node{
		"a group without a change": {Tag: "notification", Attrs: waBinary.Attrs{"type": "w:gp2", "from": group}},
		"a change nobody knows":    {Tag: "notification", Attrs: waBinary.Attrs{"type": "w:gp2", "from": group}, Content: []waBinary.Node{{Tag: "growth_locked"}}},
		"a person's picture":       {Tag: "notification", Attrs: waBinary.Attrs{"type": "picture", "from": ana}, Content: []waBinary.Node{{Tag: "set"}}},
		"members, but none":        {Tag: "notification", Attrs: waBinary.Attrs{"type": "w:gp2", "from": group}, Content: []waBinary.Node{{Tag: "add"}}},
		"own keys":                 {Tag: "notification", Attrs: waBinary.Attrs{"type": "encrypt", "from": me}, Content: []waBinary.Node{{Tag: "identity"}}},
		"a number without a new":   {Tag: "notification", Attrs: waBinary.Attrs{"type": "contacts"}, Content: []waBinary.Node{{Tag: "modify", Attrs: waBinary.Attrs{"old": ana}}}},
		"a call without an id":     {Tag: "call", Attrs: waBinary.Attrs{"from": ana}, Content: []waBinary.Node{{Tag: "offer"}}},
		"a call of the own phone":  {Tag: "call", Attrs: waBinary.Attrs{"from": ana}, Content: []waBinary.Node{{Tag: "terminate", Attrs: waBinary.Attrs{"call-id": "A", "call-creator": me}}}},
		"a call being set up":      {Tag: "call", Attrs: waBinary.Attrs{"from": ana}, Content: []waBinary.Node{{Tag: "transport", Attrs: waBinary.Attrs{"call-id": "A"}}}},
		"nobody":                   {Tag: "call"},
	} {
		_, tells, err := content.HappeningEnvelope(&node, witness())
		require.NoError(t, err, what)
		require.False(t, tells, what)
	}
}
