package mailout

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
)

// pictures is where `go test ./mailout -run Pictures -pictures FOLDER` leaves every mail as a picture.
var pictures = flag.String("pictures", "", "write every sample mail as pictures (desktop, telephone, light, dark) into this `folder`")

// widths are those of a small telephone, a telephone, a tablet, and a window.
var widths = []int{320, 375, 600, 1000}

// browser finds Chromium, or skips: layout is judged by eyes and this, and no mail depends on it.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("Chromium is not installed")
	return ""
}

// show runs the browser without a window.
func show(t *testing.T, path string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + t.TempDir()}, args...)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", path, strings.Join(args, " "), err)
	}
	return string(out)
}

// page is a sample mail as a browser shows it.
type page struct{ name, html string }

// pages are all sample mails in a language, their inline pictures inside.
func pages(t *testing.T, language tickets.Language) []page {
	t.Helper()
	var all []page
	for i, n := range Samples(samplePrefix) {
		if n.Language == language {
			all = append(all, page{fmt.Sprintf("%02d-%s-%s-%s", i, n.Audience, n.Kind, language), selfContained(render(t, n))})
		}
	}
	return all
}

// selfContained is the HTML with its pictures in place of their Content-IDs.
func selfContained(m rendered) string {
	text := m.html()
	for _, p := range m.parts {
		if p.id != "" {
			text = strings.ReplaceAll(text, "cid:"+p.id, "data:"+p.kind+";base64,"+base64.StdEncoding.EncodeToString([]byte(p.body)))
		}
	}
	return text
}

// TestNoMailIsBroaderThanItsWindow lays every mail out on every width: what needs to be pushed sideways is broken.
func TestNoMailIsBroaderThanItsWindow(t *testing.T) {
	path := browser(t)
	all := append(pages(t, tickets.Indonesian), pages(t, tickets.English)...)
	found := regexp.MustCompile(`<pre id="found">(.*?)</pre>`).FindStringSubmatch(show(t, path, "--dump-dom", "--virtual-time-budget=20000", serve(t, frames(all))))
	if found == nil {
		t.Fatal("the browser measured nothing")
	}
	var measured []struct {
		Name       string
		Width, Has int
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &measured); err != nil || len(measured) != len(all)*len(widths) {
		t.Fatalf("%d of %d layouts were measured: %v", len(measured), len(all)*len(widths), err)
	}
	for _, m := range measured {
		if m.Has > m.Width {
			t.Errorf("%s is %d pixels broad in a window of %d", m.Name, m.Has, m.Width)
		}
	}
}

// frames is a page that lays out each mail in a frame of each width and writes down how broad it became.
func frames(all []page) string {
	var b strings.Builder
	for _, p := range all {
		for _, w := range widths {
			fmt.Fprintf(&b, `<iframe data-name="%s" width="%d" height="400" style="border:0" srcdoc="%s"></iframe>`, p.name, w, html.EscapeString(p.html))
		}
	}
	return `<!DOCTYPE html><meta charset="utf-8"><body>` + b.String() + `<pre id="found"></pre><script>
addEventListener("load", () => { document.getElementById("found").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(f =>
({Name: f.dataset.name, Width: +f.width, Has: f.contentDocument.documentElement.scrollWidth}))) })</script>`
}

func serve(t *testing.T, text string) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestPicturesOfAllMails leaves pictures for people to look at: each mail in a window and on a telephone, light and dark.
func TestPicturesOfAllMails(t *testing.T) {
	if *pictures == "" {
		t.Skip("-pictures FOLDER makes them")
	}
	path := browser(t)
	if err := os.MkdirAll(*pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t, tickets.Indonesian) {
		file, err := filepath.Abs(filepath.Join(*pictures, p.name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		show(t, path, "--screenshot="+file, "--window-size=2150,2600", "--virtual-time-budget=2000", serve(t, sideBySide(p)))
	}
}

// sideBySide frames a mail in two widths, each light and dark: a frame's colour scheme is what its mail is asked for.
func sideBySide(p page) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><meta charset="utf-8"><body style="margin:0;white-space:nowrap">`)
	for _, w := range []int{700, 375} {
		for _, scheme := range []string{"light", "dark"} {
			fmt.Fprintf(&b, `<iframe width="%d" height="2600" style="border:0;color-scheme:%s" srcdoc="%s"></iframe>`, w, scheme, html.EscapeString(p.html))
		}
	}
	return b.String()
}
