package lines

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// CommandKind is what is asked of the process that holds a line's connection.
type CommandKind string

// The commands.
const (
	CommandPair      CommandKind = "pair" // its argument is a phone number, or empty for a QR code
	CommandLogout    CommandKind = "logout"
	CommandReconnect CommandKind = "reconnect"
	CommandRecheck   CommandKind = "recheck"
)

// Command is one request to the process that holds a line's connection.
type Command struct {
	ID       string
	Line     ID
	Kind     CommandKind
	Argument string
	Asked    time.Time
}

// Ask stores a command.
func (s *Store) Ask(ctx context.Context, c Command) error {
	const insert = `INSERT INTO line_command (id, line, kind, argument, created) VALUES ($1, $2, $3, $4, $5)`
	_, err := s.write(ctx, "store a command", insert, c.ID, string(c.Line), string(c.Kind), c.Argument, c.Asked.UnixMilli())
	return err
}

const selectAsked = `SELECT id, line, kind, argument, created FROM line_command WHERE taken = 0 AND created >= $1 ORDER BY created`

// Asked lists the commands that nobody has taken yet, the oldest first, without
// those that are older than a time: whoever asked does not wait any more.
func (s *Store) Asked(ctx context.Context, since time.Time) ([]Command, error) {
	rows, err := s.db.QueryContext(ctx, selectAsked, since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("look for commands: %w", err)
	}
	defer rows.Close()
	var all []Command
	for rows.Next() {
		var c Command
		var asked int64
		if err := rows.Scan(&c.ID, &c.Line, &c.Kind, &c.Argument, &asked); err != nil {
			return nil, fmt.Errorf("read a command: %w", err)
		}
		c.Asked = time.UnixMilli(asked)
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for commands: %w", err)
	}
	return all, nil
}

// Take makes a command the caller's, unless somebody has taken it: it is carried out
// once at most.
func (s *Store) Take(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := s.write(ctx, "take a command", `UPDATE line_command SET taken = $2 WHERE id = $1 AND taken = 0`, id, now.UnixMilli())
	return n > 0, err
}

// SetAnswer records what came of a command; "" says that it was done.
func (s *Store) SetAnswer(ctx context.Context, id, answer string, now time.Time) error {
	_, err := s.write(ctx, "answer a command", `UPDATE line_command SET done = $2, answer = $3 WHERE id = $1`, id, now.UnixMilli(), answer)
	return err
}

// Answer gives what came of a command; false when nothing has yet.
func (s *Store) Answer(ctx context.Context, id string) (answer string, done bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT answer FROM line_command WHERE id = $1 AND done <> 0`, id).Scan(&answer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("read the answer of a command: %w", err)
	}
	return answer, true, nil
}

// ForgetCommands deletes the commands that are older than a time.
func (s *Store) ForgetCommands(ctx context.Context, before time.Time) error {
	_, err := s.write(ctx, "forget commands", `DELETE FROM line_command WHERE created < $1`, before.UnixMilli())
	return err
}

const deleteCommands = `DELETE FROM line_command WHERE line = $1 AND id IN (SELECT id FROM line_command WHERE line = $1 LIMIT $2)`
