package whatsapptest

import (
	"encoding/binary"
	"sync"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/util/optional"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// lowKeys is the number of one-time keys at which the server asks for more.
const lowKeys = 4

// deviceKeys are the public keys a companion has published.
type deviceKeys struct {
	mu           sync.Mutex
	registration uint32
	identity     [32]byte
	signed       publicKey
	oneTime      []publicKey
}

type publicKey struct {
	id        uint32
	value     [32]byte
	signature [64]byte
}

func (k *deviceKeys) setRegistration(registration, identity []byte) {
	if len(registration) == 4 {
		k.registration = binary.BigEndian.Uint32(registration)
	}
	copy(k.identity[:], identity)
}

func (k *deviceKeys) setSigned(id, value, signature []byte) {
	k.signed = publicKey{id: keyID(id)}
	copy(k.signed.value[:], value)
	copy(k.signed.signature[:], signature)
}

// upload takes the keys of an <iq xmlns="encrypt" type="set">.
func (k *deviceKeys) upload(iq *waBinary.Node) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.setRegistration(childBytes(iq, "registration"), childBytes(iq, "identity"))
	if signed, ok := iq.GetOptionalChildByTag("skey"); ok {
		k.setSigned(childBytes(&signed, "id"), childBytes(&signed, "value"), childBytes(&signed, "signature"))
	}
	list := iq.GetChildByTag("list")
	for _, key := range list.GetChildren() {
		one := publicKey{id: keyID(childBytes(&key, "id"))}
		copy(one.value[:], childBytes(&key, "value"))
		k.oneTime = append(k.oneTime, one)
	}
}

func (k *deviceKeys) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.oneTime)
}

// take uses up a one-time key; nil when there is none. left is what remains.
func (k *deviceKeys) take() (oneTime *publicKey, left int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.oneTime) == 0 {
		return nil, 0
	}
	key := k.oneTime[0]
	k.oneTime = k.oneTime[1:]
	return &key, len(k.oneTime)
}

// bundle is what a sender needs to begin a session with the device.
type bundle struct {
	registration uint32
	identity     [32]byte
	signed       publicKey
	oneTime      *publicKey
	// device is the signed identity of a companion, nil for a phone.
	device []byte
}

// WithholdKeys makes the server answer that the device has no keys at all, so
// that nobody can begin a session with it, or gives them out again.
func (d *Device) WithholdKeys(withhold bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.withheld = withhold
}

func (d *Device) keysWithheld() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.withheld
}

// WithholdKeys is Device.WithholdKeys for the phone itself.
func (p *Peer) WithholdKeys(withhold bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.noKeys = withhold
}

func (p *Peer) keysWithheld() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settings.noKeys
}

// takeBundle hands out the device's keys and asks the client for more when they
// run low.
func (d *Device) takeBundle() bundle {
	oneTime, left := d.keys.take()
	if oneTime != nil && left == lowKeys {
		d.push(waBinary.Node{
			Tag: "notification",
			Attrs: waBinary.Attrs{
				"type": "encrypt", "from": types.ServerJID, "id": d.account.srv.stanzaID(), "t": d.account.srv.opts.Now().Unix(),
			},
			Content: []waBinary.Node{{Tag: "count", Attrs: waBinary.Attrs{"value": left}}},
		})
	}
	d.keys.mu.Lock()
	defer d.keys.mu.Unlock()
	return bundle{registration: d.keys.registration, identity: d.keys.identity, signed: d.keys.signed, oneTime: oneTime, device: d.identity}
}

func (b bundle) signal(device uint16) *prekey.Bundle {
	oneTimeID, oneTime := optional.NewEmptyUint32(), ecc.ECPublicKeyable(nil)
	if b.oneTime != nil {
		oneTimeID, oneTime = optional.NewOptionalUint32(b.oneTime.id), ecc.NewDjbECPublicKey(b.oneTime.value)
	}
	return prekey.NewBundle(b.registration, uint32(device), oneTimeID, b.signed.id, oneTime,
		ecc.NewDjbECPublicKey(b.signed.value), b.signed.signature, identity.NewKey(ecc.NewDjbECPublicKey(b.identity)))
}

// nodes renders the bundle as the children of a <user> or <keys> element.
func (b bundle) nodes() []waBinary.Node {
	nodes := []waBinary.Node{
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, b.registration)},
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: b.identity[:]},
	}
	if b.oneTime != nil {
		nodes = append(nodes, b.oneTime.node("key"))
	}
	nodes = append(nodes, b.signed.node("skey"))
	if b.device != nil {
		nodes = append(nodes, waBinary.Node{Tag: "device-identity", Content: b.device})
	}
	return nodes
}

func (k publicKey) node(tag string) waBinary.Node {
	children := []waBinary.Node{
		{Tag: "id", Content: binary.BigEndian.AppendUint32(nil, k.id)[1:]},
		{Tag: "value", Content: k.value[:]},
	}
	if tag == "skey" {
		children = append(children, waBinary.Node{Tag: "signature", Content: k.signature[:]})
	}
	return waBinary.Node{Tag: tag, Content: children}
}

// bundleFromRetry reads the keys that come with a client's second retry receipt.
func bundleFromRetry(receipt *waBinary.Node) (bundle, bool) {
	keys, ok := receipt.GetOptionalChildByTag("keys")
	if !ok {
		return bundle{}, false
	}
	var k deviceKeys
	k.setRegistration(childBytes(receipt, "registration"), childBytes(&keys, "identity"))
	k.setSigned(childBytes(&keys, "skey", "id"), childBytes(&keys, "skey", "value"), childBytes(&keys, "skey", "signature"))
	one := &publicKey{id: keyID(childBytes(&keys, "key", "id"))}
	copy(one.value[:], childBytes(&keys, "key", "value"))
	return bundle{registration: k.registration, identity: k.identity, signed: k.signed, oneTime: one, device: childBytes(&keys, "device-identity")}, true
}

func keyID(raw []byte) uint32 {
	var id uint32
	for _, b := range raw {
		id = id<<8 | uint32(b)
	}
	return id
}
