package postgrestest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestADiskThatIsFullAndHasRoomAgain(t *testing.T) {
	t.Parallel()
	s := postgrestest.FrailServer(t)
	conn := connect(t, s.URL("postgres"))
	defer func() { _ = conn.Close(t.Context()) }()
	exec1(t, s.URL("postgres"), "create table kept as select 'yes' as answer")
	insert := func() error {
		_, err := conn.Exec(t.Context(), "insert into kept select repeat('long ', 200)")
		return err
	}
	s.FillDisk()
	var err error
	for n := 0; n < 100 && err == nil; n++ { // there may be room in the page
		err = insert()
	}
	var said *pgconn.PgError
	if !errors.As(err, &said) || said.Code != "53100" {
		t.Errorf("full: got %v, want 53100", err)
	}
	if got := text(t, s.URL("postgres"), "select answer from kept limit 1"); got != "yes" {
		t.Errorf("reading: got %q, want %q", got, "yes")
	}
	s.MakeRoom()
	if err := insert(); err != nil {
		t.Errorf("with room again, on the same connection: %v", err)
	}
}

func TestALogWithoutRoomCrashesTheServerAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := postgrestest.FrailServer(t)
	url := s.URL("postgres")
	exec1(t, url, "create table kept as select 0 as n")
	conn := connect(t, url)
	defer func() { _ = conn.Close(t.Context()) }()
	for range 100 {
		if _, err := conn.Exec(t.Context(), "update kept set n = n + 1"); err != nil {
			t.Fatal(err)
		}
	}
	s.FillLog()
	housetest.WaitFor(t, "an open connection to be cut", func() bool { return conn.Ping(t.Context()) != nil })
	s.MakeRoom()
	if got := text(t, url, "select n::text from kept"); got != "100" {
		t.Errorf("got %s, want 100", got)
	}
	exec1(t, url, "create table more as select repeat('x', 1000000)")
}

func TestMakingRoomStartsNoServerThatTheTestStopped(t *testing.T) {
	t.Parallel()
	s := postgrestest.FrailServer(t)
	s.FillDisk()
	s.Stop()
	s.MakeRoom()
	if _, err := pgx.Connect(t.Context(), s.URL("postgres")); err == nil {
		t.Error("it answers")
	}
	s.Start()
}

func TestAClockThatIsWrongAndSteps(t *testing.T) {
	t.Parallel()
	s := postgrestest.FrailServer(t)
	open := connect(t, s.URL("postgres"))
	defer func() { _ = open.Close(t.Context()) }()
	for _, ahead := range []time.Duration{5 * time.Minute, -5*time.Minute - time.Millisecond, -30 * 24 * time.Hour, 1500 * time.Millisecond, 0} {
		s.SetClock(ahead)
		for _, now := range []string{"clock_timestamp()", "timeofday()::timestamptz", "(select checkpoint_time from pg_control_checkpoint())"} {
			before := time.Now().Add(-time.Second) // as exact as the last of them
			exec1(t, s.URL("postgres"), "checkpoint")
			var got time.Time
			if err := open.QueryRow(t.Context(), "select "+now).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if right := got.Add(-ahead); right.Before(before) || right.After(time.Now()) {
				t.Errorf("%s with the clock %v ahead is %v ahead", now, ahead, time.Until(got))
			}
		}
	}
}
