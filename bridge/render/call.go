package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// call is a call that nobody answered. While it rings, and where somebody answered it,
// there is nothing to show.
func (c Context) call(m content.Message, call content.Call) []Post {
	if call.Step != content.CallEnded {
		return nil
	}
	icon, key := "📞 ", "call.missed.voice"
	var more []string
	switch {
	case call.Group || m.Group:
		key = "call.missed.group"
		var names []string
		for i, p := range append([]content.Party{call.Caller}, call.With...) {
			if i == peopleNamed {
				break
			}
			names = append(names, c.whom(p))
		}
		more = append(more, c.enumerate(names, 1+len(call.With)-len(names)))
	case call.Video:
		icon, key = "📹 ", "call.missed.video"
	}
	if call.Refused {
		more = append(more, c.Texts.Text("call.rejected"))
	}
	p := Post{SourceID: sourceid.Of(m.ID), Content: icon + markup.Bold(c.Texts.Text(key))}
	if len(more) > 0 {
		p.Content += " (" + markup.Literal(strings.Join(more, ", ")) + ")"
	}
	if c.CallsAsNotes {
		p.Form, p.Content = Note, markup.ProtectLiquid(p.Content)
	}
	return []Post{p}
}
