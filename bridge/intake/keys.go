package intake

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// MessageKey is the dedupe key of an event of WhatsApp in a chat.
func MessageKey(line, chat, dedupe string) string { return line + "|" + chat + "|" + dedupe }

// The dedupe keys of what is to be done about an agent's message, however it
// became known: by its webhook, by a later one, or by a comparison with Chatwoot's
// messages. A Chatwoot that was restored from a backup gives ids again; the keys of
// messages that have theirs since say after how many restores.

// CreatedKey is the key of a message that is to be sent.
func CreatedKey(line string, id chatwoot.MessageID, restores idmap.Restores) string {
	return keyed(fmt.Sprintf("%s|created|%d", line, id), id, restores)
}

// DeletedKey is the key of a message that is to be taken back.
func DeletedKey(line string, id chatwoot.MessageID, restores idmap.Restores) string {
	return keyed(fmt.Sprintf("%s|deleted|%d", line, id), id, restores)
}

// RetryKey is the key of a message that is to be tried again. It tells one retry
// from the next: each follows another failure.
func RetryKey(line string, id chatwoot.MessageID, known idmap.AgentMessage) string {
	return keyed(fmt.Sprintf("%s|retry|%d|%d", line, id, known.Failures), id, known.Restores)
}

// restoresMark begins the last part of a key.
const restoresMark = "r"

// keyed completes a key. Those of an installation whose Chatwoot never was restored are
// what they were before there was this.
func keyed(key string, id chatwoot.MessageID, restores idmap.Restores) string {
	if times := restores.Of(int64(id)); times != 0 {
		return key + "|" + restoresMark + strconv.FormatInt(times, 10)
	}
	return key
}

// RestoresOf is after how many restores the message of one of these keys got its id.
func RestoresOf(key string) int64 {
	last := key[strings.LastIndex(key, "|")+1:]
	number, ok := strings.CutPrefix(last, restoresMark)
	times, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0
	}
	return times
}

// MessageOf is the message that one of these keys is about, or 0. A line's id has
// no bar in it.
func MessageOf(key string) chatwoot.MessageID {
	parts := strings.Split(key, "|")
	if len(parts) < 3 {
		return 0
	}
	id, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return 0
	}
	return chatwoot.MessageID(id)
}
