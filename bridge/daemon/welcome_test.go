package daemon

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/whatsapp"
)

func TestTheStartSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	line := func(code whatsapp.Code, jid string) bridge.LineStatus {
		return bridge.LineStatus{State: whatsapp.State{Code: code, JID: jid}}
	}
	linked, fresh, paused := line(whatsapp.StateConnecting, "1:2@s"), line(whatsapp.StateNew, ""), line(bridge.StatePaused, "")
	tests := []struct {
		name      string
		lines     []bridge.LineStatus
		first     bool
		says, arg string
	}{
		{"nothing", nil, false, "There is no line yet.", "lines create"},
		{"described", nil, true, "The first line is being made", "pair"},
		{"to be linked", []bridge.LineStatus{linked, fresh}, false, "1 line waits for a phone.", "pair"},
		{"two to be linked", []bridge.LineStatus{fresh, fresh}, false, "2 lines wait for a phone.", "pair"},
		{"all linked", []bridge.LineStatus{linked}, false, "1 line is set up.", "lines"},
		{"one paused", []bridge.LineStatus{linked, paused}, false, "2 lines are set up.", "lines"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			what, arguments := new(Process).next(test.lines, test.first)
			require.Contains(t, what, test.says)
			require.Regexp(t, "^"+test.arg, arguments)
		})
	}
}

// A command is shown as it must be typed: with what a client cannot guess, and
// nothing more.
func TestCommandsAreShownAsTheyMustBeTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		cfg   config.Config
		admin net.TCPAddr
		want  string
	}{
		{"nothing set", config.Config{DataDir: "./data"}, net.TCPAddr{IP: net.IPv6unspecified, Port: 8081}, "wb pair"},
		{"elsewhere", config.Config{DataDir: "/var/lib/wb"}, net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 81},
			"WOOTBRIDGE_DATA_DIR=/var/lib/wb WOOTBRIDGE_URL=http://127.0.0.1:81 wb pair"},
		{"a token that was set is known to who set it", config.Config{DataDir: "/var/lib/wb", AdminToken: "t"},
			net.TCPAddr{IP: net.IPv4zero, Port: 8081}, "wb pair"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &Process{opts: Options{Command: "wb", Config: test.cfg}, ports: ports{admin: at{address: &test.admin}}}
			require.Equal(t, test.want, p.command("pair"))
		})
	}
}

// at is a listener that has an address and nothing else.
type at struct {
	net.Listener
	address net.Addr
}

func (a at) Addr() net.Addr { return a.address }
