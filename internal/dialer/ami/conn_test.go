package ami_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

func TestDo(t *testing.T) {
	t.Parallel()
	s, conn := connect(t, amitest.Options{})

	t.Run("an answer comes to who asked, in whatever order", func(t *testing.T) {
		var held []ami.Message
		s.Handle("Getvar", func(c *amitest.Client, m ami.Message) {
			if held = append(held, m); len(held) < 3 {
				return
			}
			for _, m := range []ami.Message{held[1], held[2], held[0]} {
				c.Event("VarSet", "Variable", m.Get("Variable"))
				c.Success(m, "Value", m.Get("Variable"))
			}
		})
		var asking sync.WaitGroup
		for i := range 3 {
			asking.Go(func() {
				name := fmt.Sprint("V", i)
				m, err := conn.Do(t.Context(), ami.NewAction("Getvar").With("Variable", name))
				if err != nil || m.Get("Value") != name {
					t.Errorf("got %q, %v, want %q", m.Get("Value"), err, name)
				}
			})
		}
		asking.Wait()
	})
	t.Run("a refusal carries the manager's text", func(t *testing.T) {
		s.Handle("Hangup", func(c *amitest.Client, m ami.Message) { c.Error(m, "No such channel") })
		m, err := conn.Do(t.Context(), ami.NewAction("Hangup").With("Channel", "1795328456.2"))
		var refusal *ami.ResponseError
		if !errors.As(err, &refusal) || refusal.Message != "No such channel" || refusal.Action != "Hangup" {
			t.Errorf("got %v", err)
		}
		if m.Response() != "Error" || m.Seq == 0 {
			t.Errorf("got answer %v", m)
		}
		wantNotErr(t, err, ami.ErrPermission, ami.ErrNoAnswer, ami.ErrRefused, ami.ErrClosed)
	})
	t.Run("a denial is ErrPermission", func(t *testing.T) {
		s.Handle("Originate", func(c *amitest.Client, m ami.Message) { c.Error(m, "Permission denied") })
		_, err := conn.Do(t.Context(), ami.NewAction("Originate"))
		wantErr(t, err, ami.ErrPermission)
	})
	t.Run("no answer ends with the context, and a late one reaches nobody", func(t *testing.T) {
		s.Handle("Getvar", silent)
		before := conn.Discarded().Unasked
		_, err := conn.Do(soon(t, 200*time.Millisecond), ami.NewAction("Getvar"))
		wantErr(t, err, ami.ErrNoAnswer, context.DeadlineExceeded)
		late := s.Received("Getvar")
		for late.Get("Variable") != "" { // those of the first case
			late = s.Received("Getvar")
		}
		s.Client().Success(late, "Value", "late")
		if _, err := conn.Do(t.Context(), ami.NewAction("Ping")); err != nil {
			t.Error(err)
		}
		if got := conn.Discarded().Unasked - before; got != 1 {
			t.Errorf("unasked answers: got %d, want 1", got)
		}
	})
	t.Run("a context that has ended sends nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := conn.Do(ctx, ami.NewAction("Setvar"))
		wantErr(t, err, context.Canceled)
		wantNotErr(t, err, ami.ErrNoAnswer)
	})
}

func TestDoWithoutActionIDInTheAnswer(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{
		"Getvar": func(c *amitest.Client, _ ami.Message) {
			// testdata/protocol-oddities.ami
			c.Send(amitest.Text("Response", "Error", "Message", "Failed to parse message: line too long"))
		},
	}})
	cfg := config(s)
	cfg.ActionTimeout = 500 * time.Millisecond // for the login too
	conn := dial(t, cfg)
	_, err := conn.Do(t.Context(), ami.NewAction("Getvar"))
	wantErr(t, err, ami.ErrNoAnswer, context.DeadlineExceeded)
	if got := conn.Discarded().Unasked; got != 1 {
		t.Errorf("unasked answers: got %d, want 1", got)
	}
}

func TestDoOnAnEndedConnection(t *testing.T) {
	t.Parallel()
	t.Run("the peer hangs up instead of answering", func(t *testing.T) {
		t.Parallel()
		_, conn := connect(t, amitest.Options{Handlers: map[string]amitest.Handler{
			"Hangup": func(c *amitest.Client, _ ami.Message) { c.Cut() },
		}})
		_, err := conn.Do(t.Context(), ami.NewAction("Hangup").With("Channel", "x"))
		wantErr(t, err, ami.ErrNoAnswer, ami.ErrClosed)
		_, err = conn.Do(t.Context(), ami.NewAction("Ping"))
		wantErr(t, err, ami.ErrClosed)
		wantNotErr(t, err, ami.ErrNoAnswer)
		if _, err := drain(t, conn); err == nil {
			t.Error("ended without a reason")
		}
	})
	t.Run("Close wakes who waits, and may be repeated", func(t *testing.T) {
		t.Parallel()
		s, conn := connect(t, amitest.Options{Handlers: map[string]amitest.Handler{"Getvar": silent}})
		go func() {
			s.Received("Getvar")
			conn.Close()
		}()
		_, err := conn.Do(t.Context(), ami.NewAction("Getvar"))
		wantErr(t, err, ami.ErrNoAnswer, ami.ErrClosed)
		conn.Close()
		conn.Close()
		wantErr(t, conn.Err(), ami.ErrClosed)
		wantNotErr(t, conn.Err(), io.EOF)
	})
	t.Run("an answer that came with the end is an answer", func(t *testing.T) {
		t.Parallel()
		_, conn := connect(t, amitest.Options{})
		m, err := conn.Do(t.Context(), ami.NewAction("Logoff"))
		if err != nil || m.Response() != "Goodbye" {
			t.Errorf("got %v, %v", m, err)
		}
	})
}

func TestSilentPeer(t *testing.T) {
	t.Parallel()
	quick := func(s *amitest.Server, timeout time.Duration) ami.Config {
		cfg := config(s)
		cfg.PingAfter, cfg.PingTimeout = 10*time.Millisecond, timeout
		return cfg
	}
	t.Run("is pinged, and lives on when it answers", func(t *testing.T) {
		t.Parallel()
		s := amitest.New(t, amitest.Options{})
		conn := dial(t, quick(s, patience))
		connected := conn.LastHeard()
		for range 3 {
			s.Received("Ping")
		}
		if conn.Err() != nil {
			t.Errorf("ended: %v", conn.Err())
		}
		if !conn.LastHeard().After(connected) {
			t.Error("LastHeard does not move with answers to pings")
		}
	})
	t.Run("ends the connection when it does not", func(t *testing.T) {
		t.Parallel()
		s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{"Ping": silent}})
		conn := dial(t, quick(s, 500*time.Millisecond))
		_, err := drain(t, conn)
		wantErr(t, err, ami.ErrSilent)
	})
	t.Run("ends the connection when it sends half a message and waits", func(t *testing.T) {
		t.Parallel()
		s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{"Ping": silent}})
		conn := dial(t, quick(s, 500*time.Millisecond))
		s.Client().Send("Event: Hangup\r\nPrivilege: call,all\r\nUnique")
		_, err := drain(t, conn)
		wantErr(t, err, ami.ErrSilent)
	})
}

func TestPeerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	defer close(stop)
	s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{
		"Getvar": func(*amitest.Client, ami.Message) { <-stop },
	}})
	cfg := config(s)
	cfg.WriteTimeout = 200 * time.Millisecond
	conn := dial(t, cfg)
	big := ami.NewAction("Getvar")
	for range 100 {
		big = big.With("Variable", strings.Repeat("x", 900))
	}
	for conn.Err() == nil {
		if _, err := conn.Do(soon(t, 10*time.Millisecond), big); err == nil {
			t.Fatal("an answer out of nothing")
		}
	}
	wantNotErr(t, conn.Err(), ami.ErrClosed, ami.ErrSilent)
}
