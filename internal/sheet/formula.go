package sheet

import "regexp"

// Cells that a spreadsheet would run begin with one of these characters. It may
// also split a cell, where it takes another character than the comma for what
// separates cells, and run what comes after that.
var (
	running = regexp.MustCompile(`(^|[,;|\t])('*[=+\-@＝＋－＠])`)
	stopped = regexp.MustCompile(`(^|[,;|\t])'('*[=+\-@＝＋－＠])`)
)

// tamed writes a cell so that no spreadsheet runs any of it: with an apostrophe,
// which spreadsheets do not show. revived takes it away again.
func tamed(cell string) string { return running.ReplaceAllString(cell, "$1'$2") }

func revived(cell string) string { return stopped.ReplaceAllString(cell, "$1$2") }
