package config

// ImportUsers is the command that takes users in from a file.
type ImportUsers struct {
	Database          Database
	Log               Log
	File              string // "-" is the standard input
	DryRun            bool   // look, and change nothing
	DeactivateMissing bool
}

// ExportUsers is the command that writes the users as ImportUsers reads them.
type ExportUsers struct {
	Database  Database
	Log       Log
	FirstSeen bool // those whom dialers told of and nobody imported, instead
}

// ImportCatalogue is the command that takes names of campaigns, lists and result
// codes in from a file.
type ImportCatalogue struct {
	Database Database
	Log      Log
	File     string // "-" is the standard input
	DryRun   bool   // look, and change nothing
}

// ExportCatalogue is the command that writes the names as ImportCatalogue reads
// them.
type ExportCatalogue struct {
	Database Database
	Log      Log
}

type usersFlags struct {
	Import importUsersFlags `cmd:"" help:"Take users in from a CSV file."`
	Export exportUsersFlags `cmd:"" help:"Write the imported, active users as import reads them."`
}

type catalogFlags struct {
	Import importCatalogueFlags `cmd:"" help:"Take names in from a CSV file."`
	Export exportCatalogueFlags `cmd:"" help:"Write all names as import reads them."`
}

type importUsersFlags struct {
	fileFlags
	DeactivateMissing bool `setting:"-" help:"Users who were imported and are not in the file lose their extensions and become inactive."`
	databaseFlags
	logFlags
}

type exportUsersFlags struct {
	FirstSeen bool `setting:"-" help:"Write those whom dialers told of and nobody imported, instead; external_id is left to fill in."`
	databaseFlags
	logFlags
}

type importCatalogueFlags struct {
	fileFlags
	databaseFlags
	logFlags
}

type exportCatalogueFlags struct {
	databaseFlags
	logFlags
}

type fileFlags struct {
	File   string `arg:"" help:"CSV file in UTF-8; - is the standard input."`
	DryRun bool   `setting:"-" help:"Say what would change, and change nothing."`
}

// Help is the second part of the command's help.
func (importUsersFlags) Help() string {
	return `The first line names the columns: external_id, name, team, dialer, extension. A user with several extensions has a line for each; one without leaves dialer and extension empty. What the file says of a user is all there is: an extension that is not in it is taken away, one that somebody else had moves. History stays with whom it was.

A user whom a dialer told of first is completed when the file names that dialer and extension, and keeps its history. Names of the file win over the dialer's.

All of it happens, or nothing; again, the same file changes nothing.`
}

// Help is the second part of the command's help.
func (importCatalogueFlags) Help() string {
	return `The first line names the columns: kind, dialer, key, name. The kind is campaign, list or result_code, the key what the dialer says; a result code's name is its description (the columns may be called code and description too). Names of the file win over the dialer's.

All of it happens, or nothing; again, the same file changes nothing.`
}

func (f importUsersFlags) check() (ImportUsers, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return ImportUsers{Database: database, Log: log, File: f.File, DryRun: f.DryRun, DeactivateMissing: f.DeactivateMissing}, err
}

func (f exportUsersFlags) check() (ExportUsers, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return ExportUsers{Database: database, Log: log, FirstSeen: f.FirstSeen}, err
}

func (f importCatalogueFlags) check() (ImportCatalogue, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return ImportCatalogue{Database: database, Log: log, File: f.File, DryRun: f.DryRun}, err
}

func (f exportCatalogueFlags) check() (ExportCatalogue, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return ExportCatalogue{Database: database, Log: log}, err
}
