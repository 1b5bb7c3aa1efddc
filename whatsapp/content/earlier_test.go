package content_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What earlier releases showed as a placeholder is known by its payload alone.
func TestWhatEarlierReleasesCouldNotConvertIsKnown(t *testing.T) {
	t.Parallel()
	all := samples(t)
	for name, want := range map[string]string{
		"text": "", "album-photo": "", "document-with-caption": "", "revoke": "", "sender-key": "", "unavailable": "", "undecryptable": "",
		"view-once-photo": "", "quoted-voice": "",
		"contact": "contactMessage", "poll-1": "pollCreationMessageV3", "poll-6": "pollCreationMessageV4", "location-1": "locationMessage",
		"list-1": "listMessage", "edit-own-phone": "edit", "view-once-buttons": "interactiveMessage",
	} {
		require.Contains(t, all, name)
		require.Equal(t, want, content.EarlierUnsupported(all[name].envelope(t).Payload), name)
	}
	require.Empty(t, content.EarlierUnsupported([]byte("{")))
	require.True(t, content.Converts(all["poll-1"].envelope(t).Payload))
	require.False(t, content.Converts([]byte("{")))
}
