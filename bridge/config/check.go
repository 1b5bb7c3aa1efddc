package config

import (
	"encoding/hex"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/internal/fetch"
)

const (
	minToken    = 16
	minKeepDone = time.Hour
)

// check reports a variable that is set and not right, unless it could not be
// read at all, which has been reported.
func (r *reader) check(name string, right func(value string) bool) {
	name = Prefix + name
	if value, ok := r.values[name]; ok && !r.unread[name] && !right(value) {
		r.fault(name)
	}
}

func (r *reader) has(name string) bool { return r.values[Prefix+name] != "" }

// imageAdminListen is what the image sets; a test holds the Dockerfile against it.
const imageAdminListen = ":8081"

// adminListenChosen reports whether an admin has said where the admin API is. The
// image says it always, so what it says decides nothing.
func (r *reader) adminListenChosen(image bool) bool {
	return r.has("ADMIN_LISTEN") && !(image && r.values[Prefix+"ADMIN_LISTEN"] == imageAdminListen)
}

func (r *reader) checkServer(cfg Config) {
	r.check("LISTEN", isAddress)
	r.check("ADMIN_LISTEN", isAddress)
	r.check("PUBLIC_URL", isWebAddress)
	r.check("DATABASE_URL", isPostgres)
	r.check("DATABASE_DIRECT_URL", func(v string) bool { return isPostgres(v) && r.has("DATABASE_URL") })
	r.check("REDIS_URL", func(v string) bool {
		_, err := redis.ParseURL(v)
		return err == nil
	})
	r.check("ADMIN_TOKEN", func(v string) bool { return len(v) >= minToken && !strings.ContainsFunc(v, notInHeader) })
	r.check("ENCRYPTION_KEY", isKey)
	r.check("NEW_ENCRYPTION_KEY", isKey)
	r.check("METRICS_LISTEN", func(v string) bool {
		taken := v == cfg.Listen || cfg.AdminListenChosen && v == cfg.AdminListen
		return isAddress(v) && (!taken || freePort(v))
	})
	r.checkFetchAllow(cfg)
	r.check("KEEP_DONE", func(string) bool { return cfg.KeepDone >= minKeepDone })
	r.check("LOG_LEVEL", func(string) bool {
		return slices.Contains([]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}, cfg.LogLevel)
	})
	r.check("LOG_FORMAT", func(v string) bool { return v == "text" || v == "json" })
	r.checkFirstLine(cfg)
	r.checkSimulator()
	if r.has("DATABASE_URL") && !r.has("ENCRYPTION_KEY") && !r.has("ENCRYPTION_KEY"+FileSuffix) {
		name := Prefix + "ENCRYPTION_KEY"
		r.faultWant(name, r.vars[name].Want+" (required with "+Prefix+"DATABASE_URL; keep it with your backups)")
	}
}

// checkFetchAllow names each entry that is not right.
func (r *reader) checkFetchAllow(cfg Config) {
	if _, err := fetch.ParseAllow(cfg.FetchAllow); err != nil {
		name := Prefix + "FETCH_ALLOW"
		r.faultWant(name, r.vars[name].Want+" ("+shown(strings.ReplaceAll(err.Error(), "\n", ", "))+")")
	}
}

// checkFirstLine takes the three settings together or not at all.
func (r *reader) checkFirstLine(cfg Config) {
	r.check("CHATWOOT_URL", isWebAddress)
	r.check("CHATWOOT_TOKEN", func(v string) bool { return !strings.ContainsFunc(v, notInHeader) })
	r.check("CHATWOOT_ACCOUNT_ID", func(string) bool { return cfg.ChatwootAccountID > 0 })
	r.together("CHATWOOT_URL", "CHATWOOT_TOKEN", "CHATWOOT_ACCOUNT_ID")
}

func (r *reader) checkSimulator() {
	r.check("SIMULATOR", func(v string) bool {
		host, _, err := net.SplitHostPort(v)
		ip := net.ParseIP(host)
		return err == nil && isAddress(v) && ip != nil && ip.IsLoopback()
	})
	r.check("SIMULATOR_ROOT_KEY", func(v string) bool {
		raw, err := hex.DecodeString(v)
		return err == nil && len(raw) == 32
	})
	r.together("SIMULATOR", "SIMULATOR_ROOT_KEY")
}

// together reports the missing ones of settings that must be set all or not at all.
func (r *reader) together(names ...string) {
	if !slices.ContainsFunc(names, r.has) {
		return
	}
	for i, name := range names {
		if r.has(name) || r.has(name+FileSuffix) {
			continue
		}
		others := slices.Delete(slices.Clone(names), i, i+1)
		name = Prefix + name
		r.faultWant(name, r.vars[name].Want+" (goes together with "+Prefix+strings.Join(others, " and "+Prefix)+")")
	}
}

func (r *reader) checkClient(cfg Client) {
	r.check("URL", isWebAddress)
	if cfg.URL == "" {
		r.check("LISTEN", isAddress)
		r.check("ADMIN_LISTEN", isAddress)
	}
}

// isAddress accepts host:port with a number as port.
func isAddress(v string) bool {
	host, port, err := net.SplitHostPort(v)
	if err != nil || strings.ContainsAny(host, "/ ") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isKey(v string) bool {
	_, err := seal.ParseKey(v)
	return err == nil
}

// freePort reports whether an address leaves the choice of the port to the system.
func freePort(v string) bool { return strings.HasSuffix(v, ":0") }

func isWebAddress(v string) bool {
	parsed, err := url.Parse(v)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() != ""
}

func isPostgres(v string) bool {
	parsed, err := url.Parse(v)
	return err == nil && (parsed.Scheme == "postgres" || parsed.Scheme == "postgresql") && parsed.Host != ""
}

// notInHeader finds what a token in a header cannot hold.
func notInHeader(c rune) bool { return c <= ' ' || c > '~' }
