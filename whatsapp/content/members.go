package content

import "time"

// Group is what WhatsApp says of a group.
type Group struct {
	// Timer is after how many seconds its messages disappear, 0 = never.
	Timer uint32
	// TimerChanged is when that was changed, as far as it was told.
	TimerChanged time.Time
	// Members are all but the own account.
	Members []Member
}

// Member is somebody in a group.
type Member struct {
	// JID is the address by which the group knows the member, Alt the other one, if it
	// is known.
	JID, Alt string
	// Names are what the member is called, the best first.
	Names []string
}
