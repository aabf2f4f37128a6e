// Package templates holds the words of the gateway's mail, one folder a language, and the one layout that all mails share.
//
//   - id/ and en/ hold labels.toml (short words), reporter.txt (what reporters and participants read) and staff.txt. In the
//     .txt files each {{define}} is named after a kind of notice: its first paragraph is the headline, the others follow it.
//   - layout/ holds mail.html and mail.txt, which put headline, facts, words and buttons in their places; figures.html and
//     figures.txt, which do the same for a month's figures, in a mail and as a page of their own; and case.html, the printable case file.
//
// What it promises: words are written once and appear the same in the text and in the HTML of a mail. A folder of the user's
// own may hold any of these files by the same relative path; what it defines replaces the built-in words, what it leaves out
// stays. A file that cannot be read is an error that names file and line, at the start and not at the first mail.
package templates

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	texttemplate "text/template"
	"text/template/parse"

	"github.com/BurntSushi/toml"
)

//go:embed layout id en
var builtIn embed.FS

// Languages are the folders of words.
func Languages() []string { return []string{"id", "en"} }

// Set is everything that a mail is made of, parsed.
type Set struct {
	HTML  *htmltemplate.Template // layout/mail.html
	Text  *texttemplate.Template // layout/mail.txt
	Words map[string]Words       // by language
}

// Words is what one language says.
type Words struct {
	Labels   Labels
	Reporter *texttemplate.Template // a definition for each kind that reporters and participants receive
	Staff    *texttemplate.Template // a definition for each kind that staff receive
}

// Labels are the short words of a language, by table and key of labels.toml.
type Labels map[string]map[string]string

// Get returns a label, or "" where there is none.
func (l Labels) Get(table, key string) string { return l[table][key] }

// Funcs are the functions that layouts may call.
type Funcs = map[string]any

// Load parses the built-in files and, over them, those of dir; dir "" is none. An error names file and line.
func Load(dir string, funcs Funcs) (*Set, error) {
	if dir != "" {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			return nil, fmt.Errorf("templates %s: no such folder", dir)
		}
	}
	l := loader{dir: dir}
	set := &Set{
		HTML:  htmltemplate.New("mail.html").Funcs(funcs).Option("missingkey=error"),
		Text:  texttemplate.New("mail.txt").Funcs(funcs).Option("missingkey=error"),
		Words: map[string]Words{},
	}
	l.each("layout/mail.html", func(name, text string) error { return parseHTML(&set.HTML, name, text) })
	l.each("layout/figures.html", func(name, text string) error { return parseHTML(&set.HTML, name, text) })
	l.each("layout/case.html", func(name, text string) error { return parseHTML(&set.HTML, name, text) })
	l.each("layout/figures.txt", func(name, text string) error { return parseText(set.Text, name, text, true) })
	l.each("layout/mail.txt", func(name, text string) error { return parseText(set.Text, name, text, true) })
	for _, lang := range Languages() {
		w := Words{Labels: Labels{}, Reporter: texttemplate.New("reporter"), Staff: texttemplate.New("staff")}
		l.each(lang+"/labels.toml", func(name, text string) error { return w.Labels.parse(name, text) })
		l.each(lang+"/reporter.txt", func(name, text string) error { return parseText(w.Reporter, name, text, false) })
		l.each(lang+"/staff.txt", func(name, text string) error { return parseText(w.Staff, name, text, false) })
		set.Words[lang] = w
	}
	return set, errors.Join(l.errs...)
}

// loader reads a file twice: as built in, then as the user's folder has it.
type loader struct {
	dir  string
	errs []error
}

func (l *loader) each(name string, parse func(name, text string) error) {
	text, err := fs.ReadFile(builtIn, name)
	if err == nil {
		err = parse(path.Join("templates", name), string(text))
	}
	if err != nil {
		l.errs = append(l.errs, err)
	}
	if l.dir == "" {
		return
	}
	own := filepath.Join(l.dir, filepath.FromSlash(name))
	text, err = os.ReadFile(own)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err == nil:
		err = parse(own, string(text))
	}
	if err != nil {
		l.errs = append(l.errs, err)
	}
}

// parseText adds a file's definitions to a set. As a layout the file's own text, unless it holds definitions alone, becomes the
// set's main template. The file is parsed under its path, because that is what the template engine's errors name.
func parseText(into *texttemplate.Template, name, text string, layout bool) error {
	t, err := into.New(name).Parse(text)
	if err != nil {
		return fmt.Errorf("parse words: %w", err)
	}
	if layout && t.Tree != nil && !parse.IsEmptyTree(t.Tree.Root) {
		_, err = into.AddParseTree(into.Name(), t.Tree)
	}
	return err
}

func parseHTML(into **htmltemplate.Template, name, text string) error {
	t, err := (*into).New(name).Parse(text)
	if err != nil {
		return fmt.Errorf("parse layout: %w", err)
	}
	if t.Tree != nil && !parse.IsEmptyTree(t.Tree.Root) {
		*into, err = (*into).AddParseTree("mail.html", t.Tree)
	}
	return err
}

// parse reads labels over those that stand.
func (l Labels) parse(name, text string) error {
	var read map[string]map[string]string
	if _, err := toml.Decode(text, &read); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return fmt.Errorf("parse labels: %s:%d: %s", name, at.Position.Line, at.Message)
		}
		return fmt.Errorf("parse labels: %s: %w", name, err)
	}
	for table, keys := range read {
		if l[table] == nil {
			l[table] = map[string]string{}
		}
		for key, word := range keys {
			l[table][key] = word
		}
	}
	return nil
}
