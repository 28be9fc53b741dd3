// Package cells writes CSV that no spreadsheet takes for formulas. It is pure.
package cells

import (
	"regexp"
	"strings"
)

// Line is one record: every cell is quoted, quotes are doubled, the line ends in CRLF (RFC 4180, section 2).
func Line(cells []string) string {
	quoted := make([]string, len(cells))
	for i, cell := range cells {
		quoted[i] = `"` + strings.ReplaceAll(plain(cell), `"`, `""`) + `"`
	}
	return strings.Join(quoted, ",") + "\r\n"
}

// formula is where a spreadsheet would begin one: at the begin of a cell, and after what another locale takes for the
// end of a cell (OWASP, CSV Injection), behind whatever is not seen. The wide and small forms of = + - @ count as well, and
// the minus sign.
var formula = regexp.MustCompile(`(^|[;|\t\r\n])([\s\v\x{85}\pZ\p{Cf}]*)([=+\-@＝＋－＠﹦﹢﹣﹫−])`)

// plain is a cell that no spreadsheet takes for a formula: an apostrophe stands before what would begin one. The exact
// text is in the JSON form.
func plain(cell string) string {
	if strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") || strings.HasPrefix(cell, "\n") {
		cell = "'" + cell
	}
	return strings.ReplaceAll(formula.ReplaceAllString(cell, "$1$2'$3"), "\x00", "\uFFFD")
}
