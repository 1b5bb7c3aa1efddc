package config

import (
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What works but is weak. It is told of and never refused: an installation that ran
// must run after an upgrade.

const (
	// strongBits is what a token must be worth at least.
	strongBits = 128
	// fewSigns is how few different signs no token has that was drawn.
	fewSigns = 6
)

// IsWeakToken reports whether a token can be guessed: as if each of its signs had
// been drawn by chance from the smallest set that has them all, it is worth less
// than 128 bits.
func IsWeakToken(token string) bool {
	sets := []string{
		"0123456789", "0123456789abcdef", "0123456789ABCDEF", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"0123456789abcdefghijklmnopqrstuvwxyz", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_+/=.",
	}
	size := 94 // every sign that a header takes
	for _, set := range sets {
		if strings.Trim(token, set) == "" && len(set) < size {
			size = len(set)
		}
	}
	different := map[rune]bool{}
	for _, sign := range token {
		different[sign] = true
	}
	return float64(len(token))*math.Log2(float64(size)) < strongBits || len(different) < fewSigns
}

// IsUnverified reports whether the way to a Postgres proves nothing: somebody in
// between can read the password and answer in its place. It takes no account of a
// Postgres on this machine, nor of one that is reached without TLS on purpose by a
// name of a network of containers, which has no dots.
func IsUnverified(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false // it is refused elsewhere
	}
	options := parsed.Query()
	host := parsed.Hostname()
	if options.Get("host") != "" {
		host = options.Get("host")
	}
	mode := options.Get("sslmode")
	if mode == "" {
		mode = os.Getenv("PGSSLMODE") // which the driver takes then
	}
	ip := net.ParseIP(host)
	switch {
	case slices.Contains([]string{"verify-full", "verify-ca"}, mode):
		return false
	case host == "", host == "localhost", filepath.IsAbs(host), ip != nil && ip.IsLoopback():
		return false
	case mode == "disable" && ip == nil && !strings.Contains(host, "."):
		return false
	}
	return true
}
