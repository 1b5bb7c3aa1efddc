package bridge

import (
	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Who holds a Bridge gets by with this package: these are the names of what its
// methods take and give.
type (
	Line       = lines.Line
	LineID     = lines.ID
	Settings   = lines.Settings
	LineStatus = admin.LineStatus
	LineUpdate = admin.LineUpdate
	NewLine    = admin.NewLine
	Move       = admin.Move
	Error      = fault.Error
)

// StatePaused is the state of a line that an admin, or the bridge for a reason
// that only a person can remove, has stopped.
const StatePaused = admin.StatePaused

// StateDeleting is the state of a line that was deleted, until nothing is left of
// it.
const StateDeleting = admin.StateDeleting

// DefaultSettings are what a line starts with.
func DefaultSettings() Settings { return lines.DefaultSettings() }
