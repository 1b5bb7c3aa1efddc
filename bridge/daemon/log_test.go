package daemon_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// Whatever brings a secret to the log, a library's own line or an error with an
// address in it, it is not written, in whatever form.
func TestL01_NoLineOfTheLogHasASecret(t *testing.T) {
	t.Parallel()
	const password = `hunter2/"q" @&<ü>`
	encoded := url.UserPassword("u", password).String()
	settings := []string{
		"WOOTBRIDGE_ADMIN_TOKEN=hunter2hunter2hunter2token", "WOOTBRIDGE_ENCRYPTION_KEY=aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=",
		"WOOTBRIDGE_DATABASE_URL=postgres://" + encoded + "@db.example.com/x", "WOOTBRIDGE_REDIS_URL=redis://" + encoded + "@redis.example.com:6379/0",
		"WOOTBRIDGE_PUBLIC_URL=https://u:hunter2@b.example.com?key=hunter2", "WOOTBRIDGE_LOG_LEVEL=debug",
		"WOOTBRIDGE_CHATWOOT_URL=https://u:hunter2@c.example.com", "WOOTBRIDGE_CHATWOOT_TOKEN=hunter2chatwoot", "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=1",
	}
	for _, format := range []string{"text", "json"} {
		cfg, err := config.Load(append(settings, "WOOTBRIDGE_LOG_FORMAT="+format))
		require.NoError(t, err)
		var out bytes.Buffer
		log := daemon.NewLog(cfg, &out)
		log.Debug("configuration", "config", cfg)
		said := slog.NewRecord(time.Now(), slog.LevelWarn, "a library says: dial "+cfg.DatabaseURL.Reveal(), 0)
		said.Add("with", password, "and", []string{cfg.AdminToken.Reveal()})
		require.NoError(t, log.Handler().Handle(t.Context(), said))
		log.Error("failed", "error", &url.Error{Op: "Get", URL: "https://files.example.com/x?X-Amz-Signature=hunter2&b", Err: errors.New("no route")})
		log.Error("failed", "error", fmt.Errorf("connect to %q: %w (%s)", cfg.RedisURL.Reveal(), errors.New(cfg.ChatwootToken.Reveal()), fmt.Sprintf("%q", password)))
		log.Info("https://b.example.com/webhooks/l1/hunter2", slog.Group("g", "struct", struct{ Token string }{cfg.AdminToken.Reveal()}))
		require.NotContains(t, out.String(), "hunter2")
		require.NotContains(t, out.String(), "aHVudGVyMmh1bnRlcjJodW50ZXIy")
		require.Contains(t, out.String(), "files.example.com/x?(hidden)")
		require.Contains(t, out.String(), "webhooks/l1/(hidden)")
		require.Equal(t, 5, bytes.Count(out.Bytes(), []byte("\n")))
	}
}
