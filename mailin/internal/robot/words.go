package robot

import (
	"regexp"
	"strings"
)

// nobody are local parts that no person reads or writes under.
var nobody = regexp.MustCompile(`^(?:.*[-_.+])?(?:no|do[-_.]?not|dont|never)[-_.]?reply(?:[-_.+\d].*)?$` +
	`|^(?:.*[-_.])?(?:mailer[-_.]?daemon|mail[-_.]daemon|mdaemon)(?:[-_.+].*)?$` +
	`|^(?:bounces?|notifications?|notifikasi|newsletters?|auto[-_.]?(?:reply|responder|notify|notifications?|mailer|mail|reports?|generated))(?:[-_.+].*)?$` +
	`|^jangan[-_.]?(?:di)?balas$|^tidak[-_.]?(?:untuk[-_.]?)?dibalas$`)

// roles are accounts that programs write under, and at small sites people too.
var roles = regexp.MustCompile(`^(?:postmaster|root|nagios|icinga|zabbix|cron|logwatch|fail2ban|daemon|apache|www-data|nobody)$`)

// roleName is how a program names itself in From; a person's name there is a person's.
var roleName = regexp.MustCompile(`(?i)root|cron|daemon|post ?master|mail|system|service|administrator|nagios|icinga|zabbix|logwatch|fail2ban|filter|notification|alert`)

// bySender knows addresses that say of themselves that nobody is behind them.
func (m mail) bySender() string {
	local, _, _ := strings.Cut(strings.ToLower(m.in.From), "@")
	local = strings.Trim(local, `"`)
	if nobody.MatchString(local) || roles.MatchString(local) && m.programNamed() {
		return Notification
	}
	return Person
}

// programNamed tells whether nothing in the header of a role account's mail speaks of a person: their name, the
// program that they write with, or a mail that they answer.
func (m mail) programNamed() bool {
	if m.has("In-Reply-To", "References", "User-Agent", "X-Mailer", "Thread-Topic") || answered.MatchString(m.in.Subject) {
		return false
	}
	name, _, found := strings.Cut(m.first("From"), "<")
	name = strings.Trim(name, ` "'`)
	return !found || name == "" || roleName.MatchString(name)
}

// vacationSubject are the set forms in which programs begin the subject of an automatic answer, Exchange's in its
// languages first. They stand at the beginning, before a colon or alone.
var vacationSubject = regexp.MustCompile(`(?i)^\s*[\[(]?(?:` + strings.Join([]string{
	`auto(?:matic|mated)?[- _]?(?:reply|response|respons|answer|responder)`, `auto(?:resposta|rrespuesta|svar)`, `vacation (?:reply|response|auto-?reply|autoresponder)`,
	`out[- ]of[- ](?:the[- ])?office(?: auto-?reply| reply| message| notification| autoresponder)`,
	`automatische (?:antwort|respons)`, `abwesenheits(?:notiz|nachricht|meldung|assistent)`, `(?:réponse|reponse) automatique`, `respuesta autom[aá]tica`, `resposta autom[aá]tica`, `risposta automatica`,
	`automatisch antwoord`, `automatiskt? svar`, `automaattinen vastaus`, `automatyczna odpowiedź`, `odpowiedź automatyczna`, `automatická odpoveď`, `automatická odpověď`, `automatikus válasz`, `otomatik yanıt`,
	`răspuns automat`, `raspuns automat`, `automatski odgovor`, `samodejni odgovor`, `automaatvastus`, `automātiskā atbilde`, `automatinis atsakymas`, `αυτόματη απάντηση`,
	`автоматический ответ`, `автоматична відповідь`, `автоматичен отговор`, `автоответ`, `trả lời tự động`, `การตอบกลับอัตโนมัติ`, `رد تلقائي`, `מענה אוטומטי`,
	`自動(?:返信|応答|回复|回覆)`, `自动(?:回复|答复)`, `자동\s*(?:회신|응답)`,
	`(?:balasan|jawaban|respon(?:s)?) otomatis`, `balas(?:an)? automatik`,
}, "|") + `)[\])]?\s*(?:[::\-–]|$)`)

// awaySubject are words that both programs and people put in front: alone they prove nothing.
var awaySubject = regexp.MustCompile(`(?i)^\s*(?:auto:\s.{0,80}\b(?:out of|away|returning|abwesend|absent|cuti|leave|no longer)\b` +
	`|out[- ]of[- ](?:the[- ])?office\b|on (?:annual |sick |maternity )?leave\b|(?:i am|i'm|.{2,60}\bis) (?:currently )?(?:out of the office|on leave|away)\b|away from (?:my mail|the office|my desk)\b|vacation\b` +
	`|abwesen(?:d|heit)\b|(?:absence|absente?) (?:du|de) bureau\b|fuera de (?:la )?oficina\b|fora do escrit[oó]rio\b|fuori (?:sede|ufficio)\b|afwezig(?:heid)?\b` +
	`|(?:saya |kami )?sedang (?:cuti|tidak di kantor|di luar kantor|dinas luar|tidak berada)\b|di luar kantor\b|tidak berada di (?:kantor|pejabat)\b|pesan otomatis\b|cuti\b)`)

// automatedText is how programs, and people in what they let programs say, state that nobody wrote this answer.
var automatedText = []string{
	"this is an automated response to your", "this is an automatic response to your", "this is an automatic reply to your", "this is an automated reply to your",
	"this is an auto-generated response to your", "this is an automatically generated response to your", "this is an automatically generated reply",
	"this is the only notification you will receive while this person is away",
	"dies ist eine automatisch generierte antwort", "dies ist eine automatische antwort", "ceci est une réponse automatique", "esta es una respuesta automática", "esta é uma resposta automática", "questa è una risposta automatica",
	"ini adalah balasan otomatis", "ini adalah jawaban otomatis", "ini adalah pesan otomatis", "ini merupakan balasan otomatis", "email ini dibalas secara otomatis", "balasan ini dikirim secara otomatis",
}

// byWords comes last: vacation programs that write no field at all.
func (m mail) byWords() string {
	switch {
	case answered.MatchString(m.in.Subject):
		// A person who answers an automatic mail, or a challenge, which only its very words tell.
	case vacationSubject.MatchString(m.in.Subject):
		return AutoReply
	case awaySubject.MatchString(m.in.Subject) && (m.has("X-Auto-Response-Suppress", "X-MS-Exchange-Inbox-Rules-Loop") || containsAny(m.opening(), automatedText)):
		return AutoReply
	case containsAny(m.opening(), automatedText[:7]) && m.has("In-Reply-To", "References"):
		return AutoReply
	}
	if flat := m.opening(); strings.Contains(flat, "this account is protected by") && strings.Contains(flat, "click on the following link") {
		return AutoReply // challenge and response
	}
	return Person
}

// opening returns the first words of the text on one line in lower case, up to what is quoted.
func (m mail) opening() string {
	head := m.in.Text
	if len(head) > 1500 {
		head = head[:1500]
	}
	if i := strings.Index(head, "\n>"); i >= 0 {
		head = head[:i]
	}
	return strings.ToLower(strings.Join(strings.Fields(strings.ToValidUTF8(head, "")), " "))
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// answered is the beginning of the subject of an answer, or of a mail that a person passes on.
var answered = regexp.MustCompile(`(?i)^\s*(?:re|aw|sv|antw|balas|bls|rv|res|tr|wg|fw|fwd|vs)(?:\[\d+\])?\s*:`)
