package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestSimPrintsAddressesThatWork(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"sim"}, writer, io.Discard)
		writer.Close()
	}()
	line, err := bufio.NewReader(reader).ReadBytes('\n')
	require.NoError(t, err)
	var at addresses
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&at))
	require.Len(t, at.SimulatorRootKey, 64)

	client, err := chatwoot.New(chatwoot.Config{BaseURL: at.ChatwootURL, Token: at.ChatwootToken, Account: int64(at.ChatwootAccountID)})
	require.NoError(t, err)
	profile, err := client.Profile(ctx)
	require.NoError(t, err)
	require.EqualValues(t, at.ChatwootAccountID, profile.Accounts[0].ID)
	simulated, err := chatwoottest.Control{BaseURL: at.ControlURL + "/chatwoot"}.State(ctx)
	require.NoError(t, err)
	require.Equal(t, at.ChatwootURL, simulated.URL)
	whatsapp, err := whatsapptest.Control{BaseURL: at.ControlURL + "/whatsapp"}.State(ctx)
	require.NoError(t, err)
	require.Equal(t, at.Simulator, whatsapp.Address)
	require.Equal(t, at.SimulatorRootKey, whatsapp.RootKey)

	stop()
	require.Zero(t, <-code)
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	for _, args := range [][]string{{"dance"}, {"sim", "now"}, {"--serve", "sim"}, {"--dance"}} {
		stderr.Reset()
		require.Equal(t, 2, run(t.Context(), args, io.Discard, &stderr), args)
		require.True(t, strings.HasPrefix(stderr.String(), "usage: "))
	}
	var stdout bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--help"}, &stdout, io.Discard))
	require.Equal(t, usage, stdout.String())
}
