package whatsapptest

import (
	"fmt"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// LockReachOut tells the client that its account may not write to new contacts
// until a time, or with the zero time that it may again. Refusing such messages
// takes a hook.
func (d *Device) LockReachOut(until time.Time) {
	content := `{"data":{"xwa2_notify_account_reachout_timelock":{"is_active":false}}}`
	if !until.IsZero() {
		content = fmt.Sprintf(`{"data":{"xwa2_notify_account_reachout_timelock":{"is_active":true,"time_enforcement_ends":"%d","enforcement_type":"BIZ_COMMERCE_VIOLATION_DRUGS"}}}`, until.Unix())
	}
	d.push(waBinary.Node{
		Tag: "notification",
		Attrs: waBinary.Attrs{
			"type": "mex", "id": d.account.srv.stanzaID(), "from": types.ServerJID, "t": d.account.srv.opts.Now().Unix(),
		},
		Content: []waBinary.Node{{
			Tag: "update", Attrs: waBinary.Attrs{"op_name": "NotificationUserReachoutTimelockUpdate"}, Content: []byte(content),
		}},
	})
}
