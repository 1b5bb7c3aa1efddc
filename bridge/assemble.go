package bridge

import (
	"context"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/inbound"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/outbound"
	"github.com/wootbridge/wootbridge/bridge/pictures"
	"github.com/wootbridge/wootbridge/bridge/presence"
	"github.com/wootbridge/wootbridge/bridge/preview"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// client calls a line's Chatwoot.
func (b *Bridge) client(line lines.Line) (*chatwoot.Client, error) {
	client, err := chatwoot.New(chatwoot.Config{
		BaseURL: line.ChatwootURL, Token: line.Token.Reveal(), Account: line.Account, Gate: b.gate(line.ChatwootURL), Fetcher: b.cfg.Fetcher, Log: b.log,
	})
	if err != nil {
		return nil, fmt.Errorf("line %s: %w", line.ID, err)
	}
	return client, nil
}

// previews tell what links lead to; nil where no file is fetched at all.
func (b *Bridge) previews() outbound.Previews {
	if b.cfg.Fetcher == nil || b.cfg.Convert == nil {
		return nil
	}
	return &preview.Looker{Fetcher: b.cfg.Fetcher, Thumbnail: b.cfg.Convert.Thumbnail, Log: b.log}
}

// stands asks whether a line that is paused could go on.
func (b *Bridge) stands(ctx context.Context, line lines.Line) error {
	client, err := b.client(line)
	if err != nil {
		return err
	}
	return inbox.Stands(ctx, client.WithPriority(chatwoot.Background), line)
}

// newLine makes a line's runtime; the supervisor starts it.
func (b *Bridge) newLine(line lines.Line, active, onProbation bool) (*lineRuntime, error) {
	client, err := b.client(line)
	if err != nil {
		return nil, err
	}
	log := b.log.With("line", string(line.ID))
	return b.assemble(inbox.New(inbox.Config{
		Line: line, Client: client, Gate: b.gate(line.ChatwootURL), Store: b.lines, Bots: &b.bots, Reach: b.reach, Doubt: b.cfg.Doubt, Clock: b.cfg.Clock, Log: log,
	}), active, onProbation), nil
}

// assemble puts a line together: every handler with all that it needs.
func (b *Bridge) assemble(in *inbox.Inbox, active, onProbation bool) *lineRuntime {
	line, cfg := in.Record(), b.cfg
	log := b.log.With("line", string(line.ID))
	r := &lineRuntime{b: b, inbox: in, log: log, active: active, onProbation: onProbation, arrivals: intake.NewArrivals(cfg.Clock, in.Theirs)}
	r.ways = listen.NewWays(cfg.Clock, func() { b.waysChanged(r) })
	r.session = whatsapp.NewSession(whatsapp.Config{
		JID: line.JID, Phone: line.Phone, Store: cfg.Store, Sink: r, Log: log, Clock: cfg.Clock, Versions: cfg.Versions,
		PhoneKnown: whatsapp.Phone{Seen: line.PhoneSeen, Asked: line.PhoneAsked}, NotePhone: r.notePhone,
		AllowPair: func(jid string) string { return admin.RefusePhone(b.ctx, b.lines, line.ID, jid, log) },
		Publications: func() whatsapp.Publications {
			settings := in.Settings()
			return whatsapp.Publications{Statuses: settings.StatusUpdates == lines.PublicationsMessage, Channels: settings.Channels == lines.PublicationsMessage}
		},
		Simulator: cfg.Simulator, SendRate: line.Settings.SendRate, Count: cfg.Metrics.countWhatsApp,
		PictureChanged: func(of content.Address) { r.pictures.Changed(of) },
	})
	r.pictures = &pictures.Worker{Inbox: in, IDs: b.ids, Session: r.session, Guard: b.guard(), Clock: cfg.Clock, Log: log}
	r.contacts = &contacts.Directory{Inbox: in, IDs: b.ids, DB: cfg.DB, Journal: b.journal, Clock: cfg.Clock, Log: log, AskGroupName: r.session.GroupName}
	r.delivery = &delivery.Statuses{Inbox: in, IDs: b.ids, DB: cfg.DB, Journal: b.journal, Session: r.session, Clock: cfg.Clock, Log: log}
	r.typing = &presence.Typing{Inbox: in, IDs: b.ids, Session: r.session, Log: log, Background: b.inBackground, Clock: cfg.Clock}
	r.inbound = &inbound.Handler{
		Inbox: in, Contacts: r.contacts, Delivery: r.delivery, IDs: b.ids, Journal: b.journal, Session: r.session,
		Spool: cfg.Spool, Clock: cfg.Clock, Log: log, Started: cfg.Clock(), Delay: cfg.Metrics.toChatwoot,
		Seen: r.pictures.Seen,
	}
	r.delivery.Aside = r.inbound.Aside()
	r.intake = &intake.Intake{
		Inbox: in, Contacts: r.contacts, IDs: b.ids, DB: cfg.DB, Journal: b.journal, Store: b.lines, Arrivals: r.arrivals,
		AgentTyping: r.agentTyping, WakeOutbound: func(ctx context.Context) error { return r.outbound.WakeWaiting(ctx) },
		Sending: func() int { return b.pool.Sending(string(line.ID)) },
		Clock:   cfg.Clock, Log: log, NewID: lines.NewID, CountFailure: cfg.Metrics.takeFailures.Inc, Left: func() { cfg.Metrics.countWhatsApp("group message left out") },
		WebhookFailed: func(externalError string) { r.keeper.WebhookFailed(externalError) }, Heard: r.webhookHeard, Told: r.flushLost,
	}
	r.outbound = &outbound.Handler{
		Inbox: in, Contacts: r.contacts, Delivery: r.delivery, Intake: r.intake, Arrivals: r.arrivals, IDs: b.ids, Journal: b.journal,
		Session: r.session, Spool: cfg.Spool, Convert: cfg.Convert, Previews: b.previews(), Uploads: &b.uploads, Clock: cfg.Clock, Log: log,
		Overtaken: cfg.Metrics.overtaken, LateEvents: cfg.Metrics.lateWebhooks, Delay: cfg.Metrics.toPhone,
	}
	r.reconciler = &reconcile.Reconciler{
		Inbox: in, Contacts: r.contacts, Intake: r.intake, Arrivals: r.arrivals, IDs: b.ids, Journal: b.journal, Store: b.lines,
		Shared: b.shared, Schedule: cfg.Schedule, Cadence: r.cadence, Pause: r.Pause, Guard: b.guard(), Clock: cfg.Clock, Log: log, Count: cfg.Metrics.countReconciled,
		WebhookFailed: func(text string, written time.Time) { r.keeper.WebhookFailedFor(text, written) }, WebhookFails: r.webhookFails,
	}
	r.among()
	r.keeper = listen.NewKeeper(listen.Config{
		Inbox: in, Ways: r.ways, Channels: &b.channels, Store: b.lines, Times: cfg.Listening, Chats: r.chatsToProbe, Take: r.intake.AcceptLive,
		Compare: r.arrivals.RequestComparison, Lost: r.arrivals.NoteLost, Guard: b.guard(), Clock: cfg.Clock, Log: log,
	})
	return r
}
