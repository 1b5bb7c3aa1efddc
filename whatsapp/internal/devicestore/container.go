package devicestore

import (
	"context"
	"fmt"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
)

// container stores devices as the library's does, and their keys sealed.
type container struct{ s *Store }

var _ store.DeviceContainer = container{}

// PutDevice implements store.DeviceContainer. The keys of a device are written when it is
// linked, and never again: the library stores a device also when its name changes.
func (c container) PutDevice(ctx context.Context, d *store.Device) error {
	if d.ID == nil {
		return sqlstore.ErrDeviceIDMustBeSet
	}
	linked, jid := !d.Initialized, d.ID.String()
	own := keysOf(d)
	sealed, err := own.seal(c.s.sealer, jid)
	if err == nil {
		err = c.s.wrapped.DoTxn(ctx, nil, func(ctx context.Context) error {
			if linked {
				// What is left of another device of the same name: the library would keep
				// its keys and sessions.
				if err := c.DeleteDevice(ctx, d); err != nil {
					return err
				}
			}
			if _, err := c.s.wrapped.Exec(ctx, keepKeys, jid, sealed[0], sealed[1], sealed[2], sealed[3], 1); err != nil {
				return fmt.Errorf("store a device's keys: %w", err)
			}
			return c.s.container.PutDevice(ctx, withoutKeys(d))
		})
	}
	if linked {
		c.s.initialize(d) // as the library does, whatever came of it
	}
	return err
}

// DeleteDevice implements store.DeviceContainer.
func (c container) DeleteDevice(ctx context.Context, d *store.Device) error {
	if d.ID == nil {
		return sqlstore.ErrDeviceIDMustBeSet
	}
	return c.s.wrapped.DoTxn(ctx, nil, func(ctx context.Context) error {
		if _, err := c.s.wrapped.Exec(ctx, deleteKeys, d.ID.String()); err != nil {
			return fmt.Errorf("delete a device's keys: %w", err)
		}
		return c.s.container.DeleteDevice(ctx, d)
	})
}

// initialize gives a device its stores.
func (s *Store) initialize(d *store.Device) {
	d.SetAllStores(&sealedStore{SQLStore: sqlstore.NewSQLStore(s.container, *d.ID), sealer: s.sealer, log: s.log})
	d.LIDs = s.container.LIDMap
	d.Container = container{s}
	d.Initialized = true
}
