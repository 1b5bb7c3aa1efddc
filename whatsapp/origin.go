package whatsapp

import (
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// origin is who sent a message, as far as that decides what the bridge believes.
type origin int

const (
	foreign origin = iota // anybody else
	ownDevice
	ownPhone // the account's first device, which owns it
)

// originOf tells who wrote a message. The library calls a message own when the
// user part of an address is the account's; here the whole address must be.
func (c *connection) originOf(info types.MessageInfo) origin {
	sender := info.Sender.ToNonAD()
	own := !sender.IsEmpty() && (sender == c.client.Store.GetJID().ToNonAD() || sender == c.client.Store.GetLID().ToNonAD())
	switch {
	case !info.IsFromMe || !own:
		return foreign
	case info.Sender.Device != 0:
		return ownDevice
	default:
		return ownPhone
	}
}

// peerCategory is what a message between devices of one account is marked with.
// Whoever sends a message can mark it.
const peerCategory = "peer"

// asksDevice reports whether a message asks this device for something, or hands
// it something to keep, instead of saying something in a chat.
func asksDevice(p *waE2E.ProtocolMessage) bool {
	return p.GetHistorySyncNotification() != nil ||
		p.GetAppStateSyncKeyShare() != nil || p.GetAppStateSyncKeyRequest() != nil || p.GetAppStateFatalExceptionNotification() != nil ||
		p.GetPeerDataOperationRequestMessage() != nil || p.GetPeerDataOperationRequestResponseMessage() != nil ||
		p.GetLidMigrationMappingSyncMessage() != nil || p.GetInitialSecurityNotificationSettingSync() != nil ||
		p.GetCoexStateSync() != nil || p.GetSharedDeviceContactHashKeyShare() != nil || p.GetSharedDeviceContactHashKeyRequest() != nil
}
