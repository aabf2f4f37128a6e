package templates

import (
	"maps"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"
)

// layoutFuncs stand for those of the renderer: parsing needs their names alone.
var layoutFuncs = Funcs{
	"wrap": func(s string) string { return s }, "indent": func(s string) string { return s }, "upper": func(s string) string { return s },
	"lines": func(s string) string { return s }, "jpeg": func([]byte) string { return "" }, "passage": func(a, b string) string { return a + b },
}

func load(t *testing.T) *Set {
	t.Helper()
	set, err := Load("", layoutFuncs)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// names are the kinds that a set has words for: its definitions but the files themselves and the turns of phrase.
func names(t *texttemplate.Template) []string {
	var all []string
	for _, d := range t.Templates() {
		if d.Name() != t.Name() && !strings.Contains(d.Name(), "/") && !slices.Contains([]string{"from", "of", "by", "report", "Report"}, d.Name()) {
			all = append(all, d.Name())
		}
	}
	slices.Sort(all)
	return all
}

func TestBothLanguagesHaveWordsForTheSameKinds(t *testing.T) {
	set := load(t)
	id, en := set.Words["id"], set.Words["en"]
	for _, c := range []struct {
		who    string
		id, en []string
	}{{"reporters", names(id.Reporter), names(en.Reporter)}, {"staff", names(id.Staff), names(en.Staff)}} {
		if !slices.Equal(c.id, c.en) || len(c.id) < 15 {
			t.Errorf("to %s Indonesian says %q, English %q", c.who, c.id, c.en)
		}
	}
}

func TestBothLanguagesHaveTheSameLabels(t *testing.T) {
	set := load(t)
	id, en := set.Words["id"].Labels, set.Words["en"].Labels
	for table := range id {
		if table == "argument" {
			continue // English writes the placeholders as the table of commands does
		}
		a, b := slices.Sorted(maps.Keys(id[table])), slices.Sorted(maps.Keys(en[table]))
		if !slices.Equal(a, b) {
			t.Errorf("[%s]: Indonesian has %q, English %q", table, a, b)
		}
		for key, word := range en[table] {
			if word == "" || id[table][key] == "" {
				t.Errorf("[%s] %s is empty", table, key)
			}
		}
	}
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	if _, err := Load("/no/such/folder", layoutFuncs); err == nil {
		t.Error("accepted a folder that is not there")
	}
}
