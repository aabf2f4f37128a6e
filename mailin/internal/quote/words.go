package quote

import "strings"

// The vocabulary of mail programs by language. Everything is in lower case and without emphasis.

func set(lists ...string) map[string]bool {
	m := make(map[string]bool)
	for _, list := range lists {
		for w := range strings.FieldsSeq(list) {
			m[w] = true
		}
	}
	return m
}

// phrases reads entries that are divided by "|".
func phrases(lists ...string) map[string]bool {
	m := make(map[string]bool)
	for _, list := range lists {
		for w := range strings.SplitSeq(list, "|") {
			m[strings.TrimSpace(w)] = true
		}
	}
	return m
}

// verbs are the words for writing in attribution lines.
var verbs = set(
	"menulis tulis ditulis mengutip", // Indonesian, Malay
	"wrote writes sent replied quoting",
	"schrieb schreibt geschrieben zitat",
	"écrit ecrit",
	"escribió escribio escribe", "escreveu", "scritto scrive", "escrigué escriure",
	"citando citazione citation citat", "schreef geschreven", "skrev skrifaði", "kirjoitti",
	"napisał napisała napisana pisze", "napsal napsala píše", "napísal napísala", "napisao napisala napisal",
	"написал написала пишет", "написав написала пише", "написа",
	"yazdı", "írta írt", "scris", "έγραψε", "כתב כתבה", "كتب", "viết", "kirjutas", "rakstīja", "rašė parašė",
)

// verbsWithin are words for writing in scripts that put no space between words.
var verbsWithin = []string{"写道", "寫道", "님이 작성", "작성:", "작성", "님이 쓴 글", "書きました", "のメッセージ", "のメール", "เขียน", "लिखा"}

// openers begin an attribution.
var openers = set(
	"pada on at am le el il em op den på w dnia в у на vào vao dne dana în la a στις στις: ב בתאריך في เมื่อ o",
)

// weekdays, short and long, for attributions that begin with them.
var weekdays = set(
	"sen sel rab kam jum sab min senin selasa rabu kamis jumat jum'at sabtu minggu ahad isnin khamis jumaat",
	"mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday",
	"mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag",
	"lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche",
	"mié mie jue vie sáb sab dom lunes martes miércoles jueves viernes sábado domingo gio lunedì martedì mercoledì giovedì venerdì sabato domenica",
	"seg ter qua qui sex segunda terça quarta quinta sexta segunda-feira terça-feira quarta-feira quinta-feira sexta-feira",
	"ma di wo do vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
	"mån tis ons tors fre lör sön måndag tisdag onsdag torsdag fredag lördag söndag man tir ons tor lør søn mandag tirsdag lørdag søndag",
	"ma ti ke to pe la su maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai",
	"pon wt śr sr czw pt sob niedz niedziela poniedziałek wtorek środa czwartek piątek sobota",
	"po út st čt pá so ne pondělí úterý středa čtvrtek pátek neděle pirm antr treč ketv penkt šešt sekm",
	"пн вт ср чт пт сб вс нд понедельник вторник среда четверг пятница суббота воскресенье понеділок вівторок середа четвер п'ятниця субота неділя",
	"pzt sal çar per cum cmt paz pazartesi salı çarşamba perşembe cuma cumartesi pazar",
)

// you are words by which programs address the writer of the quoted text.
var you = set("you anda kamu saudara vous du sie tú usted você je u du ty вы ти")

// attributionWords may stand in an attribution in lower case without making it prose: prepositions, clock words, auxiliaries.
var attributionWords = set(
	"pada tanggal tgl hari jam pukul oleh dari wib wita wit via through di dan telah anda saudara",
	"on at of in from by you the via am pm gmt utc noon st nd rd th mail",
	"um uhr vorm nachm mittags gegen von an der hat nach du sie",
	"le la à les dans de du via un vous heures avait",
	"el las los del de por para alle ore ha il giorno alle em às as dia via va os",
	"op om heeft het volgende is den kl klo på av fra från den til af følgende de",
	"użytkownik dniu dnia godz o godzinie pan pani przez nadawca dne dňa odesílatel odosielateľ používateľ uživatel je napísal to la oseba",
	"пользователь г р о в от году року год користувач часа ч",
	"tarihinde şunu yazdı saat tarihli iletisinde kullanıcısı ezt időpont idopont dátum în vào lúc đã thg ngày",
	strings.Join(months, " "),
)

var months = []string{
	"januari februari maret april mei juni juli agustus september oktober november desember jan feb mar apr jun jul agu agt agustus sep sept okt nov des ogos disember julai mac",
	"january february march may june july august october december aug oct dec",
	"januar februar märz marz mai dezember mär dez januar febr",
	"janvier février fevrier mars avril juin juillet août aout octobre novembre décembre decembre janv févr fevr avr juil déc",
	"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre ene abr ago dic",
	"janeiro fevereiro março maio junho julho setembro outubro novembro dezembro fev set out",
	"gennaio febbraio aprile maggio giugno luglio settembre ottobre novembre dicembre gen mag giu lug ott",
	"maart augustus december mrt maj juni augusti januari februari marts tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
	"stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia sty lut kwi cze lip sie wrz paź lis gru",
	"января февраля марта апреля мая июня июля августа сентября октября ноября декабря янв фев мар апр июн июл авг сен сент окт ноя нояб дек",
	"січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня січ лют бер квіт трав черв лип серп вер жовт лист груд",
	"ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık oca şub nis haz tem ağu eyl eki kas ara",
}

// The labels of the header fields that programs put over what they quote.
var (
	fromLabels = phrases(
		"from|dari|daripada|pengirim|von|absender|de|expéditeur|de la part de|remitente|remetente|da|mittente|van|afzender|från|avsändare|fra|afsender|avsender|lähettäjä",
		"od|nadawca|odesílatel|odosielateľ|от|від|отправитель|відправник|gönderen|kimden|feladó|de la|expeditor|από|מאת|من|จาก|từ|người gửi|saatja|nuo|no|šalje|pošiljatelj",
		"发件人|寄件者|寄件人|發件人|发信人|差出人|送信者|보낸 사람|보낸사람|보낸이|발신|발신자|प्रेषक",
	)
	dateLabels = phrases(
		"date|sent|sent at|sent on|date sent|dikirim|dikirim pada|terkirim|tanggal|tgl|dihantar|tarikh|gesendet|gesendet am|datum|envoyé|envoyé le|envoyée|date d'envoi|message du|le",
		"enviado|enviado el|enviado em|enviada|enviada em|enviada el|fecha|fecha de envío|data|data de envio|inviato|inviato il|data invio|verzonden|verzonden op|skickat|skickades|sendt|dato",
		"lähetetty|päivämäärä|pvm|wysłano|wysłane|data wysłania|отправлено|дата|надіслано|дата отправки|gönderildi|gönderilme tarihi|gönderme tarihi|tarih|dátum|elküldve|küldve|trimis|în data de|στάλθηκε|ημερομηνία",
		"נשלח|תאריך|تم الإرسال|تاريخ الإرسال|تاريخ|التاريخ|วันที่|ส่ง|ngày|đã gửi|odesláno|odoslané|poslano|datum slanja|saadetud|kuupäev|nosūtīts|išsiųsta",
		"发送时间|发送日期|日期|时间|寄件日期|傳送時間|傳送日期|送信日時|日付|日時|送信日|보낸 날짜|날짜|보낸날짜|전송 날짜|दिनांक",
	)
	toLabels = phrases(
		"to|kepada|ke|untuk|penerima|an|empfänger|à|a|pour|destinataire|para|destinatario|destinatário|al|aan|ontvanger|till|til|vastaanottaja|do|komu|pre|кому|получатель|kime|alıcı|címzett|către|catre|προς",
		"אל|إلى|ถึง|đến|tới|prima|za|saaja|kellele|kam|收件人|收件者|宛先|받는 사람|받는사람|받은 사람|받는이|수신|수신자|प्रति",
	)
	ccLabels = phrases(
		"cc|bcc|cci|tembusan|salinan|salinan karbon|kopie|kopie an|copie|copie à|copia|con copia|cópia|kopi|kopia|kopio|dw|do wiadomości|копия|копія|bilgi|másolatot kap|másolat|κοιν|עותק|نسخة|สำเนา|đồng gửi|抄送|副本|참조|reply-to|reply to|balas ke|balas|membalas|antwort an|répondre à|responder a|rispondi a|risposta|antwoord aan",
	)
	subjectLabels = phrases(
		"subject|perihal|subjek|subyek|judul|hal|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|тема|konu|předmět|predmet|zadeva|naslov|tárgy|subiect|θέμα|נושא|الموضوع|เรื่อง|chủ đề|teema|temats|tema",
		"件名|主题|主題|主旨|标题|제목|विषय",
	)
	otherLabels = phrases(
		"importance|priority|attachments|attachment|sensitivity|kepentingan|prioritas|lampiran|wichtigkeit|priorität|anlagen|anhang|importance|priorité|pièces jointes|importancia|prioridad|datos adjuntos|priorità|allegati|urgentie|bijlagen|prioritet|bilagor|ważność|załączniki|важность|вложения|önem|ekler|重要性|附件|添付ファイル|重要度|중요도|첨부|on behalf of|organization|list-id|flags|categories|when|where|required attendees",
	)
)

// machineFields are header fields that no program shows over a quotation: where they stand, somebody pasted a header as evidence.
var machineFields = phrases("received|return-path|message-id|mime-version|delivered-to|dkim-signature|authentication-results|content-type|x-mailer|x-originating-ip|received-spf|arc-seal|x-received|references|in-reply-to|user-agent")

// originalWords are what stands between the dashes over a quoted mail.
var originalWords = []string{
	"original message", "original email", "original mail", "original appointment", "original-nachricht", "reply message", "replied message", "previous message", "original text",
	"pesan asli", "pesan awal", "pesan sebelumnya", "surat asli", "email asli", "surel asli", "mesej asal",
	"ursprüngliche nachricht", "originalnachricht", "original nachricht", "antwort nachricht", "ursprüngliche e-mail",
	"message d'origine", "message d’origine", "message original", "message initial", "message précédent", "courriel original",
	"mensaje original", "mensaje anterior", "correo original", "mensagem original", "messaggio originale", "missatge original",
	"oorspronkelijk bericht", "origineel bericht", "originalmeddelande", "ursprungligt meddelande", "oprindelig meddelelse", "original meddelelse", "opprinnelig melding", "originalmelding",
	"alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva", "pôvodná správa", "izvorna poruka", "originalna poruka", "izvirno sporočilo",
	"исходное сообщение", "первоначальное сообщение", "оригинальное сообщение", "оригінальне повідомлення", "вихідне повідомлення", "оригинално съобщение",
	"orijinal mesaj", "özgün ileti", "orijinal ileti", "eredeti üzenet", "mesaj original", "mesajul original", "αρχικό μήνυμα", "הודעה מקורית", "الرسالة الأصلية", "رسالة أصلية",
	"原始邮件", "原始郵件", "原邮件", "原始訊息", "原始信件", "元のメッセージ", "元のメール", "원본 메시지", "원본 이메일", "원본 메일", "tin nhắn gốc", "thư gốc", "ข้อความต้นฉบับ", "algne sõnum",
}

// forwardWords are what stands between the dashes over a forwarded mail.
var forwardWords = []string{
	"forwarded", "diteruskan", "pesan terusan", "pesan penerusan", "dimajukan", "weitergeleitet", "transféré", "transfere", "réexpédié", "faire suivre", "reenviado", "encaminhad", "inoltrat", "doorgestuurd",
	"vidarebefordra", "videresend", "videresendt", "välitet", "edelleenlähet", "przekazan", "przesłan", "přeposlan", "preposlan", "proslijeđen", "prosleđen", "posredovan", "пересылаем", "переслан", "переадресован", "препратен",
	"iletilen", "iletilmiş", "yönlendirilen", "továbbított", "redirecționat", "προωθημένο", "הועבר", "مُعاد توجيهها", "معاد توجيه", "转发", "轉寄", "轉發", "転送", "전달된", "전달 메일", "chuyển tiếp", "ส่งต่อ", "reenviat", "edastatud",
}

// beginForward are Apple Mail's lines over a forwarded mail.
var beginForward = phrases(
	"begin forwarded message|mulai pesan yang diteruskan|mulai pesan terusan|awal pesan yang diteruskan|awal pesan diteruskan|pesan yang diteruskan|pesan terusan|mulai mesej dimajukan|mulakan mesej dimajukan|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail",
	"début du message réexpédié|début du message transféré|inicio del mensaje reenviado|início da mensagem encaminhada|início da mensagem reencaminhada|inizio messaggio inoltrato|inizia messaggio inoltrato|begin doorgestuurd bericht",
	"vidarebefordrat brev|vidarebefordrat mejl|start på videresendt besked|videresendt melding|start på videresendt melding|välitetty viesti alkaa|początek przekazywanej wiadomości|začátek přeposlané zprávy|начало переадресованного сообщения|начало пересылаемого сообщения|iletinin başlangıcı|yönlendirilen iletinin başlangıcı|i̇letilen mesaj başlangıcı|továbbított levél kezdete",
	"下面是被转发的邮件|下面是被轉寄的郵件|開始轉寄郵件|转发的邮件|転送されたメッセージ|전달된 메시지 시작|전달된 메시지|bắt đầu thư được chuyển tiếp|forwarded message|message transféré|weitergeleitete nachricht",
)
