package admin_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// line is a line as people see it, and the only one of its process.
type line struct {
	record       lines.Line
	state        whatsapp.State
	idle         bool
	trouble      string
	clockTrouble string
	notice       string
}

func (l *line) Record() lines.Line                        { return l.record }
func (l *line) Active() bool                              { return !l.idle }
func (l *line) Session() admin.Session                    { return session{state: l.state} }
func (l *line) Version() string                           { return "4.13.0" }
func (l *line) Trouble() string                           { return l.trouble }
func (l *line) RequestComparison()                        {}
func (l *line) Ways() []listen.Status                     { return nil }
func (l *line) RepliesTake() time.Duration                { return 0 }
func (l *line) Recheck()                                  {}
func (l *line) ClockTrouble() string                      { return l.clockTrouble }
func (l *line) Notice() string                            { return l.notice }
func (l *line) Find(id lines.ID) (admin.Line, bool)       { return l, id == l.record.ID }
func (l *line) All() []admin.Line                         { return []admin.Line{l} }
func (l *line) SyncNow(context.Context) error             { return nil }
func (l *line) WaitEnded(context.Context, lines.ID) error { return nil }
func (l *line) Stopping() bool                            { return false }
func (l *line) CutOff() bool                              { return false }
func (l *line) Await(context.Context, lines.ID)           {}

type session struct {
	admin.Session
	state whatsapp.State
}

func (s session) State() whatsapp.State { return s.state }

func TestALinesStateIsWhatKeepsItFromWorking(t *testing.T) {
	t.Parallel()
	const jid = "5511999990001@s.whatsapp.net"
	connected := whatsapp.State{Code: whatsapp.StateConnected, Sentence: "Connected.", JID: jid}
	asks := whatsapp.State{Code: whatsapp.StateConnecting, QR: "qr", PairingCode: "code"}
	for name, test := range map[string]struct {
		line line
		want whatsapp.State
	}{
		"connected":     {line{state: connected}, connected},
		"the clock":     {line{state: connected, clockTrouble: "Set it right."}, whatsapp.State{Code: whatsapp.StateConnected, Sentence: "Set it right.", JID: jid}},
		"takes nothing": {line{state: connected, trouble: "No room."}, whatsapp.State{Code: whatsapp.StateConnected, Sentence: "No room.", JID: jid}},
		"paused": {
			line{state: asks, record: lines.Line{Pause: lines.Pause{Cause: lines.PausedByAdmin, Sentence: "An admin paused it."}}, idle: true, trouble: "No room."},
			whatsapp.State{Code: admin.StatePaused, Sentence: "An admin paused it."},
		},
		"another process has it": {
			line{state: connected, idle: true},
			whatsapp.State{Code: whatsapp.StateConnecting, Sentence: "The connection is changing hands.", JID: jid},
		},
		"not linked, and not here": {line{state: asks, idle: true}, asks},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, admin.StateOf(&test.line))
		})
	}
}

func TestC3_TheLinesStateAndItsLastErrorSayWhatIsNotTakenIn(t *testing.T) {
	t.Parallel()
	at := linetest.New(t, linetest.Options{})
	l := &line{record: at.Inbox.Record(), state: whatsapp.State{Code: whatsapp.StateConnected, Sentence: "Connected."}}
	s := admin.New(admin.Config{Store: at.Store, DB: at.DB, Journal: at.Journal, IDs: at.IDs, Lines: l, Clock: at.Clock, Log: at.Log})
	says := func() (state, lastError string) {
		t.Helper()
		status, err := s.LineStatus(t.Context(), linetest.ID)
		require.NoError(t, err)
		return status.State.Sentence, status.LastError
	}
	state, lastError := says()
	require.Equal(t, "Connected.", state)
	require.Empty(t, lastError)
	l.record.Foreign = 3
	_, lastError = says()
	require.Contains(t, lastError, "Chatwoot has 3 messages")
	l.clockTrouble = "The clock is wrong."
	state, lastError = says()
	require.Equal(t, l.clockTrouble, state)
	require.Contains(t, lastError, "Chatwoot has 3 messages", "a person has to confirm")
	l.trouble = "Nothing that WhatsApp brings can be stored."
	state, lastError = says()
	require.Equal(t, l.trouble, state)
	require.Equal(t, l.trouble, lastError)
	l.trouble, l.clockTrouble = "", ""
	state, lastError = says()
	require.Equal(t, "Connected.", state)
	require.Contains(t, lastError, "Chatwoot has 3 messages")
}
