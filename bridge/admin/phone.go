package admin

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// RefusePhone says why a phone, given by its JID, must not be linked to a line;
// "" when it may. A phone belongs to one line, and a line keeps the number that
// its chats are with.
func RefusePhone(ctx context.Context, store *lines.Store, id lines.ID, jid string, log *slog.Logger) (refusal string) {
	digits, _, _ := strings.Cut(jid, "@")
	all, err := store.List(ctx)
	if err != nil {
		log.Error("the other lines cannot be read", "error", err)
		return "The phone was not linked, because the database does not answer. Try again."
	}
	for _, other := range all {
		switch {
		case other.ID == id && other.Phone != "" && other.Phone != digits:
			return "This line belongs to another phone number. Link that phone, or make a new line for this one."
		case other.ID != id && other.JID != "" && other.Phone == digits:
			return fmt.Sprintf("This phone is linked to the line %q. Log that line out first.", other.Name)
		}
	}
	return ""
}
