package upgradetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// The files of a state.
const (
	databaseFile = "database.gz"
	whatsappFile = "whatsapp.json.gz"
	chatwootFile = "chatwoot.json.gz"
	manifestFile = "manifest.json"
)

// manifest says what a state is, and what has to come of it. Its names are for
// ever, as those of the simulators' documents are.
type manifest struct {
	Commit   string    `json:"commit"`
	FrozenAt time.Time `json:"frozen_at"`
	// Key is the encryption key, in base64.
	Key string `json:"key"`
	// Chatwoot is its address at the freeze.
	Chatwoot string       `json:"chatwoot"`
	Lines    []frozenLine `json:"lines"`
	// Jobs counts by line/direction/kind/state.
	Jobs map[string]int `json:"jobs"`
	// Appended counts, by line/direction/kind, the jobs that come when the state
	// is opened, of kinds whose jobs are told of again then: more would be jobs
	// whose dedupe key is not found any more.
	Appended map[string]int `json:"appended"`
	// Again is a message whose tick WhatsApp tells again.
	Again string `json:"again"`
	// Merges is how many pairs of contacts become one, in one request each.
	Merges int `json:"merges"`
	// Started is what arrives by itself when the state is opened, Replayed what
	// arrives when all dead jobs are tried again.
	Started  arrivals `json:"started"`
	Replayed arrivals `json:"replayed"`
	// Resumed is what arrives when the line that an admin paused is resumed.
	Resumed arrivals `json:"resumed"`
	// Held is how many messages the desk has of customers.
	Held int       `json:"held"`
	Old  oldThings `json:"old"`
}

type frozenLine struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Settings json.RawMessage `json:"settings"`
	State    string          `json:"state"`
	Sentence string          `json:"sentence,omitempty"` // of a paused one
	Strange  int             `json:"strange,omitempty"`  // messages that the database lacks
	JID      string          `json:"jid,omitempty"`
	Phone    string          `json:"phone,omitempty"`
	Inbox    int64           `json:"inbox"`
}

// arrivals are messages that have to come once each.
type arrivals struct {
	// Desk lists runs of customers' messages, by their source ids: each run in
	// its order, in one conversation.
	Desk [][]string `json:"desk,omitempty"`
	// Phones lists, by the customer's number, what agents wrote, in order.
	Phones map[string][]string `json:"phones,omitempty"`
	// Shown lists bubbles and the status that they get.
	Shown map[int]string `json:"shown,omitempty"`
	// Revoked lists, by the customer's number, messages that are taken back.
	Revoked map[string][]string `json:"revoked,omitempty"`
	// Contacts lists phone numbers of which one contact is left.
	Contacts []string `json:"contacts,omitempty"`
}

// oldThings are links from before the freeze.
type oldThings struct {
	Customer string `json:"customer"` // the number of one
	// Reply is an agent's message that was delivered, ReplyID its WhatsApp id.
	Reply   int    `json:"reply"`
	ReplyID string `json:"reply_id"`
	// Asked is a customer's message, AskedID its WhatsApp id; Typed and TypedID
	// one from the own phone, and File and FileID one whose file came late.
	Asked   int    `json:"asked"`
	AskedID string `json:"asked_id"`
	Typed   int    `json:"typed"`
	TypedID string `json:"typed_id"`
	File    int    `json:"file"`
	FileID  string `json:"file_id"`
}

// save writes a state; the bridge has stopped.
func save(o *stack, m manifest, folder string) {
	t := o.t
	t.Helper()
	require.NoError(t, os.MkdirAll(folder, 0o755))
	accounts, err := o.WhatsApp.Freeze()
	require.NoError(t, err)
	write(t, filepath.Join(folder, whatsappFile), accounts)
	rows, err := o.Chatwoot.Freeze()
	require.NoError(t, err)
	write(t, filepath.Join(folder, chatwootFile), rows)
	write(t, filepath.Join(folder, databaseFile), dump(t, o.DB))
	text, err := json.MarshalIndent(m, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, manifestFile), append(text, '\n'), 0o644))
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(path, packed.Bytes(), 0o644))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	r, err := gzip.NewReader(file)
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return content
}

func readManifest(t *testing.T, folder string) (m manifest) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, manifestFile))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &m))
	return m
}

// clientOnly are lines of a dump that only psql understands.
var clientOnly = regexp.MustCompile(`(?m)^\\.*$`)

// dump is the database as it lies on the disk.
func dump(t *testing.T, db *database.DB) []byte {
	t.Helper()
	if db.Dialect == database.SQLite {
		path := filepath.Join(t.TempDir(), "whole.db")
		_, err := db.ExecContext(context.Background(), `VACUUM INTO '`+path+`'`)
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		return content
	}
	command := exec.Command(databasetest.PostgresProgram(t, "pg_dump"), "--inserts", "--no-owner", "--no-privileges", db.URL())
	content, err := command.Output()
	require.NoError(t, err)
	return clientOnly.ReplaceAll(content, nil)
}

// restore makes a database of a dump, brings its schema to that of today, and
// opens it.
func restore(t *testing.T, dialect database.Dialect, content []byte) *database.DB {
	t.Helper()
	cfg := database.Config{DataDir: t.TempDir()}
	if dialect == database.SQLite {
		require.NoError(t, os.WriteFile(filepath.Join(cfg.DataDir, "wootbridge.db"), content, 0o600))
	} else {
		cfg = database.Config{URL: databasetest.PostgresURL(t), MaxConns: 8}
		raw, err := sql.Open("postgres", cfg.URL)
		require.NoError(t, err)
		_, err = raw.Exec(string(content))
		require.NoError(t, err)
		require.NoError(t, raw.Close())
	}
	db, err := database.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	return db
}

// move writes Chatwoot's new address wherever the old one is kept.
func move(t *testing.T, db *database.DB, from, to string) {
	t.Helper()
	_, err := db.Exec(`UPDATE line SET chatwoot_url = $2 WHERE chatwoot_url = $1`, from, to)
	require.NoError(t, err)
	rows, err := db.Query(`SELECT id, payload FROM job`)
	require.NoError(t, err)
	defer rows.Close()
	changed := map[int64][]byte{}
	for rows.Next() {
		var id int64
		var payload []byte
		require.NoError(t, rows.Scan(&id, &payload))
		if bytes.Contains(payload, []byte(from)) {
			changed[id] = bytes.ReplaceAll(payload, []byte(from), []byte(to))
		}
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, changed, "files of agents have an address")
	for id, payload := range changed {
		_, err := db.Exec(`UPDATE job SET payload = $2 WHERE id = $1`, id, payload)
		require.NoError(t, err)
	}
}
