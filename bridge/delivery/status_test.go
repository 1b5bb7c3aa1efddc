package delivery

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
)

func TestD08_TheTimeIsTheAgents(t *testing.T) {
	t.Parallel()
	paulo, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	require.Equal(t, "14:32", clockTime(time.Date(2026, 3, 2, 17, 32, 0, 0, time.UTC), now.Add(6*time.Hour), paulo))
	require.Equal(t, "2026-03-03 09:00", clockTime(now.Add(48*time.Hour), now, paulo))
}

func TestABubbleNeverGoesBack(t *testing.T) {
	t.Parallel()
	link := func(s idmap.Status) idmap.Link { return idmap.Link{Status: s, Origin: idmap.FromAgent} }
	sent := func(shown idmap.Status) idmap.AgentMessage {
		return idmap.AgentMessage{State: idmap.AgentSent, Shown: shown}
	}
	for name, test := range map[string]struct {
		links []idmap.Link
		known idmap.AgentMessage
		want  idmap.Status // empty = nothing to show
	}{
		"no parts":                      {nil, idmap.AgentMessage{}, ""},
		"sent is Chatwoot's own":        {[]idmap.Link{link(idmap.Sent)}, sent(""), ""},
		"sent clears a red bubble":      {[]idmap.Link{link(idmap.Sent)}, sent(idmap.Failed), idmap.Sent},
		"delivered":                     {[]idmap.Link{link(idmap.Delivered)}, sent(""), idmap.Delivered},
		"read":                          {[]idmap.Link{link(idmap.Read)}, sent(idmap.Delivered), idmap.Read},
		"shown already":                 {[]idmap.Link{link(idmap.Delivered)}, sent(idmap.Read), ""},
		"the slowest part counts":       {[]idmap.Link{link(idmap.Read), link(idmap.Delivered)}, sent(""), idmap.Delivered},
		"a part is still on its way":    {[]idmap.Link{link(idmap.Read), link(idmap.Sending)}, sent(""), ""},
		"ticks of the own phone":        {[]idmap.Link{{Status: idmap.Read, Origin: idmap.FromOwnPhone}}, idmap.AgentMessage{}, idmap.Read},
		"a part has not begun":          {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{State: idmap.AgentReceived}, ""},
		"a red bubble waits for all":    {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{Shown: idmap.Failed}, ""},
		"a failure stays visible":       {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{State: idmap.AgentFailed, Shown: idmap.Failed}, ""},
		"a receipt beats a doubt":       {[]idmap.Link{link(idmap.Delivered)}, idmap.AgentMessage{State: idmap.AgentUnsure, Shown: idmap.Failed}, idmap.Delivered},
		"a doubt needs a receipt":       {[]idmap.Link{link(idmap.Sending)}, idmap.AgentMessage{State: idmap.AgentUnsure, Shown: idmap.Failed}, ""},
		"and one for each part":         {[]idmap.Link{link(idmap.Read), link(idmap.Sending)}, idmap.AgentMessage{State: idmap.AgentUnsure, Shown: idmap.Failed}, ""},
		"a deleted message has no tick": {[]idmap.Link{link(idmap.Read)}, idmap.AgentMessage{State: idmap.AgentDeleted}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := pendingStatus(test.links, test.known)
			require.Equal(t, test.want != "", ok)
			if ok {
				require.Equal(t, test.want, got)
			}
		})
	}
}
