package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
)

// none is a process without a line; what is left of a deleted one stays there.
type none struct{ line }

func (n *none) Find(lines.ID) (admin.Line, bool) { return nil, false }
func (n *none) All() []admin.Line                { return nil }

func TestT13_ALineThatIsBeingRemovedSaysSo(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	at := linetest.New(t, linetest.Options{})
	n := &none{}
	s := admin.New(admin.Config{Store: at.Store, DB: at.DB, Journal: at.Journal, IDs: at.IDs, Lines: n, Removal: n, Clock: at.Clock, Log: at.Log})
	require.NoError(t, at.Store.SetDeleted(ctx, linetest.ID, at.Clock()))

	status, err := s.LineStatus(ctx, linetest.ID)
	require.NoError(t, err)
	require.Equal(t, admin.StateDeleting, status.State.Code)
	require.Contains(t, status.State.Sentence, "being removed in the background")
	require.Equal(t, "Shop", status.Line.Name)
	all, err := s.Lines(ctx)
	require.NoError(t, err)
	require.Equal(t, []admin.LineStatus{status}, all)

	name := "Other"
	for what, do := range map[string]func() error{
		"resume":    func() error { return s.Resume(ctx, linetest.ID) },
		"pause":     func() error { return s.Pause(ctx, linetest.ID) },
		"pair":      func() error { return s.Pair(ctx, linetest.ID, "") },
		"logout":    func() error { return s.Logout(ctx, linetest.ID) },
		"reconnect": func() error { return s.Reconnect(ctx, linetest.ID) },
		"confirm":   func() error { return s.Confirm(ctx, linetest.ID) },
		"rename":    func() error { return s.UpdateLine(ctx, linetest.ID, admin.LineUpdate{Name: &name}) },
	} {
		var refused *fault.Error
		require.ErrorAs(t, do(), &refused, what)
		require.Equal(t, fault.CodeConflict, refused.Code, what)
		require.Contains(t, refused.Message, "was deleted and is being removed", what)
	}
	require.NoError(t, s.DeleteLine(ctx, linetest.ID, false), "it was asked before")

	require.NoError(t, at.DB.QueryRowContext(ctx, `UPDATE line SET removed = deleted WHERE id = $1 RETURNING 1`, string(linetest.ID)).Scan(new(int)))
	_, err = s.LineStatus(ctx, linetest.ID)
	var missing *fault.Error
	require.ErrorAs(t, err, &missing)
	require.Equal(t, fault.CodeNotFound, missing.Code)
	all, err = s.Lines(ctx)
	require.NoError(t, err)
	require.Empty(t, all)
}
