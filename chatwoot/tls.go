package chatwoot

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
)

// What keeps a connection over TLS from being made. Chatwoot was not reached.
var (
	// ErrUntrusted says that nobody whom this machine trusts has signed the
	// certificate.
	ErrUntrusted = errors.New("the certificate is not signed by anybody whom this machine trusts; SSL_CERT_FILE can name the authority's")
	// ErrNoTLS says that https was asked for where only http is spoken.
	ErrNoTLS = errors.New("the address answers without TLS")
)

// tlsFault is why TLS failed, without the library's text; nil where it did not.
func tlsFault(err error) error {
	var (
		unknown  x509.UnknownAuthorityError
		roots    x509.SystemRootsError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		verified *tls.CertificateVerificationError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &roots):
		return ErrUntrusted
	case errors.As(err, &name):
		return errors.New("the certificate is for another host")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return errors.New("the certificate has expired, or this machine's clock is wrong")
	case errors.As(err, &invalid):
		return fmt.Errorf("the certificate is not valid (%d)", invalid.Reason)
	case errors.As(err, &verified):
		return ErrUntrusted
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return ErrNoTLS
	}
	return nil
}
