package render

import (
	"strconv"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// media is a post with a file, and the text beside it.
func (c Context) media(p Post, m content.Media) Post {
	if m.File != nil {
		p.Attach = &m
	}
	p.Content = c.caption(m)
	return p
}

// caption is the text beside a file: the customer's, or the one word that
// keeps a sticker or a GIF small. A bare photo stays bare, because any text
// shrinks it to a thumbnail.
func (c Context) caption(m content.Media) string {
	switch m.Kind {
	case content.GIF:
		if m.Caption == "" {
			return "🎬 " + c.Texts.Text("kind.gif")
		}
	case content.Sticker:
		return c.Texts.Text("sticker")
	case content.Audio:
		if m.File != nil && m.File.Name != "" {
			return "🎵 " + markup.Literal(markup.FileName(m.File.Name))
		}
		return "🎵 " + c.Texts.Text("kind.audio")
	case content.Document:
		return c.documentCaption(m)
	}
	return c.text(m.Caption)
}

// shownNameLength is how many characters of a file name the dashboard shows
// beside a caption.
const shownNameLength = 12

func (c Context) documentCaption(m content.Media) string {
	if m.Person != nil {
		return above(c.personLine(*m.Person), c.text(m.Caption))
	}
	if m.Caption == "" || m.File == nil {
		return c.text(m.Caption)
	}
	switch name := m.File.Name; {
	case name == m.Caption:
		return ""
	case utf8.RuneCountInString(name) <= shownNameLength:
		return c.text(m.Caption)
	default:
		return c.text(m.Caption) + "\n\n📎 " + markup.Literal(markup.FileName(name))
	}
}

// FileLater is a post whose file cannot be had now: a line takes its place until
// it follows.
func (p Post) FileLater(c Context) Post {
	p.Attach = nil
	return p.mapped(func(content string) string { return above(c.waiting(), content) })
}

// FileTooLarge is a post whose file Chatwoot will never take, of so many bytes.
func (p Post) FileTooLarge(c Context, size int64) Post {
	p.Attach = nil
	return p.mapped(func(content string) string { return above(c.tooLarge(size), content) })
}

// FileWithoutPlace is a post whose file the bridge itself will never have room for.
func (p Post) FileWithoutPlace(c Context) Post {
	p.Attach = nil
	return p.mapped(func(content string) string {
		return above("⚠️ "+markup.Bold(c.Texts.Text("media.noplace")), content)
	})
}

// WithoutFiles is a post whose enclosed files Chatwoot does not take.
func (p Post) WithoutFiles(c Context) Post {
	if p.Files = nil; p.Optional {
		return p
	}
	return p.mapped(func(content string) string {
		return above(content, "⚠️ "+markup.Bold(c.Texts.Text("media.refused")))
	})
}

func (c Context) tooLarge(size int64) string {
	megabytes := strconv.FormatInt((size+1<<20-1)>>20, 10)
	return "⚠️ " + markup.Bold(c.Texts.Text("media.toolarge", "n", megabytes))
}

// File is the post of a file that comes after its message: bare, below it.
func File(m content.Message, file content.Media, c Context) Post {
	file.Caption = ""
	p := c.media(below(m, sourceid.File), file)
	if m.FromMe {
		p.Form = Echo
	}
	m.Quote = nil
	p = c.finish(m, p)
	if m.FromMe && c.Own == OwnNote {
		p.Form = Note
	}
	return p
}

// FileMissing is the note that says, below a message, that its file will not
// come.
func FileMissing(m content.Message, c Context) Post {
	return noteOnFile(m, "⚠️ "+markup.Bold(c.Texts.Text("media.missing")))
}

// FileRefused is the same note of a file that Chatwoot will never take.
func FileRefused(m content.Message, c Context, size int64) Post {
	return noteOnFile(m, c.tooLarge(size))
}

func noteOnFile(m content.Message, text string) Post {
	p := below(m, sourceid.Missing)
	p.Form, p.Content = Note, text
	return p
}

// below is a post that concerns the file of a message, or of the part that is meant.
func below(m content.Message, suffix string) Post {
	return Post{SourceID: sourceid.Derived(m.ID, sourceid.OfPart(suffix, m.Part)), ReplyTo: m.ID, ReplyToPart: m.Part}
}
