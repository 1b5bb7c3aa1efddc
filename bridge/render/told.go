package render

import (
	"math"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// toldTitle is how a kind is called; onPhone says that there is more on the phone.
type toldTitle struct {
	icon, key string
	onPhone   bool
}

var toldTitles = map[content.ToldKind]toldTitle{
	content.OneTimeCode:        {"🔒", "code.once", false},
	content.PhoneOnly:          {"🔒", "phone.only", true},
	content.NumberAsked:        {"📱", "number.asked", true},
	content.StatusMention:      {"📣", "status.mention", true},
	content.GroupStatusMention: {"📣", "status.mention.group", true},
	content.StatusAddYours:     {"📣", "status.addyours", true},
	content.StatusReshare:      {"📣", "status.reshare", true},
	content.StatusAnswerShared: {"📣", "status.answer.shared", true},
	content.StatusGroupReply:   {"📣", "status.reply.group", true},
	content.StatusNews:         {"📣", "status.news", true},
	content.StatusAnswer:       {"💬", "status.answer", false},
	content.QuestionAnswer:     {"💬", "question.answer", false},
	content.SealedUntil:        {"🔒", "sealed", true},
	content.BroadcastCall:      {"📢", "call.broadcast", true},
	content.ChatCard:           {"💬", "chat.card", false},
	content.CallsAllowed:       {"☑", "calls.allowed", false},
	content.CallsRefused:       {"☑", "calls.refused", false},
	content.StatusReaction:     {"💬", "status.reaction", false},
}

// told is a message of which there is a name and perhaps a text.
func (c Context) told(t content.Told) string {
	title := toldTitles[t.Kind]
	if emoji := markup.Line(t.Text, longestReaction); t.Kind == content.StatusReaction && emoji != "" {
		return markup.Literal(emoji) + " " + markup.Bold(c.Texts.Text(title.key))
	}
	out := stacked(title.icon+" "+markup.Bold(c.Texts.Text(title.key)), c.text(t.Text))
	switch {
	case t.Kind == content.OneTimeCode:
		out = stacked(out, c.Texts.Text("code.once.hint"))
	case title.onPhone && t.Text == "":
		out = stacked(out, c.Texts.Text("open.phone"))
	}
	return out
}

// longestReaction is how many characters an emoji may consist of.
const longestReaction = 12

// soundSticker is a sticker and, as a post of its own, its sound.
func (c Context) soundSticker(m content.Message, p Post, s content.SoundSticker) []Post {
	sound := c.media(Post{SourceID: sourceid.Derived(m.ID, sourceid.Part(1)), Form: p.Form, Part: 1}, s.Sound)
	return c.partsSurrounded(m, []Post{c.media(p, s.Sticker), sound})
}

// historyShared is a line between the messages.
func (c Context) historyShared(m content.Message) []Post {
	name := markup.Name(c.author(m.FromMe, m.PushName, m.Sender.JID))
	p, shown := c.eventLine(sourceid.Of(m.ID), c.Texts.Text("history.shared", "name", name))
	if !shown {
		return nil
	}
	return []Post{p}
}

func (c Context) stickerPack(s content.StickerPack) string {
	title := c.Texts.Text("sticker.pack")
	if name := markup.Line(s.Name, longestQuestion); name != "" {
		title += " “" + name + "”"
	}
	about := markup.Literal(markup.Line(s.Publisher, longestQuestion))
	if s.Stickers > 0 {
		about = sideBySide(about, markup.Literal(c.Texts.Text("sticker.pack.n", "n", strconv.Itoa(s.Stickers))))
	}
	return above(stacked("🗂 "+markup.Bold(title), about), c.text(s.Text))
}

func (c Context) song(s content.Song) string {
	title := markup.Line(s.Title, longestQuestion)
	if title == "" {
		title = c.Texts.Text("song")
	}
	out := sideBySide("🎵 "+markup.Bold(title), markup.Literal(markup.Line(s.Author, longestQuestion)))
	return stacked(out, c.text(s.URL))
}

// pollResult is how a poll has gone.
func (c Context) pollResult(p content.PollResult) string {
	title := markup.Line(p.Question, longestQuestion)
	if title == "" {
		title = c.Texts.Text("poll.result")
	}
	all := []string{"📊 " + markup.Bold(title)}
	var total int64
	for _, vote := range p.Votes {
		total += min(vote.Votes, math.MaxInt64-total)
		option := markup.Literal(markup.Line(vote.Option, longestOption))
		all = append(all, strings.TrimSpace(option+" "+markup.Bold(strconv.FormatInt(vote.Votes, 10))))
	}
	if p.More {
		all = append(all, c.more())
	}
	return strings.Join(append(all, "*"+markup.Literal(c.Texts.Text("votes", "n", strconv.FormatInt(total, 10)))+"*"), "\n")
}

// loggedCall is what became of a call.
func (c Context) loggedCall(l content.LoggedCall) string {
	icon, kind := "📞", "voice"
	switch {
	case l.Group:
		kind = "group"
	case l.Video:
		kind = "video"
	}
	if l.Video {
		icon = "📹"
	}
	if l.Outcome == content.CallMissed {
		return icon + " " + markup.Bold(c.Texts.Text("call.missed."+kind))
	}
	out := icon + " " + markup.Bold(c.Texts.Text("call."+kind))
	outcome := map[content.CallOutcome]string{
		content.CallFailed: "call.failed", content.CallRejected: "call.declined",
		content.CallElsewhere: "call.elsewhere", content.CallOngoing: "call.ongoing",
	}[l.Outcome]
	if outcome != "" {
		out += " · " + markup.Literal(c.Texts.Text(outcome))
	}
	if l.Seconds > 0 {
		out += " · " + callLength(l.Seconds)
	}
	return out
}

// callLength is how long something took, as a phone writes it: 3:05, or 1:02:03.
func callLength(seconds int64) string {
	hours, minutes, rest := seconds/3600, seconds/60%60, seconds%60
	two := func(n int64) string {
		if n < 10 {
			return "0" + strconv.FormatInt(n, 10)
		}
		return strconv.FormatInt(n, 10)
	}
	if hours > 0 {
		return strconv.FormatInt(hours, 10) + ":" + two(minutes) + ":" + two(rest)
	}
	return strconv.FormatInt(minutes, 10) + ":" + two(rest)
}
