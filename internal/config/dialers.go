package config

// DialersList is the command that lists the dialers that the database knows.
type DialersList struct {
	Database Database
	Log      Log
}

// DialersForget is the command that ends the live sessions of a dialer that nobody
// watches any more.
type DialersForget struct {
	Database Database
	Log      Log
	Name     string
}

type dialersFlags struct {
	List   dialersListFlags   `cmd:"" help:"List all dialers that were ever watched, who watches them, and how many live sessions they have."`
	Forget dialersForgetFlags `cmd:"" help:"End the live sessions of a dialer that nobody watches any more."`
}

type dialersListFlags struct {
	databaseFlags
	logFlags
}

type dialersForgetFlags struct {
	Name string `arg:"" help:"The dialer's name, as dialers list shows it."`
	databaseFlags
	logFlags
}

// Help is the second part of the command's help.
func (dialersForgetFlags) Help() string {
	return `It is for a dialer that was taken out of the configuration, or has another name there now. Its live sessions end when the dialer was last heard, with the reason not_observed, and stay in the history; requests to end them come to nothing. Nothing is asked of the dialer, so nobody who listens there is cut off.

It works beside services, which show it within a second, and is refused while one of them watches the dialer. Where the dialer is configured again, what is alive then begins as new sessions.`
}

func (f dialersListFlags) check() (DialersList, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return DialersList{Database: database, Log: log}, err
}

func (f dialersForgetFlags) check() (DialersForget, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return DialersForget{Database: database, Log: log, Name: f.Name}, err
}
