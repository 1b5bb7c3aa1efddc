package whatsapptest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/proto/waSyncdSnapshotRecovery"
	"google.golang.org/protobuf/proto"
)

// phoneFaults are what a linked account's phone may do wrong.
type phoneFaults struct {
	off        bool
	asked      int // messages from companions to the phone itself
	recoveries int
}

// SetPhoneOff switches the phone off, or on again: while it is off, what its
// companions ask of it is lost.
func (p *Peer) SetPhoneOff(off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.off = off
}

// PhoneAsked counts what companions have asked of the phone.
func (p *Peer) PhoneAsked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults.asked
}

// WaitPhoneAsked waits until companions have asked that often.
func (p *Peer) WaitPhoneAsked(within time.Duration, times int) error {
	return p.changed.wait(within, "a question to the phone", func() bool { return p.PhoneAsked() >= times })
}

// AppStateRecoveries counts how often the phone was asked for a copy of a collection
// of the app state that a companion cannot read.
func (p *Peer) AppStateRecoveries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults.recoveries
}

// WaitAppStateRecoveries waits until the phone was asked that often.
func (p *Peer) WaitAppStateRecoveries(within time.Duration, times int) error {
	return p.changed.wait(within, "a request for a copy of the app state", func() bool { return p.AppStateRecoveries() >= times })
}

// noteAsked counts a question to the phone, and reports whether nobody hears it.
func (p *Peer) noteAsked(message *waE2E.Message) (lost bool) {
	p.mu.Lock()
	p.faults.asked++
	if recoveryRequest(message.GetProtocolMessage()) != nil {
		p.faults.recoveries++
	}
	lost = p.faults.off
	p.mu.Unlock()
	p.changed.broadcast()
	return lost
}

func recoveryRequest(m *waE2E.ProtocolMessage) *waE2E.PeerDataOperationRequestMessage_SyncDCollectionFatalRecoveryRequest {
	return m.GetPeerDataOperationRequestMessage().GetSyncdCollectionFatalRecoveryRequest()
}

// SpoilAppState makes what the server has of a collection unreadable, as far as it
// goes now. A companion can read what comes later once the phone has given it a copy.
func (p *Peer) SpoilAppState(name appstate.WAPatchName) {
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	p.state.spoiled[name] = len(p.state.patches[name])
}

// readable gives a patch as the server hands it out; a's lock is held.
func (a *appState) readable(name appstate.WAPatchName, version int, raw []byte) []byte {
	if version > a.spoiled[name] {
		return raw
	}
	var patch waServerSync.SyncdPatch
	if proto.Unmarshal(raw, &patch) != nil {
		return raw
	}
	patch.SnapshotMAC = make([]byte, len(patch.GetSnapshotMAC()))
	spoiled, err := proto.Marshal(&patch)
	if err != nil {
		return raw
	}
	return spoiled
}

// recoverAppState is the phone's answer to a companion that cannot read a collection:
// a copy of it. Of what was in it only the version counts here.
func (p *Peer) recoverAppState(in incoming, name appstate.WAPatchName) {
	p.state.mu.Lock()
	state, err := p.state.current(context.Background(), name)
	p.state.mu.Unlock()
	var copied []byte
	if err == nil {
		copied, err = proto.Marshal(&waSyncdSnapshotRecovery.SyncdSnapshotRecovery{
			Version:        &waSyncdSnapshotRecovery.SyncdVersion{Version: proto.Uint64(state.Version)},
			CollectionName: proto.String(string(name)), CollectionLthash: state.Hash[:],
		})
	}
	if err != nil {
		p.fail("copy app state for companion: %w", err)
		return
	}
	p.sendPeerMessage(in.device, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE.Enum(),
		PeerDataOperationRequestResponseMessage: &waE2E.PeerDataOperationRequestResponseMessage{
			PeerDataOperationRequestType: waE2E.PeerDataOperationRequestType_COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY.Enum(),
			StanzaID:                     &in.id,
			PeerDataOperationResult: []*waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult{{
				SyncdSnapshotFatalRecoveryResponse: &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult_SyncDSnapshotFatalRecoveryResponse{
					CollectionSnapshot: copied, IsCompressed: proto.Bool(false),
				},
			}},
		},
	})
}

// mediaHang holds requests for files while it is on.
type mediaHang struct {
	mu sync.Mutex
	on chan struct{} // closed when it ends; nil = off
}

// HangMedia makes the file servers take every request and answer none, until it is
// switched off: then those that still wait are answered.
func (s *Server) HangMedia(on bool) {
	s.hang.mu.Lock()
	defer s.hang.mu.Unlock()
	switch {
	case on && s.hang.on == nil:
		s.hang.on = make(chan struct{})
	case !on && s.hang.on != nil:
		close(s.hang.on)
		s.hang.on = nil
	}
}

// hangs waits while the file servers hang; false when nobody waits any more.
func (s *Server) hangs(r *http.Request) bool {
	s.hang.mu.Lock()
	until := s.hang.on
	s.hang.mu.Unlock()
	if until == nil {
		return true
	}
	select {
	case <-until:
		return true
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	return false
}

// MediaRequestState is what the control interface asks of the file servers.
type MediaRequestState struct {
	Hang bool `json:"hang"`
}

func (s *Server) controlMedia(r *http.Request) (any, error) {
	var body MediaRequestState
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	s.HangMedia(body.Hang)
	return struct{}{}, nil
}

// setPhone makes the phone as the control interface wants it.
func (p *Peer) setPhone(settings SettingsRequest) error {
	if settings.PhoneOff != nil {
		p.SetPhoneOff(*settings.PhoneOff)
	}
	if settings.SpoilAppState == nil {
		return nil
	}
	for _, name := range appstate.AllPatchNames {
		if string(name) == *settings.SpoilAppState {
			p.SpoilAppState(name)
			return nil
		}
	}
	return fmt.Errorf("unknown collection %q", *settings.SpoilAppState)
}
