package bridge_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
)

func TestAllWrongSettingsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given string
		want  string
	}{
		"one": {`{"send_rate":-1}`, "send_rate must be between 0 and 1000 messages per second (0 = no limit)"},
		"every value": {
			`{"send_rate":1001,"order_wait_ms":-1,"max_age_hours":0,"language":"xx","events":"loud","timezone":"Mars/Olympus"}`,
			"6 settings are wrong: send_rate must be between 0 and 1000 messages per second (0 = no limit)\n" +
				"order_wait_ms must be between 0 and 10000\n" +
				"max_age_hours must be between 1 and 336\n" +
				"language must be en, pt-BR or es\n" +
				"events must be pill, note or off\n" +
				"timezone must be an IANA name such as America/Sao_Paulo, or empty",
		},
		"a name, a type and a value": {
			`{"colour":"red","read_receipts":"yes","language":"xx"}`,
			"3 settings are wrong: there is no setting colour\nread_receipts must be of type bool, not string\nlanguage must be en, pt-BR or es",
		},
		"no object": {`[]`, "settings must be one JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := bridge.DefaultSettings()
			after, err := before.Merge(json.RawMessage(test.given))
			var failure *bridge.Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, bridge.CodeInvalid, failure.Code)
			require.Equal(t, test.want, failure.Error())
			require.Equal(t, before, after)
		})
	}
}

func TestEveryFaultOfSettingsHasItsField(t *testing.T) {
	t.Parallel()
	_, err := bridge.DefaultSettings().Merge(json.RawMessage(`{"colour":"red","send_rate":"fast","language":"xx"}`))
	var failure *bridge.Error
	require.ErrorAs(t, err, &failure)
	joined, ok := failure.Unwrap().(interface{ Unwrap() []error })
	require.True(t, ok)
	var fields []string
	for _, fault := range joined.Unwrap() {
		require.ErrorAs(t, fault, &failure)
		fields = append(fields, failure.Field)
	}
	require.Equal(t, []string{"colour", "send_rate", "language"}, fields)
}
