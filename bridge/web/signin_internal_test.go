package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const rightToken = "0123456789abcdef"

// knock asks a door with a token from an address.
func knock(d *door, remote, token string) error {
	r := httptest.NewRequest(http.MethodGet, "/api/v1/lines", http.NoBody)
	r.RemoteAddr = remote
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return d.ask(r)
}

// lockedBuffer is a log that several write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// Who tries tokens one after the other waits ever longer; who has the right one is let
// in, and so is everybody elsewhere, at once.
func TestL04_GuessingIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		d := newDoor(rightToken, slog.New(slog.NewTextHandler(&log, nil)))
		began := time.Now()
		for i := range freeGuesses {
			require.Equal(t, errUnauthorized, knock(d, fmt.Sprintf("203.0.113.7:%d", 1000+i), "wrong"))
		}
		require.Zero(t, time.Since(began), "a person who mixed up two tokens waits for nothing")
		const more = 100
		for i := range more {
			require.Equal(t, errUnauthorized, knock(d, fmt.Sprintf("203.0.113.7:%d", 2000+i), fmt.Sprint("wrong", i)))
		}
		require.Greater(t, time.Since(began), (more-10)*slowGuess)
		began = time.Now()
		require.NoError(t, knock(d, "198.51.100.1:1000", rightToken))
		require.Zero(t, time.Since(began), "another place")
		require.NoError(t, knock(d, "203.0.113.7:3000", rightToken))
		require.LessOrEqual(t, time.Since(began), slowGuess, "the same place, in its turn")
		began = time.Now()
		require.Equal(t, errUnauthorized, knock(d, "203.0.113.7:3001", "wrong"))
		require.Zero(t, time.Since(began), "it has shown that it has the token")

		told := log.b.String()
		require.Contains(t, told, "from=203.0.113.7")
		require.Less(t, strings.Count(told, "\n"), 20, "strangers do not fill the log")
		require.NotContains(t, told, "wrong0")
	})
}

// Many at once are no quicker: they are looked at one after the other, and those for
// whom it would take too long not at all.
func TestL04_GuessesAtOnceAreNoQuicker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(rightToken, slog.New(slog.DiscardHandler))
		began := time.Now()
		var waiting sync.WaitGroup
		var looked, unread atomic.Int64
		for i := range 1000 {
			waiting.Go(func() {
				switch err := knock(d, fmt.Sprintf("203.0.113.7:%d", 1000+i), "wrong"); {
				case errors.Is(err, errUnauthorized):
					looked.Add(1)
				case errors.Is(err, errTooMany):
					unread.Add(1)
				}
			})
		}
		waiting.Wait()
		require.LessOrEqual(t, looked.Load(), int64(freeGuesses+longQueue/firstPause))
		require.EqualValues(t, 1000, looked.Load()+unread.Load())
		require.LessOrEqual(t, time.Since(began), longQueue)
		for range 100 { // it comes to rest by itself
			if knock(d, "203.0.113.7:1", rightToken) == nil {
				return
			}
			time.Sleep(time.Second)
		}
		t.Fatal("the right token is refused for ever")
	})
}

func TestL04_WhatIsRememberedIsBoundedAndForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(rightToken, slog.New(slog.DiscardHandler))
		for i := range 3 * maxPlaces {
			require.Equal(t, errUnauthorized, knock(d, fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>8, i&0xff), "wrong"))
		}
		require.LessOrEqual(t, len(d.places), maxPlaces)
		for i := range freeGuesses + 5 {
			_ = knock(d, fmt.Sprintf("[2001:db8::%x]:1", i), "wrong")
		}
		began := time.Now()
		require.Equal(t, errUnauthorized, knock(d, "[2001:db8::ffff:1]:1", "wrong"))
		require.NotZero(t, time.Since(began), "who has a network has all its addresses")
		time.Sleep(forgetAfter + slowGuess)
		began = time.Now()
		require.Equal(t, errUnauthorized, knock(d, "[2001:db8::1]:1", "wrong"))
		require.Zero(t, time.Since(began))
	})
}

// A request without a token guesses nothing: monitoring that was set up wrongly must
// not slow down the admin beside it.
func TestL04_NoTokenIsNoGuess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		d := newDoor(rightToken, slog.New(slog.NewTextHandler(&log, nil)))
		began := time.Now()
		for range 100 {
			require.Equal(t, errUnauthorized, knock(d, "203.0.113.7:1000", ""))
		}
		require.NoError(t, knock(d, "203.0.113.7:1001", rightToken))
		require.Zero(t, time.Since(began))
		require.Contains(t, log.b.String(), "from=203.0.113.7")
		require.Less(t, strings.Count(log.b.String(), "\n"), 20)
		require.Equal(t, errUnauthorized, knock(newDoor("", slog.New(slog.DiscardHandler)), "203.0.113.7:1", ""), "without a token nobody is let in")
	})
}
