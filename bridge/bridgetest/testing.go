package bridgetest

import (
	"context"
	"testing"

	"go.uber.org/goleak"
)

// Prepare is New for a test, with whose end the Stack ends.
func Prepare(t testing.TB, options Options) *Stack {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Open is a Stack with a line that is paired, for a test.
func Open(t testing.TB, options Options) *Stack {
	t.Helper()
	s := Prepare(t, options)
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// VerifyTestMain runs the tests of a package and fails if they leave goroutines
// behind, apart from those that libraries do.
func VerifyTestMain(m goleak.TestingM) {
	goleak.VerifyTestMain(m,
		// whatsmeow keeps a timer goroutine per past request until it times out.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow.(*Client).sendIQ"),
		// whatsmeow's reader hangs for ever when it has a frame while Disconnect runs.
		goleak.IgnoreAnyFunction("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete"),
		// idle connections of the HTTP clients.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}
