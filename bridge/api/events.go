package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// Event is one message of a line's stream: Name is one of EventState, EventQR
// and EventQueue, Data its JSON.
type Event struct {
	Name string
	Data json.RawMessage
}

// Events reads a line's stream until handle gives an error, which it returns,
// ctx ends, or the server ends the stream: io.EOF. The stream begins with the
// state of affairs.
func (c *Client) Events(ctx context.Context, id string, handle func(Event) error) error {
	resp, err := c.http.R().SetContext(ctx).SetHeader("Accept", "text/event-stream").
		SetDoNotParseResponse(true).Execute(http.MethodGet, linePath(id)+"/events")
	if err != nil {
		return c.unreachable(err)
	}
	body := resp.RawBody()
	defer body.Close()
	if !resp.IsSuccess() {
		return c.refused(resp.StatusCode(), body)
	}
	err = readEvents(body, handle)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// maxEvent bounds a line of the stream.
const maxEvent = 64 << 10

// errBroken says that the connection ended within a stream.
var errBroken = errors.New("the event stream broke off")

// readEvents reads text/event-stream, as far as the server uses it: an event
// is its name and one line of data. It ends with an error, io.EOF at the least.
func readEvents(stream io.Reader, handle func(Event) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxEvent)
	var event Event
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			event.Name = value
		case "data":
			event.Data = json.RawMessage(value)
		case "":
			if lines.Text() != "" { // a comment, which keeps the connection alive
				continue
			}
			if event.Name != "" {
				if err := handle(event); err != nil {
					return err
				}
			}
			event = Event{}
		}
	}
	if lines.Err() != nil {
		return errBroken
	}
	return io.EOF
}
