package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestL01_AddressesAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"redis://:hunter2@h:6379/0":                                "redis://(hidden)@h:6379/0",
		`dial "postgres://u:hun@ter2@h/x?sslmode=no": refused`:     `dial "postgres://(hidden)@h/x?(hidden)": refused`,
		"https://u:hunter'2@h and https://v:hunter2@i":             "https://(hidden)@h and https://(hidden)@i",
		"https://u:hunter2/2@h/path":                               "https://(hidden)@h/path",
		`Get "https://s3.example.com/a?X-Amz-Signature=hunter2#x"`: `Get "https://s3.example.com/a?(hidden)"`,
		"https://b.example.com/webhooks/l1/hunter2":                "https://b.example.com/webhooks/l1/(hidden)",
		`/webhooks/l1/hunter2?via=x`:                               `/webhooks/l1/(hidden)?via=x`,
		"//u:hunter2@h":                                            "//(hidden)@h",
		"https://chat.example.com/app/accounts/3":                  "https://chat.example.com/app/accounts/3",
		"5511999990001@s.whatsapp.net":                             "5511999990001@s.whatsapp.net",
		"":                                                         "",
	} {
		got := seal.Mask(text)
		require.Equal(t, want, got)
		require.Equal(t, got, seal.Mask(got), "once more changes nothing")
	}
}
