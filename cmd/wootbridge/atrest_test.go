package main

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// deviceKeys opens the keys of the linked device as the program does, with the key's file.
func deviceKeys(t *testing.T, dir string) (keys [][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "encryption-key"))
	require.NoError(t, err)
	key, err := seal.ParseKey(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "wootbridge.db")+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	for _, column := range []string{"noise_key", "identity_key", "signed_pre_key", "adv_key"} {
		var jid string
		var sealed []byte
		require.NoError(t, db.QueryRow(`SELECT device, `+column+` FROM device_key`).Scan(&jid, &sealed))
		plain, err := key.For("whatsapp").Open("whatsapp/"+column+`["`+jid+`"]`, sealed)
		require.NoError(t, err, column)
		keys = append(keys, []byte(plain))
	}
	return keys
}

// Whoever copies the data folder without the key's file has no key of the device; another
// user of the machine cannot even copy it. The encryption key is replaced, however often
// the command is killed, and the line talks on.
func TestM9_TheDataFolderGivesNoKeyAway(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	require.NoError(t, os.MkdirAll(bridge.DataDir, 0o755))
	bridge.Start()
	line := bridge.CreateLine("Shop")
	bridge.Pair(line, ownPhone)
	_, err := sim.WhatsApp.NewPeer(t.Context(), otherPhone, "Alice")
	require.NoError(t, err)
	say := func(text string) {
		t.Helper()
		_, err := sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, text)
		require.NoError(t, err)
		deskShows(t, sim, text)
	}
	say("hello")
	look := func() {
		t.Helper()
		keys := deviceKeys(t, bridge.DataDir)
		require.NoError(t, filepath.WalkDir(bridge.DataDir, func(path string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := entry.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode()&0o077, path)
			if entry.IsDir() {
				return nil
			}
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, key := range keys {
				require.False(t, bytes.Contains(content, key), path)
				require.False(t, bytes.Contains(content, []byte(base64.StdEncoding.EncodeToString(key))), path)
			}
			return nil
		}))
	}
	look() // while it runs, with the log
	require.Zero(t, bridge.Stop(), bridge.Log())
	require.NoError(t, os.Chmod(bridge.DataDir, 0o755)) // with all that the bridge makes in it
	out, code := bridge.Run([]string{"migrate"})
	require.Zero(t, code, out)
	require.Contains(t, out, "could read the bridge's data")
	look()
	before := deviceKeys(t, bridge.DataDir)

	for _, moment := range []func(processtest.Command){
		func(processtest.Command) { // the new key is made, and nothing is sealed with it yet, or everything
			now, err := os.ReadFile(filepath.Join(bridge.DataDir, "encryption-key"))
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				_, err := os.Stat(filepath.Join(bridge.DataDir, "encryption-key.new"))
				key, _ := os.ReadFile(filepath.Join(bridge.DataDir, "encryption-key"))
				return err == nil || !bytes.Equal(key, now)
			}, patience, time.Millisecond)
		},
		func(c processtest.Command) { c.WaitFor("is written anew") }, // everything is
	} {
		changing := bridge.RunInBackground([]string{"migrate", "--new-key"})
		moment(changing)
		changing.Kill()
		out, code := bridge.Run([]string{"migrate"})
		require.Zero(t, code, out)
		require.Equal(t, before, deviceKeys(t, bridge.DataDir))
	}
	for range 2 {
		out, code := bridge.Run([]string{"migrate", "--new-key"})
		require.Zero(t, code, out)
		require.Contains(t, out, "Everything is encrypted with a new key")
		require.Equal(t, before, deviceKeys(t, bridge.DataDir))
	}
	look()
	out, code = bridge.Run([]string{"serve"}, "WOOTBRIDGE_ENCRYPTION_KEY="+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	require.Equal(t, 78, code, out)
	require.Contains(t, out, "opens nothing in this database")
	bridge.Start()
	bridge.WaitLine(line.ID, func(l api.Line) bool { return l.State == "connected" })
	say("still here")
	require.Zero(t, bridge.Stop(), bridge.Log())
}
