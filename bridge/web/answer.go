package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/fault"
)

// handler is a route's code; what it returns becomes the answer.
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
	errNoRoute      = &api.Error{Status: http.StatusNotFound, Code: api.CodeNotFound, Message: "there is nothing at this address; /api/v1/openapi.json lists what there is"}
	errMethod       = &api.Error{Status: http.StatusMethodNotAllowed, Code: api.CodeMethod, Message: "this address does not take this method; /api/v1/openapi.json lists what there is"}
	errUnauthorized = &api.Error{Status: http.StatusUnauthorized, Code: api.CodeUnauthorized, Message: "send the admin token as: Authorization: Bearer TOKEN; it is WOOTBRIDGE_ADMIN_TOKEN or the file admin-token in the data folder"}
	errNoDatabase   = &api.Error{Status: http.StatusServiceUnavailable, Code: string(fault.CodeUnavailable), Message: "the database does not answer; nothing is lost, try again when it does"}
	errInternal     = &api.Error{Status: http.StatusInternalServerError, Code: api.CodeInternal, Message: "something went wrong in the bridge; its log says what"}
)

// statuses are the HTTP statuses of the bridge's own codes.
var statuses = map[fault.Code]int{
	fault.CodeInvalid:     http.StatusUnprocessableEntity,
	fault.CodeNotFound:    http.StatusNotFound,
	fault.CodeConflict:    http.StatusConflict,
	fault.CodeUnavailable: http.StatusServiceUnavailable,
	fault.CodeRefused:     http.StatusBadGateway,
}

// refuse answers an error. What is not meant for people is logged, and the
// answer only says so.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var said *api.Error
	var known *fault.Error
	switch {
	case errors.As(err, &said):
	case errors.As(err, &known) && statuses[known.Code] != 0:
		said = &api.Error{Status: statuses[known.Code], Code: string(known.Code), Message: known.Error()}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to be told
	case database.IsUnavailable(err):
		s.log.Warn("a request failed: the database does not answer", "method", r.Method, "route", route(r))
		said = errNoDatabase
	default:
		s.log.Error("a request failed", "method", r.Method, "route", route(r), "error", err)
		said = errInternal
	}
	if said.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	_ = writeJSON(w, said.Status, api.Failure{Error: *said}) // strings always encode
}

func invalid(format string, args ...any) error {
	return &api.Error{Status: http.StatusUnprocessableEntity, Code: api.CodeInvalid, Message: fmt.Sprintf(format, args...)}
}

// maxBody bounds the body of an API request.
const maxBody = 256 << 10

// readJSON reads a request's body, which must be one JSON object with no
// unknown fields: a typing mistake must not pass for a default.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("there is more after the object")
		}
	}
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return &api.Error{Status: http.StatusRequestEntityTooLarge, Code: api.CodeTooLarge, Message: fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return invalid("%s must be of type %s, not %s", wrongType.Field, wrongType.Type, wrongType.Value)
	case errors.Is(err, io.EOF):
		err = errors.New("it is empty")
	}
	return &api.Error{Status: http.StatusBadRequest, Code: api.CodeInvalid, Message: "the body is not the JSON object that is wanted: " + err.Error()}
}
