package whatsapp

import (
	"context"
	"errors"
	"net"
	"net/http"

	"go.mau.fi/whatsmeow"
)

// Simulator stands in for WhatsApp's servers.
type Simulator struct {
	Addr    string // host:port on loopback
	RootKey [32]byte
}

// Use makes this process trust the simulator instead of WhatsApp. The trust is
// a variable of the library that is read without a lock: call it once, before
// any session exists.
func (s *Simulator) Use() error {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return errors.New("the simulator's address is not host:port")
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("the simulator's address must be a loopback IP address")
	}
	whatsmeow.WACertPubKey = s.RootKey
	return nil
}

// transport dials the simulator for every host, in plain text even for https:
// net/http does not look whether what DialTLSContext gives is TLS.
func (s *Simulator) transport() *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr)
	}
	return &http.Transport{DialContext: dial, DialTLSContext: dial}
}
