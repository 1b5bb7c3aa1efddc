package whatsapptest

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"google.golang.org/protobuf/proto"
)

// handlePeerMessage answers what a companion asks of its own phone.
func (p *Peer) handlePeerMessage(in incoming, message *waE2E.Message) {
	content := message.GetProtocolMessage()
	if p.noteAsked(message) {
		return
	}
	switch {
	case recoveryRequest(content) != nil:
		p.recoverAppState(in, appstate.WAPatchName(recoveryRequest(content).GetCollectionName()))
	case content.GetType() == waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST:
		p.welcome(in.device)
	case content.GetPeerDataOperationRequestMessage().GetPeerDataOperationRequestType() == waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND:
		p.resendPlaceholders(in, content.GetPeerDataOperationRequestMessage())
	default:
		p.fail("unknown request of a companion: %s", content.GetType())
	}
}

// resendPlaceholders hands over messages that the companion could not read.
func (p *Peer) resendPlaceholders(in incoming, request *waE2E.PeerDataOperationRequestMessage) {
	p.mu.Lock()
	p.resends++
	silent := p.settings.noResend
	p.mu.Unlock()
	if silent {
		return
	}
	var results []*waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult
	for _, asked := range request.GetPlaceholderMessageResendRequest() {
		found, ok := p.history(asked.GetMessageKey().GetID())
		if !ok {
			continue
		}
		raw, err := proto.Marshal(found.web(asked.GetMessageKey()))
		if err != nil {
			p.fail("encode message for companion: %w", err)
			return
		}
		results = append(results, &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult{
			PlaceholderMessageResendResponse: &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult_PlaceholderMessageResendResponse{
				WebMessageInfoBytes: raw,
			},
		})
	}
	if len(results) == 0 {
		return
	}
	p.sendPeerMessage(in.device, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE.Enum(),
		PeerDataOperationRequestResponseMessage: &waE2E.PeerDataOperationRequestResponseMessage{
			PeerDataOperationRequestType: waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND.Enum(),
			StanzaID:                     &in.id,
			PeerDataOperationResult:      results,
		},
	})
}

// web is the message as history and resends show it.
func (r Received) web(key *waCommon.MessageKey) *waWeb.WebMessageInfo {
	info := &waWeb.WebMessageInfo{
		Key:              key,
		Message:          r.Message,
		MessageTimestamp: ptr(uint64(r.Time.Unix())),
		PushName:         ptr(r.PushName),
	}
	if r.Group != nil {
		info.Participant = ptr(r.Sender.String())
	}
	return info
}

// SetAnswersResends switches whether the phone hands over messages that its
// companion asks for; it does at first.
func (p *Peer) SetAnswersResends(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.noResend = !on
}

// Resends counts the times a companion has asked the phone for a message.
func (p *Peer) Resends() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resends
}

// SendHistory sends a chunk of history to the companion that was linked last,
// within the notification itself.
func (p *Peer) SendHistory(history *waHistorySync.HistorySync) error {
	device := p.Companion()
	if device == nil {
		return errors.New("send history: no companion")
	}
	raw, err := proto.Marshal(history)
	if err != nil {
		return fmt.Errorf("encode history: %w", err)
	}
	packed, err := pack(raw)
	if err != nil {
		return fmt.Errorf("compress history: %w", err)
	}
	p.sendPeerMessage(device, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: &waE2E.HistorySyncNotification{
			SyncType:                          waE2E.HistorySyncType(history.GetSyncType()).Enum(),
			ChunkOrder:                        history.ChunkOrder,
			Progress:                          history.Progress,
			InitialHistBootstrapInlinePayload: packed,
		},
	})
	return nil
}

// OfferHistory uploads what should be a compressed history and offers it to the
// companion that was linked last, as the phone does with a large one.
func (p *Peer) OfferHistory(packed []byte) error {
	device := p.Companion()
	if device == nil {
		return errors.New("offer history: no companion")
	}
	up, err := p.srv.upload(whatsmeow.MediaHistory, bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("offer history: %w", err)
	}
	p.sendPeerMessage(device, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: &waE2E.HistorySyncNotification{
			SyncType: waE2E.HistorySyncType_RECENT.Enum(), DirectPath: ptr(up.path), MediaKey: up.key,
			FileSHA256: up.sum, FileEncSHA256: up.encSum, FileLength: ptr(uint64(len(packed))),
		},
	})
	return nil
}

func pack(raw []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	if _, err := writer.Write(raw); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
