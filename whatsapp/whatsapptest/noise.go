package whatsapptest

import (
	"bufio"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/socket"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/keys"
	"golang.org/x/crypto/curve25519"
	"google.golang.org/protobuf/proto"
)

// noise is the responder's side of Noise_XX_25519_AESGCM_SHA256. whatsmeow
// exports only the initiator's, whose last step cannot be turned round.
type noise struct {
	hash, salt []byte
	key        cipher.AEAD
	counter    uint32
}

func newNoise(header []byte) (*noise, error) {
	key, err := gcmutil.Prepare([]byte(socket.NoiseStartPattern))
	if err != nil {
		return nil, fmt.Errorf("prepare first noise key: %w", err)
	}
	n := &noise{hash: []byte(socket.NoiseStartPattern), salt: []byte(socket.NoiseStartPattern), key: key}
	n.auth(header)
	return n, nil
}

func (n *noise) auth(data []byte) {
	sum := sha256.New()
	sum.Write(n.hash)
	sum.Write(data)
	n.hash = sum.Sum(nil)
}

func (n *noise) seal(plaintext []byte) []byte {
	ciphertext := n.key.Seal(nil, noiseNonce(n.counter), plaintext, n.hash)
	n.counter++
	n.auth(ciphertext)
	return ciphertext
}

func (n *noise) open(ciphertext []byte) ([]byte, error) {
	plaintext, err := n.key.Open(nil, noiseNonce(n.counter), ciphertext, n.hash)
	if err != nil {
		return nil, err
	}
	n.counter++
	n.auth(ciphertext)
	return plaintext, nil
}

func (n *noise) mix(private, public []byte) error {
	secret, err := curve25519.X25519(private, public)
	if err != nil {
		return fmt.Errorf("compute shared secret: %w", err)
	}
	salt, key, err := n.expand(secret)
	if err != nil {
		return err
	}
	n.salt, n.counter = salt, 0
	n.key, err = gcmutil.Prepare(key)
	return err
}

func (n *noise) expand(secret []byte) (first, second []byte, err error) {
	out, err := hkdf.Key(sha256.New, secret, n.salt, "", 64)
	if err != nil {
		return nil, nil, fmt.Errorf("derive noise keys: %w", err)
	}
	return out[:32], out[32:], nil
}

func noiseNonce(counter uint32) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint32(nonce[8:], counter)
	return nonce
}

// frames carries length-prefixed frames over a connection, encrypted once the
// handshake has set the two keys. One goroutine may read while another writes.
type frames struct {
	conn     net.Conn
	in       *bufio.Reader
	readKey  cipher.AEAD
	writeKey cipher.AEAD
	received uint32
	sent     uint32
	packets  func(frame []byte) [][]byte
}

func (f *frames) read() ([]byte, error) {
	var length [3]byte
	if _, err := io.ReadFull(f.in, length[:]); err != nil {
		return nil, err
	}
	data := make([]byte, int(length[0])<<16|int(length[1])<<8|int(length[2]))
	if _, err := io.ReadFull(f.in, data); err != nil {
		return nil, err
	}
	if f.readKey == nil {
		return data, nil
	}
	plain, err := f.readKey.Open(nil, noiseNonce(f.received), data, nil)
	f.received++
	return plain, err
}

func (f *frames) write(data []byte) error {
	if f.writeKey != nil {
		data = f.writeKey.Seal(nil, noiseNonce(f.sent), data, nil)
		f.sent++
	}
	if len(data) >= socket.FrameMaxSize {
		return fmt.Errorf("frame of %d bytes is too large", len(data))
	}
	framed := make([]byte, 0, len(data)+3)
	framed = append(framed, byte(len(data)>>16), byte(len(data)>>8), byte(len(data)))
	framed = append(framed, data...)
	if f.packets == nil {
		_, err := f.conn.Write(framed)
		return err
	}
	for _, part := range f.packets(framed) {
		if _, err := f.conn.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// handshake answers a client and returns who it says it is: its payload and
// the Noise key it has proved to own.
func handshake(conn net.Conn, static *keys.KeyPair, certificate []byte, packets func([]byte) [][]byte) (*frames, *waWa6.ClientPayload, [32]byte, error) {
	f := &frames{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), packets: packets}
	payload, clientKey, err := f.respond(static, certificate)
	if err != nil {
		return nil, nil, clientKey, fmt.Errorf("noise handshake: %w", err)
	}
	return f, payload, clientKey, nil
}

func (f *frames) respond(static *keys.KeyPair, certificate []byte) (*waWa6.ClientPayload, [32]byte, error) {
	var clientKey [32]byte
	header := make([]byte, len(socket.WAConnHeader))
	if _, err := io.ReadFull(f.in, header); err != nil {
		return nil, clientKey, fmt.Errorf("read header: %w", err)
	}
	if string(header) != string(socket.WAConnHeader) {
		return nil, clientKey, fmt.Errorf("unexpected header %x", header)
	}
	n, err := newNoise(header)
	if err != nil {
		return nil, clientKey, err
	}
	hello, err := f.readHandshake()
	if err != nil {
		return nil, clientKey, err
	}
	clientEphemeral := hello.GetClientHello().GetEphemeral()
	if len(clientEphemeral) != 32 {
		return nil, clientKey, errors.New("client hello without an ephemeral key")
	}
	ephemeral := keys.NewKeyPair()
	if err := f.sendHello(n, ephemeral, static, clientEphemeral, certificate); err != nil {
		return nil, clientKey, err
	}
	finish, err := f.readHandshake()
	if err != nil {
		return nil, clientKey, err
	}
	key, err := n.open(finish.GetClientFinish().GetStatic())
	if err != nil || len(key) != 32 {
		return nil, clientKey, fmt.Errorf("open client key: %w", err)
	}
	copy(clientKey[:], key)
	if err := n.mix(ephemeral.Priv[:], key); err != nil {
		return nil, clientKey, err
	}
	raw, err := n.open(finish.GetClientFinish().GetPayload())
	if err != nil {
		return nil, clientKey, fmt.Errorf("open client payload: %w", err)
	}
	var payload waWa6.ClientPayload
	if err := proto.Unmarshal(raw, &payload); err != nil {
		return nil, clientKey, fmt.Errorf("decode client payload: %w", err)
	}
	return &payload, clientKey, f.startEncryption(n)
}

func (f *frames) sendHello(n *noise, ephemeral, static *keys.KeyPair, clientEphemeral, certificate []byte) error {
	n.auth(clientEphemeral)
	n.auth(ephemeral.Pub[:])
	if err := n.mix(ephemeral.Priv[:], clientEphemeral); err != nil {
		return err
	}
	sealedStatic := n.seal(static.Pub[:])
	if err := n.mix(static.Priv[:], clientEphemeral); err != nil {
		return err
	}
	answer, err := proto.Marshal(&waWa6.HandshakeMessage{ServerHello: &waWa6.HandshakeMessage_ServerHello{
		Ephemeral: ephemeral.Pub[:],
		Static:    sealedStatic,
		Payload:   n.seal(certificate),
	}})
	if err != nil {
		return fmt.Errorf("encode server hello: %w", err)
	}
	return f.write(answer)
}

func (f *frames) readHandshake() (*waWa6.HandshakeMessage, error) {
	raw, err := f.read()
	if err != nil {
		return nil, fmt.Errorf("read handshake frame: %w", err)
	}
	var msg waWa6.HandshakeMessage
	if err := proto.Unmarshal(raw, &msg); err != nil {
		return nil, fmt.Errorf("decode handshake frame: %w", err)
	}
	return &msg, nil
}

func (f *frames) startEncryption(n *noise) error {
	read, write, err := n.expand(nil)
	if err != nil {
		return err
	}
	if f.readKey, err = gcmutil.Prepare(read); err != nil {
		return err
	}
	f.writeKey, err = gcmutil.Prepare(write)
	return err
}
