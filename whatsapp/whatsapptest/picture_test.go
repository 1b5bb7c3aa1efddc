package whatsapptest_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestAPicturesAddressObeysTheHooks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		action whatsapptest.Action
		status int // 0: no answer
		whole  bool
	}{
		"nothing":           {whatsapptest.Action{}, http.StatusOK, true},
		"a delay":           {whatsapptest.Action{Delay: time.Millisecond}, http.StatusOK, true},
		"an error":          {whatsapptest.Action{Error: http.StatusTooManyRequests}, http.StatusTooManyRequests, false},
		"no answer":         {whatsapptest.Action{Drop: true}, 0, false},
		"a reset":           {whatsapptest.Action{Close: true}, 0, false},
		"a part of it only": {whatsapptest.Action{Truncate: true}, http.StatusOK, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			picture := content(10_000)
			w.alice.SetPicture(picture)
			w.srv.Hook(func(whatsapptest.HookEvent) whatsapptest.Action { return tc.action })
			client := http.Client{Transport: w.srv.Transport()}
			answer, err := client.Get("https://pps.whatsapp.net/pp/" + w.alice.Number() + "/1")
			if tc.status == 0 {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			defer answer.Body.Close()
			require.Equal(t, tc.status, answer.StatusCode)
			got, err := io.ReadAll(answer.Body)
			if tc.whole {
				require.NoError(t, err)
				require.Equal(t, picture, got)
			}
			if tc.action.Truncate {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				require.Equal(t, picture[:5_000], got)
			}
		})
	}
}
