package atrest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// ErrInUse says that another bridge works on the database: it would go on with the old
// key.
var ErrInUse = errors.New("another bridge works on this database: stop all of them first; one that was killed counts for some seconds more")

// Renew seals with another key all that cfg.Key has sealed, in one transaction. It gives
// the number of values that do not open, which stay as they are.
func Renew(ctx context.Context, cfg Config, store *whatsapp.Store, to *seal.Key) (unread int, err error) {
	err = cfg.DB.InLongTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if cfg.DB.Dialect == database.Postgres {
			// Who is about to take a line over waits.
			if _, err := tx.ExecContext(ctx, `LOCK TABLE line, device_key, encryption_key IN EXCLUSIVE MODE`); err != nil {
				return fmt.Errorf("keep others away: %w", err)
			}
		}
		held, err := lines.Elsewhere(ctx, tx, cfg.Instance, cfg.Clock())
		if err != nil {
			return err
		}
		if len(held) > 0 {
			return ErrInUse
		}
		ofLines, err := lines.Reseal(ctx, tx, cfg.Key, to)
		if err != nil {
			return err
		}
		ofDevices, err := store.Reseal(ctx, tx, cfg.Key.For(forDevices), to.For(forDevices))
		if err != nil {
			return err
		}
		unread = ofLines + ofDevices
		return writeProof(ctx, tx, to)
	})
	if err != nil {
		return 0, fmt.Errorf("seal everything with another key: %w", err)
	}
	return unread, nil
}
