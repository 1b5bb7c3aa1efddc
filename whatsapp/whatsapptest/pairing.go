package whatsapptest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// pairTimeout bounds the wait for a client's answer during pairing. whatsmeow
// answers at once; only a broken client lets it pass.
const pairTimeout = 20 * time.Second

// pairing is a client that has connected without an account.
type pairing struct {
	conn     *conn
	noiseKey [32]byte
	keys     deviceKeys
	refs     []string
	// answers receives what the client replies to pair-success.
	answers chan *waBinary.Node
	// phone and code are set while a code pairing is under way.
	code *codePairing
	// retired is the secret that the client must no longer show.
	retired string
}

func (c *conn) beginPairing(payload *waWa6.ClientPayload, noiseKey [32]byte) {
	data := payload.GetDevicePairingData()
	p := &pairing{conn: c, noiseKey: noiseKey, answers: make(chan *waBinary.Node, 1)}
	p.keys.setRegistration(data.GetERegid(), data.GetEIdent())
	p.keys.setSigned(data.GetESkeyID(), data.GetESkeyVal(), data.GetESkeySig())
	refs := make([]waBinary.Node, 6)
	for i := range refs {
		ref := "2@" + base64.RawURLEncoding.EncodeToString(randomBytes(24))
		p.refs = append(p.refs, ref)
		refs[i] = waBinary.Node{Tag: "ref", Content: []byte(ref)}
	}
	c.pairing = p
	c.srv.mu.Lock()
	for _, ref := range p.refs {
		c.srv.pairings[ref] = p
	}
	c.srv.mu.Unlock()
	c.send(waBinary.Node{
		Tag:     "iq",
		Attrs:   waBinary.Attrs{"from": types.ServerJID, "type": "set", "id": c.srv.stanzaID(), "xmlns": "md"},
		Content: []waBinary.Node{{Tag: "pair-device", Content: refs}},
	})
}

func (s *Server) endPairing(p *pairing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range p.refs {
		delete(s.pairings, ref)
	}
	if p.code != nil && s.codes[p.code.ref] == p.code {
		delete(s.codes, p.code.ref)
	}
}

// ExpireQR closes the connections that wait for a QR scan, as WhatsApp does
// when all codes have run out.
func (s *Server) ExpireQR() {
	s.mu.Lock()
	waiting := map[*conn]struct{}{}
	for _, p := range s.pairings {
		waiting[p.conn] = struct{}{}
	}
	clear(s.pairings)
	s.mu.Unlock()
	for c := range waiting {
		c.finish()
	}
}

// handlePairing handles the stanzas of a client that has no account yet.
func (c *conn) handlePairing(node *waBinary.Node) {
	switch {
	case node.Tag == "iq" && (attrText(node, "type") == "result" || attrText(node, "type") == "error"):
		_, signed := node.GetOptionalChildByTag("pair-device-sign")
		_, refused := node.GetOptionalChildByTag("error")
		if signed || refused {
			select {
			case c.pairing.answers <- node:
			default:
			}
		}
	case node.Tag == "iq":
		if reg, ok := node.GetOptionalChildByTag("link_code_companion_reg"); ok {
			c.handleCodePairing(node, &reg)
			return
		}
		if attrText(node, "xmlns") == "w:p" {
			c.sendResult(node)
			return
		}
		c.srv.noteUnknown(describe(node))
		c.sendIQError(node, 501, "")
	case node.Tag == "ib" || node.Tag == "ack":
	default:
		c.srv.noteUnknown(describe(node))
	}
}

// ScanQR links the client that shows the code. It returns when the client has
// accepted; the client then reconnects by itself. With Options.RotateQR the
// first scan ends in ErrQRRetired.
func (p *Peer) ScanQR(code string) error {
	if _, after, ok := strings.Cut(code, "#"); ok {
		code = after
	}
	parts := strings.Split(code, ",")
	if len(parts) < 4 {
		return fmt.Errorf("scan QR code: %d parts, want at least 4", len(parts))
	}
	p.srv.mu.Lock()
	waiting := p.srv.pairings[parts[0]]
	p.srv.mu.Unlock()
	if waiting == nil {
		return errors.New("scan QR code: it is not shown by any connected client")
	}
	noiseKey, err1 := base64.StdEncoding.DecodeString(parts[1])
	identity, err2 := base64.StdEncoding.DecodeString(parts[2])
	secret, err3 := base64.StdEncoding.DecodeString(parts[3])
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("scan QR code: %w", err)
	}
	if string(noiseKey) != string(waiting.noiseKey[:]) || string(identity) != string(waiting.keys.identity[:]) {
		return errors.New("scan QR code: its keys are not those of the connected client")
	}
	if p.srv.retire(waiting, parts[3]) {
		return ErrQRRetired
	}
	return p.link(waiting, secret)
}

// ErrQRRetired says that a code no longer links: the client shows, or is about
// to show, another one.
var ErrQRRetired = errors.New("scan QR code: it is retired, scan the one that is shown now")

// retire reports whether a scanned secret is retired. With Options.RotateQR the
// first one is, by its scan.
func (s *Server) retire(p *pairing, secret string) bool {
	if !s.opts.RotateQR {
		return false
	}
	s.mu.Lock()
	first := p.retired == ""
	if first {
		p.retired = secret
	}
	retired := p.retired == secret
	s.mu.Unlock()
	if first {
		p.conn.send(waBinary.Node{
			Tag:     "notification",
			Attrs:   waBinary.Attrs{"from": types.ServerJID, "type": "companion_reg_refresh", "id": s.stanzaID(), "t": s.opts.Now().Unix()},
			Content: []waBinary.Node{{Tag: "pair-device-rotate-qr"}},
		})
	}
	return retired
}

// link signs the client's identity, hands it its address and waits until the
// client has signed in turn.
func (p *Peer) link(waiting *pairing, secret []byte) error {
	device := p.newDevice(waiting)
	signed, container, err := p.signIdentity(device, secret)
	if err != nil {
		return fmt.Errorf("sign device identity: %w", err)
	}
	id := p.srv.stanzaID()
	waiting.conn.send(waBinary.Node{
		Tag: "iq",
		Attrs: waBinary.Attrs{
			"from": types.ServerJID, "type": "set", "id": id, "xmlns": "md", "t": p.srv.opts.Now().Unix(),
		},
		Content: []waBinary.Node{{Tag: "pair-success", Content: []waBinary.Node{
			{Tag: "device-identity", Content: container},
			{Tag: "device", Attrs: waBinary.Attrs{"jid": device.JID(), "lid": device.LID()}},
			{Tag: "platform", Attrs: waBinary.Attrs{"name": "android"}},
		}}},
	})
	timer := time.NewTimer(pairTimeout)
	defer timer.Stop()
	select {
	case answer := <-waiting.answers:
		if err := p.acceptIdentity(device, signed, answer); err != nil {
			return err
		}
	case <-waiting.conn.done:
		return errors.New("pair: the client went away")
	case <-timer.C:
		return fmt.Errorf("pair: no answer from the client in %s", pairTimeout)
	}
	p.addDevice(device)
	// The client hangs up by itself when it reads this. Closing from here too
	// would race with its new connection.
	waiting.conn.send(streamError("515"))
	return nil
}

func (p *Peer) signIdentity(device *Device, secret []byte) (*waAdv.ADVSignedDeviceIdentity, []byte, error) {
	details, err := proto.Marshal(&waAdv.ADVDeviceIdentity{
		RawID:       proto.Uint32(binary.BigEndian.Uint32(randomBytes(4))),
		Timestamp:   proto.Uint64(uint64(p.srv.opts.Now().Unix())),
		KeyIndex:    proto.Uint32(uint32(device.id)),
		AccountType: waAdv.ADVEncryptionType_E2EE.Enum(),
		DeviceType:  waAdv.ADVEncryptionType_E2EE.Enum(),
	})
	if err != nil {
		return nil, nil, err
	}
	message := joinBytes(whatsmeow.AdvAccountSignaturePrefix, details, device.keys.identity[:])
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*p.signal.IdentityKey.Priv), message)
	signed := &waAdv.ADVSignedDeviceIdentity{
		Details:             details,
		AccountSignatureKey: p.signal.IdentityKey.Pub[:],
		AccountSignature:    signature[:],
	}
	raw, err := proto.Marshal(signed)
	if err != nil {
		return nil, nil, err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(raw)
	container, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentityHMAC{Details: raw, HMAC: mac.Sum(nil)})
	return signed, container, err
}

// acceptIdentity checks the signature that the client has added.
func (p *Peer) acceptIdentity(device *Device, signed *waAdv.ADVSignedDeviceIdentity, answer *waBinary.Node) error {
	if refusal, ok := answer.GetOptionalChildByTag("error"); ok {
		return fmt.Errorf("pair: the client refused: %s %s", attrText(&refusal, "code"), attrText(&refusal, "text"))
	}
	var own waAdv.ADVSignedDeviceIdentity
	if err := proto.Unmarshal(childBytes(answer, "pair-device-sign", "device-identity"), &own); err != nil {
		return fmt.Errorf("pair: decode the client's identity: %w", err)
	}
	if len(own.DeviceSignature) != 64 {
		return errors.New("pair: the client did not sign its identity")
	}
	message := joinBytes(whatsmeow.AdvDeviceSignaturePrefix, signed.Details, device.keys.identity[:], signed.AccountSignatureKey)
	if !ecc.VerifySignature(ecc.NewDjbECPublicKey(device.keys.identity), message, [64]byte(own.DeviceSignature)) {
		return errors.New("pair: the client's signature is wrong")
	}
	own.AccountSignatureKey = signed.AccountSignatureKey
	identity, err := proto.Marshal(&own)
	if err != nil {
		return fmt.Errorf("pair: encode the device identity: %w", err)
	}
	device.identity = identity
	return nil
}

func randomBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails, by its documentation
	return data
}

func joinBytes(parts ...[]byte) []byte {
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}
