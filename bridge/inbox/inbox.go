package inbox

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Config sets up an Inbox.
type Config struct {
	Line   lines.Line
	Client *chatwoot.Client
	// Gate is the client's; lines of one Chatwoot share it.
	Gate  *chatwoot.Gate
	Store *lines.Store
	Bots  *Bots
	Reach Reach
	// Doubt is for how long Chatwoot must have said that the line cannot go on
	// before it stops; 0 means that one answer is enough.
	Doubt time.Duration
	Clock func() time.Time
	Log   *slog.Logger
}

// Inbox is a line's inbox.
type Inbox struct {
	cfg     Config
	record  atomic.Pointer[lines.Line]     // as last read
	secret  atomic.Pointer[string]         // signs the webhooks
	version atomic.Pointer[string]         // Chatwoot's
	known   atomic.Pointer[chatwoot.Inbox] // as last read
	survey  atomic.Pointer[string]         // the address of Chatwoot's pages
	// unreached says that Chatwoot cannot post webhooks here, forbidden that the
	// token may not change where it posts them. pointing is held meanwhile.
	unreached, forbidden atomic.Bool
	pointing             sync.Mutex
	refetch              sync.Mutex
	witness              witness
	fetched              time.Time // the secret, under refetch
	timing               sync.Mutex
	timed                time.Time // when Chatwoot was asked for its time, under timing
}

// New makes an Inbox.
func New(cfg Config) *Inbox {
	x := &Inbox{cfg: cfg}
	secret := cfg.Line.WebhookSecret.Reveal()
	x.secret.Store(&secret)
	x.unreached.Store(cfg.Line.Unreached)
	x.Update(cfg.Line)
	return x
}

// Line is the line as it was when the Inbox was made. Account and inbox never
// change; a line whose Chatwoot has moved gets another Inbox.
func (x *Inbox) Line() lines.Line { return x.cfg.Line }

// LineID names the line where packages take a plain string.
func (x *Inbox) LineID() string { return string(x.cfg.Line.ID) }

// Record is the line as it is now.
func (x *Inbox) Record() lines.Line { return *x.record.Load() }

// Update takes the line over as it is now.
func (x *Inbox) Update(line lines.Line) { x.record.Store(&line) }

// Settings are the line's settings as they are now.
func (x *Inbox) Settings() lines.Settings { return x.record.Load().Settings }

// Texts are the texts that agents of the line read.
func (x *Inbox) Texts() catalogue.Catalogue {
	settings := x.Settings()
	return catalogue.For(settings.Language).With(settings.Texts)
}

// Rendering is what rendering needs to know of the line.
func (x *Inbox) Rendering() render.Context {
	settings := x.Settings()
	return render.Context{
		Texts:      x.Texts(),
		Language:   settings.Language,
		Zone:       x.Location(),
		Formatting: settings.FormatsInbound(),

		ViewOnceShown: settings.ViewOnce == lines.ViewOnceShow,
		CaptionsApart: settings.Captions == lines.CaptionsApart,
		Own:           render.OwnMessages(settings.OwnMessages),
		Events:        render.EventForm(settings.Events),
		Reactions:     settings.Reactions,
		Edits:         settings.Edits,
		CallsAsNotes:  settings.Calls == lines.CallsNote,
		GroupSender:   settings.GroupSender,
	}
}

// Location is where the line's agents read times.
func (x *Inbox) Location() *time.Location {
	timezone := ""
	if known := x.known.Load(); known != nil {
		timezone = known.Timezone
	}
	return x.Settings().Location(timezone)
}

// At is the client for requests of a priority.
func (x *Inbox) At(priority chatwoot.Priority) *chatwoot.Client {
	return x.cfg.Client.WithPriority(priority)
}

// Client is the client for requests that a message waits for.
func (x *Inbox) Client() *chatwoot.Client { return x.cfg.Client }

// WebhookURL is where Chatwoot is to post the inbox's events. The error says that
// nobody knows it.
func (x *Inbox) WebhookURL() (string, error) { return x.cfg.Reach.Webhook(x.cfg.Line) }

// Known is the inbox as last read; false before Chatwoot has answered.
func (x *Inbox) Known() (chatwoot.Inbox, bool) {
	if known := x.known.Load(); known != nil {
		return *known, true
	}
	return chatwoot.Inbox{}, false
}

// URL implements work.Chatwoot.
func (x *Inbox) URL() string { return x.cfg.Line.ChatwootURL }

// Limit implements work.Chatwoot.
func (x *Inbox) Limit() int { return x.cfg.Gate.Limit() }

// Away implements work.Chatwoot.
func (x *Inbox) Away() bool { return x.cfg.Gate.Away() }

// Answered implements work.Chatwoot.
func (x *Inbox) Answered() time.Time { return x.cfg.Gate.Answered() }

// Probe implements work.Chatwoot.
func (x *Inbox) Probe(ctx context.Context) error {
	_, err := x.At(chatwoot.Background).Inbox(ctx, x.cfg.Line.Inbox)
	return err
}
