package reconcile

import (
	"context"
	"slices"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// sweep compares more conversations than a comparison should have to begin again
// with. After each batch it is recorded how far it has come, so that the next one
// goes on there, after what has changed meanwhile; and which conversations have
// something to be done about them. These are given back: they are read again when
// all have been, and then nothing of them was kept in memory for so long. trusted
// is false where nothing may be done.
func (p *pass) sweep(ctx context.Context, todo []candidate) (found []candidate, trusted bool, err error) {
	id, swept, foreign := p.r.Inbox.Line().ID, p.mark.Swept, 0
	for some := range slices.Chunk(todo, batch) {
		readings, err := p.read(ctx, some)
		if err != nil {
			return nil, false, err
		}
		var behind []lines.Behind
		for _, one := range readings {
			foreign += one.diff.foreign
			switch {
			case one.failed != nil:
				behind = append(behind, p.leaveBehind(one))
			case len(one.diff.repairs) > 0:
				waits := lines.Behind{Conversation: one.ID, Watermark: one.scan.watermark, Since: one.scan.since, Due: p.r.Clock()}
				behind = append(behind, waits)
				found = append(found, candidate{one.ActiveConversation, &waits})
			default:
				p.compared(one)
			}
		}
		if foreign > 0 && !p.confirmed() {
			continue // all are counted, and nothing is passed over
		}
		// What was swept before reaches further down, until this has come there.
		if last := some[len(some)-1].Activity; swept == (lines.Swept{}) || !last.After(swept.To) {
			swept = lines.Swept{At: p.began, To: last}
		}
		if err := p.r.Store.SetBehind(ctx, id, behind, swept); err != nil {
			return nil, false, err
		}
	}
	trusted, err = p.trusted(ctx, foreign)
	return found, trusted, err
}
