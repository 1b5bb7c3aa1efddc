package whatsapptest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// A client finds its account again on a server that took over from another one:
// sessions go on in both directions, what waited comes, and files are there.
func TestAFrozenServerIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "client.db")
	w := newWorld(t)
	before := openClient(t, w.srv, path, safely)
	w.link(before)
	w.alice.SendText(w.phone, "hello")
	before.awaitText("hello")
	sent := before.sendText(w.alice.JID(), "good day")
	got, err := w.alice.WaitText(patience, "good day")
	require.NoError(t, err)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	before.cli.Disconnect()
	waiting := w.alice.SendText(w.phone, "while you were away")
	w.alice.SendImage(w.phone, []byte("a picture"))

	document, err := w.srv.Freeze()
	require.NoError(t, err)
	srv := whatsapptest.New(whatsapptest.Options{})
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	require.NoError(t, srv.Thaw(document))
	require.Error(t, srv.Thaw(document), "it has accounts by now")
	phone, alice := srv.Peer(w.phone.Number()), srv.Peer(w.alice.Number())
	require.Equal(t, 2, phone.Companion().PendingMessages())
	require.Equal(t, []string{"good day"}, alice.Texts())
	require.Equal(t, got.Time.UnixNano(), alice.Messages()[0].Time.UnixNano())

	after := openClient(t, srv, path, safely)
	require.NoError(t, after.cli.Connect())
	require.Equal(t, waiting, after.awaitText("while you were away").Info.ID)
	require.NoError(t, phone.Companion().WaitSettled(patience))
	alice.SendText(phone, "still me")
	after.awaitText("still me")
	after.sendText(alice.JID(), "still us")
	_, err = alice.WaitText(patience, "still us")
	require.NoError(t, err)
	image, err := phone.WaitKind(patience, "image")
	require.NoError(t, err)
	picture, err := phone.Download(image)
	require.NoError(t, err)
	require.Equal(t, "a picture", string(picture))

	repeats := srv.Repeats()
	_, err = after.trySend(alice.JID(), "good day", whatsmeow.SendRequestExtra{ID: sent.ID})
	require.NoError(t, err)
	require.Equal(t, repeats+1, srv.Repeats(), "an id of before is known")
	require.Empty(t, srv.UnknownStanzas())
	for _, peer := range srv.Peers() {
		require.Empty(t, peer.Errors())
	}
}
