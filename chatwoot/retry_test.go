package chatwoot_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestRetryReadAsksAFewTimes(t *testing.T) {
	t.Parallel()
	failed := fmt.Errorf("list messages: %w", &chatwoot.UnavailableError{Err: errors.New("status 500")})
	down := &chatwoot.UnavailableError{Err: errors.New("connection refused"), Down: true}
	for name, test := range map[string]struct {
		answers []error // the last one goes on
		asked   int
		want    error
	}{
		"an answer":                    {[]error{nil}, 1, nil},
		"an answer after two failures": {[]error{failed, failed, nil}, 3, nil},
		"no answer":                    {[]error{failed}, 4, failed},
		"a Chatwoot that does not run": {[]error{down}, 1, down},
		"a refusal":                    {[]error{&chatwoot.UnauthorizedError{}}, 1, &chatwoot.UnauthorizedError{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				err := chatwoot.RetryRead(context.Background(), func() error {
					asked++
					return test.answers[min(asked, len(test.answers))-1]
				})
				require.Equal(t, test.want, err)
				require.Equal(t, test.asked, asked)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		asked := 0
		require.Equal(t, failed, chatwoot.RetryRead(ctx, func() error { asked++; return failed }))
		require.Equal(t, 1, asked)
	})
}

// Chatwoot's rate limit ends nothing that has begun.
func TestRetryReadPastLimitOutlastsTheRateLimit(t *testing.T) {
	t.Parallel()
	asked := 0
	require.NoError(t, chatwoot.RetryReadPastLimit(context.Background(), func() error {
		if asked++; asked < 5 {
			return &chatwoot.RateLimitedError{}
		}
		return nil
	}))
	require.Equal(t, 5, asked)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var limited *chatwoot.RateLimitedError
	require.ErrorAs(t, chatwoot.RetryReadPastLimit(ctx, func() error { return &chatwoot.RateLimitedError{} }), &limited)
	broken := errors.New("broken")
	require.ErrorIs(t, chatwoot.RetryReadPastLimit(context.Background(), func() error { return broken }), broken)
}
