package config_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/wootbridge/wootbridge/bridge/config"
)

// composed is as much of a compose file as is checked.
type composed struct {
	Services map[string]struct {
		Environment map[string]string `yaml:"environment"`
		Command     []string          `yaml:"command"`
		Ports       []string          `yaml:"ports"`
		Secrets     []string          `yaml:"secrets"`
		User        string            `yaml:"user"`
		MemLimit    string            `yaml:"mem_limit"`
		PidsLimit   int               `yaml:"pids_limit"`
		ReadOnly    bool              `yaml:"read_only"`
		CapDrop     []string          `yaml:"cap_drop"`
		SecurityOpt []string          `yaml:"security_opt"`
		Healthcheck struct {
			Test []string `yaml:"test"`
		} `yaml:"healthcheck"`
	} `yaml:"services"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

func shipped(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	return string(content)
}

// Whoever gets into one of the services gets no further: it may use so much and no
// more, has no capability, writes nothing but its data, and knows only its own secrets,
// which stand in no environment.
func TestL05_TheServicesAreConfined(t *testing.T) {
	t.Parallel()
	var file composed
	require.NoError(t, yaml.Unmarshal([]byte(shipped(t, "deploy/compose.yaml")), &file))
	require.Len(t, file.Services, 3)
	secret := regexp.MustCompile(`(?i)(password|token|secret|key|database_url|redis_url|direct_url)$`)
	for name, s := range file.Services {
		require.NotEmpty(t, s.MemLimit, name)
		require.Positive(t, s.PidsLimit, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Contains(t, s.SecurityOpt, "no-new-privileges:true", name)
		require.True(t, s.ReadOnly, name)
		for variable := range s.Environment {
			require.NotRegexp(t, secret, variable, "%s gets it by a file", name)
		}
		for _, port := range s.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s publishes %s", name, port)
		}
		for _, used := range s.Secrets {
			require.NotEmpty(t, file.Secrets[used].File, used)
		}
	}
	bridge := file.Services["wootbridge"]
	require.Contains(t, bridge.Ports, "127.0.0.1:8081:8081")
	require.NotContains(t, bridge.Secrets, "postgres_password")
	require.Equal(t, []string{"postgres_password"}, file.Services["wootbridge-postgres"].Secrets)
	redis := file.Services["wootbridge-redis"]
	require.Equal(t, []string{"redis_password"}, redis.Secrets)
	require.Contains(t, strings.Join(redis.Command, " "), "requirepass $$(cat /run/secrets/redis_password)")
	require.Contains(t, strings.Join(redis.Healthcheck.Test, " "), "/run/secrets/redis_password", "or it is told nothing but that it has no password")

	var environ []string
	for name, value := range bridge.Environment {
		require.NotContains(t, value, "://", name)
		if !strings.Contains(value, "${") && !strings.HasSuffix(name, "_FILE") {
			environ = append(environ, name+"="+value)
		}
	}
	cfg, err := config.Load(append(environ, "WOOTBRIDGE_IMAGE=true"))
	require.NoError(t, err)
	require.True(t, cfg.AdminListenChosen, "an installation that had one port gets a second one with this file")
}

// Nobody can be asked where a script calls it; the bridge would not start without.
func TestL05_AMissingTokenIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := filepath.Join(dir, "make-secrets")
	require.NoError(t, os.WriteFile(script, []byte(shipped(t, "deploy/make-secrets")), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("WOOTBRIDGE_CHATWOOT_URL=https://c\n"), 0o600))
	out, err := exec.Command("/bin/sh", script).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "write it into secrets/chatwoot-token")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secrets", "chatwoot-token"), []byte("tok\n"), 0o600))
	out, err = exec.Command("/bin/sh", script).CombinedOutput()
	require.NoError(t, err, string(out))
}

// The script that makes the secrets makes each that a service is given, and changes none
// that is there.
func TestL05_TheSecretsAreMade(t *testing.T) {
	t.Parallel()
	var file composed
	require.NoError(t, yaml.Unmarshal([]byte(shipped(t, "deploy/compose.yaml")), &file))
	for name, before := range map[string]string{
		"from nothing":    "",
		"from an earlier": "POSTGRES_PASSWORD=hunter2\nWOOTBRIDGE_ENCRYPTION_KEY='" + key + "'\nWOOTBRIDGE_CHATWOOT_URL=https://c\nWOOTBRIDGE_CHATWOOT_TOKEN=tok\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := filepath.Join(dir, "make-secrets")
			require.NoError(t, os.WriteFile(script, []byte(shipped(t, "deploy/make-secrets")), 0o755))
			if before != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(before), 0o600))
			}
			made := map[string]string{}
			for range 2 {
				out, err := exec.Command("/bin/sh", script).CombinedOutput()
				require.NoError(t, err, string(out))
				for name, s := range file.Secrets {
					content, err := os.ReadFile(filepath.Join(dir, s.File))
					require.NoError(t, err)
					if made[name] != "" {
						require.Equal(t, made[name], string(content), name)
					}
					made[name] = string(content)
				}
			}
			info, err := os.Stat(filepath.Join(dir, "secrets"))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
			cfg, err := config.Load([]string{
				"WOOTBRIDGE_DATABASE_URL_FILE=" + filepath.Join(dir, "secrets", "database-url"), "WOOTBRIDGE_REDIS_URL_FILE=" + filepath.Join(dir, "secrets", "redis-url"),
				"WOOTBRIDGE_ENCRYPTION_KEY_FILE=" + filepath.Join(dir, "secrets", "encryption-key"),
			})
			require.NoError(t, err)
			require.False(t, config.IsUnverified(cfg.DatabaseURL.Reveal()))
			require.Contains(t, cfg.RedisURL.Reveal(), ":"+strings.TrimSpace(made["redis_password"])+"@")
			if before != "" {
				require.Contains(t, cfg.DatabaseURL.Reveal(), ":hunter2@", "the volume was made with it")
				require.Equal(t, key, cfg.EncryptionKey.Reveal())
				require.Equal(t, "tok\n", made["chatwoot_token"])
			}
		})
	}
}

func TestL06_TheImagePublishesItsOwnPort(t *testing.T) {
	t.Parallel()
	image := shipped(t, "Dockerfile")
	require.Contains(t, image, " WOOTBRIDGE_ADMIN_LISTEN=:8081 WOOTBRIDGE_IMAGE=true\n")
	require.Contains(t, image, "\nEXPOSE 8080 8081\n")
	cfg, err := config.Load([]string{"WOOTBRIDGE_ADMIN_LISTEN=:8081", "WOOTBRIDGE_IMAGE=true"})
	require.NoError(t, err)
	require.False(t, cfg.AdminListenChosen)
}

func TestL07_TheUnitIsConfined(t *testing.T) {
	t.Parallel()
	unit := shipped(t, "deploy/wootbridge.service")
	for _, line := range []string{
		"MemoryMax=1G", "TasksMax=512", "LimitNOFILE=65536", "ProtectProc=invisible", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged",
		"NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "RestartPreventExitStatus=78", "UMask=0077",
	} {
		require.Contains(t, unit, "\n"+line+"\n")
	}
}
