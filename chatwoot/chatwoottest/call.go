package chatwoottest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through a handler.
type call struct {
	r       *http.Request
	params  *params
	user    *user    // nil on public routes
	account *account // nil on public routes
	kept    map[*blob]bool
}

func (c *call) path(name string) int {
	n, err := strconv.Atoi(c.r.PathValue(name))
	if err != nil {
		return -1
	}
	return n
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// keep marks a file as taken over by a record.
func (c *call) keep(b *blob) *blob {
	c.kept[b] = true
	return b
}

// reply is an answer ready to be written.
type reply struct {
	status      int
	contentType string
	header      http.Header
	body        []byte
}

const jsonType = "application/json; charset=utf-8"

func encodeReply(status int, body any) reply {
	switch b := body.(type) {
	case nil:
		return reply{status: status, contentType: "application/json"}
	case htmlPage:
		return reply{status: status, contentType: "text/html; charset=UTF-8", body: []byte(b)}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return encodeError(serverError())
	}
	return reply{status: status, contentType: jsonType, body: raw}
}

func encodeError(err error) reply {
	var api *apiError
	if !errors.As(err, &api) {
		api = serverError()
	}
	out := encodeReply(api.status, api.body)
	if api.contentType != "" {
		out.contentType = api.contentType
	}
	return out
}

func writeReply(w http.ResponseWriter, out reply) {
	for k, v := range out.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", out.contentType)
	w.Header().Set("X-Request-Id", newUUID())
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // the client may be gone
}

// counted counts a request and lets the fault hooks at it; the blob routes
// pass here too.
func (s *Server) counted(pattern string, next faultyHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests[pattern]++
		s.mu.Unlock()
		fault := s.requestFault(r)
		if fault.Delay > 0 && !s.delayed(r, fault.Delay) {
			return
		}
		switch {
		case fault.Reset:
			reset(w)
		case fault.Status != 0:
			writeReply(w, fault.reply())
		default:
			next(w, r, fault)
		}
	})
}

// delayed lets time pass before a request is looked at. A request that has
// arrived whole is carried out even if the client gives up meanwhile, as Puma
// does.
func (s *Server) delayed(r *http.Request, d time.Duration) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return pause(s.ctx, d)
}

// faultyHandler gets the part of a fault that follows the work itself.
type faultyHandler func(http.ResponseWriter, *http.Request, Fault)

// endpoint runs a JSON route.
func (s *Server) endpoint(rt route) faultyHandler {
	return func(w http.ResponseWriter, r *http.Request, fault Fault) {
		var frames batch
		out, from, to := s.run(rt, r, &frames)
		s.answerAfter(r.Context(), &frames)
		defer s.runJobs(&frames)
		if fault.WebhooksFirst {
			s.awaitDeliveries(r.Context(), from, to)
		}
		if fault.ReplyDelay > 0 {
			s.runJobs(&frames) // they do not wait for a slow answer
		}
		if !pause(r.Context(), fault.ReplyDelay) {
			return
		}
		if fault.DropReply {
			reset(w)
			return
		}
		if fault.Exception != "" {
			out = encodeError(problem(http.StatusUnprocessableEntity, fault.Exception))
		}
		writeReply(w, out)
	}
}

// run answers a request and tells which deliveries and frames it caused.
func (s *Server) run(rt route, r *http.Request, frames *batch) (out reply, from, to int) {
	c := &call{r: r, kept: map[*blob]bool{}}
	s.mu.Lock()
	err := s.authorize(c, rt.scope)
	s.mu.Unlock()
	if err != nil {
		return encodeError(err), 0, 0
	}
	if c.params, err = readParams(r, s.files); err == nil && strings.HasSuffix(rt.path, "/messages") && r.Method == http.MethodPost {
		err = s.capacity.wait(s.ctx) // see delayed
	}
	defer c.params.discard(s.files, c.kept)
	if err != nil {
		return encodeError(err), 0, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from = s.queue.last
	s.live.batch = frames
	var body any
	s.as(c.user, func() { body, err = rt.handle(c) })
	s.live.batch = nil
	to = s.queue.last
	s.touched()
	if err != nil {
		return encodeError(err), from, to
	}
	return encodeReply(http.StatusOK, body), from, to
}

// authorize is Chatwoot's order of checks: token, account, membership, role.
func (s *Server) authorize(c *call, sc scope) error {
	if sc == scopePublic {
		return nil
	}
	token := c.r.Header.Get("Api-Access-Token")
	if token == "" {
		token = c.r.Header.Get("api_access_token")
	}
	if token == "" {
		return &apiError{status: http.StatusUnauthorized, body: obj("errors", []string{"You need to sign in or sign up before continuing."})}
	}
	if c.user = s.db.userByToken(token); c.user == nil {
		return problem(http.StatusUnauthorized, "Invalid Access Token")
	}
	if sc == scopeToken {
		return nil
	}
	if c.account = s.db.account(c.path("account")); c.account == nil {
		return notFound()
	}
	if c.account.suspended {
		return problem(http.StatusUnauthorized, "Account is suspended")
	}
	if !c.user.belongs(c.account.id) {
		return problem(http.StatusUnauthorized, "You are not authorized to access this account")
	}
	if sc == scopeAdmin && !c.user.administrator() {
		return unauthorized()
	}
	return nil
}

// sees says whether a user may work in an inbox: administrators everywhere,
// agents where they are members.
func (u *user) sees(i *inbox) bool { return u.administrator() || i.member(u.id) }

func page[T any](rows []T, n, size int) []T {
	if n < 1 {
		n = 1
	}
	from := min((n-1)*size, len(rows))
	return rows[from:min(from+size, len(rows))]
}

func since(now time.Time, seconds string) time.Time {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return time.Time{}
	}
	return now.Add(-time.Duration(n) * time.Second)
}
