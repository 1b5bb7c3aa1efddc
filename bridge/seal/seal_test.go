package seal_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

func key(t *testing.T, b byte) *seal.Key {
	t.Helper()
	k, err := seal.ParseKey(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, seal.KeySize)))
	require.NoError(t, err)
	return k
}

func TestSealedSecretOpensOnlyForItsPurposeAndKey(t *testing.T) {
	t.Parallel()
	k := key(t, 1)
	sealed, err := k.Seal("line/abc/token", "s3cret")
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "s3cret")

	plain, err := k.Open("line/abc/token", sealed)
	require.NoError(t, err)
	require.Equal(t, "s3cret", plain)

	_, err = k.Open("line/other/token", sealed)
	require.ErrorIs(t, err, seal.ErrOpen)
	_, err = key(t, 2).Open("line/abc/token", sealed)
	require.ErrorIs(t, err, seal.ErrOpen)
	sealed[len(sealed)-1] ^= 1
	_, err = k.Open("line/abc/token", sealed)
	require.ErrorIs(t, err, seal.ErrOpen)
	_, err = k.Open("line/abc/token", []byte{1, 2})
	require.ErrorIs(t, err, seal.ErrOpen)
}

func TestEmptySecretStaysEmpty(t *testing.T) {
	t.Parallel()
	k := key(t, 1)
	sealed, err := k.Seal("p", "")
	require.NoError(t, err)
	require.Nil(t, sealed)
	plain, err := k.Open("p", nil)
	require.NoError(t, err)
	require.Empty(t, plain)
}

func TestKeyOfWrongFormIsRefused(t *testing.T) {
	t.Parallel()
	_, err := seal.ParseKey("%%%")
	require.ErrorContains(t, err, "base64")
	_, err = seal.ParseKey("YWJj")
	require.ErrorContains(t, err, "3 bytes")
}
