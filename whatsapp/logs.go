package whatsapp

import (
	"fmt"
	"log/slog"
	"strings"

	waBinary "go.mau.fi/whatsmeow/binary"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// Log adapts a slog.Logger to the library. The library's lines hold JIDs and
// ids of customers, so they go to debug, whatever their level; above debug only the
// fact that the library warned is logged. Some lines are the only sign of lost or
// incomplete messages; those are counted.
func Log(log *slog.Logger, count func(event string)) waLog.Logger {
	return &library{log: log, count: count, module: libraryModule}
}

const libraryModule = "whatsmeow"

type library struct {
	log   *slog.Logger
	count func(event string)
	// stanza, if set, follows what the library has read, before it does anything
	// with it, and what it is about to send.
	stanza func(sent bool, node *waBinary.Node)
	module string
}

const (
	toldDevices = "device list outdated"
	// frameGarbled means that the stream can no longer be read: its bytes or their
	// order are not those that were sent.
	frameGarbled = "garbled frame"
	// frameUnread means that a frame arrived intact but the library cannot parse it.
	frameUnread = "unread frame"
)

// told are the library's lines that no event stands for, by a part of their format.
// The arguments are not searched: they may hold a customer's words.
var told = map[string]string{
	"panicked":                   "panic",
	"participant list hash":      toldDevices,
	"Failed to encrypt":          "device without keys",
	"Handler queue is full":      "queue full",
	"Node handling is taking":    "slow handler",
	"Unhandled encrypted":        notUnderstood,
	"Unknown version":            notUnderstood,
	"Failed to decrypt frame":    frameGarbled,
	"Received partial header":    frameGarbled,
	"Failed to decompress frame": frameUnread,
	"Failed to decode node":      frameUnread,
}

// notUnderstood is a message that the library cannot make an event of. It says
// so to WhatsApp, which does not send it again.
const notUnderstood = "message not understood"

func (l *library) line(level slog.Level, msg string, args []any) {
	for part, event := range told {
		if strings.Contains(msg, part) {
			l.tell(event)
		}
	}
	l.log.Debug(fmt.Sprintf(msg, args...), "module", l.module, "severity", level.String())
}

func (l *library) Warnf(msg string, args ...any)  { l.line(slog.LevelWarn, msg, args) }
func (l *library) Errorf(msg string, args ...any) { l.line(slog.LevelError, msg, args) }
func (l *library) Infof(msg string, args ...any)  { l.line(slog.LevelInfo, msg, args) }

// Debugf drops lines that hold whole stanzas; it inspects those that are sent.
func (l *library) Debugf(_ string, args ...any) {
	if len(args) != 1 {
		return
	}
	node, ok := args[0].(*waBinary.Node)
	if !ok {
		return
	}
	if l.stanza != nil {
		l.stanza(l.module == libraryModule+"/Send", node)
	}
	if node.Tag == "ack" && node.Attrs["class"] == "message" && node.Attrs["error"] != nil {
		l.tell(notUnderstood)
	}
}

func (l *library) tell(event string) {
	l.count(event)
	l.log.Warn("whatsapp library: "+event, "module", l.module)
}

func (l *library) Sub(module string) waLog.Logger {
	return &library{log: l.log, count: l.count, stanza: l.stanza, module: l.module + "/" + module}
}
