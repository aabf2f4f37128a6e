package quote

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A signature under "-- " (RFC 3676, section 4.3) is cut, and what telephones, providers and offices put under a mail. A sign-off
// with a name ("Terima kasih, Budi") is the writer's own words and stays.

const (
	maxSignatureLines = 20 // under a delimiter that is not exactly "-- "
	maxFooterLines    = 14 // under a long rule
	maxDisclaimer     = 6  // paragraphs of a disclaimer with a title
)

// cutArmour cuts what OpenPGP puts around a text that is signed in its place (RFC 9580, section 7): the first lines up to the
// empty one, and the signature.
func (s *scan) cutArmour() {
	inside := ""
	for i := range s.lines {
		l := &s.lines[i]
		if l.kind != Fresh {
			inside = ""
			continue
		}
		ends := false
		switch text := strings.TrimFunc(l.raw, isBlank); {
		case text == "-----BEGIN PGP SIGNED MESSAGE-----" || text == "-----BEGIN PGP SIGNATURE-----":
			inside = text
		case text == "" && inside == "-----BEGIN PGP SIGNED MESSAGE-----" || text == "-----END PGP SIGNATURE-----":
			ends = true
		}
		if inside != "" {
			l.kind = Signature
		}
		if ends {
			inside = ""
		}
	}
}

// cutSignatures looks at each run of fresh lines, for a signature may stand above the quotation as well as below.
func (s *scan) cutSignatures() {
	words := false
	for a := 0; a < len(s.lines); {
		if s.lines[a].kind != Fresh {
			words = words || s.lines[a].kind == Forwarded
			a++
			continue
		}
		b := a
		for b < len(s.lines) && s.lines[b].kind == Fresh {
			b++
		}
		s.cutSignature(a, b, !words)
		for i := a; i < b && !words; i++ {
			words = s.lines[i].kind == Fresh && !s.lines[i].blank
		}
		a = b
	}
}

// cutSignature cuts within the run of fresh lines [a, b); first says that nothing new stands before it in the mail.
func (s *scan) cutSignature(a, b int, first bool) {
	if first {
		a = s.cutAdvertOnTop(a, b)
	}
	if at := s.delimiter(a, b); at >= 0 {
		// A mail that begins with the delimiter has nothing else to say; it is not ours to empty.
		if s.next[a] < at || !first {
			s.mark(at, b, Signature)
			b = at
		}
	}
	for b > a {
		cut := s.footerStart(a, b, first)
		if cut < 0 {
			return
		}
		s.mark(cut, b, Signature)
		b = cut
	}
}

// cutAdvertOnTop drops what stands above the text without being the writer's: a telephone's line, below which some programs let
// people write, and the warnings about strangers that mail servers put in.
func (s *scan) cutAdvertOnTop(a, b int) int {
	for range maxDisclaimer {
		i := s.next[a]
		if i >= b {
			return a
		}
		end := i
		if isAdvert(&s.lines[i]) {
			end++
		} else if warning.MatchString(s.lines[i].lower) {
			for end < b && !s.lines[end].blank {
				end++
			}
			if s.next[end] >= b {
				return a
			}
		}
		if end == i {
			return a
		}
		a = s.mark(i, end, Signature)
	}
	return a
}

// warning matches how servers begin their warning about a sender from outside.
var warning = regexp.MustCompile(`^[\[<(!⚠️ ]*(?:you don.t often get email from|some people who received this message don.t often get|anda (?:jarang|tidak sering) (?:menerima|mendapat(?:kan)?) email dari|(?:caution|warning|notice|attention|perhatian|peringatan|waspada|hati-hati)[ :!-]*(?:this (?:e-?mail|message) (?:is|was|has|originated|came|comes)|external (?:e-?mail|sender)|(?:e-?mail|surel|pesan) ini (?:berasal|dikirim) dari luar)|this (?:e-?mail|message) (?:originated|came|was sent|is) from (?:outside|an external)|(?:e-?mail|surel|pesan) ini berasal dari luar|external (?:e-?mail|sender|message)(?:[\]:!*]+| ?$))`)

// delimiter finds the line that parts text and signature, -1 where there is none.
func (s *scan) delimiter(a, b int) int {
	fenced, filled := false, 0
	found := -1
	for i := a; i < b; i++ {
		raw := s.lines[i].raw
		if strings.HasPrefix(strings.TrimSpace(raw), "```") {
			fenced = !fenced
		}
		switch strings.TrimFunc(raw, isBlank) {
		case "":
			continue
		case "--", "—", "–":
			if fenced {
				break
			}
			if raw == "-- " {
				return i
			}
			if found < 0 {
				found, filled = i, -1
			}
		}
		filled++
	}
	if found >= 0 && filled > maxSignatureLines {
		return -1
	}
	return found
}

// footerStart returns where the last footer of the run begins, -1 where it ends in the writer's words.
func (s *scan) footerStart(a, b int, first bool) int {
	end := b
	for end > a && s.lines[end-1].blank {
		end--
	}
	if end == a {
		return -1
	}
	if isRule(&s.lines[end-1]) && b < len(s.lines) {
		return s.keepSomething(a, end-1, first) // it belongs to the quotation below
	}
	if isAdvert(&s.lines[end-1]) || s.isBareAdvert(a, end-1) || end-2 >= a && isWrappedAdvert(&s.lines[end-2], &s.lines[end-1]) {
		start := end - 1
		if !isAdvert(&s.lines[start]) && !s.isBareAdvert(a, start) {
			start--
		}
		return s.keepSomething(a, start, first)
	}
	if start := s.disclaimerStart(a, end); start >= 0 {
		return s.keepSomething(a, start, first)
	}
	return s.ruledFooter(a, end, first)
}

// keepSomething refuses a cut that would leave nothing of the mail, but for an advert, which is never the message.
func (s *scan) keepSomething(a, start int, first bool) int {
	if first && s.next[a] >= start && !isAdvert(&s.lines[start]) {
		return -1
	}
	for start > a && (s.lines[start-1].blank || isRule(&s.lines[start-1])) {
		start--
	}
	return start
}

// disclaimerStart finds the first line of the disclaimer that ends before end, -1 where there is none. Offices write theirs in
// several paragraphs; only those under a title may begin in any way.
func (s *scan) disclaimerStart(a, end int) int {
	first := true
	for range maxDisclaimer {
		for end > a && s.lines[end-1].blank {
			end--
		}
		start := end
		for start > a && !s.lines[start-1].blank && !isRule(&s.lines[start-1]) && end-start < maxSignatureLines {
			start--
		}
		if start == end {
			return -1
		}
		if is, titled := s.isDisclaimer(start, end); titled || is && first {
			return start
		}
		first = false
		end = start
	}
	return -1
}

// ruledFooter finds a mailing list's footer or a contact block under a long rule near the end.
func (s *scan) ruledFooter(a, end int, first bool) int {
	for i := end - 1; i >= a && i >= end-maxFooterLines; i-- {
		l := &s.lines[i]
		if !isRule(l) {
			continue
		}
		if (s.next[a] < i || !first) && (i == a || s.lines[i-1].blank || strings.HasPrefix(strings.TrimSpace(l.raw), "____")) && isContact(s.lines[i+1:end]) {
			return i
		}
		return -1
	}
	return -1
}

// isContact says whether one of some lines is a contact or a list's, and none is as long as prose.
func isContact(lines []line) bool {
	contact := false
	for i := range lines {
		l := &lines[i]
		if utf8.RuneCountInString(l.raw) > 100 {
			return false
		}
		contact = contact || listFooter.MatchString(l.lower) || contactLine.MatchString(l.lower)
	}
	return contact
}

var (
	listFooter  = regexp.MustCompile(`mailing list|mailman|listinfo|unsubscribe|berhenti berlangganan|groups\.google\.com|milis`)
	contactLine = regexp.MustCompile(`^(?:telp|telepon|tel|phone|fax|faks|hp|mobile|mob|wa|whatsapp|cell|ponsel|t|m|f|p)\.? ?[:.]? ?[+(0-9][0-9 ().+/-]{5,}|^(?:jl\.|jalan) `)
)

// advert matches the line by which a telephone or a provider names itself.
var advert = regexp.MustCompile(`^[\[("_~-]*(?:` + strings.Join([]string{
	`sent (?:wirelessly |on .{2,30} )?(?:from|via|using|with|by) (?:my|the|an?|yahoo|outlook|mail|samsung|proton|tutanota|typeapp|mailbird|spark|sparrow|airmail|blue ?mail|boxer|newton|aqua|k-9|nine|edison|gmail|aol|hotmail|windows|huawei|xiaomi|redmi|vivo|oppo|nokia|lg|htc|sony|motorola|blackberry|iphone|ipad|android|tablet|phone|mobile|email|zoho|rediff|canary|postbox|front|superhuman|acompli|myma?il|surface|verizon|at&t|t-mobile|xfinity|telkomsel|polaris|mailspring|fastmail|thunderbird|galaxy|smartphone|workspace|infinix|realme)\b`,
	`sent from \S+ ?<https?://`, `sent from (?:iphone|ipad|ipod|android)`,
	`get (?:outlook|bluemail|typeapp|yahoo mail|aol|the (?:new )?outlook|mymail|k-9|spark) `,
	`(?:dapatkan|unduh|download) (?:outlook|aplikasi|bluemail|yahoo) `,
	`(?:dikirim|terkirim|dihantar) (?:dari|melalui|menggunakan|dengan|via|daripada) (?:my |saya )?(?:iphone|ipad|hp|ponsel|telepon|perangkat|smartphone|samsung|galaxy|android|yahoo|outlook|email|surel|surat|mail|blackberry|xiaomi|redmi|oppo|vivo|huawei|realme|tablet|gmail|aplikasi|windows|proton|zimbra|telkomsel|bluemail|infinix|nokia|k-9|gawai)`,
	`powered by (?:telkomsel|xl|indosat|blackberry|smartfren)`,
	`gesendet (?:von|mit|über|via) (?:meinem|meiner|outlook|mail|yahoo|der|gmx|web\.de|iphone|ipad|samsung|mobil|unterwegs|proton|k-9|einem)`, `von .{2,40} gesendet`, `diese (?:nachricht|mail|e-mail) wurde von .{3,60} gesendet`, `holen sie sich outlook`, `laden sie outlook`, `(?:outlook|mail) für (?:android|ios|mac|windows) (?:beziehen|herunterladen)`,
	`envoyé(?:e)? (?:de|depuis|à partir|avec|via) (?:mon|ma|outlook|yahoo|l'application|mail|courrier|un|iphone|ipad|samsung|orange|proton|téléphone|d'un)`, `télécharger? outlook`, `obtenez outlook`, `obtenir outlook`,
	`enviado (?:desde|de|do|a partir|con|com|pelo|via|por|mediante) (?:mi|meu|minha|o|outlook|yahoo|correo|el|email|e-mail|iphone|ipad|samsung|mail|um|proton|tablet)`, `enviado do meu`, `obtener outlook`, `obt(?:er|enha) o outlook`, `descargar outlook`,
	`inviat[oa] (?:da|dal|dall'|con|tramite) ?(?:il|mio|mia|outlook|yahoo|iphone|ipad|libero|posta|samsung|mail|smartphone|dispositivo|tablet)`, `scarica outlook`, `ottieni outlook`,
	`verstuurd vanaf|verzonden (?:met|via|vanaf|vanuit) (?:mijn|outlook|yahoo|mail|samsung|een)|outlook voor (?:android|ios|mac) (?:downloaden|ophalen)|download outlook`,
	`skickat? från (?:min|mitt|outlook|yahoo|e-post|mail)`, `(?:sendt|sent) (?:fra|via|med) (?:min|mit|mitt|outlook|yahoo|mail|e-post|samsung)`, `hämta outlook|hent outlook|få outlook|skaff deg outlook`,
	`lähetetty (?:iphonesta|ipadista|outlookista|puhelimesta|samsung|minun|.{0,20}laitteesta)`, `hanki outlook`,
	`wysłan[eo] z (?:mojego|iphone|ipada|aplikacji|programu|telefonu|poczty|outlook|smartfona|urządzenia)`, `pobierz (?:program )?outlook`, `odesláno z|odoslané z|stáhnout outlook`,
	`отправлено (?:с|из|от|через) `, `надіслано (?:з|із|від) `, `скачать outlook|получить outlook`,
	`iphone'umdan|(?:iphone|ipad|samsung|android|outlook|yahoo)\S{0,8} gönderildi`, `outlook'u (?:edinin|indir)`,
	`elküldve az? `, `trimis de pe `, `στάλθηκε από `, `נשלח מה`, `أرسلت من|مرسل من`, `đã gửi từ|được gửi từ|gửi từ iphone|tải outlook`, `ส่งจาก`,
	`(?:iphone|ipad|android|outlook|samsung|yahoo|galaxy|我的).{0,20}(?:から送信|에서 보냄)`, `(?:发自|從我的|从我的|发送自|寄自|傳送自|來自|来自我的|使用).{0,30}(?:发送|傳送|iphone|ipad|android|outlook|手机|手機|qq邮箱|邮箱)?$`, `나의 .{2,20}에서 보냄`, `獲取 outlook|获取 outlook|下载 outlook`,
	`virus-free\.|bebas virus\.|virenfrei\.|garanti sans virus`, `(?:this|email|e-mail|surel|pesan) (?:email|e-mail|ini|message) (?:has been|telah) (?:checked|scanned|dipindai|diperiksa)`, `(?:www\.)?avast\.com`,
}, "|") + `)`)

// isAdvert keeps sentences that begin in the same way ("Sent from my desk, is much easier …").
func isAdvert(l *line) bool {
	if l.plain == "" || len(l.plain) > 160 || l.depth > 0 || !advert.MatchString(l.lower) {
		return false
	}
	text := strings.TrimRight(pleading.ReplaceAllString(linkTail.ReplaceAllString(l.lower, ""), ""), " ")
	return len(words(text)) <= 14 && !strings.Contains(strings.TrimRight(text, ".,"), ", ") && !strings.Contains(text, ". ") && !strings.HasSuffix(text, ":") && !strings.HasSuffix(text, "?")
}

// bareAdvert is how adverts of programs not known here begin.
var bareAdvert = regexp.MustCompile(`^(?:sent (?:from|via|with|using)|(?:dikirim|terkirim) (?:dari|melalui|menggunakan|dengan)|gesendet (?:von|mit|über)|envoyée? (?:de|depuis|avec|via)|enviado (?:desde|de|do|com|con|via)|inviat[oa] (?:da|dal|con)|verzonden (?:met|via|vanaf)|skickat från|sendt fra|wysłan[eo] z) `)

// isBareAdvert asks for a short line that stands alone and begins like an advert.
func (s *scan) isBareAdvert(a, i int) bool {
	l := &s.lines[i]
	return i > a && s.lines[i-1].blank && l.depth == 0 && bareAdvert.MatchString(l.lower) && len(words(l.lower)) <= 7 && !strings.ContainsAny(l.lower, ",:;?")
}

var (
	linkTail = regexp.MustCompile(`[<(\[]?(?:https?://|www\.)\S+`)
	pleading = regexp.MustCompile(`\b(?:please (?:excuse|forgive|pardon)|excuse|sorry for|pardon|(?:mohon )?maaf|bitte entschuldigen|veuillez excuser|excusez|disculp\p{L}+|perdona)\b.*$`)
)

// isWrappedAdvert knows an advert whose link, or whose end, came onto a second line.
func isWrappedAdvert(first, second *line) bool {
	return isAdvert(first) && linkTail.ReplaceAllString(second.lower, "") == ""
}

// disclaimerTitles are how offices head what they disclaim.
var disclaimerTitles = []string{
	"disclaimer", "penyangkalan", "pernyataan penyangkalan", "sanggahan:", "pernyataan kerahasiaan", "pemberitahuan kerahasiaan", "peringatan kerahasiaan",
	"confidentiality notice", "confidentiality:", "confidential notice", "legal notice", "legal disclaimer", "privileged/confidential", "notice of confidentiality",
}

// disclaimers are how a paragraph that disclaims begins without a title.
var disclaimers = []string{
	"perhatian: email ini", "perhatian : email ini", "perhatian: surat elektronik", "peringatan: email ini",
	"email ini dan ", "e-mail ini dan ", "surel ini dan ", "pesan ini dan ", "pesan email ini ", "surat elektronik ini ", "email ini bersifat rahasia", "e-mail ini bersifat rahasia", "surel ini bersifat rahasia", "informasi dalam email ini", "informasi yang terkandung dalam", "informasi yang terdapat dalam", "informasi dalam surel ini", "informasi dalam e-mail ini",
	"isi email ini", "isi e-mail ini", "isi surel ini", "email ini (termasuk", "e-mail ini (termasuk", "pesan ini (termasuk", "email ini hanya ditujukan", "e-mail ini hanya ditujukan", "pesan ini hanya ditujukan", "jika anda bukan penerima yang", "apabila anda bukan penerima yang", "bila anda bukan penerima yang", "harap pertimbangkan lingkungan", "mohon pertimbangkan lingkungan", "pertimbangkan lingkungan sebelum", "jagalah lingkungan", "selamatkan bumi", "save paper", "save a tree", "think before you print", "go green",
	"this e-mail and any", "this email and any", "this message and any", "this e-mail, and any", "this email, and any", "this e-mail message", "this email message", "this e-mail is confidential", "this email is confidential", "this message is confidential", "this e-mail is intended", "this email is intended", "this message is intended", "this e-mail (including", "this email (including", "this message (including", "this communication is", "this communication and any", "this message contains confidential", "this email contains confidential", "this e-mail contains confidential", "this e-mail may contain", "this email may contain", "this message may contain", "this transmission ", "this electronic mail", "this electronic message", "the information contained in this", "the information in this e", "the information transmitted", "the content of this e", "the contents of this e", "if you are not the intended recipient", "if you have received this", "please consider the environment", "before printing this", "consider the environment",
	"diese e-mail enthält vertrauliche", "diese e-mail und ", "diese nachricht enthält vertrauliche", "der inhalt dieser e-mail", "dieses e-mail ", "ce message et ", "ce courriel et ", "ce message est confidentiel", "este mensaje y ", "este correo electrónico y ", "este mensaje es confidencial", "esta mensagem e ", "esta mensagem pode conter", "questo messaggio e ", "questa e-mail ", "le informazioni contenute", "dit bericht ", "deze e-mail en ", "questo messaggio e' stato analizzato",
}

// confidential are words one of which a disclaimer has, so that a sentence that only begins like one ("Pesan ini dan lampirannya
// adalah bukti") stays.
var confidential = []string{
	"rahasia", "penerima", "ditujukan", "tanggung jawab", "bertanggung", "lingkungan", "mencetak", "kertas", "virus",
	"confidential", "privileged", "intended", "recipient", "liab", "environment", "print", "paper", "tree",
	"vertraulich", "confidentiel", "destinataire", "confidencial", "destinat", "riservat", "vertrouwelijk", "geadresseerde", "libra esva",
}

// isDisclaimer asks whether the lines [a, b) begin as a disclaimer does and speak of what one speaks of. titled says that they
// begin with a title, which makes what follows the title a part of it.
func (s *scan) isDisclaimer(a, b int) (is, titled bool) {
	lower := strings.TrimLeft(s.lines[a].lower, "-_=~# [(\"“:!⚠")
	for _, d := range disclaimerTitles {
		if strings.HasPrefix(lower, d) {
			return true, true
		}
	}
	for _, d := range disclaimers {
		if strings.HasPrefix(lower, d) {
			text := strings.ToLower(s.join(a, b))
			return slices.ContainsFunc(confidential, func(w string) bool { return strings.Contains(text, w) }), false
		}
	}
	return false, false
}
