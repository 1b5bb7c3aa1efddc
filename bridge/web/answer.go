package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/strictjson"
)

// handler is a route's code; its error becomes the answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// answer makes a handler an http.HandlerFunc.
func (s *Server) answer(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if err := handle(w, r); err != nil {
			s.refuse(w, r, err)
		}
	}
}

var (
	errNoRoute      = &fault.Error{Code: fault.CodeNotFound, Message: "there is nothing at this address; /api/v1/openapi.json lists what there is"}
	errMethod       = &fault.Error{Code: fault.CodeMethod, Message: "this address does not take this method; /api/v1/openapi.json lists what there is"}
	errUnauthorized = &fault.Error{Code: fault.CodeUnauthorized, Message: "send the admin token as: Authorization: Bearer TOKEN; it is WOOTBRIDGE_ADMIN_TOKEN or the file admin-token in the data folder"}
	errTooMany      = &fault.Error{Code: fault.CodeTooMany, Message: "so many wrong admin tokens came from your address that this one was not looked at; wait for some seconds"}
	errBusy         = &fault.Error{Code: fault.CodeUnavailable, Message: "too many large requests at once; try again"}
	errElsewhere    = &fault.Error{Code: fault.CodeNotFound, Message: "the admin API and the metrics are not served at this address but at the one of WOOTBRIDGE_ADMIN_LISTEN, which is 127.0.0.1:8081 unless it is set"}
	errNoDatabase   = &fault.Error{Code: fault.CodeUnavailable, Message: "the database does not answer; nothing is lost, try again when it does"}
	errInternal     = &fault.Error{Code: fault.CodeInternal, Message: "something went wrong in the bridge; its log says what"}
)

// statuses are the HTTP statuses of the codes.
var statuses = map[fault.Code]int{
	fault.CodeInvalid:      http.StatusUnprocessableEntity,
	fault.CodeUnauthorized: http.StatusUnauthorized,
	fault.CodeNotFound:     http.StatusNotFound,
	fault.CodeMethod:       http.StatusMethodNotAllowed,
	fault.CodeConflict:     http.StatusConflict,
	fault.CodeTooLarge:     http.StatusRequestEntityTooLarge,
	fault.CodeTooMany:      http.StatusTooManyRequests,
	fault.CodeUnavailable:  http.StatusServiceUnavailable,
	fault.CodeRefused:      http.StatusBadGateway,
	fault.CodeInternal:     http.StatusInternalServerError,
}

// malformedError is an invalid request whose body is not JSON of the right form:
// HTTP has a status of its own for it, 400.
type malformedError struct{ said *fault.Error }

func (e *malformedError) Error() string { return e.said.Error() }
func (e *malformedError) Unwrap() error { return e.said }

// refuse answers with an error. One that is not meant for people is logged, and
// the answer only says so.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var said *fault.Error
	switch {
	case errors.As(err, &said) && statuses[said.Code] != 0:
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to be told
	case database.IsUnavailable(err):
		s.log.Warn("a request failed: the database does not answer", "method", r.Method, "route", route(r))
		said = errNoDatabase
	default:
		s.log.Error("a request failed", "method", r.Method, "route", route(r), "error", err)
		said = errInternal
	}
	status := statuses[said.Code]
	var malformed *malformedError
	if errors.As(err, &malformed) {
		status = http.StatusBadRequest
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(longQueue.Seconds())))
	}
	// The message holds the cause as well. Strings always encode.
	_ = writeJSON(w, status, api.Failure{Error: fault.Error{Code: said.Code, Message: said.Error()}})
}

// maxBody bounds the body of an API request.
const maxBody = 256 << 10

// readJSON reads a request's body, which must be one JSON object with no
// unknown fields: a typing mistake must not pass for a default.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	err := strictjson.Read(http.MaxBytesReader(w, r.Body, maxBody), into)
	if err == nil {
		return nil
	}
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return &fault.Error{Code: fault.CodeTooLarge, Message: fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return fault.Invalid(wrongType.Field, fmt.Sprintf("%s must be of type %s, not %s", wrongType.Field, wrongType.Type, wrongType.Value))
	case errors.Is(err, io.EOF):
		err = errors.New("it is empty")
	case errors.Is(err, strictjson.ErrMore):
		err = errors.New("there is more after the object")
	}
	return &malformedError{&fault.Error{Code: fault.CodeInvalid, Message: "the body is not the JSON object that is wanted: " + err.Error()}}
}
