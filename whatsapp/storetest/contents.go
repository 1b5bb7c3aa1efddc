package storetest

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Contents are all values of all tables, by table.
func Contents(t testing.TB, db *sql.DB, dialect string) map[string][]byte {
	t.Helper()
	list := `SELECT name FROM sqlite_schema WHERE type = 'table'`
	if dialect == "postgres" {
		list = `SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`
	}
	contents := map[string][]byte{}
	for _, row := range read(t, db, list) {
		table, _ := row[0].(string)
		if b, ok := row[0].([]byte); ok {
			table = string(b)
		}
		var all bytes.Buffer
		for _, values := range read(t, db, `SELECT * FROM "`+table+`"`) {
			for _, value := range values {
				if b, ok := value.([]byte); ok {
					value = string(b)
				}
				fmt.Fprintf(&all, "%v\n", value)
			}
		}
		contents[table] = all.Bytes()
	}
	return contents
}

func read(t testing.TB, db *sql.DB, query string) (all [][]any) {
	t.Helper()
	rows, err := db.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, rows.Scan(into...))
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	return all
}

// Holds says whether a content holds a secret in any form in which it might be written.
func Holds(content, secret []byte) bool {
	if bytes.Contains(content, secret) || bytes.Contains(content, []byte(hex.EncodeToString(secret))) {
		return true
	}
	for offset := range 3 { // base64 of something longer in which it is
		padded := append(make([]byte, offset), secret...)
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := encoding.EncodeToString(padded)
			if bytes.Contains(content, []byte(text[4:len(text)-4])) {
				return true
			}
		}
	}
	return false
}
