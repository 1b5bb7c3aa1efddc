package inbound_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const unreadableLine = "⚠️ **A message could not be shown. Open it on the phone.**"

// An event that nobody can decode is given up at its first attempt, its place is
// marked, and its chat goes on.
func TestT16_AnEventThatCannotBeDecodedIsMarkedAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"no JSON":            `{`,
		"nothing":            ``,
		"null":               `null`,
		"another form":       `[]`,
		"a field of its own": `{"id":7}`,
		"no message":         `{"v":1,"id":"BROKEN","chat":{"jid":"5511888880002@s.whatsapp.net"},"proto":"/////w=="}`,
		"no base64":          `{"v":1,"id":"BROKEN","proto":"***"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.from(alicia, byNumber, text("before"))
			chat, err := o.line.IDs.ChatByAlias(t.Context(), linetest.ID, alicia.pn.String())
			require.NoError(t, err)
			o.line.Append(journal.In, chat.ID, string(content.EnvMessage), []byte(payload))
			o.take(alicia, byNumber, text("after"))
			failures := o.drain()
			if name != "null" { // which is an empty message
				require.Len(t, failures, 1)
				var broken *work.BrokenPayloadError
				require.ErrorAs(t, failures[0], &broken)
				require.Equal(t, 1, o.line.Jobs(journal.Dead))
				require.Equal(t, []string{"before", unreadableLine, "after"}, o.incoming())
			}
			require.Contains(t, o.incoming(), "after")
			for _, m := range o.messages() {
				require.True(t, strings.HasPrefix(m.SourceID, "WAID:"), m.SourceID)
			}
			require.Zero(t, o.line.Jobs(journal.Waiting))
		})
	}
}

// The first event of a person may be one.
func TestT16_AnEventThatCannotBeDecodedOpensItsConversation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.take(alicia, byNumber, text("hello"))
	_, err := o.line.DB.Exec(`UPDATE job SET payload = $1`, []byte(`{`))
	require.NoError(t, err)
	require.Len(t, o.drain(), 1)
	require.Equal(t, []string{unreadableLine}, o.incoming())
	require.Equal(t, "+5511888880002", o.contact().Name)
}

// A file's event, too.
func TestT16_AFilesEventThatCannotBeDecodedIsGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.from(alicia, byNumber, text("before"))
	chat, err := o.line.IDs.ChatByAlias(t.Context(), linetest.ID, alicia.pn.String())
	require.NoError(t, err)
	o.line.Append(journal.Maintenance, chat.ID, journal.KindFile, []byte(`{"v":1,"id":"`+id+`","proto":"/////w=="}`))
	require.Len(t, o.drain(), 1)
	require.Equal(t, 1, o.line.Jobs(journal.Dead))
	all := o.messages()
	require.Equal(t, "WAID:"+id+"#missing", all[len(all)-1].SourceID)
}
