package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.HistogramVec
	panics   prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wootbridge_http_request_seconds", Help: "How long requests took, by route and answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"method", "route", "status"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Name: "wootbridge_http_panics_total", Help: "Panics while answering a request."}),
	}
	registry.MustRegister(m.requests, m.panics)
	return m
}

// noRoute stands for every address without a handler.
const noRoute = "(none)"

// route is the pattern that a request matched: it has no ids and no secrets.
func route(r *http.Request) string {
	pattern := chi.RouteContext(r.Context()).RoutePattern()
	if pattern == "" || pattern == "/*" {
		return noRoute
	}
	return pattern
}

// method keeps invented methods out of the metrics.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// observe receives a request, logs and measures it. Calls of the API are logged at
// info, webhooks and probes at debug, because they arrive all the time; so is what is
// refused, because strangers decide how much there is of it.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		v, r := receive(w, r)
		next.ServeHTTP(wrapped, r)
		v.end(r)
		status, took := wrapped.Status(), time.Since(started)
		if status == 0 {
			status = http.StatusOK // nothing was written
		}
		s.metrics.requests.WithLabelValues(method(r), route(r), strconv.Itoa(status)).Observe(took.Seconds())
		level := slog.LevelDebug
		if v.admitted && strings.HasPrefix(route(r), "/api/") {
			level = slog.LevelInfo
		}
		s.log.Log(r.Context(), level, "request", "method", method(r), "route", route(r), "status", status,
			"ms", took.Milliseconds(), "bytes", wrapped.BytesWritten())
	})
}

// survive answers a request whose handler panicked. It is no guard.Guard, because
// http.ErrAbortHandler must go on to net/http, uncounted.
func (s *Server) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if value == http.ErrAbortHandler {
				panic(value) // net/http's own way to cut an answer off
			}
			s.metrics.panics.Inc()
			// The value may hold what a customer wrote; its type does not.
			s.log.Error("panic while answering a request", "route", route(r), "panic", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
			s.refuse(w, r, errInternal)
		}()
		next.ServeHTTP(w, r)
	})
}

// authorize lets only requests with the admin token pass.
func (s *Server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.door.ask(r); err != nil {
			s.refuse(w, r, err)
			return
		}
		admit(r)
		next.ServeHTTP(w, r)
	})
}
