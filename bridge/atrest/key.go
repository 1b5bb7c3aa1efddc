package atrest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// WrongKeyError says that the database is sealed with another key than those at hand.
type WrongKeyError struct {
	Have []string // the ids of the keys at hand
	Want string   // that of the database's, or "" where that is not known
}

// Error implements error.
func (e *WrongKeyError) Error() string {
	was := "another one"
	if e.Want != "" {
		was = "the key " + e.Want
	}
	return fmt.Sprintf("the encryption key %s opens nothing in this database, which was sealed with %s; nothing was changed. "+
		"Give the bridge the key that belongs to the database, in WOOTBRIDGE_ENCRYPTION_KEY or in the file encryption-key of the data folder", e.Have[0], was)
}

const proofPurpose = "database/proof"

// Choose gives the one of some keys that the database is sealed with. In a database in
// which nothing is sealed that is the first, from now on. The error is a *WrongKeyError if
// it is none of them.
func Choose(ctx context.Context, db *database.DB, keys ...*seal.Key) (*seal.Key, error) {
	want, proof, err := readProof(ctx, db)
	if err != nil {
		return nil, err
	}
	evidence, err := lines.ReadSealed(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		opens := want == "" && len(evidence) == 0
		if proof != nil {
			_, err := key.Open(proofPurpose, proof)
			opens = err == nil
		}
		for _, s := range evidence {
			if opens {
				break
			}
			_, err := key.Open(s.Purpose(), s.Value)
			opens = err == nil
		}
		if !opens {
			continue
		}
		if want == "" {
			return key, db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return writeProof(ctx, tx, key) })
		}
		return key, nil
	}
	wrong := &WrongKeyError{Want: want}
	for _, key := range keys {
		wrong.Have = append(wrong.Have, key.ID())
	}
	return nil, wrong
}

// readProof gives the id of the database's key, and what that key opens.
func readProof(ctx context.Context, q database.Queryer) (id string, proof []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT key_id, proof FROM encryption_key`).Scan(&id, &proof)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", nil, fmt.Errorf("read which key the database has: %w", err)
	}
	return id, proof, nil
}

func writeProof(ctx context.Context, tx *sql.Tx, key *seal.Key) error {
	proof, err := key.Seal(proofPurpose, key.ID())
	if err != nil {
		return fmt.Errorf("note which key the database has: %w", err)
	}
	const write = `INSERT INTO encryption_key (one, key_id, proof) VALUES (1, $1, $2) ON CONFLICT (one) DO UPDATE SET key_id = excluded.key_id, proof = excluded.proof`
	if _, err := tx.ExecContext(ctx, write, key.ID(), proof); err != nil {
		return fmt.Errorf("note which key the database has: %w", err)
	}
	return nil
}
