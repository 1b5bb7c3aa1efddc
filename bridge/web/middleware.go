package web

import (
	"crypto/sha256"
	"crypto/subtle"
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

// observe logs and measures a request. Calls of the API are logged at info,
// webhooks and probes at debug, because they arrive all the time.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(wrapped, r)
		status, took := wrapped.Status(), time.Since(started)
		if status == 0 {
			status = http.StatusOK // nothing was written
		}
		s.metrics.requests.WithLabelValues(method(r), route(r), strconv.Itoa(status)).Observe(took.Seconds())
		level := slog.LevelDebug
		if strings.HasPrefix(route(r), "/api/") {
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
	want := sha256.Sum256([]byte(s.token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(token)))
		// Hashes have one length, so the time of the comparison reveals nothing.
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !strings.EqualFold(scheme, "Bearer") || s.token == "" {
			s.refuse(w, r, errUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
