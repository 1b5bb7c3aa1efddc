package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/chatwoot"
)

func lineID(r *http.Request) lines.ID { return lines.ID(chi.URLParam(r, "line")) }

func (s *Server) listLines(w http.ResponseWriter, r *http.Request) error {
	all, err := s.admin.Lines(r.Context())
	if err != nil {
		return err
	}
	answer := api.Lines{Lines: make([]api.Line, len(all))}
	for i, status := range all {
		if answer.Lines[i], err = lineOf(status); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (s *Server) getLine(w http.ResponseWriter, r *http.Request) error {
	return s.writeLine(w, r, http.StatusOK, lineID(r))
}

func (s *Server) createLine(w http.ResponseWriter, r *http.Request) error {
	var n api.NewLine
	if err := readJSON(w, r, &n); err != nil {
		return err
	}
	if _, named := admin.ChatwootAddress(n.ChatwootURL); n.AccountID <= 0 && named == 0 {
		return fault.Invalid("account_id", "account_id must be the number after /accounts/ in the addresses of Chatwoot, unless chatwoot_url is such an address")
	}
	line, err := s.admin.CreateLine(r.Context(), admin.NewLine{
		Name: n.Name, ChatwootURL: n.ChatwootURL, ChatwootToken: n.ChatwootToken, Account: n.AccountID,
		Inbox: chatwoot.InboxID(n.InboxID), Settings: n.Settings,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/lines/"+string(line.ID))
	return s.writeLine(w, r, http.StatusCreated, line.ID)
}

func (s *Server) updateLine(w http.ResponseWriter, r *http.Request) error {
	var u api.LineUpdate
	if err := readJSON(w, r, &u); err != nil {
		return err
	}
	update := admin.LineUpdate{Name: u.Name, Settings: u.Settings, Token: u.ChatwootToken}
	if err := s.admin.UpdateLine(r.Context(), lineID(r), update); err != nil {
		return err
	}
	return s.writeLine(w, r, http.StatusOK, lineID(r))
}

func (s *Server) replaceToken(w http.ResponseWriter, r *http.Request) error {
	var given api.NewToken
	if err := readJSON(w, r, &given); err != nil {
		return err
	}
	if err := s.admin.UpdateLine(r.Context(), lineID(r), admin.LineUpdate{Token: &given.ChatwootToken}); err != nil {
		return err
	}
	return s.writeLine(w, r, http.StatusOK, lineID(r))
}

func (s *Server) moveLine(w http.ResponseWriter, r *http.Request) error {
	var m api.Move
	if err := readJSON(w, r, &m); err != nil {
		return err
	}
	if err := s.admin.MoveLine(r.Context(), lineID(r), admin.Move{ChatwootURL: m.ChatwootURL, Token: m.ChatwootToken}); err != nil {
		return err
	}
	return s.writeLine(w, r, http.StatusOK, lineID(r))
}

func (s *Server) deleteLine(w http.ResponseWriter, r *http.Request) error {
	force, err := flag(r, "force")
	if err != nil {
		return err
	}
	if err := s.admin.DeleteLine(r.Context(), lineID(r), force); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) pair(w http.ResponseWriter, r *http.Request) error {
	var p api.Pair
	if err := readJSON(w, r, &p); err != nil {
		return err
	}
	switch {
	case p.Method == api.PairQR && p.Phone == "":
	case p.Method == api.PairQR:
		return fault.Invalid("phone", fmt.Sprintf("phone goes with method %q only", api.PairCode))
	case p.Method == api.PairCode && p.Phone != "":
	case p.Method == api.PairCode:
		return fault.Invalid("phone", fmt.Sprintf("method %q needs phone, in international form such as +5511999998888", api.PairCode))
	default:
		return fault.Invalid("method", fmt.Sprintf("method must be %q or %q", api.PairQR, api.PairCode))
	}
	if err := s.admin.Pair(r.Context(), lineID(r), p.Phone); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// command is a call that needs nothing but the line.
func (s *Server) command(do func(ctx context.Context, id lines.ID) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := do(r.Context(), lineID(r)); err != nil {
			return err
		}
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
}

func (s *Server) writeLine(w http.ResponseWriter, r *http.Request, status int, id lines.ID) error {
	current, err := s.admin.LineStatus(r.Context(), id)
	if err != nil {
		return err
	}
	line, err := lineOf(current)
	if err != nil {
		return err
	}
	return writeJSON(w, status, line)
}

func lineOf(s admin.LineStatus) (api.Line, error) {
	settings, err := json.Marshal(s.Line.Settings)
	if err != nil {
		return api.Line{}, err
	}
	return api.Line{
		ID: string(s.Line.ID), Name: s.Line.Name,
		State: string(s.State.Code), Sentence: s.State.Sentence, JID: s.State.JID, Phone: s.State.Phone,
		QR: s.State.QR, PairingCode: s.State.PairingCode,
		Chatwoot:   api.Chatwoot{URL: s.Line.ChatwootURL, AccountID: s.Line.Account, InboxID: int64(s.Line.Inbox), Version: s.Version},
		WebhookURL: s.WebhookURL, Settings: settings, LastError: s.LastError, Queue: queueOf(s.Queue),
		Ways: waysOf(s.Ways), Notice: s.Notice,
	}, nil
}

// works are a way's verdicts as people say them.
var works = map[listen.Verdict]string{listen.Works: "yes", listen.Closed: "no", listen.Unknown: "unknown"}

func waysOf(all []listen.Status) []api.Way {
	ways := make([]api.Way, len(all))
	for i, s := range all {
		ways[i] = api.Way{Way: string(s.Way), Works: works[s.Verdict], Since: s.Since.UTC(), Sentence: s.Sentence()}
		if s.Unused() {
			ways[i].Works = "unused"
		}
	}
	return ways
}

func queueOf(q journal.Stats) api.Queue {
	return api.Queue{Inbound: q.Inbound, Outbound: q.Outbound, OldestSeconds: q.OldestSeconds, Dead: q.Dead}
}

// flag reads a query parameter that is true or false.
func flag(r *http.Request, name string) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, fault.Invalid(name, name+" must be true or false")
	}
	return value, nil
}
