package compose

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestAnAgentsMessageIsSplitIntoWhatWhatsAppCanCarry(t *testing.T) {
	t.Parallel()
	const files = "https://chat.example.com/rails/active_storage/blobs/redirect/x/"
	photo := chatwoot.Attachment{ID: 1, FileType: "image", ContentType: "image/png", DataURL: files + "a.png"}
	song := chatwoot.Attachment{ID: 2, FileType: "audio", ContentType: "audio/mpeg", DataURL: files + "song.mp3"}
	recorded := chatwoot.Attachment{ID: 3, FileType: "audio", ContentType: "audio/mpeg", DataURL: files + "11817c4d4da0.mp3?disposition=inline"}
	webm := chatwoot.Attachment{ID: 4, FileType: "audio", ContentType: "video/webm", DataURL: files + "11817c4d4da0.webm"}
	old := chatwoot.Attachment{ID: 5, FileType: "audio", DataURL: files + "5b0f2c1e-1111-4222-8333-0123456789ab.mp3"} // before 4.13
	type got struct {
		Number int
		Text   string
		File   int64
		Voice  bool
	}
	for name, tc := range map[string]struct {
		text  string
		files []chatwoot.Attachment
		want  []got
	}{
		"text":                         {"hi", nil, []got{{0, "hi", 0, false}}},
		"one file":                     {"", []chatwoot.Attachment{photo}, []got{{1, "", 1, false}}},
		"caption on the first of many": {"hi", []chatwoot.Attachment{photo, song}, []got{{1, "hi", 1, false}, {2, "", 2, false}}},
		"no caption on sound":          {"hi", []chatwoot.Attachment{song, photo}, []got{{0, "hi", 0, false}, {1, "", 2, false}, {2, "", 1, false}}},
		"recording":                    {"", []chatwoot.Attachment{recorded}, []got{{1, "", 3, true}}},
		"recording taken for a film":   {"", []chatwoot.Attachment{webm}, []got{{1, "", 4, true}}},
		"recording of an old Chatwoot": {"", []chatwoot.Attachment{old}, []got{{1, "", 5, true}}},
		"recording with a text":        {"hi", []chatwoot.Attachment{recorded}, []got{{0, "hi", 0, false}, {1, "", 3, false}}},
		"only spaces":                  {" \n", []chatwoot.Attachment{recorded}, []got{{1, "", 3, true}}},
	} {
		var parts []got
		for _, p := range Parts(chatwoot.Message{Content: tc.text, Attachments: tc.files}, true) {
			g := got{Number: p.Number, Text: p.Text, Voice: p.VoiceNote}
			if p.File != nil {
				g.File = p.File.ID
			}
			parts = append(parts, g)
		}
		require.Equal(t, tc.want, parts, name)
	}
}

func TestK5_ATextIsMarkdownOnlyWhereItIsWrittenInIt(t *testing.T) {
	t.Parallel()
	for written, want := range map[string][2]string{ // in markdown, and as it is typed
		"**a** [b](https://c.example)\\\nd\n": {"*a* b: https://c.example\nd", "**a** [b](https://c.example)\nd"},
		"```\na \\\nb\n```":                   {"```\na \\\nb\n```", "```\na \nb\n```"},
		"*a* _b_ ~c~":                         {"_a_ _b_ ~c~", "*a* _b_ ~c~"},
		"&nbsp;":                              {"&nbsp;", "&nbsp;"}, // a message is not lost for it
		"a\x00b":                              {"ab", "ab"},
	} {
		for i, markdown := range []bool{true, false} {
			parts := Parts(chatwoot.Message{Content: written}, markdown)
			require.Len(t, parts, 1, "%q", written)
			require.Equal(t, want[i], parts[0].Text, "%q", written)
		}
	}
}
