package entity

import (
	"strings"
	"testing"
)

func TestHTMLReadsAsAPersonWouldReadIt(t *testing.T) {
	rows := []struct{ about, html, want string }{
		{"paragraphs", "<p>satu</p><p>dua<br>tiga</p>", "satu\n\ndua\ntiga"},
		{"Outlook's paragraphs are lines", "<p class=MsoNormal>satu</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>dua</p>", "satu\n\ndua"},
		{"Gmail's lines", "<div>satu</div><div><br></div><div>dua<br></div><div>tiga</div>", "satu\n\ndua\ntiga"},
		{"white space is one blank", "satu  \n\t dua <b> tiga</b>", "satu dua tiga"},
		{"hard spaces stay", "a&nbsp;&nbsp;b", "a  b"},
		{"preformatted", "<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"},
		{"entities", "&lt;x&gt; &amp; &eacute; &#8211; &#x1F600;", "<x> & é – 😀"},
		{"an entity that is shown as such", "&amp;lt;b&amp;gt;", "&lt;b&gt;"},
		{"a list", "<ul><li>a<li>b</ul>", "- a\n- b"},
		{"a numbered list", "<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b"},
		{"a table", "<table><tr><td>a<td>b<tr><td>c</td><td></td></tr></table>", "a\tb\nc"},
		{"a link that says where it leads", `<a href="https://www.a.example/">a.example</a>`, "a.example"},
		{"a link that does not", `klik <a href="http://evil.example/x">di sini</a>.`, "klik di sini <http://evil.example/x>."},
		{"a link that lies", `<a href="http://evil.example/">bank.example</a>`, "bank.example <http://evil.example/>"},
		{"a link that runs", `<a href="javascript:x()">a</a><a href="#top">b</a>`, "ab"},
		{"a mail link", `<a href="mailto:a@b">a@b</a> <a href="mailto:a@b">Made</a>`, "a@b Made <mailto:a@b>"},
		{"what is not shown", "<head><title>t</title><style>s</style></head>a<script>x</script><span style='display: none'>h<div>i</div></span><!-- c -->b<p hidden>z</p>", "ab"},
		{"an emoji as picture", `<img alt="😀" src="x"><img alt="logo" src="y">`, "😀"},
		{"a quotation", "a<blockquote>b<br><br>c<blockquote>d</blockquote></blockquote>e", "a\n> b\n>\n> c\n> > d\n\ne"},
		{"an indented paragraph is none", `a<blockquote style="margin:0 0 0 40px;border:none">b</blockquote>`, "a\nb"},
		{"Gmail's quotation", `Halo<div class="gmail_quote"><div>Pada Sen, A menulis:<br></div><blockquote class="gmail_quote" style="border-left:1px">lama</blockquote></div>`,
			"Halo\nPada Sen, A menulis:\n> lama"},
		{"Outlook's header block", `Halo<hr tabindex="-1"><div id="divRplyFwdMsg"><b>Dari:</b> A<br><b>Dikirim:</b> B</div>`, "Halo\n\n" + strings.Repeat("_", 32) + "\nDari: A\nDikirim: B"},
		{"Outlook's drawn line", `Halo<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>De :</b> A</p></div>`, "Halo\n" + strings.Repeat("_", 32) + "\nDe : A"},
		{"a line that is only a line", "satu<hr>dua orang datang", "satu\n\ndua orang datang"},
		{"the mark before a signature", "a<br>--&nbsp;<br>Made", "a\n-- \nMade"},
		{"a stray end tag does not end a quotation", "<blockquote>a</b></i><br>b</blockquote>", "> a\n> b"},
		{"a quotation that never ends", "<blockquote><div>a", "> a"},
		{"a tag that never ends", "a<b", "a"},
		{"NUL and broken characters", "a\x00b\xffc", "ab\uFFFDc"},
		{"conditional comments of Office", "<!--[if mso]>x<![endif]-->a<![if !mso]>b<![endif]>", "ab"},
		{"Office's own elements", "<p class=MsoNormal>a<o:p></o:p></p><o:p/>b", "a\nb"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := TextOfHTML(r.html); got != r.want {
				t.Errorf("got  %q\nwant %q", got, r.want)
			}
		})
	}
}

func TestCleanedHTMLIsSafeToShow(t *testing.T) {
	rows := []struct{ about, html, want string }{
		{"text and structure stay", `<p>a <b>b</b></p><table><tr><td colspan="2">c</td></tr></table>`, `<p>a <b>b</b></p><table><tr><td colspan="2">c</td></tr></table>`},
		{"scripts go", `a<script>x()</script><img src=x onerror="x()"><b onclick="x()">b</b>`, "a<b>b</b>"},
		{"style goes", `<style>p{}</style><link rel=stylesheet href=x><p style="background:url(http://x)" class=y>a</p>`, "<p>a</p>"},
		{"forms go", `<form action="http://x"><input name=a><button>b</button></form>`, "b"},
		{"pictures and frames go", `<img src="http://x/p.gif"><iframe src="http://x"></iframe><svg><script>x</script></svg><video src=x></video>a`, "a"},
		{"links that run lose their target", `<a href="javascript:x()">a</a><a href=" jAvA&#10;script:x()">b</a><a href="data:text/html,x">c</a>`, "abc"},
		{"a link shows where it leads", `<a href="http://evil.example/?a=1&amp;b=2" target=_blank>bank</a>`,
			`<a href="http://evil.example/?a=1&amp;b=2" rel="nofollow noreferrer">bank</a> &lt;http://evil.example/?a=1&amp;b=2&gt;`},
		{"a link that says so", `<a href="http://a.example/">a.example</a>`, `<a href="http://a.example/" rel="nofollow noreferrer">a.example</a>`},
		{"a base for links goes", `<base href="http://evil/"><a href="/x">a</a>`, "a"},
		{"broken characters", "a\xff\x00b", "a\uFFFDb"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := CleanHTML(r.html); got != r.want {
				t.Errorf("got  %q\nwant %q", got, r.want)
			}
		})
	}
}
