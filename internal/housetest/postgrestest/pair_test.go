package postgrestest_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestAPairFailsOver(t *testing.T) {
	t.Parallel()
	pair := postgrestest.Pair(t)
	url := pair.URL("postgres")
	exec1(t, url, "create table kept as select 'by both' as by")
	pair.CatchUp()
	if got := text(t, pair.Standby.URL("postgres"), "select by from kept"); got != "by both" {
		t.Errorf("on the standby: got %q", got)
	}
	conn := connect(t, pair.Standby.URL("postgres"))
	if _, err := conn.Exec(t.Context(), "delete from kept"); err == nil || !strings.Contains(err.Error(), "25006") {
		t.Errorf("writing to the standby: got %v, want 25006", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	pair.FallBehind()
	exec1(t, url, "update kept set by = 'the primary only'")
	pair.Primary.Kill()
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("with the primary dead and a standby that may not be written somebody answers")
	}
	pair.Promote()
	if got := text(t, url, "select by from kept"); got != "by both" {
		t.Errorf("after the failover: got %q, want what the standby had got", got)
	}
	exec1(t, url, "update kept set by = 'the standby'")

	pair.Primary.Start() // the old one again: nobody has told it
	if got := text(t, pair.Primary.URL("postgres"), "select by from kept"); got != "the primary only" {
		t.Errorf("on the old primary: got %q, want what it had committed", got)
	}
}

func TestAKilledServerKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	s := postgrestest.Server(t)
	url := s.URL("postgres")
	exec1(t, url, "create table kept (n int)")
	open := connect(t, url)
	for n := range 100 {
		if _, err := open.Exec(t.Context(), "insert into kept values ($1)", n); err != nil {
			t.Fatal(err)
		}
	}
	s.Kill()
	if err := open.Ping(t.Context()); err == nil {
		t.Error("an open connection outlived the server")
	}
	s.Start()
	if got := text(t, url, "select count(*)::text from kept"); got != "100" {
		t.Errorf("got %s rows, want 100", got)
	}
}
