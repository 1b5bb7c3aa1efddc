package inbox

import (
	"context"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// What depends on the release of Chatwoot. It is asked with the line's start,
// and here where that has not succeeded yet.

// Version is Chatwoot's, empty until it has answered.
func (x *Inbox) Version() string {
	if known := x.version.Load(); known != nil {
		return *known
	}
	return ""
}

// AtLeast reports whether the line's Chatwoot is a release or a later one.
func (x *Inbox) AtLeast(ctx context.Context, priority chatwoot.Priority, major, minor int) (bool, error) {
	version := x.Version()
	if version == "" {
		var err error
		if version, err = x.At(priority).Version(ctx); err != nil {
			return false, err
		}
		x.version.Store(&version)
	}
	return chatwoot.AtLeast(version, major, minor), nil
}

// WritesMarkdown reports whether what agents write is markdown. Up to 4.8 the
// editor of such an inbox is plain, and an asterisk there means what it means on
// WhatsApp.
func (x *Inbox) WritesMarkdown(ctx context.Context, priority chatwoot.Priority) (bool, error) {
	if choice := x.Settings().Formatting; choice != nil {
		return *choice, nil
	}
	return x.AtLeast(ctx, priority, 4, 9)
}

// FindsNumbers reports whether Chatwoot's filter finds a phone number; in old
// releases only its search does.
func (x *Inbox) FindsNumbers(ctx context.Context, priority chatwoot.Priority) (bool, error) {
	return x.AtLeast(ctx, priority, 4, 9)
}
