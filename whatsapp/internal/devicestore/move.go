package devicestore

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
)

// An earlier version has kept keys, secrets and waiting messages in the clear. They are
// sealed device by device, each with all that belongs to it: either all of it is in the
// clear, or nothing.

// moveAll seals what is in the clear, in one transaction. Devices that another process
// uses are left alone: it may be of a version that would find nothing but zeros.
func (s *Store) moveAll(ctx context.Context, elsewhere map[string]bool, tell func(devices int)) (moved int, err error) {
	found, err := s.inTheClear(ctx)
	if err != nil {
		return 0, err
	}
	var jids []string
	for _, jid := range found {
		if !elsewhere[jid] {
			jids = append(jids, jid)
		}
	}
	if len(jids) == 0 {
		return 0, nil
	}
	if tell != nil {
		tell(len(jids))
	}
	return len(jids), s.move(ctx, jids...)
}

// inTheClear gives the devices whose keys the library's columns hold.
func (s *Store) inTheClear(ctx context.Context) (jids []string, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT jid, noise_key, identity_key, signed_pre_key, adv_key FROM whatsmeow_device ORDER BY jid`)
	if err != nil {
		return nil, fmt.Errorf("look for keys in the clear: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var jid string
		var k deviceKeys
		if err := rows.Scan(&jid, &k.noise, &k.identity, &k.signedPreKey, &k.adv); err != nil {
			return nil, fmt.Errorf("look for keys in the clear: %w", err)
		}
		if k.inTheClear() {
			jids = append(jids, jid)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for keys in the clear: %w", err)
	}
	return jids, nil
}

// move seals what belongs to some devices, in one transaction.
func (s *Store) move(ctx context.Context, jids ...string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("seal what is in the clear: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, jid := range jids {
		if err := s.moveKeys(ctx, tx, jid); err != nil {
			return err
		}
		for _, c := range sealedColumns {
			err := c.change(ctx, tx, jid, func(purpose string, stored []byte) ([]byte, error) {
				if bytes.HasPrefix(stored, sealedMark) {
					return nil, nil
				}
				return sealInPlace(s.sealer, purpose, stored)
			})
			if err != nil {
				return fmt.Errorf("seal what is in the clear: %w", err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("seal what is in the clear: %w", err)
	}
	return nil
}

// moveKeys seals a device's keys, and puts zeros in their place.
func (s *Store) moveKeys(ctx context.Context, tx *sql.Tx, jid string) error {
	var k deviceKeys
	const read = `SELECT noise_key, identity_key, signed_pre_key, adv_key FROM whatsmeow_device WHERE jid = $1`
	if err := tx.QueryRowContext(ctx, read, jid).Scan(&k.noise, &k.identity, &k.signedPreKey, &k.adv); err != nil {
		return fmt.Errorf("read keys in the clear: %w", err)
	}
	sealed, err := k.seal(s.sealer, jid)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, replaceKeys, jid, sealed[0], sealed[1], sealed[2], sealed[3], 0); err != nil {
		return fmt.Errorf("store a device's keys: %w", err)
	}
	const blank = `UPDATE whatsmeow_device SET noise_key = $2, identity_key = $2, signed_pre_key = $2, adv_key = $2 WHERE jid = $1`
	if _, err := tx.ExecContext(ctx, blank, jid, make([]byte, keySize)); err != nil {
		return fmt.Errorf("blank keys in the clear: %w", err)
	}
	return nil
}

// Traces says that what was sealed may still be found in the database's files, where it
// stood before.
func (s *Store) Traces(ctx context.Context) (bool, error) {
	var left bool
	if err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM device_key WHERE cleaned = 0)`).Scan(&left); err != nil {
		return false, fmt.Errorf("look for traces of keys: %w", err)
	}
	return left, nil
}

// NoTraces notes that the files were written anew.
func (s *Store) NoTraces(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE device_key SET cleaned = 1 WHERE cleaned = 0`); err != nil {
		return fmt.Errorf("note that there are no traces of keys: %w", err)
	}
	return nil
}
