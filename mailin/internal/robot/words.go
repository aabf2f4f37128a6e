package robot

import (
	"regexp"
	"strings"
)

// nobody are local parts that no person reads or writes under.
var nobody = regexp.MustCompile(`^(?:.*[-_.+])?(?:no|do[-_.]?not|dont|never)[-_.]?reply(?:[-_.+\d].*)?$|^(?:.*[-_.])?(?:mailer[-_.]?daemon|mail[-_.]daemon|mdaemon)(?:[-_.+].*)?$|^(?:postmaster|bounces?|auto[-_.]?(?:reply|responder|notify|notification|mailer)|(?:root|nagios|zabbix|cron|logwatch|fail2ban|daemon|apache|www-data|nobody))$|^jangan[-_.]?balas$|^tidak[-_.]?(?:untuk[-_.]?)?dibalas$`)

// bySender knows addresses that say of themselves that nobody is behind them.
func (m mail) bySender() string {
	local, _, ok := strings.Cut(strings.ToLower(m.in.From), "@")
	if ok && nobody.MatchString(strings.Trim(local, `"`)) {
		return Notification
	}
	return Person
}

// vacationSubject are the set forms in which vacation programs begin a subject. They stand at the beginning or are the
// whole: "Question about out of office settings" is a person's.
var vacationSubject = regexp.MustCompile(`(?i)^\s*(?:\[?auto(?:matic|mated)?[- _]?(?:reply|response|respons|answer|reponse|réponse)\]?\s*(?:[:\-–]|$)` +
	`|auto(?:resposta|rrespuesta|svar|respond(?:er)?)\s*(?:[:\-–]|$)` +
	`|auto:\s` +
	`|out[- ]of[- ](?:the[- ])?office(?: auto-?reply| reply| message| notification| notice| autoresponse)?\s*(?:[:\-–(]|$)` +
	`|(?:i am|i'm|.{2,40} is) (?:currently )?out of the office\b` +
	`|vacation (?:reply|notice|message|response|auto-?reply)\s*(?:[:\-–]|$)` +
	`|away from (?:my mail|the office)\s*(?:[:\-–]|$)` +
	`|(?:automatische antwort|abwesenheits(?:notiz|nachricht|meldung|assistent)|abwesend|abwesenheit)\s*(?:[:\-–]|$)` +
	`|(?:réponse|reponse) automatique\s*(?:[:\-–]|$)|absence du bureau\s*(?:[:\-–]|$)|absent(?:e)? du bureau` +
	`|respuesta autom[aá]tica\s*(?:[:\-–]|$)|fuera de (?:la )?oficina\s*(?:[:\-–]|$)` +
	`|resposta autom[aá]tica\s*(?:[:\-–]|$)|fora do escrit[oó]rio\s*(?:[:\-–]|$)` +
	`|risposta automatica\s*(?:[:\-–]|$)|fuori sede\s*(?:[:\-–]|$)` +
	`|automatisch antwoord\s*(?:[:\-–]|$)|afwezig(?:heid)?(?:sbericht)?\s*(?:[:\-–]|$)` +
	`|automatisk svar\s*(?:[:\-–]|$)|autosvar\b|automaattinen vastaus\s*(?:[:\-–]|$)|odpowiedź automatyczna\s*(?:[:\-–]|$)|automatická odpověď\s*(?:[:\-–]|$)|automatikus válasz\s*(?:[:\-–]|$)|otomatik yanıt\s*(?:[:\-–]|$)|автоматический ответ\s*(?:[:\-–]|$)|автоответ\s*(?:[:\-–]|$)` +
	`|自動(?:返信|応答|回复|回覆)\s*[::\-]?|自动(?:回复|答复)\s*[::\-]?|자동\s*(?:회신|응답)\s*[::\-]?|trả lời tự động\s*(?:[:\-–]|$)` +
	`|(?:balasan|jawaban|respons?) otomatis\s*(?:[:\-–]|$)|pesan otomatis\s*(?:[:\-–]|$)|(?:saya )?sedang (?:cuti|tidak di kantor|di luar kantor|dinas luar)\s*(?:[:\-–,]|$)|di luar kantor\s*(?:[:\-–]|$)|balas automatik\s*(?:[:\-–]|$)|tidak berada di (?:kantor|pejabat)\s*(?:[:\-–]|$))`)

// automatedText is how programs say in the text that nobody wrote it.
var automatedText = []string{
	"this is an automated response to your message", "this is an automatic reply to your", "this is an automated reply",
	"this is an auto-generated response", "this is an automatically generated response", "this is an automatically generated reply",
	"this is the only notification you will receive while this person is away",
	"dies ist eine automatisch generierte antwort", "ceci est une réponse automatique", "esta es una respuesta automática", "este es un mensaje de respuesta automática",
	"ini adalah balasan otomatis", "ini adalah jawaban otomatis", "email ini dibalas secara otomatis", "balasan ini dikirim secara otomatis",
}

// byWords comes last: the forms of vacation programs that write no field at all.
func (m mail) byWords() string {
	if vacationSubject.MatchString(m.in.Subject) && !quoted(m.in.Subject) {
		return AutoReply
	}
	if challenge(m.in.Text) {
		return AutoReply
	}
	// The text alone is a person's where it stands below words of theirs; programs say it in their first lines.
	head := m.in.Text
	if len(head) > 1500 {
		head = head[:1500]
	}
	if i := strings.Index(head, "\n>"); i >= 0 {
		head = head[:i]
	}
	flat := strings.ToLower(strings.Join(strings.Fields(head), " "))
	for _, phrase := range automatedText {
		if strings.Contains(flat, phrase) {
			return AutoReply
		}
	}
	return Person
}

// quoted tells whether the subject only answers or passes on an automatic one: that is a person.
func quoted(subject string) bool { return answered.MatchString(subject) }

var answered = regexp.MustCompile(`(?i)^\s*(?:re|aw|sv|antw|balas|bls|rv|res|tr|wg|fw|fwd|vs)(?:\[\d+\])?\s*:`)

// challenge tells a request to confirm an address before a mail is let through.
func challenge(text string) bool {
	if len(text) > 1500 {
		text = text[:1500]
	}
	flat := strings.ToLower(strings.Join(strings.Fields(text), " "))
	return strings.Contains(flat, "this account is protected by") && strings.Contains(flat, "click on the following link")
}
