package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/wootbridge/wootbridge/bridge/api"
)

var jobsCommand = command{
	name:    "jobs",
	summary: "List what could not be delivered, and try it again",
	help: `
Usage:
  wootbridge jobs [--line LINE] [--json]
      List what was given up, with the reason.
  wootbridge jobs replay ID...
      Try some of them again.
  wootbridge jobs replay --all [--line LINE]
      Try all of them again.
  wootbridge jobs --unconverted [--line LINE] [--json]
      List the messages of kinds that are shown as placeholders.
  wootbridge jobs replay --unconverted [--line LINE]
      Show those whose kind is known by now, each below its placeholder.

LINE is a line's id, the beginning of it, or its name.
`,
	run: func(ctx context.Context, p *program, args []string) error {
		if len(args) > 0 && args[0] == "replay" {
			return p.replayJobs(ctx, args[1:])
		}
		return p.listJobs(ctx, args)
	},
}

// directions are where a job was going, for people.
var directions = map[string]string{"in": "to Chatwoot", "out": "to WhatsApp", "status": "ticks", "upkeep": "history"}

func (p *program) listJobs(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("jobs", flag.ContinueOnError)
	word := flags.String("line", "", "")
	asJSON := flags.Bool("json", false, "")
	unconverted := flags.Bool("unconverted", false, "")
	if err := parseNone(flags, args); err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		filter, err := p.jobsOf(ctx, client, *word)
		if err != nil {
			return err
		}
		if *unconverted {
			filter.State = "unconverted"
		}
		jobs := []api.Job{}
		for {
			page, err := client.Jobs(ctx, filter)
			if err != nil {
				return err
			}
			jobs = append(jobs, page.Jobs...)
			if filter.After = page.Next; page.Next == 0 {
				break
			}
		}
		if *asJSON {
			return p.printJSON(jobs)
		}
		if *unconverted {
			return p.printUnconverted(jobs)
		}
		return p.printJobs(jobs)
	})
}

func (p *program) printUnconverted(jobs []api.Job) error {
	if len(jobs) == 0 {
		fmt.Fprintln(p.stdout, "No message is shown as a placeholder for its kind.")
		return nil
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "ID\tLINE\tCAME\tKIND")
	for _, job := range jobs {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", job.ID, job.Line, job.Created.Local().Format(time.DateTime), job.LastError)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "\nShow those whose kind is known by now: %s jobs replay --unconverted\n", p.name)
	return nil
}

func (p *program) printJobs(jobs []api.Job) error {
	if len(jobs) == 0 {
		fmt.Fprintln(p.stdout, "Nothing was given up.")
		return nil
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "ID\tLINE\tWAY\tKIND\tCAME\tREASON")
	for _, job := range jobs {
		way := directions[job.Direction]
		if way == "" {
			way = job.Direction
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", job.ID, job.Line, way, job.Kind, job.Created.Local().Format(time.DateTime), job.LastError)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "\nTry one again: %s jobs replay ID\nTry them all:  %s jobs replay --all\n", p.name, p.name)
	return nil
}

func (p *program) replayJobs(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("jobs replay", flag.ContinueOnError)
	all := flags.Bool("all", false, "")
	unconverted := flags.Bool("unconverted", false, "")
	word := flags.String("line", "", "")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	ids := make([]int64, len(rest))
	for i, text := range rest {
		if ids[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return usagef("%q is not the id of a job", text)
		}
	}
	switch {
	case *unconverted && (*all || len(ids) > 0):
		return usagef("--unconverted goes without --all and without ids")
	case *unconverted:
		return p.replayUnconverted(ctx, *word)
	case *all && len(ids) > 0:
		return usagef("either --all or ids, not both")
	case !*all && len(ids) == 0:
		return usagef("jobs replay wants the ids of jobs, or --all")
	case !*all && *word != "":
		return usagef("--line goes with --all")
	}
	return p.call(func(client *api.Client) error {
		n := len(ids)
		if *all {
			filter, err := p.jobsOf(ctx, client, *word)
			if err != nil {
				return err
			}
			if n, err = client.ReplayAll(ctx, filter.Line); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if err := client.Replay(ctx, id); err != nil {
				return fmt.Errorf("job %d: %w", id, err)
			}
		}
		if n == 0 {
			fmt.Fprintln(p.stdout, "Nothing was given up.")
			return nil
		}
		fmt.Fprintf(p.stdout, "%d tried again. See what became of it:\n  %s jobs\n", n, p.name)
		return nil
	})
}

// replayUnconverted converts what was shown as placeholders.
func (p *program) replayUnconverted(ctx context.Context, word string) error {
	return p.call(func(client *api.Client) error {
		filter, err := p.jobsOf(ctx, client, word)
		if err != nil {
			return err
		}
		answer, err := client.ReplayUnconverted(ctx, filter.Line)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%d converted now, each below its placeholder in Chatwoot.\n", answer.Replayed)
		if answer.Left > 0 {
			fmt.Fprintf(p.stdout, "%d of kinds that this version does not know:\n  %s jobs --unconverted\n", answer.Left, p.name)
		}
		return nil
	})
}

// jobsOf is the filter for the jobs of a line, or of all without a word.
func (p *program) jobsOf(ctx context.Context, client *api.Client, word string) (api.JobFilter, error) {
	if word == "" {
		return api.JobFilter{}, nil
	}
	line, err := p.findLine(ctx, client, word)
	return api.JobFilter{Line: line.ID}, err
}
