package bridge

import (
	"fmt"
	"strings"
)

// refusePhone says why a phone, given by its JID, must not be linked to the
// line; "" when it may. A phone belongs to one line, and a line keeps the number
// that its chats are with.
func (r *runtime) refusePhone(jid string) (refusal string) {
	digits, _, _ := strings.Cut(jid, "@")
	lines, err := r.b.lines.List(r.b.ctx)
	if err != nil {
		r.log.Error("the other lines cannot be read", "error", err)
		return "The phone was not linked, because the database does not answer. Try again."
	}
	for _, other := range lines {
		switch {
		case other.ID == r.line.ID && other.Phone != "" && other.Phone != digits:
			return "This line belongs to another phone number. Link that phone, or make a new line for this one."
		case other.ID != r.line.ID && other.JID != "" && other.Phone == digits:
			return fmt.Sprintf("This phone is linked to the line %q. Log that line out first.", other.Name)
		}
	}
	return ""
}
