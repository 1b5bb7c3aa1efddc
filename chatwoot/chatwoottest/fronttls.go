package chatwoottest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// frontIdentity is a certificate for this machine and the authority that signed it.
type frontIdentity struct {
	certificate tls.Certificate
	authority   []byte // PEM
}

// NewSecureFront starts a Front that is reached by https, as a Chatwoot of a company
// is: nobody knows the authority that signed its certificate but who is given it.
func NewSecureFront(chatwootURL string) (*Front, error) {
	identity, err := newFrontIdentity()
	if err != nil {
		return nil, err
	}
	return newFront(chatwootURL, identity)
}

// Authority is the certificate of the authority that signed a secure Front's, as the
// file that people are given.
func (f *Front) Authority() []byte { return f.authority }

func newFrontIdentity() (*frontIdentity, error) {
	from, to := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A company's own authority"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	signed, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "chatwoot"}, NotBefore: from, NotAfter: to,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	certificate, err := x509.CreateCertificate(rand.Reader, server, authority, key.Public(), authorityKey)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &frontIdentity{
		certificate: tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key},
		authority:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
	}, nil
}
