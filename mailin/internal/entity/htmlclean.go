package entity

import (
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// CleanHTML makes an HTML mail safe to show inside another: text, tables, lists and links stay; scripts, forms, style,
// pictures and whatever would be fetched or run go. Where a link's text does not say where it leads, the address
// follows in angle brackets. The result is a fragment in valid UTF-8.
func CleanHTML(s string) string {
	return showTargets(cleanPolicy().Sanitize(clean(s)))
}

func cleanPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "div", "span", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "i", "em", "u", "s", "strike",
		"del", "ins", "sub", "sup", "small", "big", "tt", "code", "pre", "kbd", "samp", "blockquote", "q", "cite", "address", "center",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.SkipElementsContent("title", "svg", "math", "object", "template", "noembed", "noframes", "select", "textarea")
	return p
}

// showTargets puts the address of each link after its text. It reads what the policy let through, nothing else.
func showTargets(s string) string {
	var out, label strings.Builder
	href := ""
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return clean(out.String())
		}
		out.Write(z.Raw())
		t := z.Token()
		switch {
		case kind == html.StartTagToken && t.Data == "a":
			href = ""
			label.Reset()
			for _, a := range t.Attr {
				if a.Key == "href" {
					href = strings.TrimSpace(a.Val)
				}
			}
		case kind == html.TextToken && href != "":
			label.WriteString(t.Data)
		case kind == html.EndTagToken && t.Data == "a":
			if href != "" && !sameTarget(label.String(), href) {
				out.WriteString(html.EscapeString(" <" + href + ">"))
			}
			href = ""
		}
	}
}
