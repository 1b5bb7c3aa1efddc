package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
)

// What people paste is taken for the address that they mean.
func TestT22_AnAddressIsReadAsTheBrowserShowsIt(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]struct {
		address string
		account int64
	}{
		"https://chat.example.com":                                     {"https://chat.example.com", 0},
		" https://Chat.Example.com/ \n":                                {"https://chat.example.com", 0},
		"https://chat.example.com/app/accounts/3/inbox/7":              {"https://chat.example.com", 3},
		"https://chat.example.com/app/accounts/3/dashboard?page=1#top": {"https://chat.example.com", 3},
		"https://chat.example.com/api/v1/accounts/12":                  {"https://chat.example.com", 12},
		"https://chat.example.com/api/v1":                              {"https://chat.example.com", 0},
		"https://chat.example.com/app/login":                           {"https://chat.example.com", 0},
		"https://example.com/desk/app/accounts/3/settings/inboxes/new": {"https://example.com/desk", 3},
		"https://example.com/desk/":                                    {"https://example.com/desk", 0},
		"http://localhost:3000/super_admin":                            {"http://localhost:3000", 0},
		"https://example.com/application":                              {"https://example.com/application", 0},
		"chat.example.com":                                             {"chat.example.com", 0},
	} {
		address, account := admin.ChatwootAddress(given)
		require.Equal(t, want.address, address, given)
		require.Equal(t, want.account, account, given)
		again, _ := admin.ChatwootAddress(address)
		require.Equal(t, address, again, "what is right stays")
	}
}
