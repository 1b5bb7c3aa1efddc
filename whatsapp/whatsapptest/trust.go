package whatsapptest

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCert"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// whatsmeow keeps the trusted root key in a package variable that is read
// without a lock. It is therefore set exactly once in a process, before any
// client exists.
var trustOnce sync.Once

// RootKey returns the public key that the certificate chain of every server of
// this package ends in. It is the same in every process, so that a test can
// configure a bridge before the simulator it will talk to is started.
func RootKey() [32]byte { return *rootKey().Pub }

// TrustRoot makes all whatsmeow clients of this process trust the servers of
// this package instead of WhatsApp's. Call it before the first client connects.
func TrustRoot() {
	trustOnce.Do(func() { whatsmeow.WACertPubKey = RootKey() })
}

func rootKey() *keys.KeyPair {
	return keys.NewKeyPairFromPrivateKey(sha256.Sum256([]byte("whatsapptest root certificate")))
}

// newCertificate makes the chain for a server whose Noise key is static.
func newCertificate(static *keys.KeyPair, now time.Time) ([]byte, error) {
	const intermediateSerial, leafSerial = 1, 2
	intermediate := keys.NewKeyPair()
	upper, err := signCertificate(rootKey(), intermediate, whatsmeow.WACertIssuerSerial, intermediateSerial, now)
	if err != nil {
		return nil, err
	}
	leaf, err := signCertificate(intermediate, static, intermediateSerial, leafSerial, now)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&waCert.CertChain{Intermediate: upper, Leaf: leaf})
}

func signCertificate(issuer, subject *keys.KeyPair, issuerSerial, serial uint32, now time.Time) (*waCert.CertChain_NoiseCertificate, error) {
	details, err := proto.Marshal(&waCert.CertChain_NoiseCertificate_Details{
		Serial:       proto.Uint32(serial),
		IssuerSerial: proto.Uint32(issuerSerial),
		Key:          subject.Pub[:],
		NotBefore:    proto.Uint64(uint64(now.Add(-24 * time.Hour).Unix())),
		NotAfter:     proto.Uint64(uint64(now.AddDate(1, 0, 0).Unix())),
	})
	if err != nil {
		return nil, fmt.Errorf("encode certificate: %w", err)
	}
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*issuer.Priv), details)
	return &waCert.CertChain_NoiseCertificate{Details: details, Signature: signature[:]}, nil
}
