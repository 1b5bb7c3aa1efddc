package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

func TestMain(m *testing.M) { bridgetest.VerifyTestMain(m) }

func TestTheDemoSucceedsWithAndWithoutFFmpeg(t *testing.T) {
	for _, name := range []string{"with", "without"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			voice := "Corner Bakery  [voice note]"
			if name == "without" {
				t.Setenv("PATH", "")
				voice = "Corner Bakery  [audio]"
			} else if convert.FindFFmpeg() == "" {
				t.Fatal("no ffmpeg: run make test")
			}
			var stdout, stderr bytes.Buffer
			require.Zero(t, run(t.Context(), nil, &stdout, &stderr), "%s%s", &stdout, &stderr)
			require.Contains(t, stdout.String(), voice)
			require.Contains(t, stdout.String(), "✓ Both sides match: 19 messages, 7 files")
			require.NotContains(t, stdout.String(), "\x1b", "no colours where nobody sees them")
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			require.NoError(t, err)
			require.Empty(t, left, "nothing is left behind")
		})
	}
}

func TestServeStaysAndPrintsAddressesThatWork(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithTimeout(t.Context(), 5*patience)
	defer stop()
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--serve"}, writer, io.Discard)
		writer.Close()
	}()
	var text strings.Builder
	rows := bufio.NewScanner(reader)
	for rows.Scan() && !strings.HasPrefix(rows.Text(), "Answer as Ana") {
		text.WriteString(rows.Text() + "\n")
	}
	require.True(t, rows.Scan(), "the last line is a command")
	addresses := regexp.MustCompile(`(?m)^  (?:the bridge|Maria's messages|Ana's screen) +(\S+)$`).FindAllStringSubmatch(text.String(), -1)
	require.Len(t, addresses, 3, text.String())
	addresses[0][1] += "/readyz"
	for _, address := range addresses {
		resp, err := http.Get(address[1])
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, address[1])
	}
	stop()
	require.Zero(t, <-code)
}

// A demo that would not see a difference would prove nothing.
func TestDifferencesAreFound(t *testing.T) {
	p, err := newPlay(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.end()) })
	require.NoError(t, p.run(t.Context(), terminal{out: io.Discard}))
	require.Empty(t, p.differences())

	played := p.done
	tests := map[string]func(lines []exchange) []exchange{
		"lost":                  func(e []exchange) []exchange { return append(e, e[0]) },
		"doubled":               func(e []exchange) []exchange { return e[:len(e)-1] },
		"out of order":          func(e []exchange) []exchange { e[2], e[4] = e[4], e[2]; return e },
		"other kind of message": func(e []exchange) []exchange { e[14].line.chatwoot = "x"; return e },
		"a file too few":        func(e []exchange) []exchange { e[13].attached = 2; return e },
		"other text, Chatwoot":  func(e []exchange) []exchange { e[0].line.chatwoot = "x"; return e },
		"other text, phone":     func(e []exchange) []exchange { e[1].phone = "x"; return e },
		"other quote":           func(e []exchange) []exchange { e[1].quotes = ""; return e },
		"other file, Chatwoot":  func(e []exchange) []exchange { e[2].file = &file{content: []byte("x")}; return e },
		"other file, phone":     func(e []exchange) []exchange { e[3].file = &file{kind: "image", content: []byte("x")}; return e },
		"other kind of file":    func(e []exchange) []exchange { f := *e[3].file; f.kind = "sticker"; e[3].file = &f; return e },
		"a note for customer":   func(e []exchange) []exchange { e[9].by = agent; return e },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			p.done = change(append([]exchange(nil), played...))
			require.NotEmpty(t, p.differences())
		})
	}
	p.done = played
}

func TestWrap(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"one two", "three"}, wrap("one two three", 8))
	require.Equal(t, []string{"muchtoolong", "a"}, wrap("muchtoolong a", 4))
	require.Equal(t, []string{""}, wrap("", 4))
}
