package config

// AuditVerify is the command that looks whether the audit is as it was written.
type AuditVerify struct {
	Database Database
	Log      Log
	Expect   string // a head that was noted elsewhere, NUMBER:HASH; "" for none
}

type auditFlags struct {
	Verify auditVerifyFlags `cmd:"" help:"Look whether an entry of the audit was changed, taken out or put in."`
}

type auditVerifyFlags struct {
	Expect given `setting:"-" help:"Head that was noted elsewhere, as this command prints it and the service logs it." placeholder:"NUMBER:HASH"`
	databaseFlags
	logFlags
}

// Help is the second part of the command's help.
func (auditVerifyFlags) Help() string {
	return `It computes every entry's hash anew, needs no secret, and changes nothing. It prints where the audit ends, as NUMBER:HASH, and ends with exit code 1 at the first entry that is not as it was written. Whoever can write to the database can write the whole audit anew: only a head that was noted elsewhere shows that.`
}

func (f auditVerifyFlags) check() (AuditVerify, error) {
	database, log, err := checkBoth(f.databaseFlags, f.logFlags)
	return AuditVerify{Database: database, Log: log, Expect: f.Expect.text}, err
}
