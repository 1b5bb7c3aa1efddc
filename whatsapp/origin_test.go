package whatsapp_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waLidMigrationSyncPayload"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// packed is a history as it is offered inside a message.
func packed(t *testing.T, history *waHistorySync.HistorySync) []byte {
	t.Helper()
	raw, err := proto.Marshal(history)
	require.NoError(t, err)
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, err = w.Write(raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// remapping is a history that says that somebody's number has another's hidden id.
func remapping(t *testing.T, number, lid types.JID) []byte {
	t.Helper()
	return packed(t, &waHistorySync.HistorySync{
		SyncType:                 waHistorySync.HistorySync_RECENT.Enum(),
		PhoneNumberToLidMappings: []*waHistorySync.PhoneNumberToLIDMapping{{PnJID: proto.String(number.String()), LidJID: proto.String(lid.String())}},
	})
}

func offer(payload []byte) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type:                    waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: &waE2E.HistorySyncNotification{SyncType: waE2E.HistorySyncType_RECENT.Enum(), InitialHistBootstrapInlinePayload: payload},
	}}
}

// finishHistories does what the bridge does with every history that was taken.
func (w *world) finishHistories() {
	w.t.Helper()
	var payloads [][]byte
	w.sink.update(func() { payloads = w.sink.takenOf(content.EnvHistory) })
	for _, payload := range payloads {
		require.NoError(w.t, w.session.FinishHistory(context.Background(), payload))
	}
}

// C1: 67 bytes of a customer say that Ana's number has Mallory's hidden id. The
// answers to Ana still go to Ana.
func TestC1_ACustomersHistoryRemapsNobody(t *testing.T) {
	t.Parallel()
	w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	ana, mallory := w.srv.NewPeer("5511777770003", "Ana"), w.srv.NewPeer("5511666660004", "Mallory")
	ana.SendText(w.phone, "hello, I am Ana")
	mallory.SendText(w.phone, "hello, I am Mallory")
	w.sink.wait(t, "their texts", func() bool { return len(w.sink.texts()) == 2 })

	hostile := offer(remapping(t, ana.JID(), mallory.LID()))
	ids := []string{
		mallory.Send(w.phone, hostile),
		mallory.Send(w.phone, hostile, whatsapptest.WithAttr("category", "peer")),
		mallory.Send(w.phone, &waE2E.Message{EphemeralMessage: wrapped(hostile)}),
		mallory.Send(w.phone, &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{DestinationJID: proto.String(w.phone.JID().String()), Message: hostile}}),
		mallory.Send(w.phone, &waE2E.Message{ViewOnceMessageV2: wrapped(&waE2E.Message{EditedMessage: wrapped(hostile)})}),
	}
	mallory.SendText(w.phone, "and now?")
	w.sink.wait(t, "what comes after it", func() bool { return len(w.sink.texts()) == 3 })
	w.finishHistories()
	w.sink.update(func() { require.Empty(t, w.sink.takenOf(content.EnvHistory)) })
	require.Equal(t, len(ids), c.all()["foreign request"])
	for _, id := range ids {
		_, err := mallory.WaitReceipt(patience, id, types.ReceiptTypeDelivered)
		require.NoError(t, err, "it is acknowledged like any other")
	}
	w.send(ana, "3EB0ANA", "only for Ana")
	_, err := ana.WaitText(patience, "only for Ana")
	require.NoError(t, err)
	require.NotContains(t, mallory.Texts(), "only for Ana")
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	// What the phone says of the same is believed.
	require.NoError(t, w.phone.SendHistory(&waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_RECENT.Enum()}))
	w.waitTaken(content.EnvHistory, 1)
	require.Equal(t, len(ids), c.all()["foreign request"])
}

// hostileProtocol asks for everything at once, as whatever type.
func hostileProtocol(t *testing.T, kind waE2E.ProtocolMessage_Type, w *world, operation waE2E.PeerDataOperationRequestType) *waE2E.Message {
	t.Helper()
	forged, err := proto.Marshal(&waWeb.WebMessageInfo{
		Key:     &waCommon.MessageKey{RemoteJID: proto.String(w.alice.JID().String()), FromMe: proto.Bool(true), ID: proto.String("3EB0FORGED")},
		Message: text("forged"), MessageTimestamp: proto.Uint64(1),
	})
	require.NoError(t, err)
	mappings, err := proto.Marshal(&waLidMigrationSyncPayload.LIDMigrationMappingSyncPayload{
		PnToLidMappings:          []*waLidMigrationSyncPayload.LIDMigrationMapping{{Pn: proto.Uint64(5511888880002), AssignedLid: proto.Uint64(99887766)}},
		ChatDbMigrationTimestamp: proto.Uint64(1),
	})
	require.NoError(t, err)
	snapshot := &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult{
		PlaceholderMessageResendResponse: &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult_PlaceholderMessageResendResponse{WebMessageInfoBytes: forged},
		SyncdSnapshotFatalRecoveryResponse: &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult_SyncDSnapshotFatalRecoveryResponse{
			CollectionSnapshot: []byte("forged"),
		},
	}
	m := offer(remapping(t, w.alice.JID(), types.NewJID("99887766", types.HiddenUserServer)))
	p := m.ProtocolMessage
	p.Type = kind.Enum()
	p.AppStateSyncKeyShare = &waE2E.AppStateSyncKeyShare{Keys: []*waE2E.AppStateSyncKey{{
		KeyID:   &waE2E.AppStateSyncKeyId{KeyID: []byte("forged")},
		KeyData: &waE2E.AppStateSyncKeyData{KeyData: make([]byte, 32), Fingerprint: &waE2E.AppStateSyncKeyFingerprint{}, Timestamp: proto.Int64(1)},
	}}}
	p.AppStateSyncKeyRequest = &waE2E.AppStateSyncKeyRequest{KeyIDs: []*waE2E.AppStateSyncKeyId{{KeyID: []byte("forged")}}}
	p.AppStateFatalExceptionNotification = &waE2E.AppStateFatalExceptionNotification{CollectionNames: []string{"critical_block"}}
	p.InitialSecurityNotificationSettingSync = &waE2E.InitialSecurityNotificationSettingSync{SecurityNotificationEnabled: proto.Bool(true)}
	p.PeerDataOperationRequestMessage = &waE2E.PeerDataOperationRequestMessage{PeerDataOperationRequestType: operation.Enum()}
	p.PeerDataOperationRequestResponseMessage = &waE2E.PeerDataOperationRequestResponseMessage{
		PeerDataOperationRequestType: operation.Enum(), StanzaID: proto.String("forged"),
		PeerDataOperationResult: []*waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult{snapshot},
	}
	p.LidMigrationMappingSyncMessage = &waE2E.LIDMigrationMappingSyncMessage{EncodedMappingPayload: mappings}
	return m
}

// kept are the rows of a device's tables, without those that every message
// changes: sessions, and what was decrypted and not settled.
func kept(t *testing.T, db *sql.DB) []string {
	t.Helper()
	tables := column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'whatsmeow_%' ORDER BY name`)
	require.Greater(t, len(tables), 10)
	tables = slices.DeleteFunc(tables, func(name string) bool {
		return name == "whatsmeow_sessions" || name == "whatsmeow_event_buffer"
	})
	var all []string
	for _, table := range tables {
		rows, err := db.Query(`SELECT * FROM ` + table)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			require.NoError(t, rows.Scan(into...))
			all = append(all, fmt.Sprintf("%s: %x", table, row))
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	slices.Sort(all)
	return all
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		require.NoError(t, rows.Scan(&value))
		values = append(values, value)
	}
	require.NoError(t, rows.Err())
	return values
}

// C1: whatever a customer asks of the account's devices, what the device keeps
// stays as it is, byte for byte, and nobody said anything.
func TestC1_NoMessageOfACustomerChangesTheDevice(t *testing.T) {
	t.Parallel()
	db := openSQLite(t)
	w, c := newWorldOn(t, openStore(t, db, "sqlite")), &counts{}
	w.startAnew(func(cfg *whatsapp.Config) { cfg.Count = c.count })
	w.pair()
	w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "her text", func() bool { return len(w.sink.texts()) == 1 })
	w.alice.SendText(w.phone, "how are you?", whatsapptest.WithLID())
	w.sink.wait(t, "her second text", func() bool { return len(w.sink.texts()) == 2 })
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Eventually(t, func() bool { // which the library notes beside its other work
		return len(column(t, db, `SELECT their_jid FROM whatsmeow_contacts WHERE push_name = 'Alice'`)) == 2
	}, patience, time.Millisecond, "her name by both addresses")
	before := kept(t, db)
	require.NotEmpty(t, before)

	peer := whatsapptest.WithAttr("category", "peer")
	var messages int
	for number := range waE2E.ProtocolMessage_Type_name {
		kind := waE2E.ProtocolMessage_Type(number)
		for _, operation := range []waE2E.PeerDataOperationRequestType{
			waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND, waE2E.PeerDataOperationRequestType_COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY,
		} {
			m := hostileProtocol(t, kind, w, operation)
			sent := &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{DestinationJID: proto.String(w.phone.JID().String()), Message: m}}
			for name, send := range map[string]func(){
				"plain":             func() { w.alice.Send(w.phone, m) },
				"as a peer":         func() { w.alice.Send(w.phone, m, peer) },
				"by hidden id":      func() { w.alice.Send(w.phone, m, peer, whatsapptest.WithLID()) },
				"as one sent by us": func() { w.alice.Send(w.phone, sent, peer) },
			} {
				send()
				messages++
				require.NoError(t, w.phone.Companion().WaitSettled(patience), "%s %s", kind, name)
			}
		}
		require.Equal(t, before, kept(t, db), kind.String())
	}
	w.alice.SendText(w.phone, "a text marked as a peer's", peer)
	w.sink.wait(t, "it, because a customer is nobody's peer", func() bool { return len(w.sink.texts()) == 3 })
	messages++
	w.finishHistories()
	require.Equal(t, before, kept(t, db))
	require.Equal(t, messages, c.all()["foreign request"])
	w.sink.update(func() {
		require.Empty(t, w.sink.takenOf(content.EnvHistory))
		require.NotContains(t, strings.Join(w.sink.texts(), "\n"), "forged")
	})
	require.NoError(t, w.phone.Companion().WaitSettled(patience)) // a text is taken in before it is acknowledged
	require.Zero(t, w.phone.Companion().PendingMessages())
}
