package ami

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// logIn logs in. The manager refuses any other action before
// (testdata/actions-before-login.ami).
func (c *Conn) logIn(ctx context.Context) error {
	login := NewAction("Login").With("Username", c.cfg.Username)
	if c.cfg.Auth == AuthPlain {
		login = login.With("Secret", c.cfg.Secret)
	} else {
		challenge, err := c.Do(ctx, NewAction("Challenge").With("AuthType", "MD5"))
		if err != nil {
			return err
		}
		login = login.With("AuthType", "MD5").With("Key", md5Key(challenge.Get("Challenge"), c.cfg.Secret))
	}
	_, err := c.Do(ctx, login)
	return loginError(err)
}

// md5Key is Asterisk's answer to a challenge: lower-case hex, as in
// testdata/login-md5.ami. MD5 is all the manager offers.
func md5Key(challenge, secret string) string {
	sum := md5.Sum([]byte(challenge + secret))
	return hex.EncodeToString(sum[:])
}

// loginError tells apart what an operator must correct. An unknown user, a wrong
// secret and a wrong key have one answer (testdata/login-unknown-user.ami,
// login-wrong-secret.ami, login-md5-wrong-key.ami).
func loginError(err error) error {
	var refusal *ResponseError
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Message == "Login Already In Use":
		return fmt.Errorf("%w: %w", ErrLoginInUse, err)
	default:
		return fmt.Errorf("%w: %w", ErrAuthentication, err)
	}
}

// awaitBoot waits for FullyBooted: the port accepts earlier, and lists are empty
// then. Who has not the read class "system" never gets it, booted or not
// (testdata/permissions-noread.ami), so after a while an answer is enough: to
// CoreStatus, or to Ping where CoreStatus is not permitted.
func (c *Conn) awaitBoot(ctx context.Context) error {
	patience := time.NewTimer(c.cfg.BootWait)
	defer patience.Stop()
	select {
	case <-c.booted:
		return nil
	case <-patience.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		if c.Booted() { // both at once: what it said before it ended is for the caller
			return nil
		}
		return c.endError()
	}
	_, err := c.Do(ctx, NewAction("CoreStatus"))
	if isAnswer(err) {
		_, err = c.Do(ctx, NewAction("Ping"))
	}
	return err
}
