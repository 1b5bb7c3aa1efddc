package inbound_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var (
	shop      = newPerson("Shop", "5511999990001")
	someGroup = types.NewJID("120363000000000001", types.GroupServer)
)

// happens takes a stanza in that is no message, and does all that follows from it.
func (o *office) happens(node waBinary.Node) {
	o.t.Helper()
	if node.Attrs["t"] == nil {
		node.Attrs["t"] = strconv.FormatInt(o.line.Clock().Unix(), 10)
	}
	e, tells, err := content.HappeningEnvelope(&node, content.Witness{
		Own: []types.JID{shop.pn, shop.lid}, Alternate: nobodyElse, Name: func(types.JID) string { return "" },
	})
	require.True(o.t, tells)
	o.accept(e, err)
	require.Empty(o.t, o.drain())
}

// call is a step of a call that somebody makes.
func (o *office) call(caller, by person, step, id string, attrs waBinary.Attrs, children ...waBinary.Node) {
	o.t.Helper()
	inner := waBinary.Attrs{"call-creator": caller.lid, "caller_pn": caller.pn, "call-id": id}
	for key, value := range attrs {
		inner[key] = value
	}
	o.happens(waBinary.Node{
		Tag: "call", Attrs: waBinary.Attrs{"from": by.lid, "notify": by.name},
		Content: []waBinary.Node{{Tag: step, Attrs: inner, Content: children}},
	})
}

func (o *office) settings(change func(*lines.Settings)) {
	record := o.line.Inbox.Record()
	change(&record.Settings)
	o.line.Inbox.Update(record)
}

// later lets time pass.
func (o *office) later(d time.Duration) {
	o.t.Helper()
	o.ahead += d
	require.Empty(o.t, o.drain())
}

var video = waBinary.Node{Tag: "video"}

func TestACallThatNobodyAnswersIsShownOnce(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		happens func(*office)
		shown   []string
	}{
		"hung up": {func(o *office) {
			o.call(alicia, alicia, "offer", "C1", nil)
			o.call(alicia, alicia, "terminate", "C1", waBinary.Attrs{"reason": "timeout"})
			o.later(time.Hour)
		}, []string{"📞 **Missed voice call**"}},
		"a video, of which nobody tells the end": {func(o *office) {
			o.call(alicia, alicia, "offer", "C1", nil, video)
			require.Empty(o.t, o.incoming(), "it rings")
			o.later(time.Hour)
			o.call(alicia, alicia, "terminate", "C1", nil)
		}, []string{"📹 **Missed video call**"}},
		"a video, hung up": {func(o *office) {
			o.call(alicia, alicia, "offer", "C1", nil, video)
			o.call(alicia, alicia, "terminate", "C1", nil)
		}, []string{"📹 **Missed video call**"}},
		"only its end is told":      {func(o *office) { o.call(alicia, alicia, "terminate", "C1", waBinary.Attrs{"reason": "timeout"}) }, []string{"📞 **Missed voice call**"}},
		"declined on the own phone": {func(o *office) { o.call(alicia, alicia, "offer", "C1", nil); o.call(alicia, shop, "reject", "C1", nil) }, []string{"📞 **Missed voice call**"}},
		"answered on the own phone": {func(o *office) {
			o.call(alicia, alicia, "offer", "C1", nil)
			o.call(alicia, shop, "accept", "C1", nil)
			o.call(alicia, alicia, "terminate", "C1", nil)
			o.later(time.Hour)
		}, nil},
		"answered elsewhere": {func(o *office) {
			o.call(alicia, alicia, "offer", "C1", nil)
			o.call(alicia, alicia, "terminate", "C1", waBinary.Attrs{"reason": "accepted_elsewhere"})
			o.later(time.Hour)
		}, nil},
		"it lasted": {func(o *office) { o.call(alicia, alicia, "terminate", "C1", waBinary.Attrs{"duration": "3670"}) }, nil},
		"two calls": {func(o *office) {
			o.call(alicia, alicia, "terminate", "C1", nil)
			o.call(alicia, alicia, "terminate", "C1", nil)
			o.call(alicia, alicia, "terminate", "C2", nil)
		}, []string{"📞 **Missed voice call**", "📞 **Missed voice call**"}},
		"several people": {func(o *office) {
			o.call(alicia, alicia, "offer_notice", "C1", waBinary.Attrs{"media": "video", "type": "group"})
			o.later(2 * time.Minute)
		}, []string{"📞 **Missed group call** (Alice)"}},
		"a group": {func(o *office) {
			o.call(alicia, alicia, "offer_notice", "C1", waBinary.Attrs{"media": "audio", "type": "group", "group-jid": someGroup})
			o.later(2 * time.Minute)
		}, []string{"📞 **Missed group call** (Alice)"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			test.happens(o)
			o.later(time.Hour)
			require.Equal(t, test.shown, o.incoming())
			require.Zero(t, o.line.Jobs(journal.Waiting))
		})
	}
}

func TestCallsAreShownAsTheLineHasIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Calls = lines.CallsOff })
	o.call(alicia, alicia, "terminate", "C0", nil)
	require.Zero(t, o.line.Jobs(journal.Done), "nothing is stored")
	o.from(alicia, byNumber, text("Oi"))
	o.settings(func(s *lines.Settings) { s.Calls = lines.CallsNote })
	o.call(alicia, alicia, "terminate", "C1", nil)
	require.Equal(t, []string{"Oi"}, o.incoming())
	note := o.posted("call-C1")
	require.True(t, note.Private)
	require.Equal(t, "📞 **Missed voice call**", note.Text)
}

func TestACallIsRefusedAndAnswered(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.RejectCalls, s.RejectCallsText = true, "We do not take calls." })
	o.call(alicia, alicia, "offer", "C1", nil)
	o.call(alicia, alicia, "terminate", "C1", nil)
	o.later(time.Hour)
	require.Equal(t, []string{"C1"}, o.files.refused)
	require.Equal(t, []string{"📞 **Missed voice call** (rejected automatically)"}, o.incoming())
	all := o.messages()
	reply := all[len(all)-1]
	require.Equal(t, "outgoing", reply.Kind)
	require.Equal(t, "We do not take calls.", reply.Text)
	require.Equal(t, "reply:call-C1", reply.SourceID)
	require.Len(t, all, 2)

	o.call(alicia, alicia, "offer", "C2", waBinary.Attrs{}, video)
	require.Equal(t, []string{"C1", "C2"}, o.files.refused)
	old := strconv.FormatInt(o.line.Clock().Add(-time.Hour).Unix(), 10)
	o.happens(waBinary.Node{Tag: "call", Attrs: waBinary.Attrs{"from": alicia.lid, "t": old}, Content: []waBinary.Node{
		{Tag: "offer", Attrs: waBinary.Attrs{"call-creator": alicia.lid, "caller_pn": alicia.pn, "call-id": "C3"}},
	}})
	o.later(time.Minute)
	require.Equal(t, []string{"C1", "C2"}, o.files.refused, "one that is over")
	require.Equal(t, "📞 **Missed voice call**", o.posted("call-C3").Text)
}

// change is a change of the group by somebody.
func change(by person, children ...waBinary.Node) waBinary.Node {
	return waBinary.Node{
		Tag: "notification", Attrs: waBinary.Attrs{"type": "w:gp2", "from": someGroup, "participant": by.lid, "participant_pn": by.pn, "notify": by.name},
		Content: children,
	}
}

func member(p person) waBinary.Node {
	return waBinary.Node{Tag: "participant", Attrs: waBinary.Attrs{"jid": p.lid, "phone_number": p.pn}}
}

func subject(name string) waBinary.Node {
	return waBinary.Node{Tag: "subject", Attrs: waBinary.Attrs{"subject": name}}
}

// inTheGroup takes a message to the group in.
func (o *office) inTheGroup(p person, words string) {
	o.t.Helper()
	info := o.info(p)
	info.Chat, info.IsGroup = someGroup, true
	o.accept(content.MessageEnvelope(info, text(words), nobodyElse))
	require.Empty(o.t, o.drain())
}

func TestWhatHappensIsASmallLineInTheConversationThatThereIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Events = lines.EventsPill })
	o.happens(change(alicia, waBinary.Node{Tag: "add", Content: []waBinary.Node{member(bento)}}))
	require.Empty(t, o.Contacts(), "nothing is made for it")
	require.Zero(t, o.line.Jobs(journal.Done), "nor stored")

	o.inTheGroup(alicia, "Oi")
	conversation := o.Conversations()[0].ID
	o.unlock()
	o.resolve(conversation)
	o.happens(change(alicia, waBinary.Node{Tag: "add", Content: []waBinary.Node{member(bento), member(shop)}}))
	o.happens(change(alicia, subject("Cakes <b>"), waBinary.Node{Tag: "locked"}))
	require.Len(t, o.Conversations(), 1, "nothing is opened for it")
	require.Equal(t, "resolved", o.Conversations()[0].Status)
	all := o.messages()
	require.Equal(t, "Alice added +5511888880003 and You", all[len(all)-2].Text)
	require.Equal(t, "activity", all[len(all)-2].Kind)
	require.Equal(t, "Alice changed the subject to “Cakes &lt;b&gt;” · Alice let only admins change the group&#39;s settings", all[len(all)-1].Text)
	require.Equal(t, "Cakes <b>", o.contact().Name, "the contact follows")
	o.happens(change(alicia, subject("Bread")))
	o.happens(change(alicia, subject("Cakes <b>")))
	require.Equal(t, "Cakes <b>", o.contact().Name, "also to a name that it had")

	o.settings(func(s *lines.Settings) { s.Events = lines.EventsOff })
	before := len(o.messages())
	o.happens(change(alicia, waBinary.Node{Tag: "remove", Content: []waBinary.Node{member(bento)}}))
	o.happens(change(alicia, subject("Quiet")))
	require.Len(t, o.messages(), before)
	require.Equal(t, "Quiet", o.contact().Name)
}

func TestANewNumberIsTheContacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Events = lines.EventsPill })
	o.from(alicia, byBoth, text("Oi"))
	next := newPerson("Alice", "5511888880012")
	o.happens(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{"type": "contacts", "from": types.ServerJID}, Content: []waBinary.Node{
		{Tag: "modify", Attrs: waBinary.Attrs{"old": alicia.pn, "new": next.pn, "old_lid": alicia.lid, "new_lid": next.lid}},
	}})
	all := o.messages()
	require.Equal(t, "+5511888880002 changed the phone number to +5511888880012", all[len(all)-1].Text)
	require.Equal(t, "+5511888880012", o.contact().Phone)
	o.from(next, byBoth, text("me again"))
	require.Len(t, o.Contacts(), 1)
	require.Len(t, o.Conversations(), 1)
}

func TestASecurityCodeIsToldOfOnRequest(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Events = lines.EventsPill })
	o.from(alicia, byNumber, text("Oi"))
	changed := func(t string) waBinary.Node {
		return waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{"type": "encrypt", "from": alicia.pn, "t": t}, Content: []waBinary.Node{{Tag: "identity"}}}
	}
	o.happens(changed("1790000000"))
	require.Len(t, o.messages(), 1)
	o.settings(func(s *lines.Settings) { s.SecurityCodes = lines.SecurityCodesPill })
	o.happens(changed("1790000001"))
	all := o.messages()
	require.Len(t, all, 2)
	require.Equal(t, "The security code with +5511888880002 changed", all[1].Text)
}

func TestGroupsComeInAsTheLineHasIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Groups, s.Events = lines.GroupsOff, lines.EventsPill })
	o.inTheGroup(alicia, "nobody reads this")
	o.call(alicia, alicia, "offer_notice", "C1", waBinary.Attrs{"type": "group", "group-jid": someGroup})
	require.Empty(t, o.Contacts())
	require.Zero(t, o.line.Jobs(journal.Done))
	require.EqualValues(t, 1, o.intake.LeftOut())
	o.from(alicia, byNumber, text("from me to you"))
	require.Equal(t, []string{"from me to you"}, o.incoming())

	o.settings(func(s *lines.Settings) { s.Groups = lines.GroupsMentioned })
	o.inTheGroup(alicia, "nor this")
	info := o.info(alicia)
	info.Chat, info.IsGroup = someGroup, true
	e, err := content.MessageEnvelope(info, text("hey @shop"), nobodyElse)
	e.Mentions = true
	o.accept(e, err)
	require.Empty(t, o.drain())
	require.Equal(t, "**~Alice** (+5511888880002):\nhey @shop", o.posted(info.ID).Text)
	require.EqualValues(t, 2, o.intake.LeftOut())
	for _, c := range o.Contacts() {
		group := c.Identifier == someGroup.String()
		require.Equal(t, group, c.Attributes["is_group"] == true, c.Name)
	}
	for _, c := range o.Conversations() {
		require.Equal(t, c.ID == o.posted(info.ID).Conversation, c.Attributes["is_group"] == true, c.Name)
	}

	o.settings(func(s *lines.Settings) {
		s.Groups, s.GroupsList = lines.GroupsListed, lines.GroupList{"!" + someGroup.User, "*"}
	})
	o.inTheGroup(alicia, "nor that")
	require.EqualValues(t, 3, o.intake.LeftOut())
	o.settings(func(s *lines.Settings) { s.GroupsList = lines.GroupList{someGroup.User} })
	o.inTheGroup(alicia, "but this")
	require.Len(t, o.incoming(), 3)
}
