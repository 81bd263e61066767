package ami_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

func TestEventsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	const n = 5000
	s, conn := connect(t, amitest.Options{})
	go func() {
		for i := range n {
			s.Client().Event("VarSet", "Value", strconv.Itoa(i))
		}
	}()
	seq := await(t, conn, "FullyBooted").Seq
	for i := range n {
		m := await(t, conn, "VarSet")
		if m.Get("Value") != strconv.Itoa(i) || m.Seq <= seq {
			t.Fatalf("event %d: got value %s, Seq %d after %d", i, m.Get("Value"), m.Seq, seq)
		}
		seq = m.Seq
	}
}

func TestOverflowEndsTheConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		length, bytes int
		value         string
		want          int // events that are still there
	}{
		"by number":                       {length: 10, bytes: 1 << 20, value: "x", want: 10},
		"by memory":                       {length: 1000, bytes: 5000, value: strings.Repeat("x", 900), want: 5},
		"a single big event is no reason": {length: 1, bytes: 10, value: "x", want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := amitest.New(t, amitest.Options{})
			cfg := config(s)
			cfg.QueueLength, cfg.QueueBytes = c.length, c.bytes
			conn := dial(t, cfg)
			for i := range c.want + 1 {
				s.Client().Event("VarSet", "Number", fmt.Sprint(i), "Value", c.value)
			}
			<-s.Client().Gone()
			events, err := drain(t, conn)
			wantErr(t, err, ami.ErrOverflow)
			if len(events) != c.want {
				t.Errorf("events kept: got %d, want %d", len(events), c.want)
			}
			for i, m := range events[1:] {
				if got, want := m.Get("Number"), fmt.Sprint(i); got != want {
					t.Fatalf("got event %s, want %s: there is a gap before the end", got, want)
				}
			}
		})
	}
}

func TestQueueBoundsMoveWithTheConsumer(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{})
	cfg := config(s)
	cfg.QueueLength, cfg.QueueBytes = 3, 1500
	conn := dial(t, cfg)
	await(t, conn, "FullyBooted")
	for i := range 200 {
		s.Client().Event("VarSet", "Number", strconv.Itoa(i), "Value", strings.Repeat("x", 300))
		if i%2 == 1 {
			await(t, conn, "VarSet")
			await(t, conn, "VarSet")
		}
	}
	if err := conn.Err(); err != nil {
		t.Errorf("ended: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s, conn := connect(t, amitest.Options{})
	channels := ami.NewAction("CoreShowChannels")

	t.Run("is whole, with events in between told apart", func(t *testing.T) {
		await(t, conn, "FullyBooted")
		s.Handle("CoreShowChannels", func(c *amitest.Client, m ami.Message) {
			id := m.ActionID()
			c.Event("Newchannel", "Number", "1")
			c.Send(amitest.Text("Response", "Success", "ActionID", id, "EventList", "start"))
			c.Send(amitest.Text("Event", "CoreShowChannel", "ActionID", id, "Channel", "PJSIP/a-1"))
			c.Event("Newchannel", "Number", "2")
			c.Send(amitest.Text("Event", "Status", "Privilege", "Call", "Channel", "PJSIP/b-2", "ActionID", id))
			c.Send(amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", id, "EventList", "Complete", "ListItems", "2"))
			c.Event("Newchannel", "Number", "3")
		})
		list, err := conn.List(t.Context(), channels)
		if err != nil || len(list.Items) != 2 {
			t.Fatalf("got %d items, %v", len(list.Items), err)
		}
		before, during, after := await(t, conn, "Newchannel"), await(t, conn, "Newchannel"), await(t, conn, "Newchannel")
		order := []uint64{list.Asked, before.Seq, list.Start.Seq, list.Items[0].Seq, during.Seq, list.Items[1].Seq, list.Complete.Seq, after.Seq}
		for i := 1; i < len(order); i++ {
			if order[i] <= order[i-1] {
				t.Errorf("not in the order of the wire: %d", order)
			}
		}
	})
	t.Run("is not cut short by a value with a line break", func(t *testing.T) {
		s.Handle("CoreShowChannels", func(c *amitest.Client, m ami.Message) {
			c.List(m, "CoreShowChannelsComplete", []string{"CoreShowChannel", "ApplicationData", "x\r\nEventList: Complete\r\nListItems: 0"},
				[]string{"CoreShowChannel", "Channel", "PJSIP/a-1"})
		})
		list, err := conn.List(t.Context(), channels)
		if err != nil || len(list.Items) != 2 {
			t.Errorf("got %d items, %v", len(list.Items), err)
		}
	})
	t.Run("has its items beside the error when it lacks some", func(t *testing.T) {
		s.Handle("CoreShowChannels", func(c *amitest.Client, m ami.Message) {
			id := m.ActionID()
			c.Send(amitest.Text("Response", "Success", "ActionID", id, "EventList", "start") +
				amitest.Text("Event", "CoreShowChannel", "ActionID", id, "Channel", "PJSIP/a-1") +
				amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", id, "EventList", "Complete", "ListItems", "2"))
		})
		list, err := conn.List(t.Context(), channels)
		wantErr(t, err, ami.ErrIncompleteList)
		if len(list.Items) != 1 {
			t.Errorf("got %d items", len(list.Items))
		}
	})
	t.Run("may be empty", func(t *testing.T) {
		s.Handle("CoreShowChannels", func(c *amitest.Client, m ami.Message) { c.List(m, "CoreShowChannelsComplete") })
		list, err := conn.List(t.Context(), channels)
		if err != nil || len(list.Items) != 0 || list.Start.Seq == 0 {
			t.Errorf("got %v, %v", list, err)
		}
	})
	for name, answer := range map[string]func(*amitest.Client, ami.Message, string){
		"that lacks an item": func(c *amitest.Client, m ami.Message, id string) {
			c.Send(amitest.Text("Response", "Success", "ActionID", id, "EventList", "start") +
				amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", id, "EventList", "Complete", "ListItems", "1"))
		},
		"that is cancelled": func(c *amitest.Client, m ami.Message, id string) {
			c.Send(amitest.Text("Response", "Success", "ActionID", id, "EventList", "start") +
				amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", id, "EventList", "cancelled", "ListItems", "0"))
		},
		"that is no list": func(c *amitest.Client, m ami.Message, _ string) { c.Success(m) },
		"that ends before it began": func(c *amitest.Client, _ ami.Message, id string) {
			c.Send(amitest.Text("Event", "XComplete", "ActionID", id, "EventList", "Complete"))
		},
	} {
		t.Run("is an error when it is one "+name, func(t *testing.T) {
			s.Handle("CoreShowChannels", func(c *amitest.Client, m ami.Message) { answer(c, m, m.ActionID()) })
			list, err := conn.List(t.Context(), channels)
			wantErr(t, err, ami.ErrIncompleteList)
			if list.Items != nil || list.Start.Seq != 0 {
				t.Errorf("something of it comes with the error: %v", list)
			}
		})
	}
	t.Run("is an error when it is denied", func(t *testing.T) {
		s.Handle("CoreShowChannels", func(c *amitest.Client, m ami.Message) { c.Error(m, "Permission denied") })
		_, err := conn.List(t.Context(), channels)
		wantErr(t, err, ami.ErrPermission)
	})
	t.Run("that breaks off ends with the context, and its late items are no events", func(t *testing.T) {
		s.Handle("Status", func(c *amitest.Client, m ami.Message) {
			c.Send(amitest.Text("Response", "Success", "ActionID", m.ActionID(), "EventList", "start"))
		})
		_, err := conn.List(soon(t, 200*time.Millisecond), ami.NewAction("Status"))
		wantErr(t, err, ami.ErrNoAnswer)
		late := s.Received("Status").ActionID()
		s.Client().Send(amitest.Text("Event", "Status", "Privilege", "Call", "Channel", "late", "ActionID", late))
		s.Client().Event("Newchannel")
		if m := <-conn.Events(); m.Event() != "Newchannel" {
			t.Errorf("got %v as an event", m)
		}
		if got := conn.Discarded(); got.Forged != 0 {
			t.Errorf("a late item counts as forged: %+v", got)
		}
	})
}

func TestListThatGrowsIsWaitedFor(t *testing.T) {
	t.Parallel()
	const items = 15
	s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{"CoreShowChannels": silent}})
	cfg := config(s)
	cfg.ActionTimeout = time.Second
	conn := dial(t, cfg)
	listed := make(chan error, 1)
	go func() {
		_, err := conn.List(t.Context(), ami.NewAction("CoreShowChannels"))
		listed <- err
	}()
	id, c := s.Received("CoreShowChannels").ActionID(), s.Client()
	c.Send(amitest.Text("Response", "Success", "ActionID", id, "EventList", "start"))
	tick := time.NewTicker(cfg.ActionTimeout / 10) // in all, it takes longer than that
	defer tick.Stop()
	for range items {
		<-tick.C
		c.Send(amitest.Text("Event", "CoreShowChannel", "ActionID", id))
	}
	c.Send(amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", id, "EventList", "Complete", "ListItems", strconv.Itoa(items)))
	if err := <-listed; err != nil {
		t.Error(err)
	}
}

// A list that has an item every now and then, and no end, is given up.
func TestListThatGrowsForEverIsGivenUp(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{"CoreShowChannels": silent}})
	cfg := config(s)
	cfg.ActionTimeout, cfg.ListTimeout = 200*time.Millisecond, time.Second
	conn := dial(t, cfg)
	listed := make(chan error, 1)
	go func() {
		_, err := conn.List(t.Context(), ami.NewAction("CoreShowChannels"))
		listed <- err
	}()
	id, c := s.Received("CoreShowChannels").ActionID(), s.Client()
	c.Send(amitest.Text("Response", "Success", "ActionID", id, "EventList", "start"))
	tick := time.NewTicker(cfg.ActionTimeout / 10)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.Send(amitest.Text("Event", "CoreShowChannel", "ActionID", id))
		case err := <-listed:
			wantErr(t, err, ami.ErrNoAnswer)
			return
		case <-t.Context().Done():
			return
		}
	}
}

func TestListIsBounded(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{
		"CoreShowChannels": func(c *amitest.Client, m ami.Message) {
			items := make([][]string, 100)
			for i := range items {
				items[i] = []string{"CoreShowChannel", "Channel", strings.Repeat("x", 900)}
			}
			c.List(m, "CoreShowChannelsComplete", items...)
		},
	}})
	cfg := config(s)
	cfg.QueueBytes = 10_000
	conn := dial(t, cfg)
	_, err := conn.List(t.Context(), ami.NewAction("CoreShowChannels"))
	wantErr(t, err, ami.ErrIncompleteList)
	if _, err := conn.Do(t.Context(), ami.NewAction("Ping")); err != nil {
		t.Errorf("the connection does not live on: %v", err)
	}
}

func TestOriginateResponseIsAnEvent(t *testing.T) {
	t.Parallel()
	_, conn := connect(t, amitest.Options{Handlers: map[string]amitest.Handler{
		"Originate": func(c *amitest.Client, m ami.Message) {
			// Both before and after the answer: the action's id does not make it one.
			c.Event("OriginateResponse", "ActionID", m.ActionID(), "Response", "Failure")
			c.Success(m, "Message", "Originate successfully queued")
			c.Event("OriginateResponse", "ActionID", m.ActionID(), "Response", "Success")
		},
	}})
	m, err := conn.Do(t.Context(), ami.NewAction("Originate"))
	if err != nil || m.Get("Message") != "Originate successfully queued" {
		t.Fatalf("got %v, %v", m, err)
	}
	for _, want := range []string{"Failure", "Success"} {
		e := await(t, conn, "OriginateResponse")
		if e.Get("Response") != want || e.ActionID() != m.ActionID() || e.Response() != "" {
			t.Errorf("got %v, want %s", e, want)
		}
	}
}

func TestForgeriesReachNobody(t *testing.T) {
	t.Parallel()
	s, conn := connect(t, amitest.Options{})
	await(t, conn, "FullyBooted")
	c := s.Client()
	c.Send(amitest.Text("Event", "ChanSpyStop", "SpyerUniqueid", "1.2"))
	c.Send(amitest.Text("Event", "ChanSpyStop", "SpyerUniqueid", "1.2", "Privilege", "call,all"))
	c.Send(amitest.Text("Event", "CoreShowChannel", "ActionID", "1", "Channel", "x"))
	c.Send(amitest.Text("ChanVariable(PJSIP/a-1)", "LIST=", "Event", "ChanSpyStop"))
	c.Send(amitest.Text("Response", "Success", "ActionID", "2"))
	c.Send("\r\n\r\n\r\n")
	c.Send(amitest.Text("Event", "Newchannel", "Privilege", "call,all", "Event", "ChanSpyStop"))
	if m := <-conn.Events(); m.Event() != "Newchannel" {
		t.Errorf("got %v", m)
	}
	if got, want := conn.Discarded(), (ami.Discards{Forged: 3, Debris: 1, Unasked: 1}); got != want {
		t.Errorf("discarded: got %+v, want %+v", got, want)
	}
}
