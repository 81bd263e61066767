package sheet

import "strings"

// formulas is how cells begin that a spreadsheet runs.
const formulas = "=+-@＝＋－＠"

// tamed writes a cell so that no spreadsheet runs it: with an apostrophe before it,
// which spreadsheets do not show. revived takes it away again, from such cells only.
func tamed(cell string) string {
	if begins(cell, formulas) || begins(cell, "'") && begins(cell[1:], "'"+formulas) {
		return "'" + cell
	}
	return cell
}

func revived(cell string) string {
	if begins(cell, "'") && begins(cell[1:], "'"+formulas) {
		return cell[1:]
	}
	return cell
}

func begins(text, with string) bool {
	for _, r := range text {
		return strings.ContainsRune(with, r)
	}
	return false
}
