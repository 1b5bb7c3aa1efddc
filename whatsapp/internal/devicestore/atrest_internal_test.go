package devicestore

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	_ "github.com/lib/pq" // registers the driver "postgres"
	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"

	"github.com/wootbridge/wootbridge/whatsapp/storetest"
)

// shelf is a database with a store of devices, and what must not be read in it.
type shelf struct {
	t       *testing.T
	db      *sql.DB
	dialect string
	sealer  storetest.Sealer
	secrets map[string][]byte
}

func eachShelf(t *testing.T, test func(t *testing.T, s *shelf)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *sql.DB, dialect string) {
		storetest.Prepare(t, db, dialect)
		test(t, &shelf{t: t, db: db, dialect: dialect, sealer: storetest.NewSealer(), secrets: map[string][]byte{}})
	})
}

func (s *shelf) config() Config {
	return Config{DB: s.db, Dialect: s.dialect, Sealer: s.sealer, Log: waLog.Noop}
}

func (s *shelf) open() *Store {
	s.t.Helper()
	opened, err := Open(s.t.Context(), s.config())
	require.NoError(s.t, err)
	return opened
}

// secret is a random one that is looked for.
func (s *shelf) secret(what string) []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	s.secrets[what] = b
	return b
}

// messages are how many messages a device has whose secrets take several batches; of those
// in edges the secrets are looked for.
const messages = 2*changeBatch + 1

var edges = []int{0, changeBatch - 1, changeBatch, messages - 1}

// secretOf is that of a message of a device.
func (s *shelf) secretOf(number, message int) []byte {
	b := sha256.Sum256(fmt.Append(nil, s.sealer, number, message))
	if slices.Contains(edges, message) {
		s.secrets[fmt.Sprint(number, " message ", message)] = b[:]
	}
	return b[:]
}

// shows are the tables in which a secret can be read.
func (s *shelf) shows() (tables []string) {
	s.t.Helper()
	for table, content := range storetest.Contents(s.t, s.db, s.dialect) {
		for what, secret := range s.secrets {
			if storetest.Holds(content, secret) {
				tables = append(tables, table+": "+what)
			}
		}
	}
	return tables
}

// link makes a new device one that is linked, as the library does, and looks for its keys
// from then on.
func (s *shelf) link(d *store.Device, number int) *store.Device {
	s.t.Helper()
	jid := types.NewADJID("5511999990001", 0, uint8(number))
	d.ID = &jid
	d.Account = &waAdv.ADVSignedDeviceIdentity{
		Details: []byte{1}, AccountSignature: make([]byte, 64), AccountSignatureKey: make([]byte, 32), DeviceSignature: make([]byte, 64),
	}
	require.NoError(s.t, d.Save(s.t.Context()))
	own := keysOf(d)
	for i, key := range own.all() {
		s.secrets[fmt.Sprint(number, " ", keyNames[i])] = bytes.Clone(*key)
	}
	return d
}

// same says whether two devices have the same keys, both halves of them.
func same(t *testing.T, want, got *store.Device) {
	t.Helper()
	require.Equal(t, keysOf(want), keysOf(got))
	require.Equal(t, want.NoiseKey.Pub, got.NoiseKey.Pub)
	require.Equal(t, want.IdentityKey.Pub, got.IdentityKey.Pub)
	require.Equal(t, want.SignedPreKey, got.SignedPreKey)
	require.Equal(t, want.RegistrationID, got.RegistrationID)
}

var (
	chat   = types.NewJID("5511888880002", types.DefaultUserServer)
	sender = types.NewADJID("5511888880002", 0, 7)
)

func TestM9_ADevicesKeysAreNeverInTheClear(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		ctx, devices := t.Context(), s.open()
		paired := s.link(devices.NewDevice(), 3)
		require.Empty(t, s.shows(), "from the first write on")
		read := func() *store.Device {
			loaded, err := devices.Device(ctx, paired.ID.String())
			require.NoError(t, err)
			return loaded
		}
		same(t, paired, read())

		// The library stores a device again, the one that paired or one that was read.
		for i, d := range []*store.Device{paired, read()} {
			d.PushName = fmt.Sprint("Shop ", i)
			require.NoError(t, d.Save(ctx))
			require.Empty(t, s.shows())
			same(t, paired, read())
			require.Equal(t, d.PushName, read().PushName)
		}
		// What it has in memory then does not become what is stored.
		broken := read()
		broken.AdvSecretKey = bytes.Repeat([]byte{9}, 32)
		require.NoError(t, broken.Save(ctx))
		same(t, paired, read())

		require.NoError(t, read().Delete(ctx))
		var rows int
		require.NoError(t, s.db.QueryRow(`SELECT COUNT(*) FROM device_key`).Scan(&rows))
		require.Zero(t, rows)
		gone, err := devices.Device(ctx, paired.ID.String())
		require.NoError(t, err)
		require.Nil(t, gone)
		traces, err := devices.Traces(ctx)
		require.NoError(t, err)
		require.False(t, traces)
	})
}

// Of a device that has the name of one that is gone nothing is mixed with that one.
func TestM9_ADeviceThatIsLinkedAgainHasItsOwnKeys(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		ctx, devices := t.Context(), s.open()
		before := s.link(devices.NewDevice(), 3)
		require.NoError(t, before.Sessions.PutSession(ctx, "5511888880002:0", []byte("of the one before")))
		after := s.link(devices.NewDevice(), 3)
		loaded, err := devices.Device(ctx, after.ID.String())
		require.NoError(t, err)
		same(t, after, loaded)
		has, err := loaded.Sessions.HasSession(ctx, "5511888880002:0")
		require.NoError(t, err)
		require.False(t, has)
	})
}

func TestM9_SecretsAndWaitingMessagesAreSealed(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		ctx, devices := t.Context(), s.open()
		d := s.link(devices.NewDevice(), 3)
		other := s.link(devices.NewDevice(), 4)
		one, two, three := s.secret("one"), s.secret("two"), s.secret("three")
		require.NoError(t, d.MsgSecrets.PutMessageSecret(ctx, chat, sender, `A"/x`, one))
		require.NoError(t, d.MsgSecrets.PutMessageSecrets(ctx, []store.MessageSecretInsert{
			{Chat: chat, Sender: sender, ID: "B", Secret: two}, {Chat: chat, Sender: sender, ID: "none"},
		}))
		hash := [32]byte{1}
		require.NoError(t, d.EventBuffer.PutBufferedEvent(ctx, hash, append([]byte("received"), three...), time.Now()))
		require.NoError(t, d.EventBuffer.AddOutgoingEvent(ctx, chat, "C", "wa", append([]byte("sent"), three...)))
		require.NoError(t, d.EventBuffer.AddOutgoingEvent(ctx, chat, "D", "wa", nil))
		require.Empty(t, s.shows())

		d, err := devices.Device(ctx, d.ID.String())
		require.NoError(t, err)
		secret, from, err := d.MsgSecrets.GetMessageSecret(ctx, chat, sender, `A"/x`)
		require.NoError(t, err)
		require.Equal(t, one, secret)
		require.Equal(t, sender.ToNonAD(), from)
		lid := types.NewJID("77", types.HiddenUserServer)
		require.NoError(t, d.LIDs.PutLIDMapping(ctx, lid, chat))
		secret, from, err = d.MsgSecrets.GetMessageSecret(ctx, lid, lid, "B") // by the other address
		require.NoError(t, err)
		require.Equal(t, two, secret)
		require.Equal(t, sender.ToNonAD(), from)
		secret, _, err = d.MsgSecrets.GetMessageSecret(ctx, chat, sender, "none")
		require.NoError(t, err)
		require.Nil(t, secret)
		event, err := d.EventBuffer.GetBufferedEvent(ctx, hash)
		require.NoError(t, err)
		require.Equal(t, append([]byte("received"), three...), event.Plaintext)
		format, sent, err := d.EventBuffer.GetOutgoingEvent(ctx, chat, types.EmptyJID, "C")
		require.NoError(t, err)
		require.Equal(t, "wa", format)
		require.Equal(t, append([]byte("sent"), three...), sent)
		_, sent, err = d.EventBuffer.GetOutgoingEvent(ctx, chat, types.EmptyJID, "D")
		require.NoError(t, err)
		require.Empty(t, sent)

		require.NoError(t, d.EventBuffer.ClearBufferedEventPlaintext(ctx, hash))
		event, err = d.EventBuffer.GetBufferedEvent(ctx, hash)
		require.NoError(t, err)
		require.Nil(t, event.Plaintext, "it was handled, which is not the same as unreadable")

		// A value that somebody has moved to another row opens nowhere.
		for _, moved := range []string{
			`UPDATE whatsmeow_message_secrets SET key = (SELECT key FROM whatsmeow_message_secrets WHERE message_id = 'B') WHERE message_id = 'A"/x'`,
			`UPDATE whatsmeow_message_secrets SET message_id = 'E' WHERE message_id = 'B'`,
			`UPDATE whatsmeow_retry_buffer SET message_id = 'F' WHERE message_id = 'C'`,
		} {
			_, err := s.db.Exec(moved)
			require.NoError(t, err)
		}
		for _, id := range []string{`A"/x`, "E"} {
			secret, _, err = d.MsgSecrets.GetMessageSecret(ctx, chat, sender, id)
			require.NoError(t, err)
			require.Nil(t, secret, id)
		}
		_, _, err = d.EventBuffer.GetOutgoingEvent(ctx, chat, types.EmptyJID, "F")
		require.Error(t, err)
		require.NoError(t, d.EventBuffer.PutBufferedEvent(ctx, [32]byte{2}, three, time.Now()))
		_, err = s.db.Exec(`UPDATE whatsmeow_event_buffer SET our_jid = $1`, other.ID.String())
		require.NoError(t, err)
		event, err = other.EventBuffer.GetBufferedEvent(ctx, [32]byte{2})
		require.NoError(t, err)
		require.Nil(t, event, "it is decrypted again, or asked for again; it is not taken for handled")
	})
}

func TestM9_KeysThatDoNotOpenAreNotAMissingPhone(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		ctx, devices := t.Context(), s.open()
		one, two := s.link(devices.NewDevice(), 3).ID.String(), s.link(devices.NewDevice(), 4).ID.String()
		_, err := s.db.Exec(`UPDATE device_key SET adv_key = (SELECT adv_key FROM device_key WHERE device = $1) WHERE device = $2`, two, one)
		require.NoError(t, err)
		_, err = devices.Device(ctx, one)
		var lost *KeysError
		require.ErrorAs(t, err, &lost, "swapped")
		require.False(t, lost.Missing)
		_, err = s.db.Exec(`UPDATE device_key SET adv_key = noise_key WHERE device = $1`, one)
		require.NoError(t, err)
		_, err = devices.Device(ctx, one)
		require.ErrorAs(t, err, &lost, "from another column")

		s.sealer = storetest.NewSealer()
		_, err = s.open().Device(ctx, two)
		require.ErrorAs(t, err, &lost, "another key")
		require.False(t, lost.Missing)

		_, err = s.db.Exec(`DELETE FROM device_key WHERE device = $1`, two)
		require.NoError(t, err)
		_, err = devices.Device(ctx, two)
		require.ErrorAs(t, err, &lost)
		require.True(t, lost.Missing)
		for _, jid := range []string{one, two, one} {
			require.NoError(t, devices.Forget(ctx, jid))
			gone, err := devices.Device(ctx, jid)
			require.NoError(t, err)
			require.Nil(t, gone)
		}
	})
}

// earlier leaves what an earlier version left: everything in the clear.
func (s *shelf) earlier(numbers ...int) (left []*store.Device) {
	s.t.Helper()
	container := sqlstore.NewWithDB(s.db, s.dialect, waLog.Noop)
	require.NoError(s.t, container.Upgrade(s.t.Context()))
	for _, number := range numbers {
		d := s.link(container.NewDevice(), number)
		var inserts []store.MessageSecretInsert
		for i := range messages {
			inserts = append(inserts, store.MessageSecretInsert{Chat: chat, Sender: sender, ID: fmt.Sprint("A", i), Secret: s.secretOf(number, i)})
		}
		require.NoError(s.t, d.MsgSecrets.PutMessageSecrets(s.t.Context(), inserts))
		require.NoError(s.t, d.EventBuffer.PutBufferedEvent(s.t.Context(), [32]byte{1}, s.secret(fmt.Sprint(number, " received")), time.Unix(1, 0)))
		require.NoError(s.t, d.EventBuffer.PutBufferedEvent(s.t.Context(), [32]byte{2}, nil, time.Unix(1, 0)))
		require.NoError(s.t, d.EventBuffer.AddOutgoingEvent(s.t.Context(), chat, "C", "wa", s.secret(fmt.Sprint(number, " sent"))))
		left = append(left, d)
	}
	return left
}

// reads looks that a device and all that is its own can be read.
func (s *shelf) reads(devices *Store, want *store.Device, number int) {
	s.t.Helper()
	ctx, t := s.t.Context(), s.t
	d, err := devices.Device(ctx, want.ID.String())
	require.NoError(t, err)
	same(t, want, d)
	for i := range messages {
		secret, _, err := d.MsgSecrets.GetMessageSecret(ctx, chat, sender, fmt.Sprint("A", i))
		require.NoError(t, err)
		require.Equal(t, s.secretOf(number, i), secret, i)
	}
	event, err := d.EventBuffer.GetBufferedEvent(ctx, [32]byte{1})
	require.NoError(t, err)
	require.Equal(t, s.secrets[fmt.Sprint(number, " received")], event.Plaintext)
	require.EqualValues(t, 1, event.ServerTime.Unix())
	event, err = d.EventBuffer.GetBufferedEvent(ctx, [32]byte{2})
	require.NoError(t, err)
	require.Nil(t, event.Plaintext)
	_, sent, err := d.EventBuffer.GetOutgoingEvent(ctx, chat, types.EmptyJID, "C")
	require.NoError(t, err)
	require.Equal(t, s.secrets[fmt.Sprint(number, " sent")], sent)
}

func TestM9_WhatAnEarlierVersionLeftIsSealedInOneTransaction(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		left := s.earlier(3, 4)
		require.NotEmpty(t, s.shows())
		before := storetest.Contents(t, s.db, s.dialect)

		// It fails near its end: nothing has changed.
		calls := 0
		failing := s.config()
		failing.Sealer = sealFunc(func(purpose, secret string) ([]byte, error) {
			if calls++; calls > 4*changeBatch {
				return nil, errors.New("it ends in the middle")
			}
			return s.sealer.Seal(purpose, secret)
		})
		_, err := Open(t.Context(), failing)
		require.ErrorContains(t, err, "it ends in the middle")
		require.Equal(t, before, storetest.Contents(t, s.db, s.dialect))

		devices := s.open()
		require.Equal(t, 2, devices.Moved())
		require.Empty(t, s.shows())
		traces, err := devices.Traces(t.Context())
		require.NoError(t, err)
		require.True(t, traces)
		require.NoError(t, devices.NoTraces(t.Context()))

		devices = s.open()
		require.Zero(t, devices.Moved())
		traces, err = devices.Traces(t.Context())
		require.NoError(t, err)
		require.False(t, traces)
		s.reads(devices, left[0], 3)
		s.reads(devices, left[1], 4)
	})
}

// sealFunc seals, and opens nothing.
type sealFunc func(purpose, secret string) ([]byte, error)

func (f sealFunc) Seal(purpose, secret string) ([]byte, error) { return f(purpose, secret) }
func (sealFunc) Open(string, []byte) (string, error)           { return "", errors.New("it does not open") }

// A process of the earlier version that uses a device would find zeros when it connects
// again: it would take the device for one that was unlinked.
func TestM9_ADeviceInUseElsewhereIsSealedByWhoUsesItNext(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		left := s.earlier(3, 4)
		cfg := s.config()
		cfg.Elsewhere = func(context.Context) (map[string]bool, error) {
			return map[string]bool{left[1].ID.String(): true}, nil
		}
		devices, err := Open(t.Context(), cfg)
		require.NoError(t, err)
		require.Equal(t, 1, devices.Moved())
		shown := s.shows()
		require.Contains(t, shown, "whatsmeow_device: 4 noise_key")
		require.NotContains(t, shown, "whatsmeow_device: 3 noise_key")

		s.reads(devices, left[1], 4)
		require.Empty(t, s.shows())
		s.reads(devices, left[1], 4)
		s.reads(devices, left[0], 3)
	})
}

func TestM9_EverythingIsSealedWithAnotherKey(t *testing.T) {
	t.Parallel()
	eachShelf(t, func(t *testing.T, s *shelf) {
		left := s.earlier(3)
		devices := s.open()
		old := storetest.Contents(t, s.db, s.dialect)
		from, to := s.sealer, storetest.NewSealer()
		_, err := s.db.Exec(`UPDATE whatsmeow_message_secrets SET message_id = 'moved' WHERE message_id = 'A0'`)
		require.NoError(t, err)
		inTx := func(keep bool) (unread int) {
			tx, err := s.db.Begin()
			require.NoError(t, err)
			defer func() { _ = tx.Rollback() }()
			unread, err = devices.Reseal(t.Context(), tx, from, to)
			require.NoError(t, err)
			if keep {
				require.NoError(t, tx.Commit())
			}
			return unread
		}
		require.Equal(t, 1, inTx(false), "one opens for nobody, and stays")
		require.Equal(t, 1, inTx(true))
		now := storetest.Contents(t, s.db, s.dialect)
		for _, table := range SealedTables()[1:] {
			require.NotEqual(t, old[table], now[table], table)
		}
		var lost *KeysError
		_, err = devices.Device(t.Context(), left[0].ID.String())
		require.ErrorAs(t, err, &lost)
		want := map[int][]byte{}
		for i := range messages {
			want[i] = s.secretOf(3, i)
		}
		s.sealer = to
		_, err = s.db.Exec(`UPDATE whatsmeow_message_secrets SET message_id = 'A0' WHERE message_id = 'moved'`)
		require.NoError(t, err)
		require.Empty(t, s.shows())
		d, err := s.open().Device(t.Context(), left[0].ID.String())
		require.NoError(t, err)
		same(t, left[0], d)
		for i := 1; i < messages; i++ {
			secret, _, err := d.MsgSecrets.GetMessageSecret(t.Context(), chat, sender, fmt.Sprint("A", i))
			require.NoError(t, err)
			require.Equal(t, want[i], secret)
		}
	})
}

func TestM9_AStoreWithoutASealerIsNotOpened(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Config{DB: storetest.SQLite(t), Dialect: "sqlite"})
	require.ErrorContains(t, err, "nothing seals")
}

// Whatever stands in a column of the library's is read as it is, or opened, or refused.
func FuzzOpenInPlace(f *testing.F) {
	sealer := storetest.Sealer{1}
	f.Add("p", []byte("\x0a\x05hello\x01"))
	f.Add("p", sealedMark)
	f.Add("p", append(bytes.Clone(sealedMark), "WB\x01"...))
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, purpose string, stored []byte) {
		plain, err := openInPlace(sealer, purpose, stored)
		if bytes.HasPrefix(stored, sealedMark) {
			require.Error(t, err)
			require.Empty(t, plain)
		} else {
			require.NoError(t, err)
			require.Equal(t, stored, plain)
		}
		sealed, err := sealInPlace(sealer, purpose, stored)
		require.NoError(t, err)
		plain, err = openInPlace(sealer, purpose, sealed)
		require.NoError(t, err)
		require.Equal(t, string(stored), string(plain))
		_, err = openInPlace(sealer, purpose+"x", sealed)
		require.Error(t, err)
	})
}
