package database_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

// reference is a foreign key: columns of a table that refer to another table.
type reference struct{ table, to, columns string }

// Whoever deletes a row makes the database look for rows that refer to it. Without
// an index it reads the whole table for each of them: the deletion of a line took
// minutes. The catalogues are asked, so that no future table can forget its index.
func TestT13_EveryForeignKeyHasAnIndex(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		keys := foreignKeys(t, db)
		require.Contains(t, keys, reference{"job", "lane", "lane"})
		require.Contains(t, keys, reference{"conversation_link", "chat", "chat"})
		for _, key := range keys {
			require.True(t, leads(indexes(t, db, key.table), key.columns), "no index of %s begins with %s, by which it refers to %s", key.table, key.columns, key.to)
		}
	})
}

// A line's rows are found by the line, or by their lanes, which are. A table that
// has a line and no such index is read from end to end with every deletion.
func TestT13_EveryTablesLineIsFoundByAnIndex(t *testing.T) {
	t.Parallel()
	byLane := []string{"job"} // its index by lane serves the deletion of its line as well
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		found := 0
		for _, table := range tables(t, db) {
			if !slices.Contains(columns(t, db, table), "line") {
				continue
			}
			found++
			column := "line"
			if slices.Contains(byLane, table) {
				column = "lane"
			}
			require.True(t, leads(indexes(t, db, table), column), "no index of %s begins with %s", table, column)
		}
		require.GreaterOrEqual(t, found, 8)
	})
}

// leads reports whether the first columns of an index are the given ones.
func leads(indexes []string, columns string) bool {
	return slices.ContainsFunc(indexes, func(index string) bool { return strings.HasPrefix(index+",", columns+",") })
}

// The catalogue of each database, by what it is asked. $1 is a table. Indexes of a
// part of a table's rows are left out: no foreign key can use them.
var catalogue = map[database.Dialect]struct{ tables, columns, foreignKeys, indexes string }{
	database.Postgres: {
		tables:  `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
		columns: `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
		foreignKeys: `SELECT confrelid::regclass::text, (SELECT string_agg(attname, ',' ORDER BY n) FROM unnest(conkey) WITH ORDINALITY AS k (num, n)
			JOIN pg_attribute ON attrelid = conrelid AND attnum = num) FROM pg_constraint WHERE contype = 'f' AND conrelid = $1::regclass`,
		indexes: `SELECT (SELECT string_agg(attname, ',' ORDER BY n) FROM unnest(indkey::smallint[]) WITH ORDINALITY AS k (num, n)
			JOIN pg_attribute ON attrelid = indrelid AND attnum = num) FROM pg_index WHERE indrelid = $1::regclass AND indpred IS NULL AND indexprs IS NULL`,
	},
	database.SQLite: {
		tables:      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
		columns:     `SELECT name FROM pragma_table_info($1)`,
		foreignKeys: `SELECT "table", (SELECT group_concat("from") FROM pragma_foreign_key_list($1) AS c WHERE c.id = k.id) FROM pragma_foreign_key_list($1) AS k WHERE seq = 0`,
		indexes:     `SELECT (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) FROM pragma_index_list($1) AS l WHERE partial = 0`,
	},
}

func tables(t *testing.T, db *database.DB) []string {
	t.Helper()
	return texts(t, db, catalogue[db.Dialect].tables)
}

func columns(t *testing.T, db *database.DB, table string) []string {
	t.Helper()
	return texts(t, db, catalogue[db.Dialect].columns, table)
}

func indexes(t *testing.T, db *database.DB, table string) []string {
	t.Helper()
	return texts(t, db, catalogue[db.Dialect].indexes, table)
}

func foreignKeys(t *testing.T, db *database.DB) (keys []reference) {
	t.Helper()
	for _, table := range tables(t, db) {
		query(t, db, func(rows *sql.Rows) {
			key := reference{table: table}
			require.NoError(t, rows.Scan(&key.to, &key.columns))
			keys = append(keys, key)
		}, catalogue[db.Dialect].foreignKeys, table)
	}
	return keys
}

func texts(t *testing.T, db *database.DB, text string, args ...any) (all []string) {
	t.Helper()
	query(t, db, func(rows *sql.Rows) {
		var one string
		require.NoError(t, rows.Scan(&one))
		all = append(all, one)
	}, text, args...)
	return all
}

func query(t *testing.T, db *database.DB, each func(rows *sql.Rows), text string, args ...any) {
	t.Helper()
	rows, err := db.Query(text, args...)
	require.NoError(t, err, text)
	defer rows.Close()
	for rows.Next() {
		each(rows)
	}
	require.NoError(t, rows.Err(), text)
}
