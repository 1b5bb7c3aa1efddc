package whatsapptest

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"
)

// A frozen server is a document with everything that a client needs to find
// again: accounts with their keys and sessions, linked companions with what
// waits for them, what phones have received, and files. It leaves out groups,
// pictures, ticks that phones have seen, and the phone's memory of what it has
// sent, so that it answers no retry receipt for an older message.
//
// The names in the document are for ever: documents of earlier days are kept.

type frozenServer struct {
	NextID uint64       `json:"next_id"`
	Peers  []frozenPeer `json:"peers"`
	Seen   []frozenSeen `json:"seen,omitempty"`
	Files  []frozenFile `json:"files,omitempty"`
}

type frozenPeer struct {
	Number   string           `json:"number"`
	LID      string           `json:"lid,omitempty"` // where it does not follow from the number
	Hidden   bool             `json:"hidden,omitempty"`
	Name     string           `json:"name"`
	Signal   frozenSignal     `json:"signal"`
	AppState frozenAppState   `json:"app_state"`
	LastID   uint16           `json:"last_id,omitempty"`
	Devices  []frozenDevice   `json:"devices,omitempty"`
	Received []frozenReceived `json:"received,omitempty"`
}

type frozenDevice struct {
	ID           uint16      `json:"id"`
	NoiseKey     []byte      `json:"noise_key"`
	Registration uint32      `json:"registration"`
	IdentityKey  []byte      `json:"identity_key"`
	Signed       frozenKey   `json:"signed"`
	OneTime      []frozenKey `json:"one_time,omitempty"`
	Identity     []byte      `json:"identity"`
	Logins       int         `json:"logins"`
	Actives      int         `json:"actives"`
	Waiting      [][]byte    `json:"waiting,omitempty"` // stanzas
	Fetched      []string    `json:"fetched,omitempty"` // collections of the app state
}

// frozenKey is a public key of a companion.
type frozenKey struct {
	ID        uint32 `json:"id"`
	Value     []byte `json:"value"`
	Signature []byte `json:"signature,omitempty"`
}

type frozenReceived struct {
	ID         string    `json:"id"`
	From       string    `json:"from"` // the account's number
	FromDevice uint16    `json:"from_device,omitempty"`
	FromMe     bool      `json:"from_me,omitempty"`
	Sender     string    `json:"sender"`
	Chat       string    `json:"chat"`
	Message    []byte    `json:"message"`
	Time       time.Time `json:"time"`
	PushName   string    `json:"push_name,omitempty"`
}

type frozenSeen struct {
	Account string `json:"account"`
	To      string `json:"to"`
	ID      string `json:"id"`
}

type frozenFile struct {
	Name    string `json:"name"`
	Content []byte `json:"content"`
}

// Freeze renders the server's state as a document for Thaw. Clients must be
// away: what changes meanwhile may be in it by half.
func (s *Server) Freeze() ([]byte, error) {
	s.mu.Lock()
	frozen := frozenServer{NextID: s.nextID}
	for key := range s.seen {
		frozen.Seen = append(frozen.Seen, frozenSeen{Account: key.account.Number(), To: key.to.String(), ID: key.id})
	}
	groups := len(s.groups)
	s.mu.Unlock()
	if groups > 0 {
		return nil, errors.New("freeze: groups cannot be frozen")
	}
	for _, p := range s.Peers() {
		peer, err := p.freeze()
		if err != nil {
			return nil, fmt.Errorf("freeze %s: %w", p.Name(), err)
		}
		frozen.Peers = append(frozen.Peers, peer)
	}
	files, err := os.ReadDir(s.media.dir)
	if err != nil {
		return nil, fmt.Errorf("freeze files: %w", err)
	}
	for _, entry := range files {
		content, err := os.ReadFile(s.media.file(entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("freeze a file: %w", err)
		}
		frozen.Files = append(frozen.Files, frozenFile{Name: entry.Name(), Content: content})
	}
	return json.MarshalIndent(frozen, "", " ")
}

func (p *Peer) freeze() (frozenPeer, error) {
	p.crypt.Lock()
	frozen := frozenPeer{Number: p.Number(), Signal: freezeSignal(p.signal), AppState: p.state.freeze()}
	p.crypt.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	frozen.Name, frozen.LastID, frozen.Hidden = p.name, p.lastID, p.hidden.Load()
	if p.lid.User != lidOf(frozen.Number) {
		frozen.LID = p.lid.User
	}
	for _, device := range p.devices {
		companion, err := device.freeze()
		if err != nil {
			return frozen, err
		}
		frozen.Devices = append(frozen.Devices, companion)
	}
	for _, r := range p.received {
		message, err := proto.Marshal(r.Message)
		if err != nil {
			return frozen, err
		}
		frozen.Received = append(frozen.Received, frozenReceived{
			ID: r.ID, From: r.From.Number(), FromDevice: r.FromDevice, FromMe: r.FromMe, Sender: r.Sender.String(), Chat: r.Chat.String(),
			Message: message, Time: r.Time, PushName: r.PushName,
		})
	}
	return frozen, nil
}

func (d *Device) freeze() (frozenDevice, error) {
	d.keys.mu.Lock()
	frozen := frozenDevice{
		ID: d.id, NoiseKey: d.noiseKey[:], Registration: d.keys.registration, IdentityKey: d.keys.identity[:],
		Signed: freezeKey(d.keys.signed), Identity: d.identity,
	}
	for _, key := range d.keys.oneTime {
		frozen.OneTime = append(frozen.OneTime, freezeKey(key))
	}
	d.keys.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	frozen.Logins, frozen.Actives = d.logins, d.actives
	for name := range d.fetched {
		frozen.Fetched = append(frozen.Fetched, string(name))
	}
	for _, q := range d.queue {
		stanza, err := waBinary.Marshal(q.node)
		if err != nil {
			return frozen, fmt.Errorf("encode a stanza: %w", err)
		}
		frozen.Waiting = append(frozen.Waiting, stanza)
	}
	return frozen, nil
}

func freezeKey(k publicKey) frozenKey {
	frozen := frozenKey{ID: k.id, Value: k.value[:]}
	if k.signature != [64]byte{} {
		frozen.Signature = k.signature[:]
	}
	return frozen
}

func (k frozenKey) thaw() publicKey {
	key := publicKey{id: k.ID}
	copy(key.value[:], k.Value)
	copy(key.signature[:], k.Signature)
	return key
}

// Thaw takes over what a server had when it was frozen. The server must run and
// have no accounts of its own yet.
func (s *Server) Thaw(document []byte) error {
	var frozen frozenServer
	if err := json.Unmarshal(document, &frozen); err != nil {
		return fmt.Errorf("thaw: %w", err)
	}
	if len(s.Peers()) > 0 {
		return errors.New("thaw: the server has accounts already")
	}
	for _, file := range frozen.Files {
		if _, err := hex.DecodeString(file.Name); err != nil {
			return fmt.Errorf("thaw: a file's name: %w", err)
		}
		if err := os.WriteFile(filepath.Join(s.media.dir, file.Name), file.Content, 0o600); err != nil {
			return fmt.Errorf("thaw a file: %w", err)
		}
	}
	for _, peer := range frozen.Peers {
		p := s.NewPeer(peer.Number, peer.Name)
		if peer.LID != "" {
			s.giveLID(p, types.NewJID(peer.LID, types.HiddenUserServer))
		}
		p.HideNumber(peer.Hidden)
		if err := p.thaw(peer); err != nil {
			return fmt.Errorf("thaw %s: %w", peer.Name, err)
		}
	}
	for _, peer := range frozen.Peers { // all are there to be named
		if err := s.Peer(peer.Number).thawReceived(peer.Received); err != nil {
			return fmt.Errorf("thaw what %s received: %w", peer.Name, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID = frozen.NextID
	for _, seen := range frozen.Seen {
		to, err := types.ParseJID(seen.To)
		if err != nil {
			return fmt.Errorf("thaw: %w", err)
		}
		account := s.byUser[types.NewJID(seen.Account, types.DefaultUserServer)]
		s.seen[messageKey{account: account, to: to, id: seen.ID}] = struct{}{}
	}
	return nil
}

// giveLID gives a new account the hidden id that it had.
func (s *Server) giveLID(p *Peer, lid types.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byUser, p.lid)
	p.lid = lid
	s.byUser[lid] = p
}

func (p *Peer) thaw(frozen frozenPeer) error {
	signal, state := frozen.Signal.thaw(), frozen.AppState
	kept := state.store()
	signal.AppStateKeys, signal.AppState = kept, kept
	p.crypt.Lock()
	p.signal = signal
	p.state = &appState{
		proc: appstate.NewProcessor(signal, waLog.Noop), keyID: state.KeyID, key: state.Key, patches: map[appstate.WAPatchName][][]byte{},
		spoiled: map[appstate.WAPatchName]int{},
	}
	for name, patches := range state.Patches {
		p.state.patches[appstate.WAPatchName(name)] = patches
	}
	p.crypt.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID = frozen.LastID
	for _, companion := range frozen.Devices {
		device, err := companion.thaw(p)
		if err != nil {
			return err
		}
		p.devices = append(p.devices, device)
	}
	return nil
}

func (f frozenDevice) thaw(account *Peer) (*Device, error) {
	d := &Device{
		account: account, id: f.ID, identity: f.Identity, logins: f.Logins, actives: f.Actives,
		watching: map[types.JID]bool{}, fetched: map[appstate.WAPatchName]bool{},
	}
	copy(d.noiseKey[:], f.NoiseKey)
	d.keys.registration, d.keys.signed = f.Registration, f.Signed.thaw()
	copy(d.keys.identity[:], f.IdentityKey)
	for _, key := range f.OneTime {
		d.keys.oneTime = append(d.keys.oneTime, key.thaw())
	}
	for _, name := range f.Fetched {
		d.fetched[appstate.WAPatchName(name)] = true
	}
	for _, stanza := range f.Waiting {
		plain, err := waBinary.Unpack(stanza)
		if err != nil {
			return nil, fmt.Errorf("unpack a stanza: %w", err)
		}
		node, err := waBinary.Unmarshal(plain)
		if err != nil {
			return nil, fmt.Errorf("decode a stanza: %w", err)
		}
		d.queue = append(d.queue, queued{key: keyOf(node), node: *node})
	}
	return d, nil
}

func (p *Peer) thawReceived(all []frozenReceived) error {
	for _, f := range all {
		sender, err1 := types.ParseJID(f.Sender)
		chat, err2 := types.ParseJID(f.Chat)
		var message waE2E.Message
		if err := errors.Join(err1, err2, proto.Unmarshal(f.Message, &message)); err != nil {
			return err
		}
		p.mu.Lock()
		p.received = append(p.received, Received{
			ID: f.ID, From: p.srv.Peer(f.From), FromDevice: f.FromDevice, FromMe: f.FromMe, Sender: sender, Chat: chat,
			Message: &message, Time: f.Time, PushName: f.PushName,
		})
		p.mu.Unlock()
	}
	return nil
}
