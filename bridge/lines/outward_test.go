package lines_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

func TestTheEarlierKeyOfBlueTicksIsStillAccepted(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`{}`:                      lines.BlueOnReply,
		`{"read_receipts":true}`:  lines.BlueOnReply,
		`{"read_receipts":false}`: lines.BlueNever,
		`{"read_receipts":false,"blue_ticks":"on_open"}`:   lines.BlueOnOpen,
		`{"blue_ticks":"on_arrival","read_receipts":true}`: lines.BlueOnArrival,
	} {
		s, err := lines.DefaultSettings().Merge(json.RawMessage(given))
		require.NoError(t, err, given)
		require.Equal(t, want, s.BlueTicks, given)
	}
	for _, given := range []string{`{"read_receipts":"no"}`, `{"read_receipts":null}`, `{"blue_ticks":"on_sunday"}`, `{"blue_ticks":true}`} {
		_, err := lines.DefaultSettings().Merge(json.RawMessage(given))
		require.Error(t, err, given)
	}
}
