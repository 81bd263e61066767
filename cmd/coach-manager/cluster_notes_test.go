package main

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// noted has the database itself note who keeps reports of the dialer, begins and
// ends sessions, and does not hold the dialer's lease. A member is known by its
// connections' application_name. Whoever writes has locked the lease's row, so
// that what is read of it here is how it is.
const noted = `
CREATE TABLE notes (
    at timestamptz NOT NULL DEFAULT clock_timestamp(), wrote text NOT NULL, held text NOT NULL, what text NOT NULL
);
CREATE FUNCTION note(what text, dialer_name text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO notes (wrote, held, what)
    SELECT current_setting('application_name'), coalesce(max(process), ''), what FROM leases WHERE dialer = dialer_name
    HAVING coalesce(max(process), '') <> current_setting('application_name')
$$;
CREATE FUNCTION note_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note('began ' || NEW.leg, NEW.dialer);
    ELSIF (OLD.sighted_connection, OLD.sighted_seq, OLD.ended_at) IS DISTINCT FROM (NEW.sighted_connection, NEW.sighted_seq, NEW.ended_at) THEN
        PERFORM note('kept a report of ' || NEW.leg, NEW.dialer);
    ELSIF OLD.state = 'disconnecting' AND NEW.state = 'active' THEN
        PERFORM note('gave up on ' || NEW.leg, NEW.dialer);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION note_session();
CREATE FUNCTION note_dialer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.connection, OLD.connected, OLD.last_reconciled_at) IS DISTINCT FROM (NEW.connection, NEW.connected, NEW.last_reconciled_at) THEN
        PERFORM note('changed the dialer', NEW.name);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER UPDATE ON dialers FOR EACH ROW EXECUTE FUNCTION note_dialer();
`

// rowsOf reads rows from the cluster's database: fields in the order of columns.
func rowsOf[T any](c *cluster, scan pgx.RowToFunc[T], sql string, args ...any) []T {
	c.t.Helper()
	var all []T
	c.inDatabase(func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scan)
		return err
	})
	return all
}

// valueOf reads one value from the cluster's database.
func valueOf[T any](c *cluster, sql string, args ...any) T {
	c.t.Helper()
	all := rowsOf(c, pgx.RowTo[T], sql, args...)
	if len(all) != 1 {
		c.t.Fatalf("%s: %d rows", sql, len(all))
	}
	return all[0]
}

// inDatabase does something on a connection of its own.
func (c *cluster) inDatabase(do func(context.Context, *pgx.Conn) error) {
	c.t.Helper()
	ctx := c.t.Context()
	conn, err := pgx.Connect(ctx, c.database)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := do(ctx, conn); err != nil {
		c.t.Fatal(err)
	}
}

// takeNotes begins the database's own notes.
func (c *cluster) takeNotes() {
	c.t.Helper()
	c.inDatabase(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, noted)
		return err
	})
}

// wantCleanNotes wants nobody to have written without the lease, and the notes to
// be ones that would have noticed.
func (c *cluster) wantCleanNotes() {
	c.t.Helper()
	for _, line := range rowsOf(c, pgx.RowTo[string],
		"SELECT format('%s %s, while the lease was that of %s, at %s', wrote, what, held, at) FROM notes ORDER BY at") {
		c.t.Errorf("%s", line)
	}
	c.inDatabase(func(ctx context.Context, conn *pgx.Conn) error {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		if _, err := tx.Exec(ctx, "UPDATE dialers SET connection = connection + 1; UPDATE sessions SET sighted_seq = sighted_seq - 1"); err != nil {
			return err
		}
		var noticed int
		if err := tx.QueryRow(ctx, "SELECT count(DISTINCT what) FROM notes").Scan(&noticed); err != nil {
			return err
		}
		if noticed < 2 {
			c.t.Error("the database notices nothing")
		}
		return nil
	})
}
