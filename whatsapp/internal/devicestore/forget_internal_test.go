package devicestore

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/wootbridge/wootbridge/whatsapp/storetest"
)

// A device is removed in steps: when its own row goes, which takes along whatever
// refers to it in one transaction, nothing does any more. Foreign keys are not
// enforced here, so that what the steps forget stays.
func TestT13_ADeviceIsForgottenInSteps(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=foreign_keys(0)&_txlock=immediate")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	// The library refuses to prepare its tables without foreign keys.
	_, err = db.Exec(`PRAGMA foreign_keys = 1`)
	require.NoError(t, err)
	storetest.Prepare(t, db, "sqlite")
	s, err := Open(ctx, Config{DB: db, Dialect: "sqlite", Sealer: storetest.NewSealer(), Log: waLog.Noop})
	require.NoError(t, err)
	_, err = db.Exec(`PRAGMA foreign_keys = 0`)
	require.NoError(t, err)

	columns := pairs(t, db, `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name IN ('our_jid', 'jid')
		WHERE m.type = 'table' AND m.name <> 'whatsmeow_device'`)
	require.Equal(t, columns, ofDevice, "the library has a new table, or one less")

	gone, kept := types.NewADJID("5511999990001", 0, 3), types.NewADJID("5511999990001", 0, 4)
	for _, jid := range []types.JID{gone, kept} {
		device := s.NewDevice()
		device.ID = &jid
		device.Account = &waAdv.ADVSignedDeviceIdentity{
			Details: []byte{1}, AccountSignature: make([]byte, 64), AccountSignatureKey: make([]byte, 32), DeviceSignature: make([]byte, 64),
		}
		require.NoError(t, device.Save(ctx))
		for table, column := range columns {
			fill(t, db, table, column, jid.String())
		}
	}
	count := func(jid types.JID) (n int) {
		for table, column := range columns {
			var rows int
			require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE `+column+` = $1`, jid.String()).Scan(&rows))
			n += rows
		}
		return n
	}
	before := count(kept)
	require.Greater(t, before, 2*forgetBatch)
	require.NoError(t, s.Forget(ctx, gone.String()))
	require.Zero(t, count(gone))
	require.Equal(t, before, count(kept))
	device, err := s.Device(ctx, gone.String())
	require.NoError(t, err)
	require.Nil(t, device)
	require.NoError(t, s.Forget(ctx, gone.String()), "it is gone already")
	for _, table := range slices.Sorted(maps.Keys(columns)) {
		require.Regexp(t, `(?s)SEARCH `+table+` USING.*INDEX`, plan(t, db, s.forgetQuery(table)), table)
	}
}

// fill gives a device a row in a table, and more than a batch of secrets.
func fill(t *testing.T, db *sql.DB, table, column, jid string) {
	t.Helper()
	names, values := []string{column}, []string{"$1"}
	for name, kind := range pairs(t, db, `SELECT name, type FROM pragma_table_info($1) WHERE name <> $2`, table, column) {
		value := "n"
		if strings.EqualFold(kind, "bytea") { // of whatever length the table wants
			value = "zeroblob(32)"
			for check, length := range map[string]string{"mac": "32", "identity": "32", "index_mac": "32", "value_mac": "32", "hash": "128", "ciphertext_hash": "32"} {
				if name == check {
					value = "zeroblob(" + length + ")"
				}
			}
		}
		names, values = append(names, `"`+name+`"`), append(values, value)
	}
	n := 1
	if table == "whatsmeow_message_secrets" {
		n = 2*forgetBatch + 1
	}
	_, err := db.Exec(fmt.Sprintf(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) INSERT INTO %s (%s) SELECT %s FROM numbers`,
		n, table, strings.Join(names, ", "), strings.Join(values, ", ")), jid)
	require.NoError(t, err, table)
}

// pairs are the rows of an answer of two columns.
func pairs(t *testing.T, db *sql.DB, query string, args ...any) map[string]string {
	t.Helper()
	rows, err := db.Query(query, args...)
	require.NoError(t, err)
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var key, value string
		require.NoError(t, rows.Scan(&key, &value))
		found[key] = value
	}
	require.NoError(t, rows.Err())
	return found
}

func plan(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(`EXPLAIN QUERY PLAN `+query, "jid", 1)
	require.NoError(t, err)
	defer rows.Close()
	var text strings.Builder
	for rows.Next() {
		var detail string
		require.NoError(t, rows.Scan(new(any), new(any), new(any), &detail))
		text.WriteString(detail + "\n")
	}
	require.NoError(t, rows.Err())
	return text.String()
}
