package chatwoottest

import "fmt"

// User is a user as it was when it was asked for.
type User struct {
	ID      int    `json:"id"`
	Account int    `json:"account"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Role    string `json:"role"` // administrator or agent
	Token   string `json:"token"`
	Removed bool   `json:"removed,omitempty"` // from the account
}

// Users lists the users of every account.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []User{}
	for _, u := range s.db.users {
		list = append(list, User{ID: u.id, Account: u.account, Name: u.name, Email: u.email, Role: u.role, Token: u.token, Removed: u.removed})
	}
	return list
}

// ResetToken gives a user a new access token; the old one stops working.
func (s *Server) ResetToken(userID int) (string, error) {
	var token string
	err := s.withUser(userID, func(u *user) {
		u.token = newToken()
		token = u.token
	})
	return token, err
}

func (s *Server) withUser(id int, do func(*user)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.db.user(id)
	if u == nil {
		return fmt.Errorf("user %d: %w", id, ErrNotFound)
	}
	do(u)
	s.touched()
	return nil
}

// SetPassword gives a user another password and, as Chatwoot does then, another
// pubsub_token: the live connections that it has stay confirmed and hear no more.
func (s *Server) SetPassword(userID int, password string) error {
	return s.withUser(userID, func(u *user) { u.password, u.pubsub = password, newToken() })
}

// ChangePubsubToken gives a user another pubsub_token and returns it.
func (s *Server) ChangePubsubToken(userID int) (string, error) {
	var token string
	err := s.withUser(userID, func(u *user) {
		u.pubsub = newToken()
		token = u.pubsub
	})
	return token, err
}

// SetRole makes a user an administrator or an agent.
func (s *Server) SetRole(userID int, role string) error {
	if role != roleAdministrator && role != roleAgent {
		return fmt.Errorf("no role %q", role)
	}
	return s.withUser(userID, func(u *user) { u.role = role })
}

// RemoveFromAccount takes a user out of its account; its token still works.
func (s *Server) RemoveFromAccount(userID int) error {
	return s.withUser(userID, func(u *user) { u.removed = true })
}

// SuspendAccount suspends an account, whose routes answer 401 then, or lets it in
// again.
func (s *Server) SuspendAccount(id int, suspended bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.db.account(id)
	if a == nil {
		return fmt.Errorf("account %d: %w", id, ErrNotFound)
	}
	a.suspended = suspended
	return nil
}

// Token is the access token of a user, "" for an unknown one.
func (s *Server) Token(userID int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.db.user(userID); u != nil {
		return u.token
	}
	return ""
}

// AddAccount creates an account and returns its number.
func (s *Server) AddAccount(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &account{id: s.db.ids.account.next(), name: name}
	s.db.accounts = append(s.db.accounts, a)
	return a.id
}

// AddAgent creates a user with the role of an agent and returns its id.
func (s *Server) AddAgent(account int, spec UserSpec) int {
	return s.addUser(account, spec, roleAgent)
}

// AddAdministrator creates a user with the role of an administrator.
func (s *Server) AddAdministrator(account int, spec UserSpec) int {
	return s.addUser(account, spec, roleAdministrator)
}

func (s *Server) addUser(account int, spec UserSpec, role string) int {
	if spec.Token == "" {
		spec.Token = newToken()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &user{
		id: s.db.ids.user.next(), account: account, role: role,
		name: spec.Name, email: spec.Email, token: spec.Token, pubsub: newToken(), password: "Password1!",
	}
	s.db.users = append(s.db.users, u)
	return u.id
}
