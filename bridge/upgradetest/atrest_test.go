package upgradetest

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/atrest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp/storetest"
)

// inTheClear are the keys of devices and secrets of messages that a database holds as
// versions before 00017 did. A later state has none.
func inTheClear(t *testing.T, db *database.DB) (keys, secrets [][]byte) {
	t.Helper()
	for _, column := range []string{"noise_key", "identity_key", "signed_pre_key", "adv_key"} {
		keys = append(keys, values(t, db, `SELECT `+column+` FROM whatsmeow_device`)...)
	}
	return keys, values(t, db, `SELECT key FROM whatsmeow_message_secrets`)
}

// values are those of 32 bytes that are not zeros.
func values(t *testing.T, db *database.DB, query string) (all [][]byte) {
	t.Helper()
	rows, err := db.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var value []byte
		require.NoError(t, rows.Scan(&value))
		if len(value) == 32 && !bytes.Equal(value, make([]byte, 32)) {
			all = append(all, value)
		}
	}
	require.NoError(t, rows.Err())
	return all
}

// sealsWhatWasInTheClear looks that nothing of it is left: not in a table, nor, where the
// database is a file, in its bytes. Payloads of jobs that an earlier version has taken in
// hold the message as it came, with its secret, until they are pruned.
func (o *thawed) sealsWhatWasInTheClear() {
	t := o.t
	raw, err := seal.ParseKey(o.m.Key)
	require.NoError(t, err)
	cfg := atrest.Config{DB: o.DB, Key: raw, Instance: "frozen", Clock: o.Clock.Now, Log: slog.New(slog.DiscardHandler)}
	store, err := atrest.OpenDevices(t.Context(), cfg)
	require.NoError(t, err)
	require.Zero(t, store.Moved(), "that has happened already")
	atrest.Clean(t.Context(), cfg, store, false)
	traces, err := store.Traces(t.Context())
	require.NoError(t, err)
	require.False(t, traces)
	var sealed, linked int
	require.NoError(t, o.DB.QueryRow(`SELECT (SELECT COUNT(*) FROM device_key), (SELECT COUNT(*) FROM whatsmeow_device)`).Scan(&sealed, &linked))
	require.Equal(t, linked, sealed)
	keys, secrets := inTheClear(t, o.DB)
	require.Empty(t, keys)
	require.Empty(t, secrets)
	for table, content := range storetest.Contents(t, o.DB.DB, string(o.DB.Dialect)) {
		for _, key := range o.keys {
			require.False(t, storetest.Holds(content, key), "a key of a device in %s", table)
		}
		for _, secret := range o.secrets {
			require.False(t, table != "job" && storetest.Holds(content, secret), "a message's secret in %s", table)
		}
	}
	if o.DB.Dialect != database.SQLite {
		return
	}
	var file string
	require.NoError(t, o.DB.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file))
	files, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, secret := range append(o.keys, o.secrets...) {
			require.False(t, bytes.Contains(content, secret), "in the bytes of %s", filepath.Base(file))
		}
	}
}
