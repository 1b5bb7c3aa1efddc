package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

func TestC3_KeysThatFitStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"", "3EB0C767D26A1B2C3D4E", "l1|c1|wa|in|3EB0C767D26A1B2C3D4E|message", "l1|created|12", "5511988880002@s.whatsapp.net",
		"Ana 😀|\u202eRTL\u200f|a%b_c\\", strings.Repeat("x", database.KeyMost), "~" + strings.Repeat("0", 64),
	} {
		require.Equal(t, key, database.Key(key))
	}
}

func TestC3_OtherKeysAreHashedWhereTheyDoNotFit(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^l1\|c1\|wa\|receipt\|read\|~[0-9a-f]{64}$`, database.Key("l1|c1|wa|receipt|read|"+strings.Repeat("3EB0C767D26A1B2C3D4E,", 300)))
	require.Regexp(t, `^l1\|c1\|wa\|in\|~[0-9a-f]{64}\|message$`, database.Key("l1|c1|wa|in|a\x00b|message"))
	require.Regexp(t, `^l1\|~[0-9a-f]{64}$`, database.Key("l1"+strings.Repeat("|x", 600)))
}

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"a", "a\x00b", "\xff", strings.Repeat("x", 201), strings.Repeat("|", 2000), strings.Repeat("a\n|", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key := database.Key(text)
		require.LessOrEqual(t, len(key), 1100)
		require.True(t, database.IsClean(key))
		require.Equal(t, key, database.Key(key), "the key of a key is itself")
		require.NotEqual(t, key, database.Key(text+"\x00"))
		stored := database.Text(text)
		require.True(t, utf8.ValidString(stored) && !strings.Contains(stored, "\x00") && len(stored) <= database.TextMost)
		require.Equal(t, stored, database.Text(stored))
	})
}

func TestC3_TextLosesOnlyWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	require.Equal(t, "two\nlines 😀\u202e", database.Text("two\nlines 😀\u202e"))
	require.Equal(t, "ab\uFFFD", database.Text("a\x00b\xff"))
	require.Equal(t, "a"+strings.Repeat("é", 999), database.Text("a"+strings.Repeat("é", 1500)))
}

// What the database refuses for its content is told from what it cannot do now.
func TestC3_WhatNeverFitsIsToldFromPassingTrouble(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		insert := func(value any) error {
			return db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO fits (id) VALUES ($1)`, value)
				if err != nil {
					return fmt.Errorf("insert: %w", err)
				}
				return nil
			})
		}
		_, err := db.Exec(`CREATE TABLE fits (id TEXT NOT NULL UNIQUE CHECK (id <> 'no'))`)
		require.NoError(t, err)
		require.NoError(t, insert("a"))
		for _, value := range []any{"a", "no", nil} {
			require.True(t, database.NeverFits(insert(value)), "%v", value)
		}
		if db.Dialect == database.Postgres {
			random := "" // what can be compressed would fit
			for range 300 {
				random += databasetest.Unique()
			}
			for _, value := range []string{"a\x00b", "\xff", random} {
				require.True(t, database.NeverFits(insert(value)), "%q", value)
			}
		}
		_, err = db.Exec(`INSERT INTO nowhere (id) VALUES ('a')`)
		require.Error(t, err)
		require.False(t, database.NeverFits(err), "a schema that is not migrated yet")
		cancelled, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = db.ExecContext(cancelled, `INSERT INTO fits (id) VALUES ('b')`)
		require.False(t, database.NeverFits(err))
		require.False(t, database.NeverFits(errors.New("something else")))
		require.False(t, database.NeverFits(nil))
		require.NoError(t, db.Close())
		require.False(t, database.NeverFits(insert("b")))
	})
}
