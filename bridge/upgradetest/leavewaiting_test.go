package upgradetest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// leaveWaiting leaves one job of every kind to be done, and takes the lines down.
func (f *freezer) leaveWaiting() {
	f.pauseNight()
	tick, got := f.answered(f.alice, "read while the desk is away")
	red, _ := f.answered(f.alice, "red while the desk is away")
	gone, goneID := f.answered(f.alice, "to be taken back while the phone is away")
	f.contactsWait()
	f.filesWait()
	doubtful := f.doubt()
	oscar := f.meet("Oscar")
	quincas := f.meet("Quincas", whatsapptest.WithLIDOnly())
	f.recordLines()

	// The desk is away.
	slow, after := f.joinWhileBusy(quincas, 9*time.Second)
	f.refuse(away(), everything)
	f.asked = []string{
		f.alice.SendText(f.Phone, "waits for the desk"), f.alice.SendText(f.Phone, "waits as well"),
		f.alice.SendImage(f.Phone, photo, whatsapptest.WithCaption("a file that waits for the desk")),
		f.alice.SendText(f.Phone, "two hours late", whatsapptest.WithTime(f.Clock.Now().Add(-2*time.Hour))),
	}
	first := f.somebody("Olga")
	strangers := []string{first.SendText(f.Phone, "my first words"), first.SendText(f.Phone, "and more")}
	f.loseAcknowledgements(got.ID)
	f.alice.MarkRead(got.ID)
	f.redden(red)
	f.waitJobs("in/message/waiting", len(f.asked)+len(strangers)+1)
	f.waitJobs("status/receipt/waiting", 1)
	f.waitJobs("status/show/waiting", 1)

	// Then the phone is; it has taken a message before, and its answer is lost.
	oscar.SetAutoDelivery(false) // a tick is an answer, too
	f.Phone.Companion().HoldAcks(true)
	left := f.reply(oscar.ID, "left without an answer")
	_, err := oscar.WaitText(patience, left.Text)
	require.NoError(f.t, err)
	f.unplug()
	quoting := f.reply(f.alice.ID, "waits for the phone", chatwoottest.Quoting(f.old.Asked))
	f.told(quoting)
	filed := f.reply(f.alice.ID, "a file that waits for the phone", chatwoottest.WithFile("terms.pdf", "application/pdf", pdf))
	f.told(filed)
	never := f.reply(f.alice.ID, "taken back before it left")
	f.told(never)
	require.NoError(f.t, f.Chatwoot.Delete(never.ID))
	require.NoError(f.t, f.Chatwoot.Delete(gone.ID))
	f.waitJobs("out/deleted/waiting", 2)
	other := f.reply(f.bruno.ID, "to Bruno")
	f.told(other)
	require.NoError(f.t, f.Chatwoot.Retry(f.unnumbered.ID))
	f.waitJobs("out/retry/waiting", 1)

	f.started.Desk = append(f.started.Desk, strangers, []string{slow}, []string{after}, doubtful)
	f.started.Phones[f.alice.Number()] = []string{quoting.Text, filed.Text}
	f.started.Phones[f.bruno.Number()] = []string{other.Text}
	f.started.Phones[f.numberOf(f.unnumbered)] = []string{f.unnumbered.Text}
	f.started.Revoked[f.alice.Number()] = []string{goneID.ID}
	f.again = got.ID
	f.merges++ // follows the join
	f.started.Shown[tick.ID], f.started.Shown[red.ID] = "read", "delivered"
	f.started.Contacts = append(f.started.Contacts, quincas.Number())
}

// pauseNight has an admin pause a line; its webhooks are stored.
func (f *freezer) pauseNight() {
	require.NoError(f.t, f.Bridge.Pause(context.Background(), f.night))
	f.eventually("the second phone's line away", func() bool { return !f.second.Companion().Online() })
	m := f.reply(f.rita.ID, "written while the line is paused")
	f.told(m)
	id := f.rita.SendText(f.second, "asked while the line is paused")
	f.resumed.Phones[f.rita.Number()] = []string{m.Text}
	f.resumed.Desk = [][]string{{id}}
}

// told waits until the bridge has taken a message's webhook.
func (f *freezer) told(m chatwoottest.Message) {
	f.t.Helper()
	require.NoError(f.t, f.WaitTold("message_created", m.ID))
}

func (f *freezer) contactsWait() {
	c := f.meet("Marta", whatsapptest.WithLIDOnly(), whatsapptest.WithPushName(""))
	f.refuse(away(), readsContact)
	f.arrived(c.SendText(f.Phone, "my number comes later", whatsapptest.WithLID()))
	f.waitJobs("upkeep/contact/waiting", 1)

	d := f.meet("Nadia", whatsapptest.WithLIDOnly())
	f.refuse(away(), merges)
	f.begun(d)
	f.arrived(d.SendText(f.Phone, "we are still two contacts"))
	f.waitJobs("upkeep/merge/waiting", 1)
	f.merges++
	f.started.Contacts = append(f.started.Contacts, c.Number(), d.Number())
}

// filesWait are a file that the phone has given out again, and one that cannot
// be had.
func (f *freezer) filesWait() {
	c, d := f.meet("Otto"), f.meet("Paula")
	f.refuse(away(), uploads)
	remove := f.withhold(http.StatusNotFound, 2)
	again := c.SendImage(f.Phone, append(photo, 3), whatsapptest.WithCaption("a file from the phone that waits"))
	f.arrived(again)
	f.waitJobs("upkeep/media_retry/waiting", 1)
	remove()

	f.withhold(http.StatusInternalServerError, 1000)
	late := d.SendImage(f.Phone, append(photo, 4), whatsapptest.WithCaption("a file that waits"))
	f.arrived(late)
	f.waitJobs("upkeep/file/waiting", 1)
	f.started.Desk = append(f.started.Desk, []string{again + "#file"}, []string{late + "#file"})
}

// doubt is a message that Chatwoot has stored, without an answer: nobody can
// tell, for it is away when it is asked.
func (f *freezer) doubt() []string {
	c := f.meet("Pedro")
	var stored bool
	remove := f.Chatwoot.OnRequest(func(r *http.Request) chatwoottest.Fault {
		switch {
		case r.Header.Get("Api-Access-Token") != f.token:
		case posts(r) && !stored:
			stored = true
			return chatwoottest.AmbiguousCreate()
		case stored:
			return away()
		}
		return chatwoottest.Fault{}
	})
	defer remove()
	id := c.SendText(f.Phone, "stored, but who knows")
	f.eventually("a job that is unsure", func() bool {
		var unsure int
		require.NoError(f.t, f.DB.QueryRow(`SELECT COUNT(*) FROM job WHERE state = 'waiting' AND unsure = 1 AND kind = 'message'`).Scan(&unsure))
		return unsure == 1
	})
	_, err := f.DB.Exec(`UPDATE lane SET due = $1 WHERE key IN (SELECT lane FROM job WHERE state = 'waiting' AND unsure = 1 AND kind = 'message')`,
		f.Clock.Now().Add(time.Minute).UnixMilli()) // it rests until then by itself, too, but not as long
	require.NoError(f.t, err)
	return []string{id}
}

// loseAcknowledgements keeps it from WhatsApp that the bridge has stored a tick.
func (f *freezer) loseAcknowledgements(id string) {
	f.WhatsApp.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		return whatsapptest.Action{Drop: e.Kind == whatsapptest.StanzaIn && e.Attr("id") == id}
	})
}

// unplug takes the lines off WhatsApp.
func (f *freezer) unplug() {
	f.WhatsApp.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.Login {
			return whatsapptest.Action{Error: http.StatusServiceUnavailable}
		}
		return whatsapptest.Action{}
	})
	f.Phone.Companion().Drop()
	f.eventually("the connection to be lost", func() bool {
		state, err := f.Bridge.State(f.shop)
		return err == nil && state.Code != whatsapp.StateConnected
	})
}

func (f *freezer) numberOf(m chatwoottest.Message) string {
	for _, c := range f.Chatwoot.Conversations() {
		for _, who := range f.Chatwoot.Contacts() {
			if c.ID == m.Conversation && who.ID == c.Contact {
				return who.Phone[1:]
			}
		}
	}
	require.FailNow(f.t, "no contact")
	return ""
}

// recordLines takes down what the lines look like while all is well.
func (f *freezer) recordLines() {
	lines, err := f.Bridge.Lines(context.Background())
	require.NoError(f.t, err)
	for _, l := range lines {
		settings, err := json.Marshal(l.Line.Settings)
		require.NoError(f.t, err)
		line := frozenLine{
			ID: string(l.Line.ID), Name: l.Line.Name, Settings: settings, State: string(l.State.Code), Sentence: l.Line.Pause.Sentence,
			JID: l.Line.JID, Phone: l.Line.Phone, Inbox: int64(l.Line.Inbox),
		}
		if l.Line.Name == "Branch" {
			line.Strange = 1
		}
		f.lines = append(f.lines, line)
	}
	require.NotEqual(f.t, bridge.DefaultSettings(), f.status("Shop").Line.Settings)
}

// whileAway is what happens on both sides while no bridge runs.
func (f *freezer) whileAway() {
	missed := f.reply(f.alice.ID, "written while no bridge ran")
	require.NoError(f.t, f.Chatwoot.WaitIdle(context.Background()))
	require.NotZero(f.t, f.Phone.Companion().Pending(), "what was not acknowledged comes again")
	id := f.alice.SendText(f.Phone, "asked while no bridge ran")
	f.started.Phones[f.alice.Number()] = append(f.started.Phones[f.alice.Number()], missed.Text)
	f.asked = append(f.asked, id)
}
