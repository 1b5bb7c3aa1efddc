package presence

import (
	"context"
	"sync"
	"time"
)

const (
	// typesFor is for how long an agent counts as typing who does not say that it is
	// over: a tab that is closed says nothing.
	typesFor = 30 * time.Second
	// restAfter is how long the line stays online after the last agent stopped.
	restAfter = 5 * time.Second
)

// online is whether the line's phone number is shown as online: while an agent types, and
// not otherwise, or the phone would not ring. Whoever is offline is not seen typing.
type online struct {
	mu     sync.Mutex
	typing map[string]time.Time // until when somebody types, by the contact's source id
	shown  bool
	rest   *time.Timer
}

// types notes that somebody begins or ends to type, and reports whether the line is to be
// shown as online now. rest is called when nobody may type any more.
func (o *online) types(source string, on bool, now time.Time, rest func()) (show bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.typing == nil || len(o.typing) >= rememberedShown {
		o.typing = map[string]time.Time{}
	}
	after := restAfter
	if delete(o.typing, source); on {
		o.typing[source], after = now.Add(typesFor), typesFor
	}
	if !on && (len(o.typing) > 0 || !o.shown) {
		return false
	}
	if o.rest != nil {
		o.rest.Stop()
	}
	o.rest = time.AfterFunc(after, rest)
	show = on && !o.shown
	o.shown = o.shown || on
	return show
}

// over reports whether the line is to be shown as offline: nobody types any more. Who types
// still is waited for.
func (o *online) over(now time.Time, rest func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	latest := time.Time{}
	for source, until := range o.typing {
		if !until.After(now) {
			delete(o.typing, source)
		} else if until.After(latest) {
			latest = until
		}
	}
	if len(o.typing) > 0 {
		o.rest = time.AfterFunc(latest.Sub(now), rest)
		return false
	}
	was := o.shown
	o.shown = false
	return was
}

// goOffline shows the line as offline, unless an agent types.
func (p *Typing) goOffline() {
	if !p.online.over(p.Clock(), p.goOffline) {
		return
	}
	p.Background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		p.note(p.Session.Online(ctx, false))
	})
}
