package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"aduan/tickets"
)

var update = flag.Bool("update", false, "write the generated tables of the documents anew")

const top = "../.."

// documents are the pages that people read.
func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil || len(pages) < 6 {
		t.Fatalf("the documents are not where they should be: %v, %v", pages, err)
	}
	return append(pages, filepath.Join(top, "README.md"))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// generated is a table between its markers: <!-- commands agent id --> … <!-- end -->, for whom and in which language.
var generated = regexp.MustCompile(`(?s)(<!-- commands ([a-z-]+) (id|en) -->\n).*?(<!-- end -->)`)

// readers are the relations that the readers of a page have to a ticket.
var readers = map[string][]tickets.Giver{
	"all":        {tickets.ByFrontDesk, tickets.ByOwner, tickets.ByAgent, tickets.BySupervisor, tickets.ByStaff, tickets.ByReporter, tickets.ByAnyone},
	"reporter":   {tickets.ByReporter, tickets.ByAnyone},
	"front-desk": {tickets.ByFrontDesk, tickets.ByStaff, tickets.ByAnyone},
	"agent":      {tickets.ByOwner, tickets.ByAgent, tickets.ByStaff, tickets.ByAnyone},
}

func TestCommandsInDocumentsAreThoseOfTheTable(t *testing.T) {
	found := 0
	for _, page := range documents(t) {
		text := read(t, page)
		fresh := generated.ReplaceAllStringFunc(text, func(old string) string {
			found++
			m := generated.FindStringSubmatch(old)
			return m[1] + commandTable(readers[m[2]], tickets.Language(m[3])) + m[4]
		})
		if fresh == text {
			continue
		}
		if !*update {
			t.Errorf("%s is stale: go test ./cmd/aduan -run Documents -update", page)
			continue
		}
		if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if found < len(readers) {
		t.Errorf("%d generated tables, want one for each of %d groups of readers", found, len(readers))
	}
}

// commandTable writes the commands that somebody among who may give, in one language.
func commandTable(who []tickets.Giver, l tickets.Language) string {
	var b strings.Builder
	b.WriteString(tickets.Words{ID: "| perintah | guna | pada keadaan | contoh |\n|---|---|---|---|\n",
		EN: "| command | Indonesian | by | in the states | does |\n|---|---|---|---|---|\n"}.In(l))
	for _, c := range tickets.Commands {
		if !slices.ContainsFunc(c.Who, func(g tickets.Giver) bool { return slices.Contains(who, g) }) {
			continue
		}
		if l == tickets.Indonesian {
			fmt.Fprintf(&b, "| %s | %s | %s | `%s` |\n", commandCell(c.Alias, inIndonesian(c.Args)), c.Says.ID, stateCell(c, l), c.Shows.ID)
			continue
		}
		fmt.Fprintf(&b, "| %s | `/%s` | %s | %s | %s |\n", commandCell(c.Name, c.Args), c.Alias, giverCell(c.Who), stateCell(c, l), c.Says.EN)
	}
	return b.String()
}

func commandCell(name, args string) string {
	return "`" + strings.ReplaceAll(strings.TrimSpace("/"+name+" "+args), "|", `\|`) + "`"
}

// inIndonesian puts the Indonesian names of fields into a usage.
func inIndonesian(args string) string {
	for _, k := range tickets.FieldKeys {
		args = regexp.MustCompile(`\b`+k.Name+`=`).ReplaceAllString(args, k.Alias+"=")
	}
	return strings.NewReplacer("ADDRESS", "ALAMAT", "TEAM", "TIM", "WHEN", "WAKTU", "UNTIL", "SAMPAI", "PLACE", "TEMPAT", "REASON", "ALASAN", "NUMBER", "NOMOR",
		"SUBJECT", "PERIHAL", "key=value", "isian=nilai").Replace(args)
}

func stateCell(c tickets.Command, l tickets.Language) string {
	if len(c.From) == 0 {
		return tickets.Words{ID: "semua", EN: "any"}.In(l)
	}
	var names []string
	for _, s := range c.From {
		if l == tickets.English {
			names = append(names, string(s))
		} else {
			names = append(names, s.Label(l))
		}
	}
	return strings.Join(names, ", ")
}

func giverCell(who []tickets.Giver) string {
	var names []string
	for _, g := range who {
		names = append(names, string(g))
	}
	return strings.Join(names, ", ")
}

func TestTestsNamedInDocumentsExist(t *testing.T) {
	known := testNames(t)
	named := 0
	for _, page := range documents(t) {
		for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(read(t, page), -1) {
			named++
			if !known[name] {
				t.Errorf("%s names %s, which does not exist", page, name)
			}
		}
	}
	if named < 20 {
		t.Errorf("the documents name %d tests: is the threat table gone?", named)
	}
}

// testNames are the names of all tests of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				known[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// shellBlock is what a document gives to the shell, and what a unit starts.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```|(?m:^ExecStart=.*$)")

// shellLine is a line of it that calls the program, also as another user.
var shellLine = regexp.MustCompile(`(?m)^ *(?:runuser -u aduan -- |ExecStart=)?(?:/usr/local/bin/|go run \./cmd/)?aduan ([a-z-][^\n#]*)`)

func TestCallsInDocumentsAreUnderstood(t *testing.T) {
	calls := 0
	for _, page := range append(documents(t), filepath.Join(top, "docs", "aduan.service")) {
		text := strings.ReplaceAll(strings.Join(shellBlock.FindAllString(read(t, page), -1), "\n"), "\\\n", " ")
		for _, m := range shellLine.FindAllStringSubmatch(text, -1) {
			calls++
			if err := understood(strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(m[1]))); err != nil {
				t.Errorf("%s: aduan %s: %v", page, m[1], err)
			}
		}
	}
	if calls < 15 {
		t.Errorf("the documents show %d calls: is the set-up gone?", calls)
	}
}

// understood says whether the program has such a call with such flags; it carries nothing out. Quotation marks are gone
// already, so what stood between them counts as arguments.
func understood(args []string) error {
	for i, a := range args {
		if strings.HasPrefix(a, ">") || a == "<" || a == "|" || a == "&&" {
			args = args[:i]
			break
		}
	}
	root := (&program{in: strings.NewReader(""), out: io.Discard, err: io.Discard}).root()
	call, rest, err := root.Find(args)
	switch {
	case err != nil:
		return err
	case call == root || call.HasSubCommands():
		return fmt.Errorf("there is no such call below %q", call.CommandPath())
	}
	return parsed(call, rest)
}

func parsed(call *cobra.Command, rest []string) error {
	if err := call.ParseFlags(rest); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	return nil
}
