package inbound_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

func contactCard(name string) *waE2E.ContactMessage {
	return &waE2E.ContactMessage{
		DisplayName: &name, Vcard: proto.String("BEGIN:VCARD\nVERSION:3.0\nFN:" + name + "\nTEL;waid=5511999990003:+55 11 99999-0003\nEND:VCARD"),
	}
}

func contactCards(n int) *waE2E.Message {
	all := &waE2E.ContactsArrayMessage{}
	for i := range n {
		all.Contacts = append(all.Contacts, contactCard(fmt.Sprint("Person ", i)))
	}
	return &waE2E.Message{ContactsArrayMessage: all}
}

func TestAContactComesWithAFileForAddressBooks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := contactCard("Bruno / Padaria")
	m, f, stored := o.filed(o.from(alicia, byNumber, &waE2E.Message{ContactMessage: card}))
	require.Equal(t, "👤 **Bruno / Padaria**\n+55 11 99999-0003", m.Text)
	require.Equal(t, [3]string{"Bruno _ Padaria.vcf", "text/vcard", "file"}, [3]string{f.Name, f.Declared, f.Type})
	require.Equal(t, card.GetVcard(), string(stored), "letter for letter")
}

func TestManyContactsAreInAsManyMessagesAsTheirFilesNeed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.from(alicia, byNumber, contactCards(32))
	names := map[string]bool{}
	for source, files := range map[string]int{id: 15, id + "#part1": 15, id + "#part2": 2} {
		m := o.posted(source)
		require.Len(t, m.Files, files)
		for _, f := range m.Files {
			names[f.Name] = true
		}
	}
	require.Len(t, names, 32)
	require.Len(t, o.messages(), 3)
}

// Chatwoot may refuse a file: the names and numbers are there all the same, and once.
func TestContactsWhoseFilesAreRefusedAreThereOnce(t *testing.T) {
	t.Parallel()
	refused := chatwoottest.Fault{Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"error":"the storage is away"}`}
	large := chatwoottest.Fault{Status: http.StatusRequestEntityTooLarge, ContentType: "text/html", Body: chatwoottest.FrontTooLarge.Body}
	for name, test := range map[string]struct {
		faults []chatwoottest.Fault
		files  int
	}{
		"refused, then stored":    {[]chatwoottest.Fault{refused}, 2},
		"refused again and again": {[]chatwoottest.Fault{refused, refused, refused}, 0},
		"stored and refused":      {[]chatwoottest.Fault{{Exception: "the storage is away"}}, 2},
		"too large":               {[]chatwoottest.Fault{large}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.from(alicia, byNumber, text("hi"))
			left := test.faults
			o.OnRequest(func(r *http.Request) chatwoottest.Fault {
				if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") || len(left) == 0 {
					return chatwoottest.Fault{}
				}
				next := left[0]
				left = left[1:]
				return next
			})
			id := o.take(alicia, byNumber, contactCards(2))
			o.drain()
			m := o.posted(id)
			require.Len(t, m.Files, test.files, o.View())
			require.Contains(t, m.Text, "Person 1")
			require.Equal(t, test.files == 0, strings.Contains(m.Text, "did not take the files"), m.Text)
			require.Len(t, o.messages(), 2, o.View())
		})
	}
}

// carousel is an offer with a card for each picture.
func (o *office) carousel(pictures ...[]byte) *waE2E.Message {
	cards := &waE2E.InteractiveMessage_CarouselMessage{}
	for i, picture := range pictures {
		cards.Cards = append(cards.Cards, &waE2E.InteractiveMessage{
			Header: &waE2E.InteractiveMessage_Header{Media: &waE2E.InteractiveMessage_Header_ImageMessage{ImageMessage: o.image(picture, "").ImageMessage}},
			Body:   &waE2E.InteractiveMessage_Body{Text: proto.String(fmt.Sprint("card ", i+1))},
		})
	}
	return &waE2E.Message{InteractiveMessage: &waE2E.InteractiveMessage{
		Body:               &waE2E.InteractiveMessage_Body{Text: proto.String("offers")},
		InteractiveMessage: &waE2E.InteractiveMessage_CarouselMessage_{CarouselMessage: cards},
	}}
}

func TestEveryCardOfACarouselHasItsPicture(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, two, three := []byte("\xff\xd8\xff1"), []byte("\xff\xd8\xff2"), []byte("\xff\xd8\xff3")
	id := o.from(alicia, byNumber, o.carousel(one, two, three))
	require.Equal(t, []string{"offers", "card 1", "card 2", "card 3"}, o.incoming())
	for i, picture := range [][]byte{one, two, three} {
		m, f, stored := o.filed(id + fmt.Sprint("#part", i+1))
		require.Equal(t, picture, stored)
		require.Equal(t, "photo.jpg", f.Name)
		require.Equal(t, fmt.Sprint("card ", i+1), m.Text)
	}
}

// A picture that cannot be had now holds the others back no more than the text.
func TestACardsPictureThatComesLaterIsBelowItsCard(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	away := errors.New("the server is away")
	o.files.failures = []error{away, away, away}
	first, second := []byte("\xff\xd8\xff1"), []byte("\xff\xd8\xff2")
	id := o.take(alicia, byNumber, o.carousel(first, second))
	o.drain()
	require.Empty(t, o.files.failures)
	for part, picture := range map[string][]byte{"1": first, "2": second} {
		card := o.posted(id + "#part" + part)
		m, _, stored := card, chatwoottest.File{}, []byte(nil)
		if len(card.Files) == 0 {
			require.Contains(t, card.Text, waitingLine)
			m, _, stored = o.filed(id + "#file" + part)
			require.Equal(t, card.ID, m.ReplyTo, "below its card")
		} else {
			_, _, stored = o.filed(id + "#part" + part)
		}
		require.Equal(t, picture, stored, o.View())
	}
	require.Contains(t, o.View(), "card 2")
}

// What WhatsApp no longer has is asked of the phone, whose answer is for one picture.
func TestThePhoneIsAskedForOneCardsPicture(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.files.failures = []error{whatsapp.ErrMediaGone, whatsapp.ErrMediaGone, whatsapp.ErrMediaGone, whatsapp.ErrMediaGone}
	id := o.take(alicia, byNumber, o.carousel([]byte("\xff\xd8\xff1"), []byte("\xff\xd8\xff2")))
	o.drain()
	require.Equal(t, 2, o.files.asked, o.View())
	for _, part := range []string{"1", "2"} {
		require.Contains(t, o.posted(id+"#part"+part).Text, waitingLine)
	}
}
