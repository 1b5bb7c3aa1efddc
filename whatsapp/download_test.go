package whatsapp_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// download has a new file for each attempt, as the bridge does.
func (w *world) download(m content.File) ([]byte, error) {
	w.t.Helper()
	file, err := os.Create(filepath.Join(w.t.TempDir(), "in"))
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, file.Close()) }()
	if err := w.session.Download(context.Background(), m, file); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(file.Name())
	require.NoError(w.t, err)
	return content, nil
}

// mediaHosts answers the question for the servers that have files.
func mediaHosts(e whatsapptest.HookEvent, hosts ...waBinary.Node) whatsapptest.Action {
	if !e.Is(whatsapptest.StanzaIn, "iq") || e.Attr("xmlns") != "w:m" {
		return whatsapptest.Action{}
	}
	return whatsapptest.Action{Reply: []waBinary.Node{{
		Tag:   "iq",
		Attrs: waBinary.Attrs{"type": "result", "id": e.Attr("id"), "from": types.ServerJID},
		Content: []waBinary.Node{{
			Tag:     "media_conn",
			Attrs:   waBinary.Attrs{"auth": "a", "ttl": 0, "auth_ttl": 0, "max_buckets": 1},
			Content: hosts,
		}},
	}}}
}

func TestAFileThatCameInPartIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]whatsapptest.Hook{
		"the connection ends in the middle": func(e whatsapptest.HookEvent) whatsapptest.Action {
			return whatsapptest.Action{Truncate: e.Kind == whatsapptest.MediaRequest}
		},
		"WhatsApp names no server": func(e whatsapptest.HookEvent) whatsapptest.Action { return mediaHosts(e) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			sent := make([]byte, 300_000)
			sent[0] = 1
			w.alice.SendDocument(w.phone, "a.pdf", sent)
			m, err := content.Decode(w.waitTaken(content.EnvMessage, 1))
			require.NoError(t, err)
			var met atomic.Bool
			remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
				action := fault(e)
				if action.Truncate || action.Reply != nil {
					met.Store(true)
				}
				return action
			})
			_, err = w.download(*m.File())
			require.Error(t, err)
			require.NotErrorIs(t, err, whatsapp.ErrMediaGone, "the phone is not asked for what is still there")
			require.True(t, met.Load())
			remove()
			got, err := w.download(*m.File())
			require.NoError(t, err)
			require.Equal(t, sent, got)
		})
	}
}
