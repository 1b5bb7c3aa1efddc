package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrMore says that more follows after the value.
var ErrMore = errors.New("more than one JSON value")

// Decode reads the one value in raw. The errors are those of encoding/json, or
// ErrMore.
func Decode(raw []byte, into any) error { return Read(bytes.NewReader(raw), into) }

// Read reads the one value in r. The errors are those of Decode and of r.
func Read(r io.Reader, into any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	_, err := dec.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil, errors.As(err, &syntax):
		return ErrMore
	}
	return err
}
