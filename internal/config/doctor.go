package config

// Doctor is the command that looks whether everything that serve needs is there.
type Doctor struct {
	Database Database
	Dialers  []Dialer // at least one; names are unique
	OIDC     *OIDC    // nil: no identity provider
}

type doctorFlags struct {
	Dialer list `name:"dialer" setting:"dialers" help:"Dialer to look at, under a name of yours; may repeat, at least one. See serve --help." placeholder:"NAME=URL"`
	databaseFlags
	oidcFlags
}

func (f doctorFlags) check(from *sources) (Doctor, error) {
	dialers, err := from.dialers(f.Dialer)
	if err != nil {
		return Doctor{}, err
	}
	database, err := f.databaseFlags.check()
	if err != nil {
		return Doctor{}, err
	}
	provider, err := f.oidcFlags.check()
	return Doctor{Database: database, Dialers: dialers, OIDC: provider}, err
}
