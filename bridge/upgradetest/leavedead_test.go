package upgradetest

import (
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// leaveDead lets one job of every kind be given up.
func (f *freezer) leaveDead() {
	f.refusedByChatwoot()
	f.refusedByWhatsApp()
	f.ticksRefused()
	f.contactsRefused()
	f.filesRefused()
}

// refusedByChatwoot is a customer's message in whose place a line stands.
func (f *freezer) refusedByChatwoot() {
	c := f.meet("Gustavo")
	var refusals int
	remove := f.refuse(invalid(), func(r *http.Request) bool {
		if !posts(r) || refusals > 0 {
			return false
		}
		refusals++
		return true
	})
	id := c.SendText(f.Phone, "given up by the desk")
	f.arrived(id + "#unreadable")
	f.waitJobs("in/message/dead", 1)
	remove()
	f.replayed.Desk = append(f.replayed.Desk, []string{id})
}

// refusedByWhatsApp are an agent's messages, one with a retry, and a deletion.
func (f *freezer) refusedByWhatsApp() {
	c := f.meet("Helena")
	taken, got := f.answered(c, "to be taken back later")
	remove := f.refuseSends()
	first := f.reply(c.ID, "given up by the phone")
	f.waitStatus(first.ID, "failed")
	second := f.reply(c.ID, "given up twice")
	f.waitStatus(second.ID, "failed")
	f.waitJobs("out/created/dead", 2)
	require.NoError(f.t, f.Chatwoot.Retry(second.ID))
	f.waitJobs("out/retry/dead", 1)
	require.NoError(f.t, f.Chatwoot.Delete(taken.ID))
	f.waitJobs("out/deleted/dead", 1)
	remove()
	f.replayed.Phones[c.Number()] = []string{first.Text, second.Text}
	f.replayed.Revoked[c.Number()] = []string{got.ID}
}

func (f *freezer) ticksRefused() {
	c := f.meet("Igor")
	read, got := f.answered(c, "read, which is not shown")
	red, _ := f.answered(c, "red, which is not mended")
	dead := f.jobs()["Shop/status/receipt/dead"]
	remove := f.refuse(invalid(), ticks)
	c.MarkRead(got.ID)
	f.waitJobs("status/receipt/dead", dead+1)
	f.redden(red)
	f.waitJobs("status/show/dead", 1)
	remove()
	f.replayed.Shown[read.ID], f.replayed.Shown[red.ID] = "read", "delivered"
}

func (f *freezer) contactsRefused() {
	c := f.meet("Julia", whatsapptest.WithLIDOnly(), whatsapptest.WithPushName(""))
	remove := f.refuse(invalid(), readsContact)
	f.arrived(c.SendText(f.Phone, "my number is not filled in", whatsapptest.WithLID()))
	f.waitJobs("upkeep/contact/dead", 1)
	remove()

	d := f.meet("Katia", whatsapptest.WithLIDOnly())
	remove = f.refuse(invalid(), merges)
	f.begun(d)
	f.arrived(d.SendText(f.Phone, "we are two contacts"))
	f.waitJobs("upkeep/merge/dead", 1)
	f.merges++
	remove()
	f.replayed.Contacts = append(f.replayed.Contacts, c.Number(), d.Number())
}

// filesRefused are two files that are not there at first: one is had again by
// itself, the other from the phone, and Chatwoot takes neither.
func (f *freezer) filesRefused() {
	c := f.meet("Lucas")
	remove := f.refuse(invalid(), uploads)
	withhold := f.withhold(http.StatusInternalServerError, 1000)
	id := c.SendImage(f.Phone, photo, whatsapptest.WithCaption("a file that was given up"))
	f.arrived(id)
	withhold()
	f.waitJobs("upkeep/file/dead", 1)

	withhold = f.withhold(http.StatusNotFound, 2)
	asked := c.SendImage(f.Phone, append(photo, 2), whatsapptest.WithCaption("a file from the phone that was given up"))
	f.arrived(asked)
	f.waitJobs("upkeep/media_retry/dead", 1)
	withhold()
	remove()
	f.replayed.Desk = append(f.replayed.Desk, []string{id + "#file", asked + "#file"})
}
