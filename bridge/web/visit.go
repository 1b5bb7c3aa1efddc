package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Whoever reaches the port may be anybody, until a token or a signature says
// otherwise: until then everything is short, and one answer ends the connection.
const (
	// headerTimeout is for a request's head, which comes in one piece.
	headerTimeout = 10 * time.Second
	// strangerTimeout is for a whole request of somebody who may be anybody: its
	// body, and the answer.
	strangerTimeout = 15 * time.Second
	// requestTimeout is for the slowest call of somebody who is known: making a
	// line asks Chatwoot up to twice. An event stream moves its own deadlines. It
	// is the limit for reading too, because a read deadline that passes ends the
	// request's context.
	requestTimeout = 3 * time.Minute
	// idleTimeout is how long a connection is kept for the next request. Only those
	// are kept whose last request was of somebody who is known.
	idleTimeout = 2 * time.Minute
	maxHeader   = 16 << 10
	// linger is how long the rest of a refused request may come in: a connection
	// that is closed in the middle of it loses the answer.
	linger = 500 * time.Millisecond
)

// HTTP wraps a handler in an HTTP server whose limits keep a slow or hostile
// client from holding it up. How many there are at once is up to its listener, see
// Limited.
func HTTP(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: strangerTimeout, WriteTimeout: strangerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		// "OPTIONS *" is answered by our own handler, which keeps no connection of a stranger.
		DisableGeneralOptionsHandler: true,
		ConnContext:                  withConn,
		ConnState: func(c net.Conn, state http.ConnState) {
			ours, ok := c.(*conn)
			switch {
			case !ok:
			case state == http.StateActive:
				ours.enter(serving)
			case state == http.StateIdle:
				ours.enter(waiting)
			}
		},
	}
}

// visit is a request, of somebody who may be anybody until it is admitted.
type visit struct {
	w        http.ResponseWriter
	conn     *conn // nil where the listener has no limit
	admitted bool
}

type visitKey struct{}

// receive begins a visit.
func receive(w http.ResponseWriter, r *http.Request) (*visit, *http.Request) {
	v := &visit{w: w}
	v.conn, _ = r.Context().Value(connKey{}).(*conn)
	w.Header().Set("Connection", "close")
	return v, r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// admit gives a request the time that those have who are known.
func admit(r *http.Request) {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok || v.admitted {
		return
	}
	v.admitted = true
	v.w.Header().Del("Connection")
	until, control := time.Now().Add(requestTimeout), http.NewResponseController(v.w)
	_ = control.SetReadDeadline(until) // where there is no deadline, none is needed
	_ = control.SetWriteDeadline(until)
	if v.conn != nil {
		v.conn.enter(admitted)
	}
}

// end sees to it that what is left of a refused request keeps the connection no
// longer than its answer needs.
func (v *visit) end(r *http.Request) {
	if !v.admitted && r.ContentLength != 0 {
		_ = http.NewResponseController(v.w).SetReadDeadline(time.Now().Add(linger))
	}
}

// admitting admits a request that is answered with success.
type admitting struct {
	http.ResponseWriter
	r *http.Request
}

// WriteHeader implements http.ResponseWriter.
func (a *admitting) WriteHeader(status int) {
	if status >= 200 && status < 300 {
		admit(a.r)
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *admitting) Unwrap() http.ResponseWriter { return a.ResponseWriter }

const (
	// smallBody is what a webhook's body has, unless its message is a long one.
	smallBody = 256 << 10
	// largeBodies is how many larger ones are held in memory at once.
	largeBodies = 8
)

// fromChatwoot lets webhooks in. Whether one is Chatwoot's is known when its body is
// read, so a few large ones are read at a time.
func (s *Server) fromChatwoot(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength < 0 || r.ContentLength > smallBody {
			limit := time.NewTimer(strangerTimeout)
			defer limit.Stop()
			select {
			case s.large <- struct{}{}:
				defer func() { <-s.large }()
			case <-limit.C:
				s.refuse(w, r, errBusy)
				return
			}
		}
		next.ServeHTTP(&admitting{w, r}, r)
	})
}
