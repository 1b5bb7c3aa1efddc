package devicestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/util/keys"
)

// A device's own keys are in a table of ours, sealed: the library's columns for them
// have a fixed length. They hold zeros.

const keySize = 32

// deviceKeys are what makes a linked device: whoever has them is the device.
type deviceKeys struct{ noise, identity, signedPreKey, adv []byte }

// keyNames are the columns of the keys, in our table and in the library's.
var keyNames = [...]string{"noise_key", "identity_key", "signed_pre_key", "adv_key"}

// all gives the keys in the order of keyNames.
func (k *deviceKeys) all() [len(keyNames)]*[]byte {
	return [...]*[]byte{&k.noise, &k.identity, &k.signedPreKey, &k.adv}
}

func keysOf(d *store.Device) deviceKeys {
	return deviceKeys{noise: d.NoiseKey.Priv[:], identity: d.IdentityKey.Priv[:], signedPreKey: d.SignedPreKey.Priv[:], adv: d.AdvSecretKey}
}

// giveTo makes the keys those of a device.
func (k *deviceKeys) giveTo(d *store.Device) error {
	for i, key := range k.all() {
		if len(*key) != keySize {
			return fmt.Errorf("%s has %d bytes", keyNames[i], len(*key))
		}
	}
	d.NoiseKey = keys.NewKeyPairFromPrivateKey([keySize]byte(k.noise))
	d.IdentityKey = keys.NewKeyPairFromPrivateKey([keySize]byte(k.identity))
	d.SignedPreKey.KeyPair = *keys.NewKeyPairFromPrivateKey([keySize]byte(k.signedPreKey))
	d.AdvSecretKey = k.adv
	return nil
}

// inTheClear says that the library's columns hold the keys, as they did in earlier
// versions.
func (k *deviceKeys) inTheClear() bool {
	for _, key := range k.all() {
		for _, b := range *key {
			if b != 0 {
				return true
			}
		}
	}
	return false
}

// withoutKeys is a device as the library's table shows it.
func withoutKeys(d *store.Device) *store.Device {
	blank := func() keys.KeyPair { return keys.KeyPair{Priv: new([keySize]byte), Pub: new([keySize]byte)} }
	shown, noise, identity, signed := *d, blank(), blank(), *d.SignedPreKey
	signed.KeyPair = blank()
	shown.NoiseKey, shown.IdentityKey, shown.SignedPreKey = &noise, &identity, &signed
	shown.AdvSecretKey = make([]byte, keySize)
	shown.Initialized = true // the library would set up its stores for it
	return &shown
}

// seal gives the keys as they are stored, in the order of keyNames.
func (k *deviceKeys) seal(s Sealer, jid string) (sealed [len(keyNames)][]byte, err error) {
	for i, key := range k.all() {
		if sealed[i], err = s.Seal(purpose(keyNames[i], jid), string(*key)); err != nil {
			return sealed, fmt.Errorf("seal a device's %s: %w", keyNames[i], err)
		}
	}
	return sealed, nil
}

// openKeys is the inverse of seal.
func openKeys(s Sealer, jid string, sealed [len(keyNames)][]byte) (k deviceKeys, err error) {
	for i, key := range k.all() {
		plain, err := s.Open(purpose(keyNames[i], jid), sealed[i])
		if err != nil {
			return k, fmt.Errorf("open a device's %s: %w", keyNames[i], err)
		}
		*key = []byte(plain)
	}
	return k, nil
}

const (
	insertKeys = `INSERT INTO device_key (device, noise_key, identity_key, signed_pre_key, adv_key, cleaned) VALUES ($1, $2, $3, $4, $5, $6)`
	// keepKeys is for a device that is there already, and replaceKeys for one whose
	// keys an earlier version has written.
	keepKeys    = insertKeys + ` ON CONFLICT (device) DO NOTHING`
	replaceKeys = insertKeys + ` ON CONFLICT (device) DO UPDATE SET noise_key = excluded.noise_key, identity_key = excluded.identity_key,
		signed_pre_key = excluded.signed_pre_key, adv_key = excluded.adv_key, cleaned = excluded.cleaned`
	selectKeys = `SELECT noise_key, identity_key, signed_pre_key, adv_key FROM device_key WHERE device = $1`
	deleteKeys = `DELETE FROM device_key WHERE device = $1`
)

// fillIn gives a device that was just read its keys. The error is a *KeysError if they
// are not to be had.
func (s *Store) fillIn(ctx context.Context, d *store.Device) error {
	jid := d.ID.String()
	var sealed [len(keyNames)][]byte
	err := s.db.QueryRowContext(ctx, selectKeys, jid).Scan(&sealed[0], &sealed[1], &sealed[2], &sealed[3])
	if errors.Is(err, sql.ErrNoRows) {
		return &KeysError{Missing: true, err: errNoKeys}
	}
	if err != nil {
		return fmt.Errorf("read a device's keys: %w", err)
	}
	k, err := openKeys(s.sealer, jid, sealed)
	if err == nil {
		err = k.giveTo(d)
	}
	if err != nil {
		return &KeysError{err: err}
	}
	return nil
}
