package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

const (
	defaultPage = 100
	maxPage     = 500
)

func (s *Server) listJobs(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	f := journal.JobFilter{State: journal.State(query.Get("state")), Line: query.Get("line")}
	if f.State == "" {
		f.State = journal.Dead
	}
	after, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", defaultPage)
	if err != nil {
		return err
	}
	if limit < 1 || limit > maxPage {
		return fault.Invalid("limit", fmt.Sprintf("limit must be between 1 and %d", maxPage))
	}
	f.After, f.Limit = after, int(limit)+1 // one more tells whether there is a next page
	jobs, err := s.admin.Jobs(r.Context(), f)
	if err != nil {
		return err
	}
	page := api.Jobs{Jobs: make([]api.Job, 0, len(jobs))}
	for i, job := range jobs {
		if i == int(limit) {
			page.Next = jobs[i-1].ID
			break
		}
		page.Jobs = append(page.Jobs, api.Job{
			ID: job.ID, Line: job.Line, Direction: string(job.Direction), Kind: job.Kind, State: string(job.State),
			Attempts: job.Attempts, LastError: job.LastError, Created: job.RecordedAt,
		})
	}
	return writeJSON(w, http.StatusOK, page)
}

func (s *Server) replay(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "job"), 10, 64)
	if err != nil {
		return fault.Invalid("job", "the id of a job is a number")
	}
	if err := s.admin.Replay(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

func (s *Server) replayAll(w http.ResponseWriter, r *http.Request) error {
	var which api.Replay
	if r.ContentLength != 0 { // no body means all
		if err := readJSON(w, r, &which); err != nil {
			return err
		}
	}
	if which.Unconverted {
		n, left, err := s.admin.ReplayUnconverted(r.Context(), lines.ID(which.Line))
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusAccepted, api.Replayed{Replayed: n, Left: left})
	}
	n, err := s.admin.ReplayAll(r.Context(), lines.ID(which.Line))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, api.Replayed{Replayed: n})
}

// number reads a query parameter that is a whole number, not negative.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 {
		return 0, fault.Invalid(name, name+" must be a number")
	}
	return value, nil
}
