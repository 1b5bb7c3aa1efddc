package database

import (
	"errors"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// NeverFits reports whether the database refused the content of a statement,
// and will at every repetition: a character that it cannot store, a value that
// is too long, a rule of the schema. All else is the database's own trouble,
// which passes.
//
// A row that somebody else was just writing can break a rule as well; ask again
// once before something is given up for it.
func NeverFits(err error) bool {
	var pgErr *pq.Error
	if errors.As(err, &pgErr) {
		switch pgErr.Code.Class() {
		case "22", "23", "54": // data, constraint, limits of the program
			return true
		}
		return false
	}
	var liteErr *sqlite.Error
	if errors.As(err, &liteErr) {
		switch liteErr.Code() & 0xff { // the rest of the code says more about it
		case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
			return true
		}
	}
	return false
}
