package amitest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// defaultAnswer is what Asterisk says, in its own words.
func (c *Client) defaultAnswer(m ami.Message) {
	switch name := m.Get("Action"); strings.ToLower(name) {
	case "challenge":
		c.challenge = "119222102"
		c.Success(m, "Challenge", c.challenge)
	case "login":
		c.logIn(m)
	case "":
		c.Error(m, "Missing action in request")
	default:
		c.defaultAction(m, name)
	}
}

func (c *Client) defaultAction(m ami.Message, name string) {
	switch lower := strings.ToLower(name); {
	case !c.loggedIn && c.script == nil:
		c.Error(m, "Permission denied")
	case lower == "ping":
		c.Success(m, "Ping", "Pong", "Timestamp", "1795326336.557984")
	case lower == "logoff":
		c.Send(Text("Response", "Goodbye", "ActionID", m.ActionID(), "Message", "Thanks for all the fish."))
		c.Cut()
	default:
		c.Error(m, fmt.Sprintf("Invalid/unknown command: %s. Use Action: ListCommands to show available commands.", name))
	}
}

// logIn lets in or turns away. Asterisk takes a second over a refusal; here it is
// at once.
func (c *Client) logIn(m ami.Message) {
	if !c.knows(m) {
		c.Error(m, "Authentication failed")
		c.Cut()
		return
	}
	c.loggedIn = true
	text := Text("Response", "Success", "ActionID", m.ActionID(), "Message", "Authentication accepted")
	if !c.server.opts.NotBooted {
		text += Text("Event", "FullyBooted", "Privilege", "system,all", "Uptime", "34", "LastReload", "34", "Status", "Fully Booted")
	}
	c.Send(text)
}

func (c *Client) knows(m ami.Message) bool {
	username, secret := c.server.opts.Username, c.server.opts.Secret
	if username == "" {
		return true
	}
	if m.Get("Username") != username {
		return false
	}
	if !strings.EqualFold(m.Get("AuthType"), "MD5") {
		return m.Get("Secret") == secret
	}
	sum := md5.Sum([]byte(c.challenge + secret))
	return c.challenge != "" && m.Get("Key") == hex.EncodeToString(sum[:])
}
