package inbound_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
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
