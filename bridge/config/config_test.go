package config_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/config"
)

const key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

func TestNothingSetIsAnEmbeddedServer(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load([]string{"HOME=/root", "WOOTBRIDGE_LISTEN="})
	require.NoError(t, err)
	require.True(t, cfg.Embedded())
	require.False(t, cfg.HasFirstLine())
	require.Equal(t, ":8080", cfg.Listen)
	require.Equal(t, "127.0.0.1:8081", cfg.AdminListen)
	require.False(t, cfg.AdminListenChosen)
	require.Equal(t, "./data", cfg.DataDir)
	require.Equal(t, 15*24*time.Hour, cfg.KeepDone)
	require.Equal(t, slog.LevelInfo, cfg.LogLevel)
	require.Equal(t, "text", cfg.LogFormat)
}

func TestEverythingSet(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load([]string{
		"WOOTBRIDGE_LISTEN=127.0.0.1:0", "WOOTBRIDGE_PUBLIC_URL=https://bridge.example.com/wa", "WOOTBRIDGE_DATA_DIR=/data",
		"WOOTBRIDGE_DATABASE_URL=postgres://u:p@db/wootbridge", "WOOTBRIDGE_DATABASE_DIRECT_URL=postgres://u:p@direct/wootbridge", "WOOTBRIDGE_REDIS_URL=redis://:p@redis:6379/0",
		"WOOTBRIDGE_ADMIN_TOKEN=0123456789abcdef", "WOOTBRIDGE_ENCRYPTION_KEY=" + key, "WOOTBRIDGE_METRICS_LISTEN=:9090",
		"WOOTBRIDGE_KEEP_DONE=36h", "WOOTBRIDGE_CHATWOOT_URL=http://chatwoot:3000", "WOOTBRIDGE_CHATWOOT_TOKEN=tok",
		"WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=3", "WOOTBRIDGE_LOG_LEVEL=debug", "WOOTBRIDGE_LOG_FORMAT=json",
		"WOOTBRIDGE_SIMULATOR=[::1]:9", "WOOTBRIDGE_SIMULATOR_ROOT_KEY=" + strings.Repeat("0f", 32),
	})
	require.NoError(t, err)
	require.False(t, cfg.Embedded())
	require.True(t, cfg.HasFirstLine())
	require.Equal(t, int64(3), cfg.ChatwootAccountID)
	require.Equal(t, 36*time.Hour, cfg.KeepDone)
	require.Equal(t, slog.LevelDebug, cfg.LogLevel)
}

// A token copied with its newline must not become a refused login.
func TestR31_SecretsAreTrimmedAndComeFromFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("0123456789abcdef\r\n"), 0o600))
	for _, set := range []string{"WOOTBRIDGE_ADMIN_TOKEN= 0123456789abcdef\n", "WOOTBRIDGE_ADMIN_TOKEN_FILE=" + file + "\n"} {
		cfg, err := config.Load([]string{set})
		require.NoError(t, err)
		require.Equal(t, "0123456789abcdef", cfg.AdminToken.Reveal())
		client, err := config.LoadClient([]string{set})
		require.NoError(t, err)
		require.Equal(t, "0123456789abcdef", client.AdminToken.Reveal())
	}
}

func TestEverySecretHasAFileVariable(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	secrets := 0
	for _, v := range config.Variables() {
		if !v.Secret {
			continue
		}
		secrets++
		_, err := config.Load([]string{v.Name + "_FILE=" + missing})
		require.ErrorContains(t, err, fmt.Sprintf("%s_FILE is %q; want a file that exists", v.Name, missing))
	}
	require.Equal(t, 7, secrets)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, large := filepath.Join(dir, "empty"), filepath.Join(dir, "large")
	require.NoError(t, os.WriteFile(empty, []byte(" \n"), 0o600))
	require.NoError(t, os.WriteFile(large, bytes.Repeat([]byte("x"), 1<<20), 0o600))
	tests := []struct {
		name string
		set  []string
		want []string
	}{
		{"port only", []string{"LISTEN=8080"}, []string{`WOOTBRIDGE_LISTEN is "8080"; want host:port`}},
		{"port by name", []string{"LISTEN=:http"}, []string{`WOOTBRIDGE_LISTEN is ":http"`}},
		{"port too high", []string{"LISTEN=:70000"}, []string{`WOOTBRIDGE_LISTEN is ":70000"`}},
		{"address without scheme", []string{"PUBLIC_URL=bridge.example.com"}, []string{`WOOTBRIDGE_PUBLIC_URL is "bridge.example.com"; want the address`}},
		{"other database", []string{"DATABASE_URL=mysql://u:hunter2@h/x", "ENCRYPTION_KEY=" + key}, []string{`WOOTBRIDGE_DATABASE_URL is (hidden); want postgres://`}},
		{"direct address without database", []string{"DATABASE_DIRECT_URL=postgres://u:hunter2@h/x"}, []string{"WOOTBRIDGE_DATABASE_DIRECT_URL is (hidden); want postgres://"}},
		{"database without key", []string{"DATABASE_URL=postgres://u:hunter2@h/x"}, []string{"WOOTBRIDGE_ENCRYPTION_KEY is not set; want 32 bytes"}},
		{"short key", []string{"ENCRYPTION_KEY=aHVudGVyMg=="}, []string{"WOOTBRIDGE_ENCRYPTION_KEY is (hidden); want 32 bytes"}},
		{"redis over http", []string{"REDIS_URL=http://:hunter2@h"}, []string{"WOOTBRIDGE_REDIS_URL is (hidden)"}},
		{"short token", []string{"ADMIN_TOKEN=hunter2"}, []string{"WOOTBRIDGE_ADMIN_TOKEN is (hidden); want at least 16"}},
		{"token with a space", []string{"ADMIN_TOKEN=hunter2 hunter2 hunter2"}, []string{"WOOTBRIDGE_ADMIN_TOKEN is (hidden)"}},
		{"metrics beside the webhooks", []string{"METRICS_LISTEN=:8080"}, []string{`WOOTBRIDGE_METRICS_LISTEN is ":8080"`}},
		{"metrics beside the API", []string{"METRICS_LISTEN=:9001", "ADMIN_LISTEN=:9001"}, []string{`WOOTBRIDGE_METRICS_LISTEN is ":9001"`}},
		{"admin port only", []string{"ADMIN_LISTEN=8081"}, []string{`WOOTBRIDGE_ADMIN_LISTEN is "8081"; want host:port`}},
		{"no hosts to fetch from", []string{"FETCH_ALLOW=ok,http://minio:9000,10.0.0.0/33"}, []string{`WOOTBRIDGE_FETCH_ALLOW is "ok,http://minio:9000,10.0.0.0/33"; want hosts and networks, separated by commas, such as minio.internal:9000,10.0.0.0/8 ("http://minio:9000" is neither a host nor a network, "10.0.0.0/33" is`}},
		{"a password among hosts", []string{"FETCH_ALLOW=http://u:hunter2@minio:9000, u:hunter2@x"}, []string{
			`WOOTBRIDGE_FETCH_ALLOW is "http://(hidden)@x"; want hosts and networks, separated by commas, such as minio.internal:9000,10.0.0.0/8 ("http://(hidden)@x" is neither`,
		}},
		{"a password with anything in it", []string{"PUBLIC_URL=x:///hunter2, hunter2\"/hunter2@h"}, []string{`WOOTBRIDGE_PUBLIC_URL is "x://(hidden)@h"`}},
		{"a token in an address without a scheme", []string{"PUBLIC_URL=b.example.com/x?token=hunter2"}, []string{`WOOTBRIDGE_PUBLIC_URL is "b.example.com/x?(hidden)"`}},
		{"a secret where its file belongs", []string{"ADMIN_TOKEN_FILE=hunter2-hunter2-hunter2"}, []string{"WOOTBRIDGE_ADMIN_TOKEN_FILE is (hidden); want a file that exists"}},
		{"an address where its file belongs", []string{"REDIS_URL_FILE=redis://:hunter2@h"}, []string{"WOOTBRIDGE_REDIS_URL_FILE is (hidden); want a file that exists"}},
		{"a key where its file belongs", []string{"ENCRYPTION_KEY_FILE=/hunter2" + key[8:]}, []string{"WOOTBRIDGE_ENCRYPTION_KEY_FILE is (hidden); want a file that exists"}},
		{"both a secret and its file", []string{"ADMIN_TOKEN=0123456789abcdef", "ADMIN_TOKEN_FILE=hunter2-hunter2-hunter2"}, []string{"WOOTBRIDGE_ADMIN_TOKEN_FILE is (hidden); want either this"}},
		{"a folder that is not there", []string{"ADMIN_TOKEN_FILE=/run/no-secrets/token"}, []string{`WOOTBRIDGE_ADMIN_TOKEN_FILE is "/run/no-secrets/token"; want a file that exists`}},
		{"no time", []string{"KEEP_DONE=soon"}, []string{`WOOTBRIDGE_KEEP_DONE is "soon"; want a time`}},
		{"too short a time", []string{"KEEP_DONE=0d"}, []string{`WOOTBRIDGE_KEEP_DONE is "0d"`}},
		{"level", []string{"LOG_LEVEL=loud"}, []string{`WOOTBRIDGE_LOG_LEVEL is "loud"; want debug, info, warn or error`}},
		{"level between", []string{"LOG_LEVEL=info+1"}, []string{`WOOTBRIDGE_LOG_LEVEL is "info+1"`}},
		{"format", []string{"LOG_FORMAT=xml"}, []string{`WOOTBRIDGE_LOG_FORMAT is "xml"; want text or json`}},
		{"a third of a line", []string{"CHATWOOT_URL=https://c"}, []string{
			"WOOTBRIDGE_CHATWOOT_TOKEN is not set; want the access token of a Chatwoot administrator (goes together with WOOTBRIDGE_CHATWOOT_URL and WOOTBRIDGE_CHATWOOT_ACCOUNT_ID)",
			"WOOTBRIDGE_CHATWOOT_ACCOUNT_ID is not set; want the number",
		}},
		{"account by name", []string{"CHATWOOT_URL=https://c", "CHATWOOT_TOKEN=t", "CHATWOOT_ACCOUNT_ID=acme"}, []string{`WOOTBRIDGE_CHATWOOT_ACCOUNT_ID is "acme"`}},
		{"account zero", []string{"CHATWOOT_URL=https://c", "CHATWOOT_TOKEN=t", "CHATWOOT_ACCOUNT_ID=0"}, []string{`WOOTBRIDGE_CHATWOOT_ACCOUNT_ID is "0"`}},
		{"simulator without key", []string{"SIMULATOR=127.0.0.1:9"}, []string{"WOOTBRIDGE_SIMULATOR_ROOT_KEY is not set"}},
		{"simulator elsewhere", []string{"SIMULATOR=10.0.0.1:9", "SIMULATOR_ROOT_KEY=" + strings.Repeat("0", 64)}, []string{`WOOTBRIDGE_SIMULATOR is "10.0.0.1:9"; want the loopback address`}},
		{"simulator by name", []string{"SIMULATOR=localhost:9", "SIMULATOR_ROOT_KEY=" + strings.Repeat("0", 64)}, []string{`WOOTBRIDGE_SIMULATOR is "localhost:9"`}},
		{"half a root key", []string{"SIMULATOR=127.0.0.1:9", "SIMULATOR_ROOT_KEY=0f"}, []string{`WOOTBRIDGE_SIMULATOR_ROOT_KEY is "0f"; want 64 hex digits`}},
		{"secret twice", []string{"ADMIN_TOKEN=hunter2hunter2hunter2", "ADMIN_TOKEN_FILE=" + empty}, []string{"want either this or WOOTBRIDGE_ADMIN_TOKEN, not both"}},
		{"empty file", []string{"ADMIN_TOKEN_FILE=" + empty}, []string{"want a file that is not empty"}},
		{"large file", []string{"ADMIN_TOKEN_FILE=" + large}, []string{"want a file that holds nothing but the secret"}},
		{"folder as file", []string{"ADMIN_TOKEN_FILE=" + dir}, []string{"want a file that holds nothing but the secret"}},
		{"several at once", []string{"LISTEN=x", "LOG_FORMAT=y", "KEEP_DONE=z"}, []string{"WOOTBRIDGE_LISTEN", "WOOTBRIDGE_LOG_FORMAT", "WOOTBRIDGE_KEEP_DONE"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var environ []string
			for _, set := range test.set {
				environ = append(environ, "WOOTBRIDGE_"+set)
			}
			_, err := config.Load(environ)
			var faults config.Faults
			require.ErrorAs(t, err, &faults)
			require.Len(t, faults, len(test.want), "%v", err)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// A secret from a file is named by the file's variable.
func TestFaultNamesTheVariableThatWasSet(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("short"), 0o600))
	_, err := config.Load([]string{"WOOTBRIDGE_ENCRYPTION_KEY_FILE=" + file})
	require.ErrorContains(t, err, "WOOTBRIDGE_ENCRYPTION_KEY_FILE is (hidden); want 32 bytes")
}

func TestUnknownNamesTheNearest(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]string{
		"WOOTBRIDGE_LISTN":            "WOOTBRIDGE_LISTEN",
		"WOOTBRIDGE_ADMIN_TOKENFILE":  "WOOTBRIDGE_ADMIN_TOKEN_FILE",
		"WOOTBRIDGE_SOMETHING_AT_ALL": "",
	}, config.Unknown([]string{
		"WOOTBRIDGE_LISTN=x", "WOOTBRIDGE_ADMIN_TOKENFILE=x", "WOOTBRIDGE_SOMETHING_AT_ALL=x",
		"WOOTBRIDGE_URL=x", "WOOTBRIDGE_ENCRYPTION_KEY_FILE=x", "PATH=x", "WOOTBRIDGE_LISTEN=x",
	}))
}

// What is printed of a configuration has no secret in it, however it is printed.
func TestD35_SecretsAreMasked(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load([]string{
		"WOOTBRIDGE_ADMIN_TOKEN=hunter2hunter2hunter2", "WOOTBRIDGE_ENCRYPTION_KEY=" + key,
		"WOOTBRIDGE_DATABASE_URL=postgres://u:hunter2@h/x", "WOOTBRIDGE_REDIS_URL=redis://:hunter2@h",
		"WOOTBRIDGE_CHATWOOT_URL=https://c", "WOOTBRIDGE_CHATWOOT_TOKEN=hunter2", "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=1",
	})
	require.NoError(t, err)
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", cfg)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", cfg)
	fmt.Fprintf(&out, "%v %+v %#v %s", cfg, cfg, cfg, cfg.AdminToken)
	require.NotContains(t, out.String(), "hunter2")
	require.NotContains(t, out.String(), key)
	require.Contains(t, out.String(), "config.WOOTBRIDGE_ADMIN_TOKEN=(hidden)")
	require.Contains(t, out.String(), "config.WOOTBRIDGE_KEEP_DONE=360h0m0s")
}

func TestClientFindsTheServer(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8080": "http://127.0.0.1:8080", "0.0.0.0:81": "http://127.0.0.1:81", "[::]:82": "http://127.0.0.1:82",
		"127.0.0.2:83": "http://127.0.0.2:83", "[::1]:84": "http://[::1]:84", "bridge:85": "http://bridge:85",
	} {
		client, err := config.LoadClient([]string{"WOOTBRIDGE_LISTEN=" + listen, "WOOTBRIDGE_ADMIN_LISTEN=" + listen})
		require.NoError(t, err)
		require.Equal(t, want, client.PublicURL())
		require.Equal(t, []string{want}, client.AdminURLs("http://127.0.0.1:9"))
	}
	client, err := config.LoadClient([]string{"WOOTBRIDGE_URL=https://bridge.example.com", "WOOTBRIDGE_LISTEN=nonsense", "WOOTBRIDGE_ADMIN_LISTEN=nonsense"})
	require.NoError(t, err)
	require.Equal(t, "https://bridge.example.com", client.PublicURL())
	require.Equal(t, []string{"https://bridge.example.com"}, client.AdminURLs("http://127.0.0.1:9"))
	_, err = config.LoadClient([]string{"WOOTBRIDGE_URL=8080"})
	require.ErrorContains(t, err, `WOOTBRIDGE_URL is "8080"; want the address of the running server`)
	_, err = config.LoadClient([]string{"WOOTBRIDGE_ADMIN_LISTEN=8081"})
	require.ErrorContains(t, err, `WOOTBRIDGE_ADMIN_LISTEN is "8081"; want host:port`)
}

// A command looks where the admin API is by default, and where it was before it had
// an address of its own.
func TestL06_ClientFindsTheAdminAPI(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		set      []string
		recorded string
		want     []string
	}{
		{"nothing set", nil, "", []string{"http://127.0.0.1:8081", "http://127.0.0.1:8080"}},
		{"written down by the server", nil, "http://127.0.0.1:40123", []string{"http://127.0.0.1:40123", "http://127.0.0.1:8081", "http://127.0.0.1:8080"}},
		{"an installation with one port", []string{"LISTEN=0.0.0.0:81"}, "", []string{"http://127.0.0.1:8081", "http://127.0.0.1:81"}},
		{"chosen", []string{"ADMIN_LISTEN=127.0.0.1:9001"}, "http://127.0.0.1:8081", []string{"http://127.0.0.1:9001"}},
		{"in the image", []string{"IMAGE=true", "ADMIN_LISTEN=:8081"}, "", []string{"http://127.0.0.1:8081", "http://127.0.0.1:8080"}},
		{"in the image, one port", []string{"IMAGE=true", "ADMIN_LISTEN=:8081"}, "http://127.0.0.1:8080", []string{"http://127.0.0.1:8080", "http://127.0.0.1:8081"}},
		{"chosen in the image", []string{"IMAGE=true", "ADMIN_LISTEN=0.0.0.0:8081"}, "", []string{"http://127.0.0.1:8081"}},
		{"a free port", []string{"ADMIN_LISTEN=127.0.0.1:0"}, "http://127.0.0.1:40123", []string{"http://127.0.0.1:40123", "http://127.0.0.1:0", "http://127.0.0.1:8080"}},
	} {
		var environ []string
		for _, set := range test.set {
			environ = append(environ, "WOOTBRIDGE_"+set)
		}
		client, err := config.LoadClient(environ)
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, client.AdminURLs(test.recorded), test.name)
		server, err := config.Load(environ)
		require.NoError(t, err, test.name)
		require.Equal(t, client.AdminListenChosen, server.AdminListenChosen, test.name)
	}
}

// The smallest tokens that are worth 128 bits pass, whatever they are made of.
func TestL04_WeakTokensAreKnown(t *testing.T) {
	t.Parallel()
	for token, weak := range map[string]bool{
		"0123456789abcdef":                        true,
		"0123456789abcdef0123456789abcde":         true,
		"0123456789abcdef0123456789abcdef":        false, // openssl rand -hex 16
		"aB3dE6gH9jK2mN5pQ8sT1u":                  false, // 128 bits in base64
		"aB3dE6gH9jK2mN5pQ8sT1":                   true,
		"qwertyuiopasdfghjklzxcvbnm":              true,
		"qwertyuiopasdfghjklzxcvbnmq1":            false,
		strings.Repeat("a", 64):                   true,
		strings.Repeat("abcab", 20):               true,
		"123456789012345678901234567890123456789": false,
		"!$%&()aB3dE6gH9jK2mN5p":                  false,
		"":                                        true,
	} {
		require.Equal(t, weak, config.IsWeakToken(token), token)
	}
}

func TestL08_AnUnverifiedPostgresIsKnown(t *testing.T) {
	t.Parallel()
	for address, unverified := range map[string]bool{
		"postgres://u:p@db.example.com/x":                      true,
		"postgres://u:p@db.example.com/x?sslmode=require":      true,
		"postgres://u:p@db.example.com/x?sslmode=prefer":       true,
		"postgres://u:p@db.example.com/x?sslmode=disable":      true,
		"postgres://u:p@10.0.0.7:5432/x?sslmode=disable":       true,
		"postgres://u:p@[2001:db8::7]/x":                       true,
		"postgres://u:p@db.example.com/x?sslmode=verify-full":  false,
		"postgres://u:p@db.example.com/x?sslmode=verify-ca":    false,
		"postgres://u:p@localhost/x":                           false,
		"postgres://u:p@127.0.0.1:5432/x?sslmode=disable":      false,
		"postgres://u:p@[::1]/x":                               false,
		"postgres://u:p@/x?host=/run/postgresql":               false,
		"postgres://u:p@localhost/x?host=db.example.com":       true,
		"postgres://u:p@wootbridge-postgres/x?sslmode=disable": false, // a network of containers
		"postgres://u:p@wootbridge-postgres/x":                 true,
		"postgres://u:p@db.example.com/x?sslmode=verify-fulll": true,
		"postgres://u:p%ZZ@h/x":                                false, // refused elsewhere
	} {
		require.Equal(t, unverified, config.IsUnverified(address), address)
	}
}

// An address in a setting that is no secret may hold one all the same.
func TestL01_CredentialsInAddressesAreMasked(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load([]string{
		"WOOTBRIDGE_PUBLIC_URL=https://proxy:hunter2@bridge.example.com/wa?key=hunter2",
		"WOOTBRIDGE_CHATWOOT_URL=https://u:hun%20ter2hunter2@c", "WOOTBRIDGE_CHATWOOT_TOKEN=hunter2", "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=1",
	})
	require.NoError(t, err)
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", cfg)
	require.NotContains(t, out.String(), "hunter2")
	require.Contains(t, out.String(), "https://(hidden)@bridge.example.com/wa?(hidden)")
	for _, wrong := range []string{"ftp://u:hunter2@c", "https://u:hunter2@", "//u:hunter2@c", "http://u:p/hunter2@c:port", "u:hunter2@c", "http:/u:hunter2@c"} {
		_, err := config.Load([]string{"WOOTBRIDGE_PUBLIC_URL=" + wrong})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2", wrong)
	}
}

// Whatever is set, the answer is a configuration or faults that name
// variables and never show a secret.
func FuzzLoad(f *testing.F) {
	f.Add(":8080", "postgres://u:p@h/x", "15d", "127.0.0.1:1")
	f.Add("[", "\x00", "9999999999999d", "::1")
	f.Fuzz(func(t *testing.T, listen, secret, keep, simulator string) {
		_, err := config.Load([]string{
			"WOOTBRIDGE_LISTEN=" + listen, "WOOTBRIDGE_DATABASE_URL=hunter2" + secret, "WOOTBRIDGE_REDIS_URL=hunter2" + secret,
			"WOOTBRIDGE_KEEP_DONE=" + keep, "WOOTBRIDGE_SIMULATOR=" + simulator,
		})
		var faults config.Faults
		require.ErrorAs(t, err, &faults)
		require.NotContains(t, err.Error(), "hunter2")
		for _, fault := range faults {
			require.True(t, strings.HasPrefix(fault.Variable, "WOOTBRIDGE_") && fault.Variable != "WOOTBRIDGE_", fault.Variable)
			require.NotEmpty(t, fault.Want)
		}
	})
}

// The same for addresses, in which a password may stand although they are no secrets.
func FuzzLoadAddresses(f *testing.F) {
	f.Add("0", "0", ":// ", "0", "")
	f.Add("0", "0", "", "a://b@c", "")
	f.Add(":8081", ":9090", "https://", "@bridge.example.com", "postgres://u:p@h/x?sslmode=verify-full")
	f.Add("127.0.0.1:0", "127.0.0.1:0", "//", "@", "postgres://u:p@h/x")
	f.Add("[::1]:99999", "x:y:z", "ftp:/", "/@c:port?x=y", "0123456789abcdef")
	f.Fuzz(func(t *testing.T, admin, metrics, before, after, secret string) {
		_, err := config.Load([]string{
			"WOOTBRIDGE_ADMIN_LISTEN=" + admin, "WOOTBRIDGE_METRICS_LISTEN=" + metrics,
			"WOOTBRIDGE_PUBLIC_URL=" + before + "hunter2@" + after, "WOOTBRIDGE_ADMIN_TOKEN=hunter2" + secret,
		})
		if err != nil {
			require.NotContains(t, err.Error(), "hunter2")
		}
		client, err := config.LoadClient([]string{"WOOTBRIDGE_ADMIN_LISTEN=" + admin})
		if err == nil {
			require.NotEmpty(t, client.AdminURLs(""))
			require.NotContains(t, client.AdminURLs(""), "")
		}
		config.IsUnverified(secret)
		config.IsWeakToken(secret)
	})
}
