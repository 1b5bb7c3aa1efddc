package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// voted is what a customer has chosen in a poll. In groups the votes are counted instead;
// see Tally.
func (c Context) voted(m content.Message, v content.Vote) []Post {
	if m.Group {
		return nil
	}
	p := c.about(m, v.Target)
	names := map[string]string{}
	for _, option := range c.Options {
		names[option.Hash] = option.Name
	}
	var lines []string
	unnamed := 0
	for _, hash := range v.Chosen {
		if name := markup.Line(names[hash], longestOption); name != "" {
			lines = append(lines, "☑ "+markup.Bold(name))
		} else {
			unnamed++
		}
	}
	switch {
	case len(v.Chosen) == 0:
		lines = []string{c.Texts.Text("vote.withdrawn")}
	case unnamed > 0: // in a poll that came before the line was there
		lines = append(lines, "☑ "+markup.Bold(c.Texts.Text("votes", "n", strconv.Itoa(unnamed))), c.Texts.Text("open.phone"))
	}
	p.Content = strings.Join(lines, "\n")
	p.Unthreaded = c.belowQuestion(p.Content)
	return []Post{c.finish(m, p)}
}

// belowQuestion is what is said of a poll or an event where that is not in the
// conversation.
func (c Context) belowQuestion(said string) string {
	question := markup.Line(textOf(c.Target), longestQuestion)
	if question == "" {
		return said
	}
	return markup.Bold(question) + "\n" + said
}

// about is the post for what somebody says of an earlier message. What the own phone
// says is for agents only.
func (c Context) about(m content.Message, target string) Post {
	p := Post{SourceID: sourceid.Of(m.ID), ReplyTo: target}
	if m.FromMe {
		p.Form = Note
	}
	return p
}

// Tally is the note below a poll of a group that says how often each answer was chosen.
// votes is what each member has chosen.
func Tally(source, poll string, votes [][]string, c Context) Post {
	counts := map[string]int{}
	for _, chosen := range votes {
		for _, hash := range slices.Compact(slices.Sorted(slices.Values(chosen))) {
			counts[hash]++
		}
	}
	var parts []string
	sum, most := 0, 0
	for _, n := range counts {
		sum, most = sum+n, max(most, n)
	}
	count := func(name string, n int) {
		switch text := name + " " + strconv.Itoa(n); {
		case n == 0:
		case n == most:
			parts = append(parts, markup.Bold(text))
		default:
			parts = append(parts, markup.Literal(text))
		}
	}
	for _, option := range c.Options {
		count(markup.Line(option.Name, longestOption), counts[option.Hash])
		delete(counts, option.Hash)
	}
	rest := 0
	for _, n := range counts {
		rest += n
	}
	if most = max(most, rest); rest > 0 {
		count("…", rest)
	}
	text := markup.Bold(c.Texts.Text("votes", "n", strconv.Itoa(sum)))
	if len(parts) > 0 {
		text += "\n" + strings.Join(parts, " · ")
	}
	return Post{
		SourceID: source, Form: Note, ReplyTo: poll,
		Content: markup.ProtectLiquid(text), Unthreaded: markup.ProtectLiquid(c.belowQuestion(text)),
	}
}

// eventAnswer says whether somebody comes.
func (c Context) eventAnswer(m content.Message, a content.EventAnswer) []Post {
	p := c.about(m, a.Target)
	p.Content = c.Texts.Text("event." + string(a.Answer))
	if a.Guests > 0 {
		p.Content += " (+" + strconv.Itoa(a.Guests) + ")"
	}
	p.Unthreaded = c.belowQuestion(p.Content)
	return []Post{c.finish(m, p)}
}

// sealed stands in the place of what can be read with the secret of an earlier message
// only, as long as nobody has that.
func (c Context) sealed(m content.Message, s content.Sealed) []Post {
	p := c.about(m, s.Target.ID)
	p.SourceID = sourceid.Derived(m.ID, sourceid.Waiting)
	switch {
	case s.Kind == content.SealedReaction && c.Reactions == NotShown:
		return nil
	case s.Kind == content.SealedReaction && c.Reactions != AsMessage,
		s.Kind == content.SealedVote && m.Group, s.Kind == content.SealedPollOption,
		s.Kind == content.SealedEdit && c.Edits == AsNote:
		p.Form = Note
	}
	p.Content = c.waiting()
	return []Post{c.finish(m, p)}
}
