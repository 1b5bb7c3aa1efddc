package chatwoottest

import (
	"errors"
	"net/http"
	"strings"
)

// apiError is an answer other than 200, with the exact body Chatwoot sends.
type apiError struct {
	status      int
	body        any // nil = empty
	contentType string
}

func (e *apiError) Error() string { return http.StatusText(e.status) }

func problem(status int, text string) *apiError {
	return &apiError{status: status, body: obj("error", text)}
}

// invalid is the shape of a failed model validation outside message creation.
func invalid(text string, attributes ...string) *apiError {
	return &apiError{status: http.StatusUnprocessableEntity, body: obj("message", text, "attributes", attributes)}
}

func notFound() *apiError { return problem(http.StatusNotFound, "Resource could not be found") }

func emptyNotFound() *apiError { return &apiError{status: http.StatusNotFound} }

func missingParam(name string) *apiError {
	return problem(http.StatusUnprocessableEntity, "param is missing or the value is empty or invalid: "+name)
}

// serverError is what an unhandled exception answers.
func serverError() *apiError {
	return &apiError{
		status:      http.StatusInternalServerError,
		body:        obj("status", 500, "error", "Internal Server Error"),
		contentType: "application/json; charset=UTF-8",
	}
}

func unauthorized() *apiError {
	return problem(http.StatusUnauthorized, "You are not authorized to do this action")
}

// pageNotFound is the HTML page of a path no route matches.
func pageNotFound() *apiError {
	return &apiError{
		status:      http.StatusNotFound,
		contentType: "text/html; charset=UTF-8",
		body: htmlPage(`<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>The page you were looking for doesn't exist (404)</title>
</head>
<body><h1>The page you were looking for doesn't exist.</h1></body>
</html>
`),
	}
}

type htmlPage string

// asMessageError is the message endpoint's rescue: every exception of a
// creation is a 422 with one string.
func asMessageError(err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.status != http.StatusUnprocessableEntity {
		return err
	}
	body, ok := api.body.(object)
	if !ok {
		return err
	}
	if text, ok := body.lookup("message"); ok {
		return problem(http.StatusUnprocessableEntity, "Validation failed: "+str(text))
	}
	return err
}

// nullByte is the refusal of a NUL in a text that Postgres would store.
func nullByte() *apiError {
	return problem(http.StatusUnprocessableEntity, "string contains null byte")
}

func hasNull(s string) bool { return strings.IndexByte(s, 0) >= 0 }
