package whatsapp_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/storetest"
)

// A line that talks leaves none of its keys, and no secret of a message, in the clear;
// after a start it talks on with them.
func TestM9_ALineTalksAndLeavesNothingInTheClear(t *testing.T) {
	t.Parallel()
	db, sealer := openSQLite(t), storetest.NewSealer()
	storetest.Prepare(t, db, "sqlite")
	w := newWorldOn(t, openStoreWith(t, db, "sqlite", sealer))
	w.pair()
	in := bytes.Repeat([]byte("in"), 16)
	ask := func(id string) {
		w.alice.Send(w.phone, &waE2E.Message{Conversation: proto.String(id), MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: in}})
		w.sink.wait(t, id, func() bool { return len(w.sink.texts()) > 0 && w.sink.texts()[len(w.sink.texts())-1] == id })
	}
	ask("one")
	w.send(w.alice, "3EB0OUT", "two")
	out, err := w.alice.WaitText(patience, "two")
	require.NoError(t, err)

	w.session.Stop()
	w.store = openStoreWith(t, db, "sqlite", sealer)
	require.Zero(t, w.store.Moved())
	w.start(w.phone.Companion().JID().String())
	w.waitState(whatsapp.StateConnected)
	ask("three")
	secret := out.Message.GetMessageContextInfo().GetMessageSecret()
	require.Len(t, secret, 32)
	for table, content := range storetest.Contents(t, db, "sqlite") {
		require.False(t, storetest.Holds(content, in), "%s: of what came", table)
		require.False(t, storetest.Holds(content, secret), "%s: of what went", table)
	}
	for _, e := range w.sink.taken {
		require.False(t, storetest.Holds(e.Payload, in), "in what is committed")
	}
	var secrets, zeros int
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM whatsmeow_message_secrets`).Scan(&secrets))
	require.Equal(t, 3, secrets)
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM whatsmeow_device WHERE noise_key = zeroblob(32) AND identity_key = zeroblob(32)
		AND signed_pre_key = zeroblob(32) AND adv_key = zeroblob(32) AND push_name <> ''`).Scan(&zeros))
	require.Equal(t, 1, zeros)
}

// A device is linked, and its keys do not open: people are told what to do, and nobody
// takes the phone for one that was never linked, or unlinks it.
func TestM9_ADeviceWithoutItsKeysIsNotTakenForUnlinked(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]struct{ query, sentence string }{
		"another key": {`UPDATE device_key SET noise_key = identity_key`, "do not open with this encryption key"},
		"no keys":     {`DELETE FROM device_key`, "are not in the database"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			db := openSQLite(t)
			w := newWorldOn(t, openStore(t, db, "sqlite"))
			w.pair()
			jid := w.session.State().JID
			_, err := db.Exec(spoil.query)
			require.NoError(t, err)
			w.session.Reconnect()
			w.sink.wait(t, "the sentence", func() bool {
				s := w.session.State()
				return s.Code == whatsapp.StateDisconnected && bytes.Contains([]byte(s.Sentence), []byte(spoil.sentence))
			})
			require.Equal(t, jid, w.session.State().JID)
			require.ErrorIs(t, w.session.Pair(""), whatsapp.ErrLinked)
			w.session.Stop()
			w.start(jid)
			w.sink.wait(t, "the sentence", func() bool { return w.session.State().Code == whatsapp.StateDisconnected })
			require.Contains(t, w.session.State().Sentence, spoil.sentence)
			require.NotNil(t, w.phone.Companion(), "nobody has unlinked it")

			require.NoError(t, w.session.Logout(context.Background()))
			w.waitState(whatsapp.StateLoggedOut)
			require.Empty(t, w.session.State().JID)
			w.pair()
			require.NotEmpty(t, w.session.State().JID)
		})
	}
}
