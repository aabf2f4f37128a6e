package entity

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// rule is what stands for the line that Outlook and Zimbra draw above the header block of the mail they quote.
var rule = strings.Repeat("_", 32)

// maxQuote is the number of "> " that a line gets at most.
const maxQuote = 10

// TextOfHTML gives the text that a person would read in an HTML mail, in lines.
//
// Every <blockquote> level puts "> " before its lines, a list item begins with "- " or its number, the cells of a row
// are parted by tabs, and a link shows where it leads where its text does not say so: "text <address>". What is not
// shown (style, script, title, display:none) is left out. The line that Outlook and Zimbra draw above a quoted mail's
// header block becomes 32 underscores; other lines become blank lines. The time is linear in the length of s, whatever
// it holds, and the result is valid UTF-8 without NUL.
func TextOfHTML(s string) string {
	w := walker{}
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.finish()
		case html.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken:
			w.start(z, false)
		case html.SelfClosingTagToken:
			w.start(z, true)
		case html.EndTagToken:
			raw, _ := z.TagName()
			w.end(tagOf(raw))
		}
	}
}

// element is an open element that its end tag has to undo.
type element struct {
	name   string
	tag    atom.Atom
	hidden bool   // nothing inside is shown
	quote  bool   // counts as a level of quoting
	pre    bool   // white space is kept
	margin bool   // a blank line follows
	href   string // where a link leads
	from   int    // w.written when a link began
	list   int    // the number of the next item; -1 in a list without numbers
}

// walker turns a stream of tags and text into lines.
type walker struct {
	out  []byte
	line []byte // the line being written, without its quote marks

	space      bool // a space is due before the next word
	blank      int  // blank lines due before the next line
	blankQuote int  // quote depth of those
	rule       bool // a drawn line is due if a header block follows
	written    int  // bytes of text written so far

	open   []element
	count  map[string]int // open elements by name
	hidden int
	quotes int
	pres   int
	label  []byte // text of the innermost link
}

func (w *walker) start(z *html.Tokenizer, closed bool) {
	raw, more := z.TagName()
	tag, name := tagOf(raw)
	attr := map[string]string(nil)
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		if attr == nil {
			attr = make(map[string]string, 4)
		}
		if _, twice := attr[string(k)]; !twice {
			attr[string(k)] = string(v)
		}
	}
	if leaves[tag] {
		if w.hidden == 0 {
			w.leaf(tag, attr)
		}
		return
	}
	if closed && strings.Contains(name, ":") { // Office's <o:p/>
		return
	}
	w.closeBefore(tag)
	e := w.element(tag, attr)
	e.name, e.tag = name, tag
	if !e.hidden && w.hidden == 0 {
		w.begin(tag, attr, &e)
	}
	w.push(e)
}

// tagOf names a tag; the names that are known cost no memory.
func tagOf(raw []byte) (atom.Atom, string) {
	if tag := atom.Lookup(raw); tag != 0 {
		return tag, tag.String()
	}
	return 0, string(raw)
}

// element says what the start tag changes for what is inside.
func (w *walker) element(tag atom.Atom, attr map[string]string) element {
	style := strings.ToLower(strings.Join(strings.Fields(attr["style"]), ""))
	_, hide := attr["hidden"]
	e := element{hidden: hide || unread[tag] || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")}
	switch tag {
	case atom.Blockquote:
		// Gmail's and Outlook's "indent" button makes a blockquote, too, which is nobody's quotation.
		indent := strings.Contains(style, "border:none") || strings.Contains(style, "border:0")
		cite := strings.EqualFold(attr["type"], "cite") || strings.Contains(attr["class"], "quote")
		e.quote = cite || !indent
	case atom.Ol:
		e.list = 1
		if n, err := strconv.Atoi(attr["start"]); err == nil && n > 0 && n < 1<<20 {
			e.list = n
		}
	case atom.Ul:
		e.list = -1
	case atom.A:
		e.href = strings.TrimSpace(attr["href"])
	}
	e.pre = tag == atom.Pre || tag == atom.Textarea || tag == atom.Plaintext || tag == atom.Xmp || strings.Contains(style, "white-space:pre")
	return e
}

// begin writes what the start of a visible element means for the lines.
func (w *walker) begin(tag atom.Atom, attr map[string]string, e *element) {
	if margin, block := blocks[tag]; block {
		w.endLine()
		e.margin = margin && !flat(attr)
		if e.margin {
			w.blankLine()
		}
	}
	switch tag {
	case atom.Li:
		w.item()
	case atom.Td, atom.Th:
		if len(w.line) > 0 {
			w.line, w.space = append(bytes.TrimRight(w.line, " "), '\t'), false
		}
	case atom.A:
		e.from, w.label = w.written, w.label[:0]
	case atom.Div:
		if strings.Contains(attr["id"], "divRplyFwdMsg") || strings.Contains(compact(attr["style"]), "border-top:solid") {
			w.rule = true
		}
	case atom.Span:
		if attr["id"] == "OLK_SRC_BODY_SECTION" { // Outlook for Mac's mark for the quoted mail
			w.endLine()
			w.rule = true
		}
	}
}

func (w *walker) leaf(tag atom.Atom, attr map[string]string) {
	switch tag {
	case atom.Br:
		if len(w.line) == 0 {
			w.addBlank()
			return
		}
		w.endLine()
	case atom.Hr:
		w.endLine()
		w.blankLine()
		w.rule = true
	case atom.Img:
		if pictogram(attr["alt"]) {
			w.text(attr["alt"])
		}
	case atom.Wbr: // a place where a word may be broken: nothing to read
	}
}

// closeBefore ends what a start tag ends silently: browsers do the same.
func (w *walker) closeBefore(tag atom.Atom) {
	n := len(w.open)
	if n == 0 {
		return
	}
	top := w.open[n-1].name
	_, block := blocks[tag]
	switch {
	case top == "p" && block, top == "li" && tag == atom.Li, top == "option" && tag == atom.Option,
		(top == "td" || top == "th") && (tag == atom.Td || tag == atom.Th || tag == atom.Tr),
		top == "a" && tag == atom.A:
		w.pop()
	}
}

// maxOpen is how many elements are remembered as open. No document that people read comes near; what a bomb opens beyond them
// is read as if its tags were not there.
const maxOpen = 5000

func (w *walker) push(e element) {
	if len(w.open) == maxOpen {
		return
	}
	if w.count == nil {
		w.count = make(map[string]int)
	}
	w.count[e.name]++
	w.hidden += one(e.hidden)
	w.pres += one(e.pre)
	w.quotes += one(e.quote)
	w.open = append(w.open, e)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// end closes the innermost element of the name and what is open inside. An inline element's end tag does not reach
// across a block, so that a stray </b> cannot end a quotation.
func (w *walker) end(tag atom.Atom, name string) {
	if name == "br" || name == "p" && w.count["p"] == 0 { // browsers read these as a start tag
		if w.hidden == 0 {
			w.endLine()
		}
		return
	}
	_, block := blocks[tag]
	block = block || tag == atom.Td || tag == atom.Th
	if w.count[name] == 0 || !block && !unread[tag] && !w.near(name) {
		return
	}
	for {
		last := w.open[len(w.open)-1].name
		w.pop()
		if last == name {
			return
		}
	}
}

// near says that the name is open with no block in between. It looks at so many elements at most, to stay linear.
func (w *walker) near(name string) bool {
	for i := len(w.open) - 1; i >= 0 && i >= len(w.open)-100; i-- {
		if w.open[i].name == name {
			return true
		}
		if _, block := blocks[w.open[i].tag]; block {
			return false
		}
	}
	return false
}

func (w *walker) pop() {
	e := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	w.count[e.name]--
	w.hidden -= one(e.hidden)
	if w.hidden == 0 && !e.hidden {
		w.close(e)
	}
	w.pres -= one(e.pre)
	w.quotes -= one(e.quote)
}

// close writes what the end of a visible element means for the lines.
func (w *walker) close(e element) {
	if e.tag == atom.A {
		w.target(e)
	}
	if _, block := blocks[e.tag]; !block {
		return
	}
	w.endLine()
	if e.quote || e.margin {
		w.blankLine()
	}
}

// item begins a list item with its number or a dash.
func (w *walker) item() {
	mark := "- "
	for i := len(w.open) - 1; i >= 0 && i >= len(w.open)-10; i-- {
		if n := w.open[i].list; n != 0 {
			if n > 0 {
				mark = strconv.Itoa(n) + ". "
				w.open[i].list++
			}
			break
		}
	}
	w.line = append(w.line, mark...)
}

// text writes running text; outside <pre> any white space is one space.
func (w *walker) text(s string) {
	if w.pres > 0 {
		w.verbatim(s)
		return
	}
	for s != "" {
		i := strings.IndexAny(s, " \t\r\n\f")
		if i != 0 {
			if i < 0 {
				i = len(s)
			}
			w.word(s[:i])
			s = s[i:]
			continue
		}
		s = strings.TrimLeft(s, " \t\r\n\f")
		w.space = true
	}
}

func (w *walker) verbatim(s string) {
	for i, l := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		if i > 0 {
			w.leaf(atom.Br, nil)
		}
		if l != "" {
			w.word(l)
		}
	}
}

// word adds s to the line as it is; a hard space becomes a plain one that is never dropped inside a line.
func (w *walker) word(s string) {
	if w.space && len(w.line) > 0 {
		w.line = append(w.line, ' ')
	}
	w.space = false
	if len(w.label) < 4096 && w.count["a"] > 0 {
		w.label = append(w.label, s...)
	}
	w.written += len(s)
	w.line = append(w.line, strings.ReplaceAll(s, "\u00a0", " ")...)
}

// endLine ends the line if there is anything on it.
func (w *walker) endLine() {
	due := w.space
	w.space = false
	if len(w.line) == 0 {
		return
	}
	l := bytes.TrimRight(w.line, " \t")
	if len(l) == 0 {
		w.line = w.line[:0]
		w.addBlank()
		return
	}
	if string(l) == "--" && (due || len(l) < len(w.line)) {
		l = append(l, ' ') // the mark before a signature (RFC 3676 section 4.3)
	}
	if len(w.out) > 0 {
		for range w.blank {
			w.mark(min(w.blankQuote, w.quotes))
			w.out = append(bytes.TrimRight(w.out, " "), '\n')
		}
	}
	w.blank = 0
	if w.rule {
		w.rule = false
		if beginsHeader(l) {
			w.mark(w.quotes)
			w.out = append(append(w.out, rule...), '\n')
		}
	}
	w.mark(w.quotes)
	w.out = append(append(w.out, l...), '\n')
	w.line = w.line[:0]
}

// beginsHeader says that a line can be the first of a header block: a word or two and a colon.
func beginsHeader(l []byte) bool {
	name, after, ok := bytes.Cut(l[:min(len(l), 40)], []byte(":"))
	n := len(bytes.Fields(name))
	return ok && n > 0 && n < 3 && !bytes.HasPrefix(after, []byte("//"))
}

func (w *walker) mark(depth int) {
	for range min(depth, maxQuote) {
		w.out = append(w.out, '>', ' ')
	}
}

// blankLine asks for a blank line before the next line, unless one is due already.
func (w *walker) blankLine() {
	if w.blank == 0 {
		w.addBlank()
	}
}

func (w *walker) addBlank() {
	if w.blank == 0 || w.quotes < w.blankQuote {
		w.blankQuote = w.quotes
	}
	w.blank = min(w.blank+1, 2)
}

func (w *walker) finish() string {
	for len(w.open) > 0 {
		w.pop()
	}
	w.endLine()
	return clean(strings.TrimRight(string(w.out), "\n"))
}

// clean makes any text valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
