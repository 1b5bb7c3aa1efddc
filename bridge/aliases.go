package bridge

import (
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// What people make and ask for is in packages of its own; these names let those
// who hold a Bridge get by with this one.
type (
	Line     = lines.Line
	LineID   = lines.ID
	Settings = lines.Settings
	Error    = fault.Error
	Code     = fault.Code
)

// The codes an Error may carry.
const (
	CodeInvalid     = fault.CodeInvalid
	CodeNotFound    = fault.CodeNotFound
	CodeConflict    = fault.CodeConflict
	CodeUnavailable = fault.CodeUnavailable
	CodeRefused     = fault.CodeRefused
)

// DefaultSettings are what a line starts with.
func DefaultSettings() Settings { return lines.DefaultSettings() }
