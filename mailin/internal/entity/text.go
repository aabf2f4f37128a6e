package entity

import (
	"strings"
)

// node is a place in the tree of readable text: a text, or a multipart with its children in order.
type node struct {
	kind     string // of a multipart, its content type
	isText   bool
	fallback bool // read only where there is no other text
	plain    string
	html     string
	children []*node
}

func (n *node) child() *node {
	c := &node{}
	n.children = append(n.children, c)
	return c
}

// set gives the node its text.
func (n *node) set(p part, raw []byte) {
	n.isText = true
	if p.kind == "text/html" {
		n.html = decodeCharset(raw, htmlCharset(p.params["charset"], raw))
		return
	}
	s := lines(decodeCharset(raw, p.params["charset"]))
	if strings.EqualFold(p.params["format"], "flowed") {
		s = unflow(s, strings.EqualFold(p.params["delsp"], "yes"))
	}
	n.plain = s
}

// htmlCharset prefers what the mail declares, else what the document says of itself.
func htmlCharset(declared string, raw []byte) string {
	if declared != "" {
		return declared
	}
	head := strings.ToLower(string(raw[:min(len(raw), 2048)]))
	_, after, ok := strings.Cut(head, "charset=")
	if !ok {
		return ""
	}
	after = strings.TrimLeft(after, `"' `)
	if end := strings.IndexAny(after, "\"' />;"); end > 0 {
		return after[:end]
	}
	return ""
}

// lines makes LF of all line ends.
func lines(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\r", "\n")
}

// reading of a node: what a person would read of it, and the HTML behind it.
type readable struct {
	text, html string
	isPlain    bool
}

func (n *node) read() readable {
	switch {
	case n.isText && n.html != "":
		return readable{text: TextOfHTML(n.html), html: n.html}
	case n.isText:
		return readable{text: n.plain, isPlain: true}
	case n.kind == "multipart/alternative":
		return n.better()
	}
	return n.joined()
}

// compared is how many texts of a mail are compared with the next, to stay linear.
const compared = 4

// joined puts the texts of the children one after the other. An HTML that only says again what was said is left out: a
// mixed that ought to be an alternative.
func (n *node) joined() readable {
	var texts, htmls []string
	isPlain := true
	for _, c := range n.children {
		r := c.read()
		if c.fallback && len(texts) > 0 {
			continue
		}
		htmls = append(htmls, r.html)
		again := r.html != "" && len(texts) <= compared && says(strings.Join(texts, "\n"), r.text)
		if again || strings.TrimSpace(r.text) == "" {
			continue
		}
		texts = append(texts, r.text)
		isPlain = isPlain && r.isPlain
	}
	for i := range max(0, len(texts)-1) {
		texts[i] = strings.TrimRight(texts[i], "\n")
	}
	return readable{text: strings.Join(texts, "\n\n"), html: strings.Join(htmls, ""), isPlain: isPlain}
}

// says that text holds the words of other already.
func says(text, other string) bool {
	if text == "" {
		return false
	}
	return strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(other), " "))
}

// better chooses among alternatives: the plain text, unless it is empty or a stub beside a much longer HTML. The last
// of equals counts, being the richest (RFC 2046 section 5.1.4).
func (n *node) better() readable {
	var plain, rich readable
	for _, c := range n.children {
		if c.fallback {
			continue
		}
		r := c.read()
		if r.html != "" {
			rich.html += r.html
		}
		switch {
		case strings.TrimSpace(r.text) == "":
		case r.isPlain && plain.text == "":
			plain = r
		case !r.isPlain:
			rich.text = r.text
		}
	}
	if stub(plain.text, rich.text) {
		return rich
	}
	plain.html = rich.html
	return plain
}

// stub says that a plain text only excuses itself for the HTML.
func stub(plain, rich string) bool {
	p, r := len(strings.TrimSpace(plain)), len(strings.TrimSpace(rich))
	return p == 0 || p < 200 && r > 10*p && r > 500
}

// finish chooses the text of the mail when all of it was read.
func (rd *reading) finish(s *source) {
	m := rd.mail
	r := rd.body.read()
	markInline(m.Attachments, r.html)
	m.Text, m.HTML = cutText(strings.Trim(r.text, "\n"), rd.lim.Text), r.html
	switch {
	case s.over:
		m.Truncated = true
		rd.problem("the mail is larger than the limit and was not read to its end")
	case s.stopped:
		rd.problem("the mail was not read to its end")
	case s.err != nil:
		rd.problem("the mail breaks off")
	}
}

// markInline marks the attachments that the HTML shows (RFC 2392), whatever their disposition says.
func markInline(all []Attachment, html string) {
	shown := map[string]bool{}
	for rest := html; ; {
		i := strings.Index(rest, "cid:")
		if i < 0 {
			break
		}
		rest = rest[i+4:]
		if end := strings.IndexAny(rest[:min(len(rest), 600)], "\"'<> )\t\r\n"); end > 0 {
			shown[rest[:end]] = true
		}
	}
	for i, a := range all {
		all[i].Inline = a.Inline || a.ContentID != "" && shown[a.ContentID]
	}
}

// cutText cuts a text to n bytes without cutting a character.
func cutText(s string, n int64) string {
	if int64(len(s)) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// unflow joins the lines of a paragraph that was cut for sending (RFC 3676): a line that ends in a blank goes on in the
// next of the same quote depth, a blank that was added before "From", ">" or a blank goes. With delsp the blank at the
// end goes too. The mark before a signature, "-- ", stays a line of its own.
func unflow(s string, delsp bool) string {
	var out strings.Builder
	out.Grow(len(s))
	flowing, depth := false, 0
	for first := true; s != "" || first; first = false {
		line, rest, _ := strings.Cut(s, "\n")
		more := len(rest) > 0 || strings.HasSuffix(s, "\n") && len(line) < len(s)
		s = rest
		body := strings.TrimLeft(line, ">")
		quote := len(line) - len(body)
		body = strings.TrimPrefix(body, " ")
		mark := line[:len(line)-len(body)]
		sign := body == "-- "
		if flowing && (quote != depth || sign) {
			out.WriteByte('\n')
			flowing = false
		}
		if !flowing {
			if quote > 0 {
				out.WriteString(mark)
			}
		}
		flowing, depth = strings.HasSuffix(body, " ") && !sign, quote
		if flowing && delsp {
			body = body[:len(body)-1]
		}
		out.WriteString(body)
		if !flowing && more {
			out.WriteByte('\n')
		}
		if !more {
			break
		}
	}
	return out.String()
}
