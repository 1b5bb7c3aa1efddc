package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// LineStatus is a line with all that people ask of it.
type LineStatus struct {
	Line  lines.Line
	State whatsapp.State
	// Version is Chatwoot's, empty until it has answered.
	Version    string
	WebhookURL string
	// LastError is what the newest job that waits after a failure waits for, or
	// something about the whole line that people must know.
	LastError string
	Queue     journal.Stats
	// Ways are the ways by which replies come.
	Ways []listen.Status
	// Notice is what people should know of the line's set-up, and of what has happened
	// to its Chatwoot, or "".
	Notice string
}

// StatePaused is the state of a line that an admin, or the bridge for a reason
// that only a person can remove, has stopped.
const StatePaused whatsapp.Code = "paused"

// sentenceForeign says why nothing that was missed is sent.
const sentenceForeign = "Chatwoot has %d messages with this bridge's mark that are missing from its database. Either the database was restored from a backup, or another bridge uses this inbox. Agents' messages that were missed meanwhile are sent only after you confirm."

// sentenceUnheard says how replies come where nothing tells of them.
const sentenceUnheard = "Neither the webhook nor Chatwoot's live channel works. Replies are fetched from Chatwoot instead and take up to %s, longer while many are written."

// Lines are all lines, the oldest first.
func (s *Service) Lines(ctx context.Context) ([]LineStatus, error) {
	statuses, err := s.statuses(ctx, s.cfg.Lines.All()...)
	if err != nil {
		return nil, err
	}
	deleting, err := s.allDeleting(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range deleting {
		if !slices.ContainsFunc(statuses, func(status LineStatus) bool { return status.Line.ID == d.ID }) {
			statuses = append(statuses, statusOf(d))
		}
	}
	slices.SortFunc(statuses, func(x, y LineStatus) int {
		if c := x.Line.Created.Compare(y.Line.Created); c != 0 {
			return c
		}
		return strings.Compare(string(x.Line.ID), string(y.Line.ID))
	})
	return statuses, nil
}

// LineStatus is one line.
func (s *Service) LineStatus(ctx context.Context, id lines.ID) (LineStatus, error) {
	line, ok := s.cfg.Lines.Find(id)
	if !ok {
		switch d, deleting, err := s.deleting(ctx, id); {
		case err != nil:
			return LineStatus{}, err
		case deleting:
			return statusOf(d), nil
		}
		return LineStatus{}, errNoLine
	}
	statuses, err := s.statuses(ctx, line)
	if err != nil {
		return LineStatus{}, err
	}
	return statuses[0], nil
}

func (s *Service) statuses(ctx context.Context, all ...Line) ([]LineStatus, error) {
	queues, err := s.cfg.Journal.Stats(ctx)
	if err != nil {
		return nil, err
	}
	failures, err := s.cfg.Journal.LastErrors(ctx)
	if err != nil {
		return nil, err
	}
	statuses := make([]LineStatus, len(all))
	for i, line := range all {
		record := line.Record()
		statuses[i] = LineStatus{
			Line: record, State: StateOf(line), Version: line.Version(), Queue: queues[string(record.ID)], LastError: failures[string(record.ID)],
		}
		statuses[i].Ways, statuses[i].Notice = line.Ways(), both(line.Notice(), restoredSentence(record, s.cfg.Clock()))
		if take := line.RepliesTake(); take > 0 {
			statuses[i].LastError = fmt.Sprintf(sentenceUnheard, take.Round(time.Second))
		}
		if sentence := line.ClockTrouble(); sentence != "" {
			statuses[i].LastError = sentence
		}
		if warning := statuses[i].State.Warning(); warning != "" && !record.Paused() {
			statuses[i].LastError = warning
		}
		if record.Foreign > 0 {
			statuses[i].LastError = fmt.Sprintf(sentenceForeign, record.Foreign)
		}
		if trouble := line.Trouble(); trouble != "" {
			statuses[i].LastError = trouble
		}
		if record.Settings.HearsWebhooks() {
			statuses[i].WebhookURL, _ = s.cfg.Reach.Webhook(record) // empty where nobody knows it
		}
	}
	return statuses, nil
}

// State is where a line's connection to WhatsApp stands.
func (s *Service) State(id lines.ID) (whatsapp.State, error) {
	line, ok := s.cfg.Lines.Find(id)
	if !ok {
		return whatsapp.State{}, errNoLine
	}
	return StateOf(line), nil
}

// StateOf is the state of a line's session, or says why there is none.
func StateOf(line Line) whatsapp.State {
	state, record := line.Session().State(), line.Record()
	switch trouble := line.Trouble(); {
	case record.Paused():
		state.Code, state.Sentence, state.QR, state.PairingCode = StatePaused, record.Pause.Sentence, "", ""
	case !line.Active() && trouble != "":
		state.Code, state.Sentence, state.QR, state.PairingCode = whatsapp.StateDisconnected, trouble, "", ""
	case !line.Active() && state.JID != "":
		state.Code, state.Sentence = whatsapp.StateConnecting, "The connection is changing hands."
	case trouble != "":
		state.Sentence = trouble
	case state.Code == whatsapp.StateConnected && line.ClockTrouble() != "":
		state.Sentence = line.ClockTrouble()
	}
	return state
}
