package render

import (
	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// waiting stands in the place of what should still come.
func (c Context) waiting() string { return "⏳ *" + c.Texts.Text("waiting") + "*" }

// unavailable is the placeholder of a content that only the phone can show.
func (c Context) unavailable(u content.Unavailable) string {
	if u.Reason == "view_once" {
		return c.viewOnce("viewonce.photo")
	}
	return c.waiting()
}

// viewOnce says that a file of a kind can be opened on the phone only.
func (c Context) viewOnce(key string) string {
	return "🔒 " + markup.Bold(c.Texts.Text(key)) + "\n" + c.Texts.Text("viewonce.hint")
}

func viewOnceKey(kind content.MediaKind) string {
	switch kind {
	case content.Video, content.RoundVideo:
		return "viewonce.video"
	case content.Voice, content.Audio:
		return "viewonce.voice"
	default:
		return "viewonce.photo"
	}
}

// Unreadable is the line in the place of a message that was given up.
func Unreadable(m content.Message, c Context) Post {
	return Post{SourceID: sourceid.Derived(m.ID, sourceid.Unreadable), Content: "⚠️ " + markup.Bold(c.Texts.Text("event.unreadable"))}
}
