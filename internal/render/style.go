package render

import (
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// Style colours text, or leaves it plain.
type Style struct{ Color bool }

// StyleFor colours where w is a terminal and NO_COLOR is not set.
func StyleFor(w io.Writer) Style { return Style{Color: Terminal(w) && os.Getenv("NO_COLOR") == ""} }

// Terminal tells whether w is one.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (s Style) wrap(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold, Dim and the colours.
func (s Style) Bold(t string) string    { return s.wrap("1", t) }
func (s Style) Dim(t string) string     { return s.wrap("2", t) }
func (s Style) Red(t string) string     { return s.wrap("31", t) }
func (s Style) Green(t string) string   { return s.wrap("32", t) }
func (s Style) Yellow(t string) string  { return s.wrap("33", t) }
func (s Style) Magenta(t string) string { return s.wrap("35", t) }
func (s Style) Cyan(t string) string    { return s.wrap("36", t) }

func width(s string) int { return utf8.RuneCountInString(s) }
