package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

// earlier seals as versions did that knew no key ids.
func earlier(t testing.TB, b byte, purpose, secret string, nonce []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(bytes.Repeat([]byte{b}, seal.KeySize))
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return aead.Seal(bytes.Clone(nonce), nonce, []byte(secret), []byte(purpose))
}

func TestM9_AValueNamesItsKey(t *testing.T) {
	t.Parallel()
	one, two := key(t, 1), key(t, 2)
	require.Len(t, one.ID(), 16)
	require.NotEqual(t, one.ID(), two.ID())
	require.Equal(t, one.ID(), key(t, 1).ID())

	sealed, err := one.Seal("p", "s3cret")
	require.NoError(t, err)
	id, err := hex.DecodeString(one.ID())
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(sealed[3:], id))

	_, err = two.Open("p", sealed)
	require.ErrorIs(t, err, seal.ErrOpen)
	var other *seal.OtherKeyError
	require.ErrorAs(t, err, &other)
	require.Equal(t, one.ID(), other.ID)
	require.ErrorContains(t, err, one.ID())

	_, err = one.Open("q", sealed)
	require.ErrorIs(t, err, seal.ErrOpen)
	require.NotErrorAs(t, err, &other, "the key is right, the purpose is not")

	copy(sealed[3:], bytes.Repeat([]byte{0}, 8)) // it says it were another key's
	_, err = one.Open("p", sealed)
	require.ErrorIs(t, err, seal.ErrOpen)
}

func TestM9_AValueWithoutAKeyIDBelongsToThePresentKey(t *testing.T) {
	t.Parallel()
	present := key(t, 1)
	id, err := hex.DecodeString(present.ID())
	require.NoError(t, err)
	for what, nonce := range map[string][]byte{
		"any nonce":                          []byte("abcdefghijkl"),
		"a nonce like a mark":                []byte("WB\x01defghijkl"),
		"a nonce like a mark and the key":    append([]byte("WB\x01"), append(bytes.Clone(id), 'x')...),
		"a nonce like a mark and part of it": append([]byte("WB\x01"), append(bytes.Clone(id[:4]), "xxxxx"...)...),
	} {
		sealed := earlier(t, 1, "line/abc/token", "s3cret", nonce)
		plain, err := present.Open("line/abc/token", sealed)
		require.NoError(t, err, what)
		require.Equal(t, "s3cret", plain, what)
		_, err = present.Open("line/other/token", sealed)
		require.ErrorIs(t, err, seal.ErrOpen, what)
		_, err = key(t, 2).Open("line/abc/token", sealed)
		require.ErrorIs(t, err, seal.ErrOpen, what)

		moved, err := present.Reseal("line/abc/token", sealed, key(t, 2))
		require.NoError(t, err, what)
		plain, err = key(t, 2).Open("line/abc/token", moved)
		require.NoError(t, err, what)
		require.Equal(t, "s3cret", plain, what)
	}
}

func TestM9_AKeyIsNeverShown(t *testing.T) {
	t.Parallel()
	raw := strings.Repeat("k", seal.KeySize)
	k, err := seal.NewKey([]byte(raw))
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "key", k, "of", struct{ Key *seal.Key }{k})
	shown := fmt.Sprintf("%v %+v %#v %s %v", k, k, k, k, struct{ Key fmt.Stringer }{k}) + log.String()
	require.NotContains(t, shown, raw[:8])
	require.NotContains(t, shown, "107 107")
	require.Contains(t, shown, k.ID())
}

func TestM9_AKeyForOneUseOpensNothingElse(t *testing.T) {
	t.Parallel()
	k := key(t, 1)
	sealed, err := k.For("cache").Seal("p", "s")
	require.NoError(t, err)
	plain, err := key(t, 1).For("cache").Open("p", sealed)
	require.NoError(t, err)
	require.Equal(t, "s", plain)
	for _, other := range []*seal.Key{k, k.For("devices"), key(t, 2).For("cache")} {
		_, err := other.Open("p", sealed)
		require.ErrorIs(t, err, seal.ErrOpen)
	}
}

// Whatever stands where a sealed value was is refused: it neither opens nor hurts.
func FuzzOpen(f *testing.F) {
	raw := bytes.Repeat([]byte{1}, seal.KeySize)
	k, err := seal.NewKey(raw)
	require.NoError(f, err)
	good, err := k.Seal("purpose", "secret")
	require.NoError(f, err)
	old := earlier(f, 1, "purpose", "secret", []byte("abcdefghijkl"))
	f.Add("purpose", good, "secret", 0, byte(0))
	f.Add("purpose", old, "secret", 3, byte(1))
	f.Add("", []byte("WB\x01"), "", 0, byte(0))
	f.Add("p", good[:11], "x", 11, byte(255))
	f.Add("p", good[:23], "x", 23, byte(255))
	f.Add("p", []byte(`{"ID":"c1"}`), `{"ID":"c1"}`, 12, byte(9))
	f.Fuzz(func(t *testing.T, purpose string, foreign []byte, secret string, at int, flip byte) {
		plain, err := k.Open(purpose, foreign)
		switch {
		case len(foreign) == 0:
			require.NoError(t, err)
		case err == nil: // one of the seeds
			require.Equal(t, []string{"purpose", "secret"}, []string{purpose, plain})
		default:
			require.ErrorIs(t, err, seal.ErrOpen)
			require.Empty(t, plain)
		}
		if secret == "" {
			return
		}
		sealed, err := k.Seal(purpose, secret)
		require.NoError(t, err)
		plain, err = k.Open(purpose, sealed)
		require.NoError(t, err)
		require.Equal(t, secret, plain)
		_, err = k.Open(purpose+"x", sealed)
		require.ErrorIs(t, err, seal.ErrOpen)
		if flip != 0 {
			sealed[uint(at)%uint(len(sealed))] ^= flip
			_, err = k.Open(purpose, sealed)
			require.ErrorIs(t, err, seal.ErrOpen)
		}
	})
}
