package strictjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/strictjson"
)

func TestDecodeTakesOneKnownValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw  string
		want string
	}{
		"one object":  {`{"name":"a"} `, ""},
		"unknown key": {`{"colour":"red"}`, `unknown field "colour"`},
		"two values":  {`{"name":"a"}{}`, "more than one JSON value"},
		"rubbish":     {`{"name":"a"} x`, "more than one JSON value"},
		"nothing":     {``, "EOF"},
	} {
		var into struct{ Name string }
		err := strictjson.Decode([]byte(test.raw), &into)
		if test.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, test.want, name)
	}
}
