package devicestore

import (
	"context"
	"fmt"
)

// forgetBatch is how many rows of a device a statement deletes. A device has a
// secret for every message there was, and on SQLite all other writers wait.
const forgetBatch = 500

// ofDevice are the library's tables that hold rows of a device, with the column that
// names it.
var ofDevice = map[string]string{
	"whatsmeow_identity_keys":           "our_jid",
	"whatsmeow_pre_keys":                "jid",
	"whatsmeow_sessions":                "our_jid",
	"whatsmeow_sender_keys":             "our_jid",
	"whatsmeow_app_state_sync_keys":     "jid",
	"whatsmeow_app_state_version":       "jid",
	"whatsmeow_app_state_mutation_macs": "jid",
	"whatsmeow_contacts":                "our_jid",
	"whatsmeow_chat_settings":           "our_jid",
	"whatsmeow_message_secrets":         "our_jid",
	"whatsmeow_privacy_tokens":          "our_jid",
	"whatsmeow_nct_salt":                "our_jid",
	"whatsmeow_event_buffer":            "our_jid",
	"whatsmeow_retry_buffer":            "our_jid",
}

// Forget removes a device and all its keys, in steps. No session may use it any
// more. The device's own row goes last, so that it can be asked for again.
func (s *Store) Forget(ctx context.Context, jid string) error {
	device, err := s.find(ctx, jid) // whose keys need not be readable
	if err != nil {
		return fmt.Errorf("forget a device: %w", err)
	}
	if device == nil {
		return s.forgetKeys(ctx, jid)
	}
	device.Container = container{s}
	for table := range ofDevice {
		for more := true; more; {
			if more, err = s.forgetSome(ctx, table, device.ID.String()); err != nil {
				return fmt.Errorf("forget a device: empty %s: %w", table, err)
			}
		}
	}
	if err := device.Delete(ctx); err != nil {
		return fmt.Errorf("forget a device: %w", err)
	}
	return nil
}

// forgetKeys removes the keys of a device of which nothing else is left.
func (s *Store) forgetKeys(ctx context.Context, jid string) error {
	if _, err := s.db.ExecContext(ctx, deleteKeys, jid); err != nil {
		return fmt.Errorf("forget a device: %w", err)
	}
	return nil
}

// forgetSome removes a few of a device's rows in a table, and reports whether there
// may be more.
func (s *Store) forgetSome(ctx context.Context, table, jid string) (more bool, err error) {
	deleted, err := s.db.ExecContext(ctx, s.forgetQuery(table), jid, forgetBatch)
	if err != nil {
		return false, err
	}
	rows, err := deleted.RowsAffected()
	return rows == forgetBatch, err
}

func (s *Store) forgetQuery(table string) string {
	some := ` FROM ` + table + ` WHERE ` + ofDevice[table] + ` = $1 LIMIT $2`
	if s.dialect == "postgres" {
		return `DELETE FROM ` + table + ` WHERE ctid = ANY (ARRAY (SELECT ctid` + some + `))`
	}
	return `DELETE FROM ` + table + ` WHERE rowid IN (SELECT rowid` + some + `)`
}
