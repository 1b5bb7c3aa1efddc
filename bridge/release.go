package bridge

import "github.com/wootbridge/wootbridge/chatwoot"

// What depends on the release of Chatwoot. It is asked with the line's start,
// and here where that has not succeeded yet.

// atLeast reports whether the line's Chatwoot is a release or a later one.
func (t *task) atLeast(major, minor int) (bool, error) {
	if known := t.version.Load(); known != nil {
		return chatwoot.AtLeast(*known, major, minor), nil
	}
	version, err := t.desk.WithPriority(t.priority()).Version(t.ctx)
	if err != nil {
		return false, err
	}
	t.version.Store(&version)
	return chatwoot.AtLeast(version, major, minor), nil
}

// writesMarkdown reports whether what agents write is markdown. Up to 4.8 the
// editor of such an inbox is plain, and an asterisk there means what it means on
// WhatsApp.
func (t *task) writesMarkdown() (bool, error) {
	if choice := t.settings().Formatting; choice != nil {
		return *choice, nil
	}
	return t.atLeast(4, 9)
}

// findsNumbers reports whether Chatwoot's filter finds a phone number; in old
// releases only its search does.
func (t *task) findsNumbers() (bool, error) { return t.atLeast(4, 9) }
