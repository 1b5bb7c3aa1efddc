package render_test

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/wootbridge/wootbridge/bridge/render"
)

// filled sets every field of a message, so many levels deep.
func filled(m protoreflect.Message, with values, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsMap():
		case field.IsList():
			list := m.Mutable(field).List()
			for range with.items {
				if field.Message() == nil {
					list.Append(with.value(field))
					continue
				}
				element := list.NewElement()
				if depth > 0 {
					filled(element.Message(), with, depth-1)
				}
				if proto.CheckInitialized(element.Message().Interface()) == nil {
					list.Append(element)
				}
			}
		case field.Message() != nil:
			if depth > 0 {
				filled(m.Mutable(field).Message(), with, depth-1)
			}
		default:
			m.Set(field, with.value(field))
		}
	}
}

// values are what fields are filled with.
type values struct {
	text   string
	number int64
	real   float64
	items  int
}

func (v values) value(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(v.text)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(v.text))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(v.number != 0)
	case protoreflect.EnumKind:
		all := field.Enum().Values()
		return protoreflect.ValueOfEnum(all.Get(int(uint64(v.number) % uint64(all.Len()))).Number())
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(v.real)
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(v.real))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(v.number))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(v.number)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(v.number))
	default:
		return protoreflect.ValueOfUint64(uint64(v.number))
	}
}

// Whatever is in the fields of a kind, explicit zeros as well as what is beyond all
// bounds, it is shown, or is decidedly nothing, and fits.
func TestEveryKindWithHostileFieldsIsShown(t *testing.T) {
	t.Parallel()
	names := "Ana\n**Admin:** ![x](https://evil.example)\u202e\x00\x1b{{x}}"
	known := new(waE2E.Message).ProtoReflect().Descriptor().Fields()
	for what, with := range map[string]values{
		"zeros":     {items: 1},
		"names":     {text: names, number: 1, real: 1, items: 3},
		"addresses": {text: "https://evil.example/(x)[y]", number: 2, real: -1, items: 1},
		"JSON":      {text: `{"a":[{"b":null}],"text":5,"sections":[{"primitive":{"text":"x"}}]}`, number: 3, real: 0.5, items: 2},
		"the most":  {text: strings.Repeat("*a* ", 100), number: math.MaxInt64, real: math.MaxFloat64, items: 11},
		"the least": {text: ".", number: math.MinInt64, real: math.NaN(), items: 1},
	} {
		for i := range known.Len() {
			field := known.Get(i)
			sent := new(waE2E.Message)
			if field.Message() == nil {
				sent.ProtoReflect().Set(field, with.value(field))
			} else {
				levels := 3
				if with.items > 10 {
					levels = 2
				}
				filledOnce(sent.ProtoReflect().Mutable(field).Message(), with, levels)
			}
			for _, m := range render.Message(decoded(t, sent), context("en")) {
				require.LessOrEqual(t, utf8.RuneCountInString(m.Content), 150_000, "%s of %s", what, field.Name())
				require.NotContains(t, m.Content, "\x00", "%s of %s", what, field.Name())
				if m.Form == render.Pill { // which is HTML
					require.NotContains(t, m.Content, "<", "%s of %s", what, field.Name())
				} else {
					require.NotContains(t, code.ReplaceAllString(m.Content, ""), "![x](", "%s of %s", what, field.Name())
				}
				require.True(t, m.Content != "" || m.Attach != nil || m.Files != nil || isText(field), "%s of %s", what, field.Name())
			}
		}
	}
}

// filledOnce fills a message that is no message of WhatsApp's itself: one inside is a text.
func filledOnce(m protoreflect.Message, with values, depth int) {
	filled(m, with, depth)
	inner := m.Descriptor().Fields().ByName("message")
	if inner == nil || inner.Message() == nil || inner.Message().Name() != "Message" {
		return
	}
	text := new(waE2E.Message)
	text.Conversation = &with.text
	m.Set(inner, protoreflect.ValueOfMessage(text.ProtoReflect()))
}

// code is what is shown as it is.
var code = regexp.MustCompile("(?s)```.*?```")

// isText reports whether a field is a text, which may be empty.
func isText(field protoreflect.FieldDescriptor) bool {
	return field.Message() == nil || field.Name() == "extendedTextMessage"
}
