package seal

import "log/slog"

// Secret is a value that is never shown: not in logs, errors or prints.
type Secret string

// Reveal gives the value itself.
func (s Secret) Reveal() string { return string(s) }

const hidden = "(hidden)"

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return s.String() }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, so that no encoder shows it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
