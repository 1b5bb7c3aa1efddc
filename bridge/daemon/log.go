package daemon

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// NewLog makes the process's log. Nothing that is secret is given to it knowingly;
// what libraries say, and errors that hold an address, may bring something along, so
// secrets are taken out of every line once more.
func NewLog(cfg config.Config, out io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.LogLevel}
	out = &masked{out: out, secrets: replacer(cfg)}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, opts))
	}
	return slog.New(slog.NewTextHandler(out, opts))
}

// masked writes lines without the secrets in them.
type masked struct {
	out     io.Writer
	secrets *strings.Replacer
}

// Write implements io.Writer; slog calls it once for each line.
func (m *masked) Write(line []byte) (int, error) {
	text := string(line)
	if shown := seal.Mask(m.secrets.Replace(text)); shown != text {
		line = []byte(shown)
	}
	if _, err := m.out.Write(line); err != nil {
		return 0, err
	}
	return len(text), nil
}

// replacer takes out the secrets of the configuration, also as they are written in
// addresses, in quotes and in JSON.
func replacer(cfg config.Config) *strings.Replacer {
	var pairs []string
	hide := func(secret string) {
		// What is shorter stands in words too; addresses are masked as a whole.
		const shortest = 8
		if len(secret) < shortest {
			return
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), inJSON(secret), quoted(secret), quoted(quoted(secret))} {
			pairs = append(pairs, form, seal.Secret(secret).String())
		}
	}
	for _, secret := range []seal.Secret{cfg.AdminToken, cfg.EncryptionKey, cfg.ChatwootToken, cfg.DatabaseURL, cfg.DatabaseDirectURL, cfg.RedisURL} {
		hide(secret.Reveal())
	}
	for _, address := range []string{cfg.DatabaseURL.Reveal(), cfg.DatabaseDirectURL.Reveal(), cfg.RedisURL.Reveal(), cfg.ChatwootURL, cfg.PublicURL} {
		if parsed, err := url.Parse(address); err == nil {
			password, _ := parsed.User.Password()
			hide(password)
		}
	}
	return strings.NewReplacer(pairs...)
}

// quoted is a text as %q and slog write it, without the quotes around it.
func quoted(text string) string {
	text = strconv.Quote(text)
	return text[1 : len(text)-1]
}

func inJSON(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return string(encoded[1 : len(encoded)-1])
}
