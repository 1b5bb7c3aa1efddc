package devicestore

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
)

// Reseal seals with one key what another one has sealed, in the caller's transaction. It
// gives the number of values that from does not open, which stay as they are.
func (s *Store) Reseal(ctx context.Context, tx *sql.Tx, from, to Sealer) (unread int, err error) {
	rows, err := readKeys(ctx, tx)
	if err != nil {
		return 0, err
	}
	for jid, sealed := range rows {
		k, err := openKeys(from, jid, sealed)
		if err != nil {
			unread++
			continue
		}
		if sealed, err = k.seal(to, jid); err != nil {
			return unread, err
		}
		if _, err := tx.ExecContext(ctx, replaceKeys, jid, sealed[0], sealed[1], sealed[2], sealed[3], 0); err != nil {
			return unread, fmt.Errorf("store a device's keys: %w", err)
		}
	}
	for jid := range rows {
		for _, c := range sealedColumns {
			err := c.change(ctx, tx, jid, func(purpose string, stored []byte) ([]byte, error) {
				if !bytes.HasPrefix(stored, sealedMark) {
					return nil, nil
				}
				plain, err := openInPlace(from, purpose, stored)
				if err != nil {
					unread++
					return nil, nil
				}
				return sealInPlace(to, purpose, plain)
			})
			if err != nil {
				return unread, fmt.Errorf("seal with another key: %w", err)
			}
		}
	}
	return unread, nil
}

// readKeys gives the keys of all devices as they are stored.
func readKeys(ctx context.Context, tx *sql.Tx) (map[string][len(keyNames)][]byte, error) {
	rows, err := tx.QueryContext(ctx, `SELECT device, noise_key, identity_key, signed_pre_key, adv_key FROM device_key`)
	if err != nil {
		return nil, fmt.Errorf("read the keys of devices: %w", err)
	}
	defer rows.Close()
	all := map[string][len(keyNames)][]byte{}
	for rows.Next() {
		var jid string
		var sealed [len(keyNames)][]byte
		if err := rows.Scan(&jid, &sealed[0], &sealed[1], &sealed[2], &sealed[3]); err != nil {
			return nil, fmt.Errorf("read the keys of devices: %w", err)
		}
		all[jid] = sealed
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the keys of devices: %w", err)
	}
	return all, nil
}
