package whatsapp_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

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

// A message names an address and a path for its file. Only WhatsApp's servers are
// ever asked, whatever stands there.
func TestH6_AnAddressInAMessageIsNeverAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	var mu sync.Mutex
	hosts := map[string]int{}
	defer w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.MediaRequest {
			mu.Lock()
			defer mu.Unlock()
			hosts[e.Request.Host]++
		}
		return whatsapptest.Action{}
	})()
	paths := []string{"", "https://evil.example/x", "//evil.example/x?a=1", "@evil.example/x", ".evil.example/x", ":443@evil.example/x", "/x#@evil.example", "/../../x", "/\\evil.example/x", "/%zz", "/x\r\nHost: evil.example"}
	for _, path := range paths {
		w.alice.Send(w.phone, &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
			URL: proto.String("https://evil.example/x"), DirectPath: &path, Mimetype: proto.String("image/jpeg"),
			MediaKey: make([]byte, 32), FileEncSHA256: make([]byte, 32), FileSHA256: make([]byte, 32),
			ThumbnailDirectPath: proto.String("https://evil.example/thumbnail"), StaticURL: proto.String("https://evil.example/static"),
		}})
	}
	for n := range paths {
		m, err := content.Decode(w.waitTaken(content.EnvMessage, 1+n))
		require.NoError(t, err)
		_, err = w.download(*m.File())
		require.ErrorIs(t, err, whatsapp.ErrMediaGone)
		require.NotContains(t, err.Error(), "evil")
	}
	mu.Lock()
	defer mu.Unlock()
	for host := range hosts {
		require.Equal(t, "mmg.whatsapp.net", host)
	}
}
