package content_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestM6_WhoIsCertainlyAnother(t *testing.T) {
	t.Parallel()
	const alicesNumber, alicesLID, bobsNumber, bobsLID = "5511888880002@s.whatsapp.net", "111@lid", "5511888880077@s.whatsapp.net", "222@lid"
	alice, bob := content.Address{JID: alicesNumber, Alt: alicesLID}, content.Address{JID: bobsNumber, Alt: bobsLID}
	for what, c := range map[string]struct {
		a, b    content.Address
		another bool
	}{
		"the same":                             {alice, alice, false},
		"two people":                           {alice, bob, true},
		"her number alone":                     {alice, content.Address{JID: alicesNumber}, false},
		"her hidden id alone":                  {alice, content.Address{JID: alicesLID}, false},
		"his hidden id alone":                  {alice, content.Address{JID: bobsLID}, true},
		"a number and an id that nothing ties": {content.Address{JID: alicesNumber}, content.Address{JID: bobsLID}, false},
		"with a new number":                    {alice, content.Address{JID: bobsNumber, Alt: alicesLID}, false},
		"nobody":                               {alice, content.Address{}, false},
	} {
		require.Equal(t, c.another, c.a.IsAnother(c.b), what)
		require.Equal(t, c.another, c.b.IsAnother(c.a), what)
	}
}
