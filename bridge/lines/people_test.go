package lines_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

func TestATemplateOfWhoWroteIsOneLineThatSaysWho(t *testing.T) {
	t.Parallel()
	merge := func(template string) (lines.Settings, error) {
		raw, err := json.Marshal(map[string]string{"group_sender": template})
		require.NoError(t, err)
		return lines.DefaultSettings().Merge(raw)
	}
	for _, good := range []string{"", "{name}", "{number}:", "**{name}** ({number}) · {tag}:", strings.Repeat("é", 194) + "{name}"} {
		s, err := merge(good)
		require.NoError(t, err, good)
		require.Equal(t, good, s.GroupSender)
	}
	for _, bad := range []string{" ", "x", "{tag}", "{name} {phone}", "{name} {{x}}", "{name}}", "{NAME}", "{name}\n{tag}", "{name}\u2028", "{name}\x00", strings.Repeat("é", 195) + "{name}"} {
		_, err := merge(bad)
		require.ErrorContains(t, err, "group_sender must be empty, or one line", "%q", bad)
	}
}
