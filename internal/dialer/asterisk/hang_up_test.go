package asterisk

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
	"github.com/coachmanager/coachmanager/internal/housetest"
)

// watching is a watch under way, and what it reported.
type watching struct {
	t       *testing.T
	reports chan coaching.Sighting
	cancel  context.CancelFunc
	done    chan error
}

func watched(t *testing.T, d coaching.Dialer) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{t: t, reports: make(chan coaching.Sighting, 1000), cancel: cancel, done: make(chan error, 1)}
	go func() {
		w.done <- d.Watch(ctx, func(s coaching.Sighting) error {
			w.reports <- s
			return nil
		})
	}()
	t.Cleanup(w.stop)
	return w
}

func (w *watching) stop() {
	w.cancel()
	_ = w.ended()
}

// ended waits for the end of the watch and returns its error.
func (w *watching) ended() error {
	err := <-w.done
	w.done <- err
	return err
}

// next waits for the next report of a kind of which is says yes.
func next[S coaching.Sighting](w *watching, what string, is func(S) bool) S {
	w.t.Helper()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	passed := ""
	for {
		select {
		case told := <-w.reports:
			passed += line(told)
			if s, ok := told.(S); ok && is(s) {
				return s
			}
		case err := <-w.done:
			w.done <- err
			w.t.Fatalf("the watch ended before %s: %v", what, err)
		case <-late.C:
			w.t.Fatalf("no report of %s, but\n%s", what, passed)
		}
	}
}

func (w *watching) snapshot() coaching.Snapshot {
	w.t.Helper()
	return next(w, "a snapshot", func(coaching.Snapshot) bool { return true })
}

func (w *watching) attached(leg string, kind coaching.Type) coaching.Attached {
	w.t.Helper()
	return next(w, "the leg attached as "+string(kind), func(a coaching.Attached) bool { return a.Leg == leg && a.Type == kind })
}

func (w *watching) gone(leg string) coaching.Detached {
	w.t.Helper()
	return next(w, "the leg gone", func(d coaching.Detached) bool { return d.Leg == leg && d.Gone })
}

// Each case is a leg that monitors agent1, what becomes of it, what is asked, and
// what Asterisk gets to hear.
func TestHangUp(t *testing.T) {
	t.Parallel()
	type world struct {
		*centre
		dialer *Dialer
		watch  *watching
		leg    string
	}
	cases := map[string]struct {
		happens func(w world)
		ask     func(ask *coaching.HangUp)
		want    coaching.Verdict
		hungUp  bool
	}{
		"a leg in ChanSpy": {want: coaching.Accepted, hungUp: true},
		"one that barges in, in no bridge": {
			happens: func(w world) { w.setType(w.leg, barging); w.watch.attached(w.leg, barging) },
			want:    coaching.Accepted, hungUp: true,
		},
		"one whose spying has stopped, and which may go on": {
			happens: func(w world) {
				w.set(func() { w.spying("ChanSpyStop", w.line(w.leg)) })
				w.heard(w.dialer)
			},
			want: coaching.Accepted, hungUp: true,
		},
		"one whose spying has stopped, and which was sent to another agent": {
			happens: func(w world) {
				w.set(func() {
					l := w.line(w.leg)
					w.spying("ChanSpyStop", l)
					l.application, l.data = "ChanSpy", "PJSIP/agent2-,q"
					w.about("Newexten", l, "Application", l.application, "AppData", l.data)
				})
				w.heard(w.dialer)
			},
			want: coaching.Moved,
		},
		"took the call over, and went on to somebody else's, and the asker forces": {
			happens: func(w world) {
				w.setType(w.leg, coaching.TypeBargeKick)
				w.watch.attached(w.leg, coaching.TypeBargeKick)
				w.set(func() { w.enter(w.line(w.leg), w.call(agent2).bridge) })
			},
			ask:  func(ask *coaching.HangUp) { ask.Force, ask.Type = true, coaching.TypeBargeKick },
			want: coaching.Moved,
		},
		"one that ExtenSpy has, and which was sent to another extension": {
			happens: func(w world) {
				w.set(func() {
					l := w.line(w.leg)
					l.application, l.data = "ExtenSpy", "2001@phones,q"
					w.about("Newexten", l, "Application", l.application, "AppData", l.data)
					w.spying("ChanSpyStop", l)
					l.data = "2002@phones,q"
					w.about("Newexten", l, "Application", l.application, "AppData", l.data)
				})
				w.heard(w.dialer)
			},
			want: coaching.Moved,
		},
		"one that was sent to the same agent's next channel": {
			happens: func(w world) {
				w.set(func() {
					l := w.line(w.leg)
					w.spying("ChanSpyStop", l)
					w.end(l.spied)
					l.data = w.call(agent1).name + ",qu"
					w.about("Newexten", l, "Application", l.application, "AppData", l.data)
				})
				w.heard(w.dialer)
			},
			want: coaching.Accepted, hungUp: true,
		},
		"took the call over, and both are in a conference that was not told of": {
			happens: func(w world) {
				w.setType(w.leg, coaching.TypeBargeKick)
				w.watch.attached(w.leg, coaching.TypeBargeKick)
				w.set(func() {
					taken := w.line(w.leg).bridge
					for _, l := range w.lines {
						if l.bridge == taken {
							l.bridge = "conference"
						}
					}
				})
			},
			want: coaching.WouldDropCustomer,
		},
		"one that does something else by now": {
			happens: func(w world) { w.set(func() { w.line(w.leg).application = "Dial" }) },
			want:    coaching.Moved,
		},
		"on another target": {
			ask:  func(ask *coaching.HangUp) { ask.Targets = []string{agent2} },
			want: coaching.Moved,
		},
		"took the call over": {
			happens: func(w world) {
				w.setType(w.leg, coaching.TypeBargeKick)
				w.watch.attached(w.leg, coaching.TypeBargeKick)
			},
			want: coaching.WouldDropCustomer,
		},
		"took the call over since, and the asker forces": {
			happens: func(w world) {
				w.setType(w.leg, coaching.TypeBargeKick)
				w.watch.attached(w.leg, coaching.TypeBargeKick)
			},
			ask:  func(ask *coaching.HangUp) { ask.Force = true },
			want: coaching.WouldDropCustomer,
		},
		"took the call over, and the asker forces that": {
			happens: func(w world) {
				w.setType(w.leg, coaching.TypeBargeKick)
				w.watch.attached(w.leg, coaching.TypeBargeKick)
			},
			ask:  func(ask *coaching.HangUp) { ask.Force, ask.Type = true, coaching.TypeBargeKick },
			want: coaching.Accepted, hungUp: true,
		},
		"in a bridge that was not told of": {
			happens: func(w world) { w.set(func() { w.line(w.leg).bridge = "untold" }) },
			want:    coaching.WouldDropCustomer,
		},
		"in a bridge with the agent": {
			happens: func(w world) {
				w.set(func() { w.enter(w.line(w.leg), w.line(w.leg).spied.bridge) })
				w.watch.attached(w.leg, barging)
			},
			want: coaching.Accepted, hungUp: true,
		},
		"gone, and told": {
			happens: func(w world) { w.hangsUp(w.leg); w.watch.gone(w.leg) },
			want:    coaching.AlreadyGone,
		},
		"gone, and not told: a list misses it": {
			happens: func(w world) {
				w.set(func() { w.deaf["ChanSpyStop"], w.deaf["Hangup"], w.deaf["HangupRequest"] = true, true, true })
				w.hangsUp(w.leg)
			},
			want: coaching.AlreadyGone,
		},
		"no Uniqueid: a pattern":       {ask: askingFor("/^PJSIP/"), want: coaching.AlreadyGone},
		"no Uniqueid: a name":          {ask: askingFor("PJSIP/sup1-00000002"), want: coaching.AlreadyGone},
		"no Uniqueid: a line break":    {ask: askingFor("1.1\r\nCause: 1"), want: coaching.AlreadyGone},
		"no Uniqueid: nothing":         {ask: askingFor(""), want: coaching.AlreadyGone},
		"a Uniqueid that never was":    {ask: askingFor("1.1"), want: coaching.AlreadyGone},
		"the same of a named Asterisk": {ask: askingFor("pbx-1-1.1"), want: coaching.AlreadyGone},
		"not permitted": {
			happens: func(w world) { w.set(func() { w.refuse = true }) },
			want:    coaching.Refused, hungUp: true,
		},
		"the connection is lost": {
			happens: func(w world) { w.cut(); _ = w.watch.ended() },
			want:    coaching.Unreachable,
		},
		"the connection is lost while it waits": {
			happens: func(w world) {
				w.server.Handle("Hangup", func(c *amitest.Client, _ ami.Message) { c.Cut() })
			},
			want: coaching.NoAnswer,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world{centre: newCentre(t)}
			w.dialer = w.centre.dialer()
			w.watch = watched(t, w.dialer)
			w.watch.snapshot()
			w.leg = w.attach(supervisor1, agent1, monitor)
			w.watch.attached(w.leg, monitor)
			ask := coaching.HangUp{Leg: w.leg, Targets: []string{agent1}, Type: monitor}
			if c.happens != nil {
				c.happens(w)
			}
			if c.ask != nil {
				c.ask(&ask)
			}
			got, err := w.dialer.HangUp(t.Context(), ask)
			if got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
			if hasCause := slices.Contains([]coaching.Verdict{coaching.Refused, coaching.Unreachable, coaching.NoAnswer}, c.want); hasCause != (err != nil) {
				t.Errorf("%s with the cause %v", got, err)
			}
			var want []string
			if c.hungUp {
				want = []string{ask.Leg + " cause 16"}
			}
			w.set(func() {
				if diff := cmp.Diff(w.hungUp, want); diff != "" {
					t.Errorf("Asterisk was asked: got -, want +:\n%s", diff)
				}
			})
		})
	}
}

// paused is a context whose deadline has passed unnoticed, as it does while a
// process is paused.
type paused struct {
	context.Context
	since atomic.Bool
}

func (p *paused) Deadline() (time.Time, bool) {
	if p.since.Load() {
		return time.Now(), true
	}
	return time.Now().Add(time.Hour), true
}

// Whoever comes back after the deadline asks nothing of the leg: somebody else may
// have carried the request out by then, and the leg may have moved on.
func TestHangUpAsksNothingAfterTheDeadline(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	d := c.dialer()
	w := watched(t, d)
	w.snapshot()
	leg := c.attach(supervisor1, agent1, monitor)
	w.attached(leg, monitor)
	ctx := &paused{Context: t.Context()}
	c.server.Handle("Status", func(to *amitest.Client, m ami.Message) {
		ctx.since.Store(true)
		c.status(to, m)
	})
	got, err := d.HangUp(ctx, coaching.HangUp{Leg: leg, Targets: []string{agent1}, Type: monitor})
	if got != coaching.Unreachable || !errors.Is(err, ami.ErrTooLate) {
		t.Errorf("got %s, %v, want %s", got, err, coaching.Unreachable)
	}
	c.hangsUp(leg)
	if gone := w.gone(leg); gone.Reason != coaching.EndSupervisorLeft {
		t.Errorf("gone because of %s", gone.Reason)
	}
	c.set(func() {
		if len(c.hungUp) != 0 {
			t.Errorf("Asterisk was asked %q", c.hungUp)
		}
	})
}

// A leg whose target nobody can tell is hung up for those who know none; for others
// it may have moved on.
func TestHangUpOfALegOnSomebody(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		agents  []string // on the phone
		targets []string
		want    coaching.Verdict
	}{
		"the asker knows no target":     {[]string{agent1, agent2}, nil, coaching.Accepted},
		"it may be on another by now":   {[]string{agent1, agent2}, []string{agent1}, coaching.Refused},
		"it cannot be on that any more": {[]string{agent2, "PJSIP/agent3"}, []string{agent1}, coaching.Moved},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCentre(t)
			w.forbidden = []string{"Setvar"}
			var leg string
			w.set(func() {
				for _, agent := range c.agents {
					w.call(agent)
				}
				l := w.pickUp(supervisor1, "", "")
				l.application, l.data = "ChanSpy", "PJSIP/agent,q"
				leg = l.id
			})
			d := w.dialer()
			if legs := watched(t, d).snapshot().Legs; len(legs) != 1 || legs[0].Target != nil {
				t.Fatalf("found %+v, want a leg on somebody", legs)
			}
			housetest.WaitFor(t, "the watch to be under way", func() bool { return d.current() != nil })
			if got, err := d.HangUp(t.Context(), coaching.HangUp{Leg: leg, Targets: c.targets, Type: monitor}); got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
}

func askingFor(id string) func(*coaching.HangUp) {
	return func(ask *coaching.HangUp) { ask.Leg = id }
}

// What ends by our ask is told from what ends at the same time by itself.
func TestHangUpIsNotBlamedForASupervisorWhoLeft(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	d := c.dialer()
	w := watched(t, d)
	w.snapshot()
	leg := c.attach(supervisor1, agent1, monitor)
	w.attached(leg, monitor)
	c.server.Handle("Hangup", func(to *amitest.Client, m ami.Message) {
		to.Success(m, "Message", "Channel Hungup") // and nothing comes of it: testdata/sip-hangup-spyer-no-media.ami
	})
	if got, err := d.HangUp(t.Context(), coaching.HangUp{Leg: leg, Type: monitor}); got != coaching.Accepted {
		t.Fatalf("got %s, %v", got, err)
	}
	c.hangsUp(leg)
	if got := w.gone(leg).Reason; got != coaching.EndSupervisorLeft {
		t.Errorf("got %s, want %s", got, coaching.EndSupervisorLeft)
	}
}

func TestWatchFailures(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		prepare func(c *centre)
		want    error
	}{
		"a list that is refused is no empty snapshot": {
			func(c *centre) {
				c.server.Handle("CoreShowChannels", func(to *amitest.Client, m ami.Message) { to.Error(m, "Permission denied") })
			}, ami.ErrPermission,
		},
		"a list that breaks off is no empty snapshot": {
			func(c *centre) {
				c.server.Handle("CoreShowChannels", func(to *amitest.Client, m ami.Message) {
					to.Success(m, "EventList", "start")
					to.Send(amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", m.ActionID(), "EventList", "Complete", "ListItems", "3"))
				})
			}, ami.ErrIncompleteList,
		},
		"a manager that knows another secret": {
			func(c *centre) {
				c.server.Handle("Login", func(to *amitest.Client, m ami.Message) { to.Error(m, "Authentication failed") })
			}, ami.ErrAuthentication,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newCentre(t)
			c.prepare(world)
			err := world.dialer().Watch(t.Context(), func(s coaching.Sighting) error {
				if _, ok := s.(coaching.Snapshot); ok {
					t.Errorf("reported %#v", s)
				}
				return nil
			})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// An id that could be taken for a name or a pattern is not sent; the leg is not called
// gone, as long as it listens.
func TestHangUpOfAnIDThatIsNotSent(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a/b", "/x/", " sup"} {
		c := newCentre(t)
		d := c.dialer()
		w := watched(t, d)
		w.snapshot()
		c.set(func() {
			on := c.call(agent1)
			l := c.pickUp(supervisor1, id, nobody)
			l.id = id
			c.about("Newchannel", l)
			c.spy(l, on, "")
		})
		next(w, "the session", func(a coaching.Attached) bool { return true })
		got, err := d.HangUp(t.Context(), coaching.HangUp{Leg: id, Targets: []string{agent1}, Type: monitor})
		if got != coaching.Refused || err == nil {
			t.Errorf("%q: got %s, %v", id, got, err)
		}
		if len(c.hungUp) > 0 {
			t.Errorf("%q: asked of %v", id, c.hungUp)
		}
	}
}
