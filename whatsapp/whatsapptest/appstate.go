package whatsapptest

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"go.mau.fi/whatsmeow/appstate"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"
)

// appState is what the phone and the server together keep of an account's app
// state: the encrypted patches of each collection, and the key to read them.
type appState struct {
	mu    sync.Mutex
	proc  *appstate.Processor
	keyID []byte
	key   []byte
	// patches holds the patches of each collection from version 1.
	patches map[appstate.WAPatchName][][]byte
	// spoiled is up to which version a collection cannot be read at the server.
	spoiled map[appstate.WAPatchName]int
	err     error
}

func newAppState(signal *store.Device, name string) *appState {
	a := &appState{
		proc:    appstate.NewProcessor(signal, waLog.Noop),
		keyID:   joinBytes([]byte{0, 0}, randomBytes(4)),
		key:     randomBytes(32),
		patches: map[appstate.WAPatchName][][]byte{},
		spoiled: map[appstate.WAPatchName]int{},
	}
	a.err = signal.AppStateKeys.PutAppStateSyncKey(context.Background(), a.keyID, store.AppStateSyncKey{Data: a.key})
	if a.err == nil && name != "" {
		a.err = a.change(appstate.BuildSettingPushName(name))
	}
	return a
}

// change adds a patch made on the phone.
func (a *appState) change(patch appstate.PatchInfo) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx := context.Background()
	state, err := a.current(ctx, patch.Type)
	if err != nil {
		return err
	}
	raw, err := a.proc.EncodePatch(ctx, a.keyID, state, patch)
	if err != nil {
		return fmt.Errorf("encode app state patch: %w", err)
	}
	return a.apply(ctx, patch.Type, state, raw)
}

func (a *appState) current(ctx context.Context, name appstate.WAPatchName) (appstate.HashState, error) {
	version, hash, err := a.proc.Store.AppState.GetAppStateVersion(ctx, string(name))
	return appstate.HashState{Version: version, Hash: hash}, err
}

// apply checks a patch by decoding it and keeps it under the next version.
func (a *appState) apply(ctx context.Context, name appstate.WAPatchName, state appstate.HashState, raw []byte) error {
	var patch waServerSync.SyncdPatch
	if err := proto.Unmarshal(raw, &patch); err != nil {
		return fmt.Errorf("decode app state patch: %w", err)
	}
	patch.Version = &waServerSync.SyncdVersion{Version: proto.Uint64(state.Version + 1)}
	list := &appstate.PatchList{Name: name, Patches: []*waServerSync.SyncdPatch{&patch}}
	if _, _, err := a.proc.DecodePatches(ctx, list, state, true); err != nil {
		return fmt.Errorf("check app state patch: %w", err)
	}
	versioned, err := proto.Marshal(&patch)
	if err != nil {
		return fmt.Errorf("encode app state patch: %w", err)
	}
	a.patches[name] = append(a.patches[name], versioned)
	return nil
}

// collection renders the patches after a version.
func (a *appState) collection(name appstate.WAPatchName, from int) waBinary.Node {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.render(name, from)
}

func (a *appState) render(name appstate.WAPatchName, from int) waBinary.Node {
	all := a.patches[name]
	node := waBinary.Node{Tag: "collection", Attrs: waBinary.Attrs{"name": string(name), "version": strconv.Itoa(len(all)), "type": "result"}}
	var newer []waBinary.Node
	from = min(from, len(all))
	for i, patch := range all[from:] {
		newer = append(newer, waBinary.Node{Tag: "patch", Content: a.readable(name, from+i+1, patch)})
	}
	if len(newer) > 0 {
		node.Content = []waBinary.Node{{Tag: "patches", Content: newer}}
	}
	return node
}

// push takes a patch that a client has made against the given version.
func (a *appState) push(name appstate.WAPatchName, version int, raw []byte) (answer waBinary.Node, accepted bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx := context.Background()
	state, err := a.current(ctx, name)
	if err == nil && int(state.Version) == version {
		if err = a.apply(ctx, name, state, raw); err == nil {
			return a.render(name, len(a.patches[name])), true, nil
		}
	}
	answer = a.render(name, version)
	answer.Attrs["type"] = "error"
	answer.Content = append(answer.GetChildren(), waBinary.Node{Tag: "error", Attrs: waBinary.Attrs{"code": 409, "text": "conflict"}})
	return answer, false, err
}

func (c *conn) handleAppState(iq *waBinary.Node) {
	account := c.device.account
	sync := iq.GetChildByTag("sync")
	var answers, changed []waBinary.Node
	var fetched []appstate.WAPatchName
	for _, asked := range sync.GetChildren() {
		name := appstate.WAPatchName(attrText(&asked, "name"))
		patch := childBytes(&asked, "patch")
		if patch == nil {
			answers = append(answers, account.state.collection(name, attrInt(&asked, "version")))
			fetched = append(fetched, name)
			continue
		}
		answer, accepted, err := account.state.push(name, attrInt(&asked, "version"), patch)
		if err != nil {
			account.fail("take app state patch of %s: %w", name, err)
		}
		if accepted {
			changed = append(changed, answer)
		}
		answers = append(answers, answer)
	}
	c.sendResult(iq, waBinary.Node{Tag: "sync", Content: answers})
	for _, name := range fetched {
		c.device.fetchedAppState(name)
	}
	account.notifyAppState(changed, c.device)
}

// notifyAppState tells the companions except one that collections have changed.
func (p *Peer) notifyAppState(collections []waBinary.Node, except *Device) {
	for _, collection := range collections {
		attrs := waBinary.Attrs{"name": attrText(&collection, "name"), "version": attrText(&collection, "version")}
		for _, device := range p.Companions() {
			if device == except {
				continue
			}
			device.push(waBinary.Node{
				Tag: "notification",
				Attrs: waBinary.Attrs{
					"type": "server_sync", "from": p.JID(), "id": p.srv.stanzaID(), "t": p.srv.opts.Now().Unix(),
				},
				Content: []waBinary.Node{{Tag: "collection", Attrs: attrs}},
			})
		}
	}
}

// ChangeAppState makes a change on the phone, such as
// appstate.BuildArchive(...), and tells the companions.
func (p *Peer) ChangeAppState(patch appstate.PatchInfo) error {
	if err := p.state.change(patch); err != nil {
		return err
	}
	p.notifyAppState([]waBinary.Node{p.state.collection(patch.Type, 0)}, nil)
	return nil
}

// welcome is what the phone does when a companion has come for the first time:
// it hands over the key of the app state, which brings the push name.
func (p *Peer) welcome(device *Device) {
	p.sendPeerMessage(device, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE.Enum(),
		AppStateSyncKeyShare: &waE2E.AppStateSyncKeyShare{Keys: []*waE2E.AppStateSyncKey{{
			KeyID: &waE2E.AppStateSyncKeyId{KeyID: p.state.keyID},
			KeyData: &waE2E.AppStateSyncKeyData{
				KeyData:     p.state.key,
				Fingerprint: &waE2E.AppStateSyncKeyFingerprint{RawID: proto.Uint32(1), CurrentIndex: proto.Uint32(0), DeviceIndexes: []uint32{0}},
				Timestamp:   proto.Int64(p.srv.opts.Now().UnixMilli()),
			},
		}}},
	})
}

// sendPeerMessage sends a protocol message from the phone to its companion.
func (p *Peer) sendPeerMessage(device *Device, content *waE2E.ProtocolMessage) {
	raw, err := proto.Marshal(&waE2E.Message{ProtocolMessage: content})
	if err != nil {
		p.fail("encode message to own companion: %w", err)
		return
	}
	p.crypt.Lock()
	defer p.crypt.Unlock()
	enc, err := p.encryptFor(context.Background(), device, raw)
	if err != nil {
		p.fail("encrypt message to own companion: %w", err)
		return
	}
	device.push(waBinary.Node{
		Tag: "message",
		Attrs: waBinary.Attrs{
			"from": p.JID(), "id": newMessageID(), "type": "text", "category": "peer", "t": p.srv.opts.Now().Unix(), "notify": p.Name(),
		},
		Content: []waBinary.Node{enc},
	})
}

// notifyDevices sends the same notification to all companions.
func (p *Peer) notifyDevices(kind string, from types.JID, children ...waBinary.Node) {
	for _, device := range p.Companions() {
		device.push(waBinary.Node{
			Tag:     "notification",
			Attrs:   waBinary.Attrs{"type": kind, "from": from, "id": p.srv.stanzaID(), "t": p.srv.opts.Now().Unix()},
			Content: children,
		})
	}
}
