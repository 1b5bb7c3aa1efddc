package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
)

// streams answers a line's event stream with the given events.
func streams(f *front, events ...string) {
	f.answer("POST /api/v1/lines/abc111/pair", http.StatusAccepted, nil)
	f.mux.HandleFunc("GET /api/v1/lines/abc111/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range events {
			fmt.Fprint(w, e)
			_ = http.NewResponseController(w).Flush()
		}
	})
}

func state(code, jid string) string {
	return fmt.Sprintf("event: state\ndata: {\"state\":%q,\"sentence\":\"It is %s.\",\"jid\":%q,\"phone\":%q}\n\n", code, code, jid, strings.Split(jid, ":")[0])
}

func qr(text string) string { return fmt.Sprintf("event: qr\ndata: {\"qr\":%q}\n\n", text) }

func TestPairDrawsEveryNewCode(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "new"))
	streams(f, state("new", ""), qr(""), state("pairing", ""), qr("2@first"), qr("2@second"), state("new", ""), qr(""),
		state("pairing", ""), qr("2@third"), state("connecting", "5511999990001:3@s"), state("connected", "5511999990001:3@s"))
	out, errs, code := typed(t, f.URL, "", "pair")
	require.Zero(t, code, errs)
	for _, text := range []string{"2@first", "2@second", "2@third"} {
		drawn, err := drawQR(text, false)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(out, drawn), text)
	}
	require.Contains(t, out, "The code was not used in time. Asking for a new one.")
	require.Contains(t, out, "The phone has taken the code. Connecting.")
	require.Contains(t, out, "Done: +5511999990001 is connected to the line Support. Messages now go to inbox 12 of https://chat.example.com.")
	require.Equal(t, []string{
		"GET /api/v1/lines/abc111/events", `POST /api/v1/lines/abc111/pair {"method":"qr"}`, `POST /api/v1/lines/abc111/pair {"method":"qr"}`,
	}, f.last(), "the stream is open before a code is asked for, so that none is missed")
}

// WhatsApp retires a code's secret when a phone scans it: the code with the new
// one takes the place of the one that stands there, with a word why.
func TestPairReplacesARetiredCode(t *testing.T) {
	t.Parallel()
	const retired, valid = "https://wa.me/settings/linked_devices#2@ref,noise,identity,old,1", "https://wa.me/settings/linked_devices#2@ref,noise,identity,new,1"
	const why = "WhatsApp wants another code"
	f := newFront(t, line("abc111", "Support", "new"))
	streams(f, state("new", ""), state("pairing", ""), qr(retired), qr(valid), state("connected", "5511999990001:3@s"))
	out, errs, code := typed(t, f.URL, "", "pair")
	require.Zero(t, code, errs)
	for _, text := range []string{retired, valid} {
		drawn, err := drawQR(text, false)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(out, drawn), text)
	}
	require.Equal(t, 1, strings.Count(out, why))

	var terminal bytes.Buffer
	l := &pairing{line: api.Line{Name: "Support"}, screen: screen{out: &terminal, redraw: true}}
	require.NoError(t, l.show(api.QREvent{QR: retired}))
	first := terminal.String()
	require.NotContains(t, first, why)
	terminal.Reset()
	require.NoError(t, l.show(api.QREvent{QR: valid}))
	require.True(t, strings.HasPrefix(terminal.String(), fmt.Sprintf("\x1b[%dA\x1b[J", strings.Count(first, "\n"))), "the retired one is gone")
	require.Contains(t, terminal.String(), why)
	terminal.Reset()
	require.NoError(t, l.show(api.QREvent{QR: strings.Replace(valid, "2@ref", "2@next", 1)}))
	require.NotContains(t, terminal.String(), why, "its time was over")
}

func TestPairEndsWhenItCannotGoOn(t *testing.T) {
	t.Parallel()
	unused := []string{state("new", ""), qr("")}
	for i := range codeRounds {
		unused = append(unused, state("pairing", ""), qr(fmt.Sprint("2@", i)), state("new", ""))
	}
	tests := []struct {
		name   string
		events []string
		says   string
	}{
		{"nobody scans", unused, "No phone took a code. When you have it at hand:\n  wootbridge pair --line abc111\n"},
		{"banned", []string{state("banned", "")}, "It is banned.\n"},
		{"paused meanwhile", []string{state("new", ""), state("paused", "")}, "It is paused.\n"},
		{"the bridge stops", []string{state("new", "")}, "The bridge stopped or the line was removed meanwhile. Try again.\n"},
		{"nonsense", []string{"event: state\ndata: {\n\n"}, "Read the bridge's answer: unexpected end of JSON input.\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, line("abc111", "Support", "new"))
			streams(f, test.events...)
			_, errs, code := typed(t, f.URL, "", "pair --line support")
			require.Equal(t, exitFailure, code)
			require.Equal(t, test.says, errs)
		})
	}
}

func TestPairSaysWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	f := newFront(t, line("abc111", "Support", "new"))
	f.answer("POST /api/v1/lines/abc111/pair", http.StatusUnprocessableEntity, api.Failure{Error: fault.Error{Code: fault.CodeInvalid, Message: "phone must be the number in international form"}})
	f.mux.HandleFunc("GET /api/v1/lines/abc111/events", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, state("new", "")) })
	_, errs, code := typed(t, f.URL, "", "pair --code 1")
	require.Equal(t, exitFailure, code)
	require.Equal(t, "Phone must be the number in international form.\n", errs)
	require.Equal(t, `POST /api/v1/lines/abc111/pair {"method":"code","phone":"1"}`, f.last()[1])
}

// The drawing is a square that a phone can read: light around, dark on light
// whatever the terminal's colours.
func TestDrawQR(t *testing.T) {
	t.Parallel()
	code := "2@" + strings.Repeat("q1W2e3R4t5", 24)
	plain, err := drawQR(code, false)
	require.NoError(t, err)
	rows := strings.Split(strings.TrimSuffix(plain, "\n"), "\n")
	width := len([]rune(rows[0]))
	require.InDelta(t, width, 2*len(rows), 2, "half blocks: two rows in one")
	for _, row := range rows {
		require.Equal(t, width, len([]rune(row)))
	}
	require.Equal(t, strings.Repeat("█", width), rows[0])
	painted, err := drawQR(code, true)
	require.NoError(t, err)
	for row := range strings.Lines(painted) {
		require.True(t, strings.HasPrefix(row, "\x1b[97;40m") && strings.HasSuffix(row, "\x1b[0m\n"))
	}
	require.Equal(t, plain, strings.NewReplacer("\x1b[97;40m", "", "\x1b[0m", "").Replace(painted))
	_, err = drawQR(strings.Repeat("x", 5000), false)
	require.Error(t, err)
}

func TestAScreenTakesAwayWhatStoodThere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := screen{out: &out, redraw: true}
	require.NoError(t, s.draw("a\nb\n"))
	require.NoError(t, s.draw("c\n"))
	s.keep()
	require.NoError(t, s.draw("d\n"))
	require.Equal(t, "a\nb\n\x1b[2A\x1b[Jc\nd\n", out.String())
}
