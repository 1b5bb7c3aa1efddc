package config

import (
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

// Config is the configuration of a server. The tag env names the variable without
// its prefix; want describes a right value.
type Config struct {
	// Listen is where the web server listens; port 0 takes a free one.
	Listen string `env:"LISTEN" envDefault:":8080" want:"host:port, such as :8080 or 127.0.0.1:8080"`
	// AdminListen is where people and their programs are served: the admin API and
	// the metrics. Empty, or the same as Listen, means that they are served there.
	AdminListen string `env:"ADMIN_LISTEN" envDefault:"127.0.0.1:8081" want:"host:port, such as 127.0.0.1:8081"`
	// AdminListenChosen says that an admin has set AdminListen, not only the image.
	AdminListenChosen bool
	// Image says that the program runs in the image, which sets AdminListen because
	// a container's loopback address cannot be published.
	Image bool `env:"IMAGE" want:"nothing: the image sets it to true"`
	// PublicURL is where Chatwoot reaches this server; it may be empty when
	// both run on one machine.
	PublicURL string `env:"PUBLIC_URL" want:"the address at which Chatwoot reaches the bridge, such as https://bridge.example.com"`
	// DataDir holds what is kept in files.
	DataDir string `env:"DATA_DIR" envDefault:"./data" want:"a folder"`
	// DatabaseURL is a Postgres; empty means SQLite in DataDir.
	DatabaseURL seal.Secret `env:"DATABASE_URL" want:"postgres://user:password@host:5432/name"`
	// DatabaseDirectURL leads to the same Postgres past a pooler; empty means that
	// DatabaseURL does, or that there is no such way.
	DatabaseDirectURL seal.Secret `env:"DATABASE_DIRECT_URL" want:"postgres://user:password@host:5432/name, the database of WOOTBRIDGE_DATABASE_URL on Postgres itself"`
	// RedisURL is empty for a cache in this process.
	RedisURL seal.Secret `env:"REDIS_URL" want:"redis://:password@host:6379/0"`
	// AdminToken guards the admin API; when empty one is made and kept in
	// DataDir.
	AdminToken seal.Secret `env:"ADMIN_TOKEN" want:"at least 16 letters and digits, better the output of: openssl rand -hex 32"`
	// EncryptionKey seals secrets in the database; when empty, and only with
	// SQLite, one is made and kept in DataDir.
	EncryptionKey seal.Secret `env:"ENCRYPTION_KEY" want:"32 bytes in base64, such as the output of: openssl rand -base64 32"`
	// NewEncryptionKey is the key that "migrate --new-key" seals everything with; after that
	// it is EncryptionKey.
	NewEncryptionKey seal.Secret `env:"NEW_ENCRYPTION_KEY" want:"32 bytes in base64, such as the output of: openssl rand -base64 32"`
	// MetricsListen serves metrics without a token; empty means on AdminListen,
	// with it.
	MetricsListen string `env:"METRICS_LISTEN" want:"host:port, such as 127.0.0.1:9090, and not the port of WOOTBRIDGE_LISTEN or WOOTBRIDGE_ADMIN_LISTEN"`
	// FetchAllow is what files may be fetched from although it is not public.
	FetchAllow string `env:"FETCH_ALLOW" want:"hosts and networks, separated by commas, such as minio.internal:9000,10.0.0.0/8"`
	// KeepDone is how long finished jobs are kept.
	KeepDone time.Duration `env:"KEEP_DONE" envDefault:"15d" want:"a time of at least an hour, such as 15d or 36h"`
	// The first line, made when there is none.
	ChatwootURL       string      `env:"CHATWOOT_URL" want:"the address of Chatwoot, such as https://chat.example.com"`
	ChatwootToken     seal.Secret `env:"CHATWOOT_TOKEN" want:"the access token of a Chatwoot administrator"`
	ChatwootAccountID int64       `env:"CHATWOOT_ACCOUNT_ID" want:"the number after /accounts/ in the addresses of Chatwoot, such as 1"`

	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info" want:"debug, info, warn or error"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"text" want:"text or json"`

	// Simulator and SimulatorRootKey put a simulator in WhatsApp's place.
	Simulator        string `env:"SIMULATOR" want:"the loopback address of a simulator, such as 127.0.0.1:9000"`
	SimulatorRootKey string `env:"SIMULATOR_ROOT_KEY" want:"64 hex digits"`
}

// Embedded says that everything is kept in DataDir.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// HasFirstLine says that a first line is described.
func (c Config) HasFirstLine() bool { return c.ChatwootURL != "" }

// LogValue implements slog.LogValuer; secrets are hidden, also those in addresses.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	value := reflect.ValueOf(c)
	for _, v := range variablesOf(c) {
		field := value.FieldByName(v.field)
		if field.IsZero() {
			continue
		}
		shown := field.Interface()
		if text, ok := shown.(string); ok {
			shown = seal.Mask(text)
		}
		attrs = append(attrs, slog.Any(v.Name, shown))
	}
	return slog.GroupValue(attrs...)
}

// Client is the configuration of the commands that talk to a running server.
type Client struct {
	// URL is where the server is; empty means on this machine.
	URL         string `env:"URL" want:"the address of the running server, such as http://127.0.0.1:8081"`
	Listen      string `env:"LISTEN" envDefault:":8080" want:"host:port, such as :8080 or 127.0.0.1:8080"`
	AdminListen string `env:"ADMIN_LISTEN" envDefault:"127.0.0.1:8081" want:"host:port, such as 127.0.0.1:8081"`
	// AdminListenChosen says that an admin has set AdminListen, not only the image.
	AdminListenChosen bool
	Image             bool        `env:"IMAGE" want:"nothing: the image sets it to true"`
	DataDir           string      `env:"DATA_DIR" envDefault:"./data" want:"a folder"`
	AdminToken        seal.Secret `env:"ADMIN_TOKEN" want:"the token of the running server"`
	// ChatwootToken is for making a line.
	ChatwootToken seal.Secret `env:"CHATWOOT_TOKEN" want:"the access token of a Chatwoot administrator"`
}

// PublicURL is where the server answers probes, as it answers Chatwoot.
func (c Client) PublicURL() string {
	if c.URL != "" {
		return c.URL
	}
	return LocalURL(c.Listen)
}

// AdminURLs is where the admin API may be, the likeliest first. recorded is what the
// running server has written down, or "". Where nobody has said it, an installation
// from before WOOTBRIDGE_ADMIN_LISTEN may still have it at WOOTBRIDGE_LISTEN.
func (c Client) AdminURLs(recorded string) []string {
	switch {
	case c.URL != "":
		return []string{c.URL}
	case c.AdminListenChosen && !freePort(c.AdminListen):
		return []string{LocalURL(c.AdminListen)}
	}
	var all []string
	for _, url := range []string{recorded, LocalURL(c.AdminListen), LocalURL(c.Listen)} {
		if url != "" && !slices.Contains(all, url) {
			all = append(all, url)
		}
	}
	return all
}

// LocalURL is how a program on this machine reaches a server that listens at
// the given address.
func LocalURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}).String()
}
