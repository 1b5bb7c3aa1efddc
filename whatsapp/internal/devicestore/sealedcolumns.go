package devicestore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// sealedColumn is a column of the library's in which values are sealed where they stand.
type sealedColumn struct {
	table, name string
	// key are the columns that name a row of a device, rest those that a row must have
	// besides.
	key, rest []string
	// purpose is that of a row's value; key are the row's values of key.
	purpose func(device string, key []any) string
}

var sealedColumns = []sealedColumn{
	{
		table: "whatsmeow_message_secrets", name: "key", key: []string{"chat_jid", "sender_jid", "message_id"},
		purpose: func(device string, key []any) string { return purposeOfSecret(device, text(key[1]), text(key[2])) },
	},
	{
		table: "whatsmeow_event_buffer", name: "plaintext", key: []string{"ciphertext_hash"}, rest: []string{"server_timestamp", "insert_timestamp"},
		purpose: func(device string, key []any) string { return purposeOfReceived(device, []byte(text(key[0]))) },
	},
	{
		table: "whatsmeow_retry_buffer", name: "plaintext", key: []string{"chat_jid", "message_id"}, rest: []string{"format", "timestamp"},
		purpose: func(device string, key []any) string { return purposeOfSent(device, text(key[1])) },
	},
}

// SealedTables are the tables in which something is sealed.
func SealedTables() []string {
	tables := []string{"whatsmeow_device", "device_key"}
	for _, c := range sealedColumns {
		tables = append(tables, c.table)
	}
	return tables
}

// text is a value of a text or binary column, whatever the driver makes of it.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// changeBatch is how many rows are read and written at once.
const changeBatch = 200

// change replaces the values of a device by what with makes of them; nil is for those that
// stay.
func (c sealedColumn) change(ctx context.Context, tx *sql.Tx, device string, with func(purpose string, stored []byte) ([]byte, error)) error {
	var after []any
	for {
		rows, err := c.read(ctx, tx, device, after)
		if err != nil {
			return fmt.Errorf("read %s: %w", c.table, err)
		}
		var changed [][]any
		for _, row := range rows {
			stored, _ := row[len(row)-1].([]byte)
			value, err := with(c.purpose(device, row[:len(c.key)]), stored)
			if err != nil {
				return fmt.Errorf("change %s: %w", c.table, err)
			}
			if value != nil {
				row[len(row)-1] = value
				changed = append(changed, row)
			}
		}
		if err := c.write(ctx, tx, device, changed); err != nil {
			return fmt.Errorf("write %s: %w", c.table, err)
		}
		if len(rows) < changeBatch {
			return nil
		}
		after = rows[len(rows)-1][:len(c.key)]
	}
}

// columns are the row's key, the rest and, last, the value.
func (c sealedColumn) columns() []string {
	return append(append(append([]string{}, c.key...), c.rest...), c.name)
}

// read gives the next rows of a device, in the order of their key.
func (c sealedColumn) read(ctx context.Context, tx *sql.Tx, device string, after []any) (found [][]any, err error) {
	query := `SELECT ` + strings.Join(c.columns(), ", ") + ` FROM ` + c.table + ` WHERE our_jid = $1 AND ` + c.name + ` IS NOT NULL`
	args := []any{device}
	if after != nil {
		args = append(args, after...)
		query += ` AND (` + strings.Join(c.key, ", ") + `) > (` + marks(2, len(c.key)) + `)`
	}
	query += fmt.Sprintf(` ORDER BY %s LIMIT %d`, strings.Join(c.key, ", "), changeBatch)
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		row := make([]any, len(c.columns()))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// write replaces the values of rows, all at once: one by one a large table would take
// many times as long.
func (c sealedColumn) write(ctx context.Context, tx *sql.Tx, device string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	var values []string
	args := []any{device}
	for _, row := range rows {
		values = append(values, `($1, `+marks(len(args)+1, len(row))+`)`)
		args = append(args, row...)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+c.table+` (our_jid, `+strings.Join(c.columns(), ", ")+`) VALUES `+strings.Join(values, ", ")+
		` ON CONFLICT (our_jid, `+strings.Join(c.key, ", ")+`) DO UPDATE SET `+c.name+` = excluded.`+c.name, args...)
	return err
}

// marks are n placeholders from a number on.
func marks(from, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(list, ", ")
}
