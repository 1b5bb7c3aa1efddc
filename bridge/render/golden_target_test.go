package render_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What concerns an earlier message, in every language.
func TestWhatConcernsAnEarlierMessageAsAgentsSeeIt(t *testing.T) {
	t.Parallel()
	reaction := content.Reaction{Target: "3EB0T", Emoji: "👍🏽"}
	removed := content.Reaction{Target: "3EB0T"}
	edit := content.Edit{Target: "3EB0T", New: content.Text{Text: "- uma\n- *duas*"}}
	poll := content.Poll{Question: "Que dia?", Options: []string{"Segunda", "Terça *x*", "Quarta"}}
	vote := content.Vote{Target: "3EB0T", Chosen: []string{content.OptionHash("Segunda"), content.OptionHash("Terça *x*")}}
	sealed := func(kind content.SealedKind) content.Sealed {
		return content.Sealed{Kind: kind, Target: content.Key{ID: "3EB0T"}}
	}
	long := content.Text{Text: "Bom dia <b>a todos</b>, quem vem amanhã cedo à feira?"}
	for name, tc := range map[string]struct {
		message content.Message
		target  content.Content
		change  func(*render.Context)
	}{
		"reaction":                 {from(reaction), long, nil},
		"reaction-own":             {own(reaction), long, nil},
		"reaction-group":           {inGroup(reaction), long, nil},
		"reaction-group-photo":     {inGroup(reaction), file(content.Image, "", ""), nil},
		"reaction-group-forgotten": {inGroup(reaction), nil, nil},
		"reaction-group-note":      {inGroup(reaction), long, func(c *render.Context) { c.Events = "note" }},
		"reaction-message":         {from(reaction), long, func(c *render.Context) { c.Reactions = "message" }},
		"reaction-group-message":   {inGroup(reaction), long, func(c *render.Context) { c.Reactions = "message" }},
		"reaction-off":             {from(reaction), long, func(c *render.Context) { c.Reactions = "off" }},
		"reaction-status":          {from(content.Reaction{Target: "3EB0T", Emoji: "💚", Status: true}), nil, nil},
		"reaction-removed":         {from(removed), long, func(c *render.Context) { c.Before = "👍" }},
		"reaction-removed-unknown": {inGroup(removed), long, nil},
		"reaction-removed-own":     {own(removed), nil, func(c *render.Context) { c.Before = "👍" }},
		"edit":                     {from(edit), long, nil},
		"edit-note":                {from(edit), long, func(c *render.Context) { c.Edits = "note" }},
		"edit-own":                 {own(edit), long, nil},
		"edit-group":               {inGroup(edit), long, nil},
		"edit-caption":             {from(content.Edit{Target: "3EB0T", New: file(content.Document, "*nova*", "a.pdf")}), nil, nil},
		"edit-caption-gone":        {from(content.Edit{Target: "3EB0T", New: file(content.Image, "", "")}), nil, nil},
		"edit-poll":                {from(content.Edit{Target: "3EB0T", New: poll}), nil, nil},
		"edit-unfinished":          {from(content.Edit{Target: "3EB0T", New: long, Unfinished: true}), nil, nil},
		"edit-unsupported":         {from(content.Edit{Target: "3EB0T", New: content.Unsupported{Name: "callLogMesssage"}}), nil, nil},
		"pin":                      {from(content.Pin{Target: "3EB0T"}), long, nil},
		"pin-off-own":              {own(content.Pin{Target: "3EB0T", Off: true}), nil, nil},
		"pin-note":                 {inGroup(content.Pin{Target: "3EB0T"}), long, func(c *render.Context) { c.Events = "note" }},
		"pin-events-off":           {from(content.Pin{Target: "3EB0T"}), long, func(c *render.Context) { c.Events = "off" }},
		"keep":                     {from(content.Keep{Target: "3EB0T"}), long, nil},
		"keep-off":                 {from(content.Keep{Target: "3EB0T", Off: true}), long, nil},
		"timer-day":                {from(content.Timer{After: 24 * time.Hour}), nil, nil},
		"timer-days":               {own(content.Timer{After: 90 * 24 * time.Hour}), nil, nil},
		"timer-odd":                {inGroup(content.Timer{After: 61 * time.Second}), nil, nil},
		"timer-minute":             {from(content.Timer{After: time.Minute}), nil, nil},
		"timer-off":                {from(content.Timer{}), nil, nil},
		"number-shared":            {from(content.NumberShared{}), nil, nil},
		"number-shared-unknown": {func() content.Message {
			m := from(content.NumberShared{})
			m.Sender = content.Address{JID: "824000000000001@lid"}
			return m
		}(), nil, nil},
		"sharing-limited":    {from(content.SharingLimited{}), nil, nil},
		"sharing-free":       {from(content.SharingLimited{Off: true}), nil, nil},
		"member-label":       {inGroup(content.MemberLabel{Label: "Entregador <i>"}), nil, nil},
		"member-label-off":   {inGroup(content.MemberLabel{}), nil, nil},
		"handover":           {from(content.Handover{Text: "Agora com\n<b>um atendente"}), nil, nil},
		"vote":               {from(vote), poll, nil},
		"vote-own":           {own(vote), poll, nil},
		"vote-group":         {inGroup(vote), poll, nil},
		"vote-withdrawn":     {from(content.Vote{Target: "3EB0T"}), poll, nil},
		"vote-unknown-poll":  {from(vote), nil, nil},
		"poll-option":        {inGroup(content.PollOption{Target: "3EB0T", Option: "Quinta"}), poll, nil},
		"event-going":        {from(content.EventAnswer{Target: "3EB0T", Answer: content.Going, Guests: 1}), nil, nil},
		"event-maybe":        {inGroup(content.EventAnswer{Target: "3EB0T", Answer: content.Maybe}), nil, nil},
		"event-not-own":      {own(content.EventAnswer{Target: "3EB0T", Answer: content.NotGoing}), nil, nil},
		"sealed-edit":        {from(sealed(content.SealedEdit)), nil, nil},
		"sealed-reaction":    {from(sealed(content.SealedReaction)), nil, nil},
		"sealed-vote-group":  {inGroup(sealed(content.SealedVote)), nil, nil},
		"sealed-comment-own": {own(sealed(content.SealedComment)), nil, nil},
	} {
		for _, language := range catalogue.Languages() {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				c := context(language)
				c.Target, c.Options = tc.target, optionsOf(tc.target)
				if tc.change != nil {
					tc.change(&c)
				}
				golden(t, name, language, render.Message(tc.message, c))
			})
		}
	}
}

// What the customer did to an earlier message opens no conversation, but for what is
// something new to read.
func TestWhatConcernsAnEarlierMessageOpensNoConversation(t *testing.T) {
	t.Parallel()
	for _, c := range []content.Content{
		content.Reaction{Target: "T", Emoji: "👍"}, content.Pin{Target: "T"}, content.Keep{Target: "T"}, content.Timer{}, content.NumberShared{},
		content.SharingLimited{}, content.MemberLabel{}, content.PollOption{Target: "T"}, content.Revoke{Target: "T"},
	} {
		for _, m := range []content.Message{from(c), inGroup(c), own(c)} {
			require.False(t, render.Opens(render.Message(m, context("en"))), "%T", c)
		}
	}
	edit := content.Edit{Target: "T", New: content.Text{Text: "x"}}
	require.True(t, render.Opens(render.Message(from(edit), context("en"))))
	require.False(t, render.Opens(render.Message(own(edit), context("en"))))
}

// Where the message is not in the conversation, the line says what it was.
func TestWhatConcernsAnUnknownMessageSaysWhich(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.Target = content.Text{Text: "Bom dia"}
	p := render.Message(from(content.Reaction{Target: "T", Emoji: "👍"}), c)[0]
	require.Equal(t, "Ana \\*Silva\\* reacted 👍: “Bom dia”", p.Alone().Content)
	c.Target = content.Poll{Question: "Que dia?", Options: []string{"Segunda"}}
	c.Options = optionsOf(c.Target)
	p = render.Message(from(content.Vote{Target: "T", Chosen: []string{content.OptionHash("Segunda")}}), c)[0]
	require.Equal(t, "**Que dia?**\n☑ **Segunda**", p.Alone().Content)
	p = render.Tally("WAID:T#votes", "T", [][]string{{content.OptionHash("Segunda")}}, c)
	require.Equal(t, "**Que dia?**\n**Votes: 1**\n**Segunda 1**", p.Alone().Content)
}

// The votes of a group are counted; nobody counts twice, whatever an app sends.
func TestATallyCountsEachMemberOnce(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.Target = content.Poll{Question: "Q", Options: []string{"Mon", "Tue", "Wed", "[a](b)"}}
	c.Options = optionsOf(c.Target)
	mon, tue, link := content.OptionHash("Mon"), content.OptionHash("Tue"), content.OptionHash("[a](b)")
	votes := [][]string{{mon}, {tue, tue}, {tue, mon}, {tue}, {}, {link, "00"}}
	p := render.Tally("WAID:T#votes", "T", votes, c)
	require.Equal(t, "**Votes: 7**\nMon 2 · **Tue 3** · [a\\](b) 1 · … 1", p.Content)
	require.Equal(t, render.Note, p.Form)
	require.Equal(t, "T", p.ReplyTo)
	require.Equal(t, "**Votes: 0**", render.Tally("s", "T", [][]string{{}}, c).Content)
}

func optionsOf(c content.Content) (options []render.Option) {
	if poll, ok := c.(content.Poll); ok {
		for _, name := range poll.Options {
			options = append(options, render.Option{Hash: content.OptionHash(name), Name: name})
		}
	}
	return options
}
