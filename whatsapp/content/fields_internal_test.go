package content

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A release of the library that adds a field makes this fail: decide what
// becomes of the field, and add its row.
func TestEveryFieldOfAMessageIsDecidedOn(t *testing.T) {
	t.Parallel()
	rows := map[protoreflect.Name]int{}
	for _, f := range fields {
		rows[f.name]++
		require.Equal(t, 1, rows[f.name], "%s has one row", f.name)
		require.False(t, f.inner != nil && f.decode != nil, "%s is a wrapper or a content", f.name)
	}
	known := new(waE2E.Message).ProtoReflect().Descriptor().Fields()
	for i := range known.Len() {
		name := known.Get(i).Name()
		require.Contains(t, rows, name, "nobody decided on the field %s", name)
		delete(rows, name)
	}
	require.Empty(t, rows, "the library has no such field")
}

// A row that reads another field than its own would decode nothing.
func TestEveryRowReadsItsOwnField(t *testing.T) {
	t.Parallel()
	for _, f := range fields {
		if f.inner == nil && f.decode == nil {
			continue
		}
		m := new(waE2E.Message)
		field := m.ProtoReflect().Descriptor().Fields().ByName(f.name)
		switch {
		case field.Kind() == protoreflect.StringKind:
			m.ProtoReflect().Set(field, protoreflect.ValueOfString("text"))
		case f.inner != nil:
			wrapper := m.ProtoReflect().Mutable(field).Message()
			wrapper.Mutable(wrapper.Descriptor().Fields().ByName("message"))
			require.NotNil(t, f.inner(m), f.name)
			continue
		default:
			m.ProtoReflect().Mutable(field)
		}
		content, _ := f.decode(m)
		require.NotNil(t, content, f.name)
	}
}
