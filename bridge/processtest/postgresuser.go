package processtest

import (
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// postgresUser is whom Postgres runs as where the tests run as root.
type postgresUser struct{ uid, gid int }

func lookUpPostgres() (*postgresUser, error) {
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	var p postgresUser
	if p.uid, err = strconv.Atoi(found.Uid); err != nil {
		return nil, fmt.Errorf("the user postgres: %w", err)
	}
	if p.gid, err = strconv.Atoi(found.Gid); err != nil {
		return nil, fmt.Errorf("the user postgres: %w", err)
	}
	return &p, nil
}

// apply lets a command run as that user; nil is whoever runs the tests.
func (p *postgresUser) apply(command *exec.Cmd) {
	if p == nil {
		return
	}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.uid), Gid: uint32(p.gid)}}
}
