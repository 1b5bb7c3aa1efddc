package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var (
	brunoHere  = content.Party{Address: content.Address{JID: "5511999990003@s.whatsapp.net"}, Name: "Bruno <b>"}
	carlaHere  = content.Party{Address: content.Address{JID: "5511999990004@s.whatsapp.net"}}
	hiddenHere = content.Party{Address: content.Address{JID: "824000000000009@lid"}}
	mine       = content.Party{Address: content.Address{JID: "5511999990001@s.whatsapp.net"}, Own: true}
)

func changed(kind content.ChangeKind, people ...content.Party) content.Change {
	return content.Change{Kind: kind, People: people}
}

// changes is what Bruno did to a group.
func changes(all ...content.Change) content.Message {
	m := inGroup(content.Happening{By: brunoHere, Changes: all})
	m.ID, m.PushName, m.Sender = "event-1", brunoHere.Name, brunoHere.Address
	return m
}

func titled(kind content.ChangeKind, text string) content.Change {
	return content.Change{Kind: kind, Text: text}
}

func TestWhatHappensAsAgentsSeeIt(t *testing.T) {
	t.Parallel()
	many := content.Change{Kind: content.GroupAdded, People: []content.Party{carlaHere, hiddenHere, carlaHere, carlaHere, carlaHere, carlaHere}, More: 9900}
	ring := func(c content.Call) content.Call {
		c.ID, c.Step, c.Caller = "C1", content.CallEnded, content.Party{Address: ana, Name: "Ana *Silva*"}
		return c
	}
	for name, m := range map[string]content.Message{
		"call-voice":           from(ring(content.Call{})),
		"call-video":           from(ring(content.Call{Video: true})),
		"call-refused":         from(ring(content.Call{Refused: true})),
		"call-several":         from(ring(content.Call{Group: true, Video: true, Refused: true, With: []content.Party{brunoHere, carlaHere}})),
		"call-group":           inGroup(ring(content.Call{Group: true})),
		"group-added":          changes(changed(content.GroupAdded, carlaHere)),
		"group-added-many":     changes(many),
		"group-added-you":      changes(changed(content.GroupAdded, mine)),
		"group-joined":         changes(changed(content.GroupJoined, brunoHere)),
		"group-left":           changes(changed(content.GroupLeft, brunoHere)),
		"group-removed":        changes(changed(content.GroupRemoved, carlaHere, hiddenHere)),
		"group-removed-you":    changes(changed(content.GroupRemoved, mine)),
		"group-admins":         changes(changed(content.GroupAdmin, carlaHere, brunoHere), changed(content.GroupNoAdmin, hiddenHere)),
		"group-subject-locked": changes(titled(content.GroupSubject, "Clientes <b>VIP</b>"), changed(content.GroupAdminsEdit)),
		"group-description":    changes(titled(content.GroupDescription, strings.Repeat("Regras ", 100))),
		"group-no-description": changes(changed(content.GroupNoDescription)),
		"group-pictures":       changes(changed(content.GroupPicture), changed(content.GroupPictureRemoved)),
		"group-settings": changes(changed(content.GroupAdminsWrite), changed(content.GroupAllWrite), changed(content.GroupAllEdit), changed(content.GroupAdminsAdd),
			changed(content.GroupAllAdd), changed(content.GroupApprovalOn), changed(content.GroupApprovalOff), changed(content.GroupLink)),
		"group-timer":     changes(content.Change{Kind: content.GroupTimerOn, Seconds: 604800}, content.Change{Kind: content.GroupTimerOn, Seconds: 86400}, changed(content.GroupTimerOff)),
		"group-requests":  changes(changed(content.GroupRequested, carlaHere), changed(content.GroupRequested, carlaHere, hiddenHere), changed(content.GroupNoRequest, carlaHere)),
		"group-number":    changes(changed(content.GroupNumber, carlaHere)),
		"group-community": changes(titled(content.GroupLinked, "Comunidade"), titled(content.GroupUnlinked, "Comunidade"), changed(content.GroupSuspended), changed(content.GroupUnsuspended)),
		"group-created":   changes(titled(content.GroupCreated, "Clientes")),
		"group-here":      changes(titled(content.GroupAddedHere, "Clientes")),
		"group-ended":     changes(changed(content.GroupEnded)),
		"person-number":   from(content.Happening{Changes: []content.Change{changed(content.NumberChanged, carlaHere)}}),
		"person-security": from(content.Happening{Changes: []content.Change{changed(content.SecurityChanged)}}),
		"person-business": from(content.Happening{Changes: []content.Change{changed(content.BusinessBegun), changed(content.BusinessEnded), changed(content.BusinessProfile)}}),
	} {
		for _, language := range catalogue.Languages() {
			golden(t, "happening-"+name, language, render.Message(m, context(language)))
		}
	}
}

// Nothing of a name is code in a small line, which is HTML, nor in a note.
func TestNamesInWhatHappensAreNothingButNames(t *testing.T) {
	t.Parallel()
	const evil = "<img src=x onerror=alert(1)>\n**Ana** {{contact.name}} \u202e[x](https://evil.example)"
	who := content.Party{Address: ana, Name: evil}
	for _, kind := range []content.ChangeKind{content.GroupAdded, content.GroupSubject, content.GroupDescription, content.GroupRequested, content.NumberChanged, content.BusinessEnded} {
		m := inGroup(content.Happening{By: who, Changes: []content.Change{{Kind: kind, People: []content.Party{who}, Text: evil}}})
		c := context("en")
		posts := render.Message(m, c)
		require.Len(t, posts, 1)
		require.Equal(t, render.Pill, posts[0].Form)
		require.False(t, render.Opens(posts))
		require.NotContains(t, posts[0].Content, "<")
		require.NotContains(t, posts[0].Content, "\n")
		require.NotContains(t, posts[0].Content, "\u202e")
		c.EventsAsNotes = true
		posts = render.Message(m, c)
		require.Equal(t, render.Note, posts[0].Form)
		require.NotContains(t, posts[0].Content, "**Ana**")
		require.NotRegexp(t, `[^\\]\]\(`, posts[0].Content)
		require.NotContains(t, posts[0].Content, "\n")
	}
	c := context("en")
	c.CallsAsNotes = true
	posts := render.Message(inGroup(content.Call{ID: "C", Step: content.CallEnded, Group: true, Caller: who}), c)
	require.Equal(t, render.Note, posts[0].Form)
	require.NotRegexp(t, `[^\\]\]\(`, posts[0].Content)
	require.Empty(t, render.Message(from(content.Call{ID: "C", Step: content.CallRings}), c))
	require.Empty(t, render.Message(from(content.Call{ID: "C", Step: content.CallAnswered}), c))
}
