package whatsapptest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestControl(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.srv.ControlHandler())
	t.Cleanup(server.Close)
	control := whatsapptest.Control{BaseURL: server.URL, Client: server.Client()}
	ctx := context.Background()
	shop := w.phone.Number()

	carol, err := control.NewPeer(ctx, "5511666660004", "Carol")
	require.NoError(t, err)
	again, err := control.NewPeer(ctx, carol.Number, "Somebody else")
	require.NoError(t, err)
	require.Equal(t, "Carol", again.Name)
	_, err = control.NewPeer(ctx, "not a number", "x")
	require.ErrorContains(t, err, "digits")
	require.ErrorContains(t, control.ScanQR(ctx, shop, "a,b,c,d"), "not shown")

	c := newClient(t, w.srv, safely)
	require.NoError(t, c.cli.Connect())
	require.NoError(t, control.ScanQR(ctx, shop, await(c, anyOf[*events.QR]).Codes[0]))
	await(c, anyOf[*events.Connected])
	require.NoError(t, w.phone.Companion().WaitOnline(patience))
	state, err := control.State(ctx)
	require.NoError(t, err)
	require.Equal(t, w.srv.Addr(), state.Address)
	root := whatsapptest.RootKey()
	require.Equal(t, hex.EncodeToString(root[:]), state.RootKey)
	require.Len(t, state.Peers, 3)
	require.True(t, state.Peers[0].Devices[0].Online)

	id, err := control.SendText(ctx, carol.Number, shop, "hello")
	require.NoError(t, err)
	require.Equal(t, id, c.awaitText("hello").Info.ID)
	_, err = w.srv.Peer(carol.Number).WaitReceipt(patience, id, types.ReceiptTypeDelivered)
	require.NoError(t, err)
	receipts, err := control.Receipts(ctx, carol.Number)
	require.NoError(t, err)
	require.Equal(t, id, receipts[0].ID)

	data := content(70_000)
	id, err = control.SendFile(ctx, carol.Number, whatsapptest.FileRequest{To: shop, Kind: "document", Name: "a b.pdf", Caption: "see"}, bytes.NewReader(data))
	require.NoError(t, err)
	document := c.awaitID(id).Message.GetDocumentMessage()
	require.Equal(t, "a b.pdf", document.GetFileName())
	got, err := c.cli.Download(ctx, document)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))

	answer := c.sendText(w.srv.Peer(carol.Number).JID(), "good day").ID
	_, err = w.srv.Peer(carol.Number).WaitText(patience, "good day")
	require.NoError(t, err)
	require.NoError(t, control.SendReceipt(ctx, carol.Number, "read", answer))
	await(c, func(r *events.Receipt) bool { return r.Type == types.ReceiptTypeRead && r.MessageIDs[0] == answer })
	id, err = control.Send(ctx, carol.Number, whatsapptest.SendRequest{To: shop, Text: "thanks", Quote: answer, Address: "lid"})
	require.NoError(t, err)
	require.Equal(t, answer, c.awaitID(id).Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID())
	require.NoError(t, control.Typing(ctx, carol.Number, shop, whatsapptest.Composing))
	await(c, anyOf[*events.ChatPresence])

	id, err = control.SendFile(ctx, shop, whatsapptest.FileRequest{To: carol.Number, Kind: "image"}, bytes.NewReader(data))
	require.NoError(t, err)
	c.awaitID(id)
	messages, err := control.Messages(ctx, carol.Number)
	require.NoError(t, err)
	require.Len(t, messages, 2)
	require.Equal(t, "good day", messages[0].Text)
	sum := sha256.Sum256(data)
	require.Equal(t, hex.EncodeToString(sum[:]), messages[1].SHA256)
	require.EqualValues(t, len(data), messages[1].Size)
	require.Equal(t, "image", messages[1].Kind)
	file, err := control.File(ctx, carol.Number, id)
	require.NoError(t, err)
	defer file.Close()
	got, err = io.ReadAll(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))

	_, err = control.Device(ctx, shop, whatsapptest.DeviceRequest{Action: "drop"})
	require.NoError(t, err)
	require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
	_, err = control.Device(ctx, shop, whatsapptest.DeviceRequest{Action: "temp-ban", Code: 101, Expire: time.Minute})
	require.NoError(t, err)
	await(c, anyOf[*events.TemporaryBan])
	_, err = control.Device(ctx, shop, whatsapptest.DeviceRequest{Action: "dance"})
	require.ErrorContains(t, err, "unknown action")
	_, err = control.Device(ctx, carol.Number, whatsapptest.DeviceRequest{Action: "drop"})
	require.ErrorContains(t, err, "no client is linked")
}

// A flood, and file servers that answer nothing, are had through the control
// interface.
func TestFloodsAndHangsAreControlled(t *testing.T) {
	t.Parallel()
	srv := newWorld(t).srv
	shop, alice := srv.NewPeer("5511999990007", "Shop"), srv.NewPeer("5511888880008", "Alice")
	front := httptest.NewServer(srv.ControlHandler())
	t.Cleanup(front.Close)
	control := whatsapptest.Control{BaseURL: front.URL, Client: front.Client()}
	texts, err := control.Flood(t.Context(), alice.Number(), whatsapptest.FloodRequest{
		To: shop.Number(), Flood: whatsapptest.Flood{Messages: 2, Receipts: 5, Notifications: 3, Typing: 1, Text: "no. "},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"no. 0", "no. 1"}, texts)
	_, err = control.Flood(t.Context(), alice.Number(), whatsapptest.FloodRequest{To: "1"})
	require.ErrorContains(t, err, "no account")

	require.NoError(t, control.HangMedia(t.Context(), true))
	require.NoError(t, control.HangMedia(t.Context(), false))
	off, name := true, "no such thing"
	require.NoError(t, control.Settings(t.Context(), shop.Number(), whatsapptest.SettingsRequest{PhoneOff: &off}))
	require.ErrorContains(t, control.Settings(t.Context(), shop.Number(), whatsapptest.SettingsRequest{SpoilAppState: &name}), "unknown collection")
}

// While the file servers hang, a request is taken and not answered.
func TestFileServersHangUntilTheyDoNot(t *testing.T) {
	t.Parallel()
	srv := newWorld(t).srv
	srv.HangMedia(true)
	client := &http.Client{Transport: srv.Transport()}
	answered := make(chan error, 1)
	go func() {
		resp, err := client.Get("https://mmg.whatsapp.net/v/nothing?x=1")
		if err == nil {
			err = resp.Body.Close()
		}
		answered <- err
	}()
	select {
	case <-answered:
		t.Fatal("an answer")
	case <-time.After(50 * time.Millisecond): // that nothing comes can only be waited for
	}
	srv.HangMedia(false)
	require.NoError(t, <-answered)
}
