package bounce

import (
	"regexp"
	"strings"
)

// isReport weighs the evidence. What counts is who speaks: words alone make no report, or a person's mail about a
// mail that came back would be one.
func (m *mail) isReport() bool {
	if m.foreign && len(m.status) == 0 || m.reportType == "disposition-notification" || m.reportType == "feedback-report" {
		return false
	}
	for _, g := range m.status {
		if g.challenge() {
			return false
		}
	}
	subject, phrase := subjectForm.MatchString(m.in.Subject), containsAny(m.flat, phrases)
	if m.mediaType == "message/delivery-status" || m.mediaType == "multipart/report" && (m.reportType == "delivery-status" || m.reportType == "") {
		return len(m.status) > 0 || m.statusPart && m.reportType != "" || subject || phrase || m.daemon()
	}
	switch {
	case m.person(), answered.MatchString(m.in.Subject) && !(m.daemon() && (m.nullPath() || !postmaster.MatchString(m.in.From))):
		return false
	case len(m.status) > 0:
		// Below another root the fields alone prove nothing: a person may have passed them on.
		return m.machine() || m.in.From == "" && len(m.header("From")) == 0
	case m.daemon():
		named := m.first("X-Failed-Recipients") != "" || len(m.recipients()) > 0
		return subject && (phrase || named || m.returns()) || named && (phrase || containsAny(m.flat, daemonPhrases))
	case m.machine():
		// A robot that is no mail daemon: a vacation notice may use single words of a report, so it takes more.
		return phrase && (subject || m.returns()) && len(m.recipients()) > 0
	}
	return false
}

// returns tells whether the mail brings back another one.
func (m *mail) returns() bool { return len(m.returnedBy) > 0 || len(m.returned) > 0 }

// answered is the beginning of a subject that a person's program wrote.
var answered = regexp.MustCompile(`(?i)^\s*(re|aw|sv|antw|balas|bls|rv|res|tr|wg|fw|fwd|vs|i|r|rif)(\[\d+\])?\s*:`)

// How mail systems call themselves. A postmaster may be a person, told by a name that no system has.
var (
	daemonLocal = regexp.MustCompile(`(?i)^"?(?:mailer[-_.]?daemon|p?mail[-_.]?daemon|post-?master|mail[-_.]delivery[-_.](?:sub)?system|mdaemon|daemon|mailer|mail-?admin(?:istrator)?|microsoftexchange[0-9a-f]{20,})\b`)
	daemonName  = regexp.MustCompile(`(?i)mailer[- ]daemon|mail delivery (?:sub)?(?:system|service)|^\W*(?:postmaster|system administrator|mail administrator|mail system|mail delivery|message delivery)\b`)
	daemonRaw   = regexp.MustCompile(`(?i)^\W*(?:mailer[-_ ]?daemon|postmaster|<>)|\(\W*mail delivery`)
	postmaster  = regexp.MustCompile(`(?i)^"?post-?master\b`)
	systemName  = regexp.MustCompile(`(?i)mail|post|system|admin|deliver|daemon|filter|notif|serv|outlook|exchange|gateway|mta|bounce|@`)
)

// daemon tells whether the mail comes from a mail system by its own name.
func (m *mail) daemon() bool {
	if len(m.header("X-Failed-Recipients")) > 0 {
		return true
	}
	raw := m.first("From")
	name, _, bracket := strings.Cut(raw, "<")
	name = strings.Trim(name, " \"'")
	if bracket && name != "" && postmaster.MatchString(m.in.From) && !systemName.MatchString(name) {
		return false
	}
	local, _, _ := strings.Cut(m.in.From, "@")
	return daemonLocal.MatchString(local) || daemonName.MatchString(name) || daemonRaw.MatchString(raw)
}

// nullPath tells whether the envelope sender was empty, as RFC 5321 section 4.5.5 demands of reports.
func (m *mail) nullPath() bool {
	for _, name := range []string{"Return-Path", "X-Envelope-From", "Envelope-From"} {
		for _, v := range m.header(name) {
			if v = strings.TrimSpace(v); v == "<>" || strings.HasPrefix(strings.ToLower(v), "<mailer-daemon") {
				return true
			}
		}
	}
	return false
}

func (m *mail) machine() bool {
	auto := strings.ToLower(m.first("Auto-Submitted"))
	return m.daemon() || m.nullPath() || strings.HasPrefix(auto, "auto-")
}

// person tells whether the mail says of itself that a person sent it.
func (m *mail) person() bool {
	auto, _, _ := strings.Cut(strings.ToLower(m.first("Auto-Submitted")), ";")
	return strings.TrimSpace(auto) == "no" && !m.daemon()
}

// subjectForm is the subject of a report in the languages of the large mail systems.
var subjectForm = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`\bundeliver(?:ed|able)\b`, `\bnon[- ]?deliver(?:y|able)`, `\bdelivery (?:status|failure|failed|error|has failed|report|problem|delayed|notification|incomplete)`,
	`\bmail delivery\b`, `\breturned (?:mail|message|to sender)`, `\bfailure notice\b`, `\bmail (?:could not|not) be`, `\bmail (?:system )?error\b`,
	`\bmessage (?:could not|not|delivery|undeliver)`, `\bmail failure\b`, `\bcould not (?:send|deliver|be delivered)`, `\bfailed (?:mail|delivery)\b`,
	`\bwarning: message .* delayed`, `\berror sending your mail`, `\bproblems? delivering`, `\bunable to deliver`, `\bnot delivered\b`, `\brejected mail\b`,
	`\bdelivery\b.*\bfail(?:ed|ure)\b`, `\bemail delivery error`, `\bbounced? (?:mail|message)\b`, `\buser unknown\b`, `\bmail status report\b`, `\bwarning: .*could not be (?:sent|delivered)`,
	`unzustellbar`, `nicht zugestellt`, `zustellung.*(?:fehlgeschlagen|verzögert|status)`, `non (?:remis|remise|distribu)`, `échec.*(?:remise|distribution)`, `echec.*(?:remise|distribution)`,
	`no (?:se puede|se ha podido) entregar`, `no entregad`, `no se entreg`, `não (?:entregue|é possível entregar)`, `nao entregue`, `mancat[oa] (?:recapito|consegna)`, `non recapitabile`,
	`onbestelbaar`, `niet[- ](?:bezorgd|bestelbaar)`, `niedostarcz`, `nie(?:można|udało).*dostarcz`, `nedoručiteln`, `kézbesíthetetlen`, `ej levererat`, `olevererbar`, `kan ikke leveres`, `kunne ikke leveres`, `toimittaminen epäonnistui`,
	`недоставлен`, `не доставлен`, `не удалось доставить`, `не може.*доставлен`, `teslim edilemedi`, `không gửi được`,
	`送信できません`, `配信(?:不能|できません|エラー)`, `未送達`, `配達不能`, `返送`, `无法(?:投递|送达|传递)`, `退信`, `未送达`, `未传递`, `無法(?:傳遞|送達|投遞)`, `反송|반송|배달.*(?:실패|불가)`,
	`tidak (?:dapat|bisa) (?:di)?(?:kirim|sampaikan|antar)`, `tidak terkirim`, `gagal (?:di)?(?:kirim|terkirim|antar)`, `pengiriman (?:surat |email |pesan )?(?:gagal|tertunda)`, `gagal terkirim`,
}, "|"))

// phrases are what mail systems say in a report, in lower case.
var phrases = []string{
	"could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered", "could not deliver", "unable to deliver",
	"wasn't able to deliver", "was not able to deliver", "were not able to deliver", "not delivered to", "wasn't delivered to", "has not been delivered", "not yet been delivered", "have not been delivered",
	"delivery to the following", "delevery to the following", "delivery has failed", "delivery failed", "failed to deliver", "did not reach the following", "delivery of the message failed",
	"the following addresses had", "address(es) failed", "was rejected by a remote", "transcript of session follows", "undeliverable", "undelivered mail", "non-delivery",
	"delivery status notification", "delivery has been delayed", "message is delayed", "error delivering your mail", "returned to sender", "mailbox exceeds allowed size",
	"trouble delivering your message", "trying to deliver the mail", "non-delivered information", "failure reasons", "message not delivered", "message blocked",
	"rejected recipient", "undeliverable address", "invalid final delivery", "delivery problem", "delivery error", "permanent fatal error", "failed recipients", "failed addresses",
	"did not receive a copy of your message", "address not found", "address couldn't be found", "the recipient name is not recognized", "delivery failure", "intended recipient:", "the following recipients were affected",
	"could not be reached", "delivery of the email was stopped", "was blocked by our", "error description:", "did not like our", "was not accepted by", "was undeliverable", "has encountered delivery problems", "can not be delivered", "not be delivered to",
	"konnte nicht zugestellt", "konnten nicht zugestellt", "nicht zustellbar", "unzustellbar", "zustellung an folgende", "fehler bei der nachrichtenzustellung", "übermittlung an folgende empfänger",
	"n'a pas pu être remis", "n'a pas pu être distribu", "n'a pas été remis", "échec de la remise", "la remise a échoué", "impossible de remettre",
	"no se pudo entregar", "no se ha podido entregar", "no ha podido ser entregad", "no se entregó", "error de entrega", "el grupo con el que has intentado",
	"não foi possível entregar", "não pôde ser entregue", "não pode ser entregue", "falha na entrega",
	"impossibile recapitare", "non è stato possibile recapitare", "non può essere recapitat", "non è stato recapitat", "recapito non riuscito",
	"kon niet worden bezorgd", "kan niet worden bezorgd", "nie można dostarczyć", "nie udało się dostarczyć", "kunde inte levereras", "kunne ikke leveres",
	"не может быть доставлен", "не было доставлен", "не удалось доставить", "не доставлен", "teslim edilemedi",
	"送信できませんでした", "配信できません", "配信不能", "送信に失敗", "お届けできません", "配送できません", "无法送达", "无法投递", "未能送达", "投递失败", "傳遞失敗", "無法傳遞", "전송하지 못", "배달하지 못",
	"tidak dapat dikirim", "tidak bisa dikirim", "tidak dapat disampaikan", "tidak terkirim", "gagal dikirim", "gagal terkirim", "gagal mengirim", "pengiriman gagal", "tidak berhasil dikirim", "belum dapat dikirim",
}

// daemonPhrases are enough where a mail daemon says them; people say them too.
var daemonPhrases = []string{
	"user unknown", "unknown user", "no such user", "mailbox is full", "mailbox full", "over quota", "quota exceeded", "does not exist", "doesn't have a", "host unknown", "not found", "failed",
	"rejected", "delayed", "unknown recipient", "not listed in", "account has been disabled", "access denied", "relay",
}
