package sheet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/sheet"
)

const header = "external_id,name,team,dialer,extension\n"

func user(id, name, team string, extensions ...string) coaching.ImportedUser {
	u := coaching.ImportedUser{ExternalID: id, Name: name, Team: team}
	for _, e := range extensions {
		u.Extensions = append(u.Extensions, coaching.Extension{Dialer: "pbx1", Extension: e})
	}
	return u
}

func TestReadUsers(t *testing.T) {
	t.Parallel()
	maria := user("e1", "Maria", "Sales", "201")
	for name, c := range map[string]struct {
		text string
		want []coaching.ImportedUser
	}{
		"a line a user":           {header + "e1,Maria,Sales,pbx1,201\n", []coaching.ImportedUser{maria}},
		"a user of several lines": {header + "e1,Maria,Sales,pbx1,201\ne2,Tom,,,\ne1,Maria,Sales,pbx1,202\n", []coaching.ImportedUser{user("e1", "Maria", "Sales", "201", "202"), user("e2", "Tom", "")}},
		"no last line break":      {header + "e1,Maria,Sales,pbx1,201", []coaching.ImportedUser{maria}},
		"a BOM and CRLF":          {"\ufeff" + strings.ReplaceAll(header+"e1,Maria,Sales,pbx1,201\n", "\n", "\r\n"), []coaching.ImportedUser{maria}},
		"semicolons":              {strings.ReplaceAll(header+"e1,Maria,Sales,pbx1,201\n", ",", ";"), []coaching.ImportedUser{maria}},
		"tabs":                    {strings.ReplaceAll(header+"e1,Maria,Sales,pbx1,201\n", ",", "\t"), []coaching.ImportedUser{maria}},
		"columns in any order":    {"Team, EXTENSION,name,dialer,external_id\nSales,201,Maria,pbx1,e1\n", []coaching.ImportedUser{maria}},
		"space around and quotes": {header + `" e1 ",Maria , Sales,"pbx1",201` + "\n\n", []coaching.ImportedUser{maria}},
		"a comma and a quote":     {header + `e1,"Keller, ""Mia""",,,` + "\n", []coaching.ImportedUser{user("e1", `Keller, "Mia"`, "")}},
		"a tamed formula":         {header + `'=e1,'+Maria,'s,,` + "\n", []coaching.ImportedUser{user("=e1", "+Maria", "'s")}},
		"nobody":                  {header, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sheet.ReadUsers(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Users); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMistakesAreToldByLineAndColumn(t *testing.T) {
	t.Parallel()
	const e1 = "e1,Maria,Sales,pbx1,201\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":               {"", "the file is empty; its first line names the columns: external_id,name,team,dialer,extension"},
		"an unknown column":     {"external_id,name,team,dialer,extension,phone\n", `line 1, column 6: "phone" is no column; there are external_id, name, team, dialer, extension`},
		"a column twice":        {"external_id,name,team,dialer,extension,name\n", "line 1, column 6: name is there twice"},
		"a column missing":      {"external_id,name,dialer,extension\n", "line 1: the column team is missing; the first line names the columns: external_id,name,team,dialer,extension"},
		"no first line":         {e1, `line 1, column 1: "e1" is no column`},
		"too few cells":         {header + "e1,Maria\n", "line 2: has 2 cells, and the first line has 5"},
		"another name":          {header + e1 + "e1,Marie,Sales,pbx1,202\n", "line 3, column name: differs from that of line 2, which has the same external_id"},
		"another team":          {header + e1 + "e1,Maria,,pbx1,202\n", "line 3, column team: differs from that of line 2, which has the same external_id"},
		"a user twice":          {header + "e1,Maria,Sales,,\n" + e1, "line 3, column external_id: is that of line 2 already; several lines of a user have an extension each"},
		"a line twice":          {header + e1 + e1, "line 3, column extension: is this user's already, by line 2"},
		"an extension of two":   {header + e1 + "e2,Tom,Sales,pbx1,201\n", "line 3, column extension: is another user's, by line 2"},
		"no id and no name":     {header + ",,Sales,pbx1,201\n", "line 2, column external_id: is empty; line 2, column name: is empty"},
		"no dialer":             {header + "e1,Maria,Sales,,201\n", "line 2, column dialer: is empty, and there is an extension"},
		"no extension":          {header + "e1,Maria,Sales,pbx1,\n", "line 2, column extension: is empty, and there is a dialer"},
		"a dialer's name":       {header + "e1,Maria,Sales,PBX 1,201\n", "line 2, column dialer: is no name of a dialer: up to 32 of a-z, 0-9 and -"},
		"no UTF-8":              {header + e1 + "e2,M\xfcller,Sales,pbx1,202\n", "line 3, column name: is not valid UTF-8; save the file as UTF-8"},
		"a line break":          {header + "e1,\"Maria\nKeller\",Sales,pbx1,201\ne2,,,,\n", "line 2, column name: has a line break in it; line 4, column name: is empty"},
		"a control character":   {header + "e1,Maria\x1b[31m,Sales,pbx1,201\n", "line 2, column name: has a control character in it"},
		"a huge cell":           {header + "e1," + strings.Repeat("M", 201) + ",Sales,pbx1,201\n", "line 2, column name: is longer than 200 bytes"},
		"a huge line":           {header + e1 + strings.Repeat("M", 100_000) + "\n", "after line 2: a line is longer than 65536 bytes; is a quote not closed?"},
		"a quote not closed":    {header + e1 + "e2,\"Tom,Sales,pbx1,202\n" + strings.Repeat("e3,Ana,Sales,,\n", 10_000), "after line 2: a line is longer than 65536 bytes; is a quote not closed?"},
		"a quote in a cell":     {header + "e1,Ma\"ria,Sales,pbx1,201\n", "line 2, byte 6: a cell with a quote has to be quoted, and the quote in it written twice"},
		"a quote too early":     {header + "e1,\"Ma\"ria,Sales,pbx1,201\n", "line 2, byte 7: a quoted cell ends with one quote and a separator; a quote within it is written twice. Is the quote that began at line 2 closed?"},
		"mistakes and the end":  {header + "e1,,,,\ne2,Ma\"ria,,,\n", "line 2, column name: is empty; line 3, byte 6: a cell with a quote has to be quoted, and the quote in it written twice"},
		"a spreadsheet":         {"PK\x03\x04...", "this is a spreadsheet, or another archive; save it as CSV in UTF-8"},
		"compressed":            {"\x1f\x8b\x08\x00", "this is compressed; unpack it first"},
		"UTF-16":                {"\xff\xfee\x00x\x00", "this is UTF-16; save it as CSV in UTF-8"},
		"no text":               {"\x7fELF\x00\x00", "this is no text; save it as CSV in UTF-8"},
		"a zero byte later":     {header + strings.Repeat("e,M,,,\n", 1000) + "e1,M\x00,,,\n", "line 3, column external_id: is that of line 2"},
		"too many of one":       {header + lines(51, func(i int) string { return fmt.Sprintf("e1,Maria,Sales,pbx1,%d\n", i) }), "line 52, column extension: is one too many: a user has 50 at most"},
		"more than can be told": {header + strings.Repeat("e,,,,\n", 25), "; line 21, column name: is empty; and 5 more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sheet.ReadUsers(strings.NewReader(c.text))
			if err == nil {
				t.Fatalf("got %+v", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %v", err, c.want)
			}
		})
	}
}

func lines(n int, line func(int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

func TestReadCatalogue(t *testing.T) {
	t.Parallel()
	want := []coaching.ImportedEntry{
		{Kind: coaching.KindCampaign, Dialer: "pbx1", Key: "7", Name: "Spring"},
		{Kind: coaching.KindResultCode, Dialer: "pbx1", Key: "NI", Name: "Not interested"},
	}
	for _, names := range []string{"kind,dialer,key,name\n", "kind,dialer,code,description\n"} {
		got, err := sheet.ReadCatalogue(strings.NewReader(names + "campaign,pbx1,7,Spring\nresult_code,pbx1,NI,Not interested\n"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Entries); diff != "" {
			t.Error(diff)
		}
	}
	for text, want := range map[string]string{
		"queue,pbx1,7,Spring":    "line 2, column kind: is none of campaign, list and result_code",
		"list,,7,Spring":         "line 2, column dialer: is no name of a dialer",
		"list,pbx1,,Spring":      "line 2, column key: is empty",
		"list,pbx1,7,":           "line 2, column name: is empty",
		"list,a,7,A\nlist,a,7,B": "line 3, column key: is named by line 2 already",
	} {
		if _, err := sheet.ReadCatalogue(strings.NewReader("kind,dialer,key,name\n" + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := sheet.ReadCatalogue(strings.NewReader("kind,dialer,key,code,name\n")); err == nil || !strings.Contains(err.Error(), "column 4: key is there twice") {
		t.Errorf("got %v", err)
	}
}

// What is written is read again as it was, whatever it is, and no cell of it begins
// as a formula.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	text := rapid.Custom(func(r *rapid.T) string {
		s := rapid.SampledFrom([]string{"", "=", "+", "-", "@", "'", "''", "'=", "\"", "＝", ",", ";", ";=", "|'+", ",''@"}).Draw(r, "begin") +
			rapid.StringMatching(`[a-zA-Zé"';,=|]{1,8}`).Draw(r, "text")
		return strings.TrimSpace(s)
	})
	rapid.Check(t, func(r *rapid.T) {
		var users []*coaching.User
		var want []coaching.ImportedUser
		for i := range rapid.IntRange(0, 5).Draw(r, "users") {
			in := coaching.ImportedUser{ExternalID: fmt.Sprint("e", i), Name: text.Draw(r, "name"), Team: text.Draw(r, "team")}
			for n := range rapid.IntRange(0, 3).Draw(r, "extensions") {
				in.Extensions = append(in.Extensions, coaching.Extension{Dialer: "pbx1", Extension: fmt.Sprint(text.Draw(r, "extension"), i, n)})
			}
			want = append(want, in)
			users = append(users, &coaching.User{ID: coachingtest.ID(uint64(i)), ExternalID: in.ExternalID, Name: in.Name, Team: in.Team, Extensions: in.Extensions})
		}
		var file bytes.Buffer
		if err := sheet.WriteUsers(&file, users); err != nil {
			r.Fatal(err)
		}
		// However a spreadsheet splits lines into cells.
		for _, cell := range strings.FieldsFunc(file.String(), func(c rune) bool { return strings.ContainsRune(",;|\t\n", c) }) {
			if strings.ContainsAny(cell[:1], "=+-@") {
				r.Fatalf("the cell %s is a formula", cell)
			}
		}
		got, err := sheet.ReadUsers(&file)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Users, cmpopts.EquateEmpty()); diff != "" {
			r.Fatal(diff)
		}
	})
}

// endless is a file without an end.
type endless struct{ text string }

func (e endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat(e.text, 1+len(p)/len(e.text))), nil
}

func TestAFileWithoutAnEndIsNotRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "\"", "\"\n"} {
		if _, err := sheet.ReadUsers(io.MultiReader(strings.NewReader(header), endless{text})); err == nil {
			t.Errorf("%q without an end was read", text)
		}
	}
}

func FuzzReadUsers(f *testing.F) {
	for _, seed := range []string{header + "e1,Maria,Sales,pbx1,201\n", "\ufeff" + header, "external_id;name;team;dialer;extension\r\n'=1;\"a\"\"b\";;;\r\n", "\"", "a,b\n\"\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := sheet.ReadUsers(bytes.NewReader(raw))
		var mistakes *sheet.Mistakes
		if errors.As(err, &mistakes) && (len(mistakes.First) == 0 || len(mistakes.First) > 21) {
			t.Errorf("%d mistakes are told", len(mistakes.First))
		}
		if err != nil {
			return
		}
		users := make([]*coaching.User, len(read.Users))
		for i, u := range read.Users {
			users[i] = &coaching.User{ExternalID: u.ExternalID, Name: u.Name, Team: u.Team, Extensions: u.Extensions}
		}
		var file bytes.Buffer
		if err := sheet.WriteUsers(&file, users); err != nil {
			t.Fatal(err)
		}
		again, err := sheet.ReadUsers(&file)
		byID := cmpopts.SortSlices(func(a, b coaching.ImportedUser) bool { return a.ExternalID < b.ExternalID })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(read.Users, again.Users, byID, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}
