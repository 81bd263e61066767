package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// mostLines is how many lines a file may have: what is read is held in memory.
	mostLines = 2_000_000
	// mostRecord is how many bytes one line may have, with its quotes.
	mostRecord = 64 << 10
	// mostCell is how many bytes a cell may have, as with dialers' texts.
	mostCell = 200
)

// table reads the lines of a file whose first line names its columns.
type table struct {
	csv      *csv.Reader
	guard    *guard
	mistakes *Mistakes
	columns  []string // as the file has them
	lines    int
	last     int // where the last record began
}

// line is one line of a file; its cells are in the order that was asked for.
type line struct {
	number int // where it begins in the file
	cells  []string
}

// open reads the first line. Each of names must be there once, under one of its
// names ("key|code"), and nothing else.
func open(r io.Reader, names ...string) (*table, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	head, _ := buffered.Peek(4096)
	if err := recognise(head); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, bom) {
		_, _ = buffered.Discard(len(bom))
		head = head[len(bom):]
	}
	t := &table{guard: &guard{from: buffered}, mistakes: &Mistakes{}}
	t.csv = csv.NewReader(t.guard)
	t.csv.FieldsPerRecord = -1
	t.csv.ReuseRecord = true
	t.csv.Comma = separatorOf(head)
	first, err := t.record()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file is empty; its first line names the columns: %s", strings.Join(firstNames(names), ","))
	}
	if err != nil {
		return nil, err
	}
	err = t.name(first, names)
	return t, err
}

var bom = []byte("\xef\xbb\xbf")

// recognise refuses what is no text in UTF-8 at all, in words of the one who saved
// it.
func recognise(head []byte) error {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return errors.New("this is a spreadsheet, or another archive; save it as CSV in UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return errors.New("this is compressed; unpack it first")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("this is UTF-16; save it as CSV in UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return errors.New("this is no text; save it as CSV in UTF-8")
	}
	return nil
}

// separatorOf is what stands most often in the first line: spreadsheets write
// semicolons where a comma is part of numbers.
func separatorOf(head []byte) rune {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	best := ','
	for _, r := range ";\t|" {
		if bytes.Count(first, []byte(string(r))) > bytes.Count(first, []byte(string(best))) {
			best = r
		}
	}
	return best
}

// name takes the columns' names in.
func (t *table) name(first, names []string) error {
	for i, cell := range first {
		column := strings.ToLower(strings.TrimSpace(cell))
		known := slices.IndexFunc(names, func(n string) bool { return slices.Contains(strings.Split(n, "|"), column) })
		canonical := ""
		if known >= 0 {
			canonical = firstNames(names)[known]
		}
		switch {
		case known < 0:
			t.mistakes.add(1, fmt.Sprint(i+1), "%s is no column; there are %s", shown(cell), strings.Join(firstNames(names), ", "))
		case slices.Contains(t.columns, canonical):
			t.mistakes.add(1, fmt.Sprint(i+1), "%s is there twice", canonical)
		}
		t.columns = append(t.columns, canonical)
	}
	for _, n := range firstNames(names) {
		if !slices.Contains(t.columns, n) {
			t.mistakes.add(1, "", "the column %s is missing; the first line names the columns: %s", n, strings.Join(firstNames(names), ","))
		}
	}
	return t.mistakes.none()
}

func firstNames(names []string) (first []string) {
	for _, n := range names {
		name, _, _ := strings.Cut(n, "|")
		first = append(first, name)
	}
	return first
}

// next returns the next line with the cells of these columns, checked as texts; ok is
// false where one of them is wrong. io.EOF is the end. Any other error ends the file:
// what follows cannot be told apart.
func (t *table) next(columns ...string) (l line, ok bool, err error) {
	record, err := t.record()
	if err != nil {
		return line{}, false, err
	}
	if t.lines++; t.lines > mostLines {
		return line{}, false, fmt.Errorf("the file has more than %d lines; import it in parts", mostLines)
	}
	l.number = t.last
	if len(record) != len(t.columns) {
		t.mistakes.add(l.number, "", "has %d cells, and the first line has %d", len(record), len(t.columns))
		return l, false, nil
	}
	ok = true
	l.cells = make([]string, len(columns))
	for i, column := range columns {
		at := slices.Index(t.columns, column)
		cell := record[at]
		if reason := wrong(cell); reason != "" {
			number, _ := t.csv.FieldPos(at)
			t.mistakes.add(number, column, "%s", reason)
			ok = false
			continue
		}
		l.cells[i] = revived(strings.TrimSpace(cell))
	}
	return l, ok, nil
}

// record reads one record, with its errors in words.
func (t *table) record() ([]string, error) {
	t.guard.left = mostRecord
	record, err := t.csv.Read()
	var bad *csv.ParseError
	switch {
	case errors.Is(err, errTooLong):
		return nil, fmt.Errorf("after line %d: a line is longer than %d bytes; is a quote not closed?", t.last, mostRecord)
	case errors.As(err, &bad) && errors.Is(bad.Err, csv.ErrQuote):
		return nil, fmt.Errorf("line %d, byte %d: a quoted cell ends with one quote and a separator; a quote within it is written twice. "+
			"Is the quote that began at line %d closed?", bad.Line, bad.Column, bad.StartLine)
	case errors.As(err, &bad) && errors.Is(bad.Err, csv.ErrBareQuote):
		return nil, fmt.Errorf("line %d, byte %d: a cell with a quote has to be quoted, and the quote in it written twice", bad.Line, bad.Column)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if err == nil {
		t.last, _ = t.csv.FieldPos(0)
	}
	return record, err
}

// wrong says what is wrong with a cell's text; "" if nothing is.
func wrong(cell string) string {
	switch {
	case !utf8.ValidString(cell):
		return "is not valid UTF-8; save the file as UTF-8"
	case strings.ContainsAny(strings.TrimSpace(cell), "\r\n"):
		return "has a line break in it"
	case strings.ContainsFunc(strings.TrimSpace(cell), unicode.IsControl):
		return "has a control character in it"
	case len(strings.TrimSpace(cell)) > mostCell:
		return fmt.Sprintf("is longer than %d bytes", mostCell)
	}
	return ""
}

// shown quotes a text for a message and cuts it where it is long.
func shown(text string) string {
	const most = 40
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}
