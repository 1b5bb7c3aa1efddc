package inbox

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// transport answers as a function does.
type transport func(r *http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// A Chatwoot that hangs while it is asked for its bot keeps no note of another one.
func TestT11_ABotThatIsAskedForDelaysNoOtherAccount(t *testing.T) {
	t.Parallel()
	client := func(answer transport) *chatwoot.Client {
		c, err := chatwoot.New(chatwoot.Config{BaseURL: "http://chat.example.com", Token: "x", Account: 1, Transport: answer, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		return c
	}
	asked, goOn, ended := make(chan struct{}, 1), make(chan struct{}), make(chan int64, 1)
	bot := func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"X-Request-Id": {"1"}, "Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(`[{"id":7,"name":"` + noteBotName + `"}]`)), Request: r,
		}, nil
	}
	hanging := client(func(r *http.Request) (*http.Response, error) {
		asked <- struct{}{}
		<-goOn
		return bot(r)
	})
	var bots Bots
	go func() { ended <- bots.of(t.Context(), hanging, "a") }()
	<-asked
	require.EqualValues(t, 7, bots.of(t.Context(), client(bot), "b"))
	close(goOn)
	require.EqualValues(t, 7, <-ended)
	require.EqualValues(t, 7, bots.of(t.Context(), hanging, "a"), "it is remembered")
}
