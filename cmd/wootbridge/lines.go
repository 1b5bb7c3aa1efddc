package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/fault"
)

var linesCommand = command{
	name:    "lines",
	summary: "List, make, change and remove lines",
	help: `
A line is one WhatsApp number tied to one inbox of your Chatwoot.

Usage:
  wootbridge lines [--json]
      List them.
  wootbridge lines create --name NAME --chatwoot-url URL --account N [--inbox N]
      Make one. Without --inbox a new inbox is made in Chatwoot. The access
      token of a Chatwoot administrator (in Chatwoot: your picture, Profile
      settings, at the bottom) is asked for, or taken from
      WOOTBRIDGE_CHATWOOT_TOKEN. Next: wootbridge pair
  wootbridge lines set LINE [NAME=VALUE...]
      Change its name or settings, such as language=pt-BR or
      timezone=America/Sao_Paulo, and show them. The settings are listed below.
  wootbridge lines token LINE
      Give it another access token of Chatwoot, which is asked for as at
      "create". The bridge tries it first; if Chatwoot refuses it, nothing
      changes. A line that is paused because Chatwoot did not accept its token
      any more then goes on, and what waited is delivered. "set-token" is the
      same.
  wootbridge lines move LINE --chatwoot-url URL [--new-token]
      Tell it that its Chatwoot has got another address. The bridge looks there
      for the line's inbox and conversations first; if they are not there,
      nothing changes. Phone, chats and what waits stay. With --new-token
      another access token is asked for as at "create".
  wootbridge lines pause LINE
      Stop it. Messages are kept on both sides.
  wootbridge lines resume LINE
      Let it run again.
  wootbridge lines reconnect LINE
      Connect to WhatsApp anew, after it was taken over by another program.
  wootbridge lines confirm LINE
      Send what was missed although the database lacks messages that Chatwoot
      holds, as after a restored backup; the list says when that is asked.
  wootbridge lines logout LINE
      Unlink the phone. The line and its messages stay; link a phone with
      wootbridge pair
  wootbridge lines delete LINE [--force] --yes
      Unlink the phone and remove the line. The inbox in Chatwoot stays. With
      --force also when messages wait, which are then lost. A line with many
      messages is removed in the background and listed as deleting meanwhile.

LINE is a line's id, the beginning of it, or its name.
` + settingsHelp(),
	run: func(ctx context.Context, p *program, args []string) error {
		action := "list"
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			action, args = args[0], args[1:]
		}
		switch action {
		case "list":
			return p.listLines(ctx, args)
		case "create":
			return p.createLine(ctx, args)
		case "set":
			return p.setLine(ctx, args)
		case "token", "set-token":
			return p.replaceToken(ctx, action, args)
		case "move":
			return p.moveLine(ctx, args)
		case "delete":
			return p.deleteLine(ctx, args)
		case "pause", "resume", "reconnect", "confirm", "logout":
			return p.commandLine(ctx, action, args)
		}
		return usagef("lines cannot %q", action)
	},
}

// stateDeleting is the state of a line that is being removed.
const stateDeleting = "deleting"

const createExample = `lines create --name "Support" --chatwoot-url https://chat.example.com --account 1`

func (p *program) listLines(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("lines", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	if err := parseNone(flags, args); err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		lines, err := client.Lines(ctx)
		switch {
		case err != nil:
			return err
		case *asJSON:
			return p.printJSON(lines)
		case len(lines) == 0:
			fmt.Fprintf(p.stdout, "There is no line yet. Make one with:\n  %s %s\n", p.name, createExample)
			return nil
		}
		return p.printLines(lines)
	})
}

func (p *program) printLines(lines []api.Line) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "LINE\tNAME\tSTATE\tPHONE\tWAITING\tGIVEN UP\tCHATWOOT")
	dead := 0
	for _, l := range lines {
		dead += l.Queue.Dead
		waiting := fmt.Sprint(l.Queue.Inbound + l.Queue.Outbound)
		if l.Queue.OldestSeconds > 0 {
			waiting += " (" + (time.Duration(l.Queue.OldestSeconds) * time.Second).String() + ")"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s, account %d, inbox %d\n", l.ID, l.Name, l.State, phone(l.Phone), waiting,
			l.Queue.Dead, l.Chatwoot.URL, l.Chatwoot.AccountID, l.Chatwoot.InboxID)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, l := range lines {
		switch {
		case l.State == "new" || l.State == "logged_out":
			fmt.Fprintf(p.stdout, "\n%s: %s\n  %s pair --line %s\n", l.Name, l.Sentence, p.name, l.ID)
		case l.State == "paused":
			fmt.Fprintf(p.stdout, "\n%s: %s\n  %s lines resume %s\n", l.Name, l.Sentence, p.name, l.ID)
		case l.State == "replaced":
			fmt.Fprintf(p.stdout, "\n%s: %s\n  %s lines reconnect %s\n", l.Name, l.Sentence, p.name, l.ID)
		case l.State != "connected":
			fmt.Fprintf(p.stdout, "\n%s: %s\n", l.Name, l.Sentence)
		}
		if l.LastError != "" {
			fmt.Fprintf(p.stdout, "\n%s: messages wait, because: %s\n", l.Name, l.LastError)
		}
		p.printWays(l)
	}
	if dead > 0 {
		fmt.Fprintf(p.stdout, "\nSee what was given up, and try it again:\n  %s jobs\n", p.name)
	}
	return nil
}

// printWays says of a line how replies come to it, where that is not as it should
// be: a way that works, or has nothing to say yet, is not worth a word.
func (p *program) printWays(l api.Line) {
	for _, way := range l.Ways {
		if way.Works == "no" && l.State != "paused" {
			fmt.Fprintf(p.stdout, "\n%s: replies by %s: %s (since %s)\n", l.Name, wayNames[way.Way], way.Sentence, way.Since.Local().Format(time.DateTime))
		}
	}
	if l.Notice != "" {
		fmt.Fprintf(p.stdout, "\n%s: %s\n", l.Name, l.Notice)
	}
}

var wayNames = map[string]string{"webhook": "webhook", "live": "Chatwoot's live channel"}

func (p *program) createLine(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("lines create", flag.ContinueOnError)
	var n api.NewLine
	flags.StringVar(&n.Name, "name", "", "")
	flags.StringVar(&n.ChatwootURL, "chatwoot-url", "", "")
	flags.Int64Var(&n.AccountID, "account", 0, "")
	flags.Int64Var(&n.InboxID, "inbox", 0, "")
	asJSON := flags.Bool("json", false, "")
	if err := parseNone(flags, args); err != nil {
		return err
	}
	var missing []string
	if n.Name == "" {
		missing = append(missing, "--name")
	}
	if n.ChatwootURL == "" {
		missing = append(missing, "--chatwoot-url")
	}
	if n.AccountID <= 0 && !strings.Contains(n.ChatwootURL, "/accounts/") {
		missing = append(missing, "--account (the number after /accounts/ in Chatwoot's addresses)")
	}
	if len(missing) > 0 {
		return usagef("still missing: %s", strings.Join(missing, ", "))
	}
	cfg, err := config.LoadClient(p.env)
	if err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		if n.ChatwootToken, err = p.chatwootToken(cfg); err != nil {
			return err
		}
		line, err := client.CreateLine(ctx, n)
		switch {
		case err != nil:
			return err
		case *asJSON:
			return p.printJSON(line)
		}
		fmt.Fprintf(p.stdout, "The line %s (%s) is made; its inbox in Chatwoot is number %d.\nNow link the phone:\n  %s pair --line %s\n",
			line.Name, line.ID, line.Chatwoot.InboxID, p.name, line.ID)
		return nil
	})
}

func (p *program) deleteLine(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("lines delete", flag.ContinueOnError)
	force := flags.Bool("force", false, "")
	yes := flags.Bool("yes", false, "")
	word, err := parseLine(flags, args)
	if err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		line, err := p.findLine(ctx, client, word)
		if err != nil {
			return err
		}
		if !*yes {
			return usagef("this unlinks the phone %s and removes the line %s (%s) for ever. If that is what you want, add --yes", phone(line.Phone), line.Name, line.ID)
		}
		err = client.DeleteLine(ctx, line.ID, *force)
		var refused *fault.Error
		switch {
		case errors.As(err, &refused) && refused.Code == fault.CodeConflict && !*force:
			return fmt.Errorf("%w. With --force they are lost", err)
		case err != nil:
			return err
		}
		state := "is gone"
		left, err := client.Lines(ctx)
		if slices.ContainsFunc(left, func(l api.Line) bool { return l.ID == line.ID && l.State == stateDeleting }) || err != nil {
			state = "is deleted; what it leaves behind is being removed in the background, which goes on after a restart"
		}
		fmt.Fprintf(p.stdout, "The line %s %s. Its inbox in Chatwoot, with the conversations, is still there.\n", line.Name, state)
		return nil
	})
}

func (p *program) commandLine(ctx context.Context, action string, args []string) error {
	word, err := parseLine(flag.NewFlagSet("lines "+action, flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		line, err := p.findLine(ctx, client, word)
		if err != nil {
			return err
		}
		var said string
		switch action {
		case "pause":
			err, said = client.Pause(ctx, line.ID), "is paused. Messages are kept on both sides."
		case "resume":
			err, said = client.Resume(ctx, line.ID), "runs again."
		case "reconnect":
			err, said = client.Reconnect(ctx, line.ID), "connects anew."
		case "confirm":
			err, said = client.Confirm(ctx, line.ID), "sends what was missed."
		case "logout":
			err, said = client.Logout(ctx, line.ID), "is unlinked from its phone. Messages are kept."
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "The line %s %s\n", line.Name, said)
		return nil
	})
}

// parseLine reads flags of an action whose one argument is a line.
func parseLine(flags *flag.FlagSet, args []string) (word string, err error) {
	rest, err := parse(flags, args)
	if err != nil {
		return "", err
	}
	if len(rest) != 1 {
		return "", usagef("%s wants one line: its id or its name", flags.Name())
	}
	return rest[0], nil
}
