package api

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/fault"
)

// The calls themselves are tested against the server, in package web.

func TestAnAnswerThatIsNoBridgesIsExplained(t *testing.T) {
	t.Parallel()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>Welcome to nginx</html>", http.StatusNotFound)
	}))
	defer front.Close()
	client := NewClient(front.URL+"/", "token")
	defer client.CloseIdle()
	_, err := client.Lines(t.Context())
	var refused *fault.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, fault.CodeInternal, refused.Code)
	require.Equal(t, front.URL+" answers with status 404, which a bridge does not: is this its address?", refused.Message)
	require.Equal(t, refused, client.Events(t.Context(), "l1", nil))
}

func TestNoServerIsSaidSo(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := "http://" + free.Addr().String()
	require.NoError(t, free.Close())
	_, err = NewClient(address, "token").Lines(t.Context())
	require.ErrorIs(t, err, ErrUnreachable)
	require.EqualError(t, err, "no answer at "+address+": nothing listens there")
	require.NotContains(t, err.Error(), "token")
	require.ErrorIs(t, NewClient("http://nowhere.invalid", "").Ready(t.Context()), ErrUnreachable)
}

func TestReadEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stream string
		want         []Event
	}{
		{"nothing", "", nil},
		{"one", "event: qr\ndata: {\"qr\":\"x: y\"}\n\n", []Event{{"qr", []byte(`{"qr":"x: y"}`)}}},
		{"comments between", ": hello\n\nevent: a\n: still here\ndata: 1\n\n:\n\n", []Event{{"a", []byte("1")}}},
		{"no space, carriage returns", "event:a\r\ndata:1\r\n\r\n", []Event{{"a", []byte("1")}}},
		{"unknown fields", "id: 7\nevent: a\nretry: 5\ndata: 1\n\n", []Event{{"a", []byte("1")}}},
		{"cut off", "event: a\ndata: 1\n\nevent: b\ndata: 2\n", []Event{{"a", []byte("1")}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []Event
			err := readEvents(strings.NewReader(test.stream), func(e Event) error {
				got = append(got, e)
				return nil
			})
			require.Equal(t, io.EOF, err)
			require.Equal(t, test.want, got)
		})
	}
	endless := io.LimitReader(zeros{}, 1<<20)
	require.ErrorIs(t, readEvents(endless, nil), errBroken)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Any stream ends with an error and never with an event that has no name.
func FuzzReadEvents(f *testing.F) {
	f.Add("event: a\ndata: 1\n\n")
	f.Add(":\n\n\n\ndata: x\n\nevent\n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		stop := errors.New("stop")
		n := 0
		err := readEvents(strings.NewReader(stream), func(e Event) error {
			require.NotEmpty(t, e.Name)
			if n++; n == 3 {
				return stop
			}
			return nil
		})
		require.Error(t, err)
		require.Equal(t, n == 3, errors.Is(err, stop))
	})
}
