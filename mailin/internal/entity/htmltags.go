package entity

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// blocks are the elements that begin and end a line; those that are true have a margin of a blank line.
var blocks = map[atom.Atom]bool{
	atom.Address: false, atom.Article: false, atom.Aside: false, atom.Blockquote: false, atom.Body: false, atom.Center: false,
	atom.Dd: false, atom.Details: false, atom.Dialog: false, atom.Dir: false, atom.Div: false, atom.Dl: false, atom.Dt: false,
	atom.Fieldset: false, atom.Figcaption: false, atom.Figure: false, atom.Footer: false, atom.Form: false,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Header: false,
	atom.Hgroup: false, atom.Html: false, atom.Legend: false, atom.Li: false, atom.Main: false, atom.Menu: false, atom.Nav: false,
	atom.Ol: false, atom.Option: false, atom.P: true, atom.Pre: false, atom.Section: false, atom.Summary: false,
	atom.Table: false, atom.Tbody: false, atom.Tfoot: false, atom.Thead: false, atom.Tr: false, atom.Ul: false,
}

// unread are the elements whose content is no text for readers.
var unread = map[atom.Atom]bool{
	atom.Style: true, atom.Script: true, atom.Title: true, atom.Iframe: true, atom.Noembed: true, atom.Noframes: true,
	atom.Template: true, atom.Object: true, atom.Svg: true, atom.Math: false,
}

// leaves never have content or an end tag.
var leaves = map[atom.Atom]bool{
	atom.Area: true, atom.Base: true, atom.Br: true, atom.Col: true, atom.Embed: true, atom.Hr: true, atom.Img: true,
	atom.Input: true, atom.Link: true, atom.Meta: true, atom.Param: true, atom.Source: true, atom.Track: true, atom.Wbr: true,
}

func compact(style string) string {
	return strings.ToLower(strings.ReplaceAll(style, " ", ""))
}

// flat says that a paragraph is a mere line: Outlook's have no margin, and its blank lines are paragraphs of their own.
func flat(attr map[string]string) bool {
	style := compact(attr["style"])
	return strings.HasPrefix(attr["class"], "Mso") || strings.Contains(style, "margin:0") || strings.Contains(style, "margin-bottom:0") ||
		strings.Contains(style, "margin-top:0")
}

// pictogram says that alt is an emoji, for which some programs send a picture.
func pictogram(alt string) bool {
	if alt == "" || len(alt) > 32 {
		return false
	}
	for _, r := range alt {
		if r < 0x2000 {
			return false
		}
	}
	return true
}

// target shows where a link leads if its text does not.
func (w *walker) target(e element) {
	href := e.href
	kind, _, _ := strings.Cut(href, ":")
	switch strings.ToLower(kind) {
	case "http", "https", "ftp", "mailto":
	default:
		return
	}
	if w.written == e.from || sameTarget(string(w.label), href) {
		return
	}
	w.space = true
	w.word("<" + strings.Join(strings.Fields(href), "%20") + ">")
}

// sameTarget says that the text names the address already.
func sameTarget(text, href string) bool {
	t, h := bareAddress(text), bareAddress(href)
	return t == h || len(h) > 3 && strings.Contains(t, h) || strings.HasPrefix(strings.ToLower(href), "mailto:") && strings.Contains(t, "@")
}

func bareAddress(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), ""))
	for _, p := range []string{"mailto:", "http://", "https://", "ftp://", "www."} {
		s = strings.TrimPrefix(s, p)
	}
	return strings.TrimRight(s, "/.")
}
