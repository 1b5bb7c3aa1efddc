package bridge

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
)

func TestC3_ALineThatTakesNothingInSaysSo(t *testing.T) {
	t.Parallel()
	var i intake
	at := func(minute int) time.Time { return time.Date(2027, 3, 4, 5, minute, 0, 0, time.UTC) }
	require.Empty(t, i.trouble(at(0)))
	i.note(errors.New("no room on the disk"), at(1))
	require.Empty(t, i.trouble(at(1)), "it may pass")
	i.note(errors.New("no room on the disk"), at(2))
	require.Equal(t, "Nothing that WhatsApp brings can be stored since 2027-03-04 05:01 UTC, and it waits there: no room on the disk", i.trouble(at(2)))
	i.note(nil, at(3))
	require.Empty(t, i.trouble(at(9)))
	i.note(errors.New("again"), at(10))
	require.Empty(t, i.trouble(at(10)), "another one")
}

func TestC3_TheLinesStateAndItsLastErrorSayWhatIsNotTakenIn(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 3, 4, 5, 6, 0, 0, time.UTC)
	r := &runtime{
		b: &Bridge{cfg: Config{Clock: func() time.Time { return now }}}, active: true,
		session: whatsapp.NewSession(whatsapp.Config{Clock: time.Now, Log: slog.New(slog.DiscardHandler)}),
	}
	r.record.Store(&Line{})
	r.current.Store(&Settings{})
	const says = "Nothing that WhatsApp brings can be stored"
	r.intake.note(errors.New("no room on the disk"), now)
	require.NotContains(t, r.state().Sentence, says)
	now = now.Add(intakePatience)
	require.Contains(t, r.state().Sentence, says)
	require.Contains(t, r.status(nil, nil).LastError, says)
	r.intake.note(nil, now)
	require.NotContains(t, r.state().Sentence, says)
	require.Empty(t, r.status(nil, nil).LastError)
}
