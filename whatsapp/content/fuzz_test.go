package content_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func FuzzDecode(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.envelope(f).Payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := content.Decode(payload)
		if err != nil {
			return
		}
		require.NotNil(t, m.Content, "there is something to say of every message")
		if file := m.File(); file != nil {
			require.GreaterOrEqual(t, file.Size, int64(0))
			require.NotNil(t, file.Source())
			require.IsType(t, file.Source(), file.MovedTo("/elsewhere").Source())
		}
	})
}

func FuzzDecodeReceipt(f *testing.F) {
	f.Add([]byte(`{"kind":"read","chat":{"jid":"5511999990002@s.whatsapp.net"},"ids":["A1"],"at":"2026-09-21T14:13:20Z"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := content.DecodeReceipt(payload)
		if err != nil {
			require.Equal(t, content.Receipt{}, r)
		}
	})
}

func FuzzDecodeMediaRetry(f *testing.F) {
	f.Add([]byte(`{"v":1,"id":"A1","chat":{"jid":"5511999990002@s.whatsapp.net"},"at":"2026-09-21T14:13:20Z","ciphertext":"AAEC","iv":"AwQF"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := content.DecodeMediaRetry(payload)
		if err != nil {
			require.Equal(t, content.MediaRetry{}, r)
		}
	})
}
