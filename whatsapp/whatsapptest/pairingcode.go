package whatsapptest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	"golang.org/x/crypto/curve25519"
)

const (
	codeIterations = 131072
	wrappedKeySize = 80
)

// codePairing is a client that waits for its code to be typed on a phone.
type codePairing struct {
	pairing *pairing
	account *Peer
	ref     string
	wrapped []byte
	// bundles receives the client's last message.
	bundles chan []byte
}

func (c *conn) handleCodePairing(iq, reg *waBinary.Node) {
	switch attrText(reg, "stage") {
	case "companion_hello":
		account := c.srv.lookup(attrJID(reg, "jid"))
		wrapped := childBytes(reg, "link_code_pairing_wrapped_companion_ephemeral_pub")
		if account == nil || len(wrapped) != wrappedKeySize {
			c.sendIQError(iq, 400, "")
			return
		}
		code := &codePairing{pairing: c.pairing, account: account, ref: hex.EncodeToString(randomBytes(12)), wrapped: wrapped, bundles: make(chan []byte, 1)}
		c.srv.mu.Lock()
		c.pairing.code = code
		c.srv.codes[code.ref] = code
		c.srv.mu.Unlock()
		c.sendResult(iq, waBinary.Node{
			Tag: "link_code_companion_reg", Attrs: waBinary.Attrs{"stage": "companion_hello"},
			Content: []waBinary.Node{{Tag: "link_code_pairing_ref", Content: []byte(code.ref)}},
		})
	case "companion_finish":
		c.sendResult(iq)
		c.srv.mu.Lock()
		code := c.srv.codes[string(childBytes(reg, "link_code_pairing_ref"))]
		c.srv.mu.Unlock()
		if code == nil {
			return
		}
		select {
		case code.bundles <- childBytes(reg, "link_code_pairing_wrapped_key_bundle"):
		default:
		}
	default:
		c.srv.noteUnknown(describe(iq))
		c.sendIQError(iq, 501, "")
	}
}

// EnterPairCode links the client that shows the code for this phone's number.
func (p *Peer) EnterPairCode(code string) error {
	code = strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	waiting := p.waitingCode()
	if waiting == nil {
		return errors.New("enter pairing code: no client asks for one")
	}
	companion, err := unwrapKey(code, waiting.wrapped)
	if err != nil {
		return fmt.Errorf("enter pairing code: %w", err)
	}
	ephemeral := keys.NewKeyPair()
	wrapped, err := wrapKey(code, ephemeral.Pub[:])
	if err != nil {
		return fmt.Errorf("enter pairing code: %w", err)
	}
	waiting.pairing.conn.send(waBinary.Node{
		Tag: "notification",
		Attrs: waBinary.Attrs{
			"type": "link_code_companion_reg", "from": types.ServerJID, "id": p.srv.stanzaID(), "t": p.srv.opts.Now().Unix(),
		},
		Content: []waBinary.Node{{
			Tag: "link_code_companion_reg", Attrs: waBinary.Attrs{"stage": "primary_hello"},
			Content: []waBinary.Node{
				{Tag: "link_code_pairing_wrapped_primary_ephemeral_pub", Content: wrapped},
				{Tag: "primary_identity_pub", Content: p.signal.IdentityKey.Pub[:]},
				{Tag: "link_code_pairing_ref", Content: []byte(waiting.ref)},
			},
		}},
	})
	bundle, err := waiting.awaitBundle()
	if err != nil {
		return err
	}
	secret, err := p.openBundle(bundle, ephemeral, companion, waiting)
	if err != nil {
		return fmt.Errorf("enter pairing code: %w", err)
	}
	return p.link(waiting.pairing, secret)
}

func (p *Peer) waitingCode() *codePairing {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	for _, code := range p.srv.codes {
		if code.account == p {
			return code
		}
	}
	return nil
}

func (w *codePairing) awaitBundle() ([]byte, error) {
	timer := time.NewTimer(pairTimeout)
	defer timer.Stop()
	select {
	case bundle := <-w.bundles:
		return bundle, nil
	case <-w.pairing.conn.done:
		return nil, errors.New("enter pairing code: the client went away")
	case <-timer.C:
		return nil, fmt.Errorf("enter pairing code: no answer from the client in %s", pairTimeout)
	}
}

// openBundle reads the client's keys, which only the right code can open, and
// derives the secret that authenticates the pairing.
func (p *Peer) openBundle(bundle []byte, ephemeral *keys.KeyPair, companion []byte, waiting *codePairing) ([]byte, error) {
	const salt, nonce = 32, 12
	if len(bundle) <= salt+nonce {
		return nil, errors.New("the key bundle is too short")
	}
	shared, err := curve25519.X25519(ephemeral.Priv[:], companion)
	if err != nil {
		return nil, fmt.Errorf("the code is wrong: %w", err)
	}
	key, err := hkdf.Key(sha256.New, shared, bundle[:salt], "link_code_pairing_key_bundle_encryption_key", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, bundle[salt:salt+nonce], bundle[salt+nonce:], nil)
	if err != nil {
		return nil, fmt.Errorf("the code is wrong: %w", err)
	}
	if len(plain) != 96 || string(plain[:32]) != string(waiting.pairing.keys.identity[:]) || string(plain[32:64]) != string(p.signal.IdentityKey.Pub[:]) {
		return nil, errors.New("the key bundle holds other identities")
	}
	identities, err := curve25519.X25519(p.signal.IdentityKey.Priv[:], plain[:32])
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, joinBytes(shared, identities, plain[64:]), nil, "adv_secret", 32)
}

// wrapKey encrypts a public key under a pairing code: salt, IV, AES-CTR.
func wrapKey(code string, public []byte) ([]byte, error) {
	salt, iv := randomBytes(32), randomBytes(16)
	sealed, err := codeCipher(code, salt, iv, public)
	return joinBytes(salt, iv, sealed), err
}

func unwrapKey(code string, wrapped []byte) ([]byte, error) {
	return codeCipher(code, wrapped[:32], wrapped[32:48], wrapped[48:])
}

func codeCipher(code string, salt, iv, data []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha256.New, code, salt, codeIterations, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	cipher.NewCTR(block, iv).XORKeyStream(out, data)
	return out, nil
}
