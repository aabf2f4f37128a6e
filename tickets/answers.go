package tickets

import "fmt"

// answer is a sentence with which the rules answer a command, in both languages; %s and %d are filled in.
type answer Words

func (a answer) say(l Language, args ...any) string {
	return fmt.Sprintf(Words(a).In(l), args...)
}

// What is wrong with a command.
var (
	answerNoProof       = answer{"Perintah belum dijalankan: surel itu tidak membuktikan pengirimnya. Permintaan konfirmasi dikirim ke alamat yang terdaftar.", "The commands are not carried out yet: that mail does not prove its sender. The registered address is asked to confirm them."}
	answerExpired       = answer{"Konfirmasi ini datang lebih dari 24 jam setelah permintaannya, jadi tidak ada yang dijalankan. Kirimlah perintahnya sekali lagi.", "This confirmation came more than 24 hours after the request, so nothing was carried out. Send the commands once more."}
	answerMovedOn       = answer{"Tidak ada yang dijalankan: tiket sudah berubah sejak perintah itu dikirim. Kini %s, oleh %s pada %s. Periksa dulu, lalu jawab surel ini.", "Nothing was carried out: the ticket has changed since those commands were sent. It is %s now, by %s at %s. Have a look, then answer this mail."}
	answerSlip          = answer{"Tidak ada yang dikirim: baris ini tampak seperti perintah, tetapi tidak berada di awal surel atau tidak diawali garis miring. Letakkan perintah di baris-baris pertama, atau hapus garis miringnya.", "Nothing was sent: this line looks like a command but does not stand at the top of the mail, or lacks its slash. Put commands on the first lines, or take the slash away."}
	answerEmpty         = answer{"Surel Anda tidak berisi teks baru. Tulislah jawaban Anda di atas kutipan.", "Your mail holds no new text. Write your answer above the quoted text."}
	answerMixedReport   = answer{"Teks surel ini akan masuk ke laporan nasional (/lapor), padahal perintah lainnya menyimpannya sebagai catatan internal. Kirimlah dua surel.", "The text of this mail would go into the national report (/escalate), but its other command keeps it internal. Send two mails."}
	answerMixed         = answer{"Surel ini mencampur perintah yang teksnya internal (/verifikasi, /teruskan, /ambil, /catatan) dengan perintah yang teksnya dikirim ke pelapor. Kirimlah dua surel.", "This mail mixes commands whose text is internal (/verify, /forward, /take, /note) with commands whose text goes to the reporter. Send two mails."}
	answerReportersOnly = answer{"/%s hanya untuk pelapor.", "/%s is for the reporter only."}
	answerUnknownNear   = answer{"/%s bukan perintah. Mungkin maksud Anda /%s?", "/%s is no command. Did you mean /%s?"}
	answerUnknown       = answer{"/%s bukan perintah. /bantuan menyebut semua perintah.", "/%s is no command. /help lists all of them."}
	answerNotYours      = answer{"/%s hanya boleh diberikan oleh %s.", "/%s may be given by %s only."}
	answerWrongState    = answer{"/%s tidak dapat diberikan pada tiket yang %s; hanya pada: %s.", "/%s cannot be given on a ticket that is %s; only on: %s."}
	answerNoTicket      = answer{"/%s memerlukan tiket: jawablah surel dari tiket itu.", "/%s needs a ticket: answer a mail of that ticket."}
	answerNeedsText     = answer{"/%s memerlukan teks di bawahnya.", "/%s needs a text below it."}
	answerNeedsReason   = answer{"/%s memerlukan alasan: tulislah di baris perintah atau di bawahnya.", "/%s needs a reason: write it on the command's line or below it."}
	answerNeedsArgument = answer{"/%s memerlukan %s, contoh: %s", "/%s needs %s, for example: %s"}
	answerTooMuch       = answer{"/%s tidak memakai %s.", "/%s has no use for %s."}
	answerOneAddress    = answer{"/%s memerlukan satu alamat surel saja, bukan %s.", "/%s takes one mail address only, not %s."}
	answerNoAddress     = answer{"%s bukan alamat surel.", "%s is no mail address."}
	answerOwnAddress    = answer{"%s adalah alamat tim sendiri.", "%s is the team's own address."}
	answerStaffAddress  = answer{"%s adalah anggota tim: kirimkan kasus dengan /teruskan.", "%s is staff: pass cases to staff with /forward."}
	answerNoAgent       = answer{"%s bukan agen dan bukan nama tim. Agen: %s. Tim: %s.", "%s is neither an agent nor a team. Agents: %s. Teams: %s."}
	answerManyAgents    = answer{"%s cocok dengan beberapa agen: %s. Tulislah alamat lengkapnya.", "%s fits several agents: %s. Write the whole address."}
	answerAllAway       = answer{"Semua anggota tim %s sedang cuti.", "Everybody in team %s is away."}
	answerHasIt         = answer{"%s sudah menangani tiket ini.", "%s has this ticket already."}
	answerStale         = answer{"Surel yang Anda jawab lebih lama daripada perubahan terakhir tiket: kini %s, oleh %s pada %s. Periksa dulu, lalu jawab surel ini.", "The mail that you answer is older than the ticket's last change: it is %s now, by %s at %s. Have a look, then answer this mail."}
	answerBadValue      = answer{"%s=%s: nilai tidak dikenal. Pilihan: %s.", "%s=%s: no such value. Choose from: %s."}
	answerNoFields      = answer{"/%s memerlukan isian, contoh: %s", "/%s needs a field, for example: %s"}
	answerOneTime       = answer{"%s= memerlukan satu waktu saja; %s berlebihan.", "%s= takes one time only; %s is too much."}
	answerFuture        = answer{"%s belum terjadi.", "%s is still to come."}
	answerNewFirst      = answer{"/%s harus menjadi perintah pertama: perintah di bawahnya untuk tiket baru itu.", "/%s must be the first command: those below it are for the new ticket."}
	answerNewText       = answer{"Teks surel ini adalah laporan tiket baru; /%s memerlukan teksnya sendiri. Kirimlah dua surel.", "The text of this mail is the new ticket's report; /%s needs a text of its own. Send two mails."}
	answerPast          = answer{"%s sudah lewat.", "%s is over already."}
	answerNoSuchTicket  = answer{"Tidak ada tiket %s.", "There is no ticket %s."}
	answerSameTicket    = answer{"Tiket tidak dapat menjadi duplikat dari dirinya sendiri.", "A ticket cannot be a duplicate of itself."}
	answerNoRecommend   = answer{"/%s memerlukan rekomendasi: beri /rekomendasi dulu, atau di surel yang sama di atas /tutup, dengan teksnya di bawah.", "/%s needs a recommendation: give /recommend first, or in the same mail above /close, with its text below."}
	answerNoReporter    = answer{"Tiket ini belum punya pelapor: beri /pelapor ALAMAT dulu.", "This ticket has no reporter yet: give /reporter ADDRESS first."}
	answerNotThere      = answer{"%s bukan peserta tiket ini.", "%s is no participant of this ticket."}
	answerIsReporter    = answer{"%s sudah menjadi pelapor tiket ini.", "%s is this ticket's reporter already."}
	answerNoSubject     = answer{"/%s memerlukan perihal.", "/%s needs a subject."}
	answerNoAttachments = answer{"Tiket ini tidak punya lampiran.", "This ticket has no attachments."}
	answerNoAttachment  = answer{"Tidak ada lampiran %s pada tiket ini: nomornya dari 1 sampai %d, seperti tercantum di samping nama berkas dalam surel kami.", "This ticket has no attachment %s: they are numbered from 1 to %d, as our mails name them beside the files."}
	answerTooLarge      = answer{"Lampiran %d (%s, %d byte) terlalu besar untuk satu surel. Pengelola sistem mengambilnya dengan: aduan ticket export --format zip %s", "Attachment %d (%s, %d bytes) is too large for a mail. Your system's operator gets it with: aduan ticket export --format zip %s"}
	answerRed           = answer{"/%s: tiket ini TLP:RED; isinya hanya untuk Front Desk, penyelia, dan agen yang menanganinya.", "/%s: this ticket is TLP:RED; its content is for Front Desk, supervisors and its owner only."}
	answerNoMonth       = answer{"%s bukan bulan: tulislah tahun dan bulan, contoh: /%s 2026-11.", "%s is no month: write year and month, for example: /%s 2026-11."}
	answerNoList        = answer{"Tidak ada daftar %s: pilih open, mine, overdue atau all.", "There is no list %s: choose open, mine, overdue or all."}
)

// What was done.
var (
	answerDone         = answer{"/%s: %s.", "/%s: %s."}
	answerVerified     = answer{"terverifikasi; pelapor diberi tahu", "verified; the reporter is told"}
	answerForwarded    = answer{"diteruskan kepada %s", "passed to %s"}
	answerTaken        = answer{"kasus ini kini milik Anda", "the case is yours now"}
	answerHandedBack   = answer{"dikembalikan ke Front Desk", "back with Front Desk"}
	answerAsked        = answer{"pertanyaan dikirim kepada pelapor; tenggat berhenti sampai dijawab", "the question went to the reporter; deadlines pause until the answer"}
	answerReplied      = answer{"teks dikirim kepada pelapor dan peserta", "the text went to the reporter and participants"}
	answerNoted        = answer{"catatan internal disimpan", "the internal note is kept"}
	answerOnsite       = answer{"kunjungan %s dicatat; pelapor diberi tahu", "the visit at %s is recorded; the reporter is told"}
	answerRecommend    = answer{"rekomendasi dicatat dan dikirim", "the recommendation is recorded and sent"}
	answerMonitor      = answer{"dipantau; pelapor diberi tahu", "monitored; the reporter is told"}
	answerMonitorTo    = answer{"dipantau sampai %s; pelapor diberi tahu", "monitored until %s; the reporter is told"}
	answerClosed       = answer{"ditutup; pelapor menerima rekomendasi", "closed; the reporter has the recommendations"}
	answerRejected     = answer{"ditolak; pelapor menerima alasannya", "rejected; the reporter has the reason"}
	answerDuplicate    = answer{"duplikat dari %s; pelapor diberi tahu", "a duplicate of %s; the reporter is told"}
	answerReopened     = answer{"dibuka kembali", "reopened"}
	answerReporter     = answer{"percakapan dipindahkan ke %s; alamat lama tidak diberi tahu", "the conversation moved to %s; the former address is not told"}
	answerNew          = answer{"tiket %s dibuka", "ticket %s is open"}
	answerAway         = answer{"Anda dilewati sampai %s", "teams skip you until %s"}
	answerYes          = answer{"ya", "yes"}
	answerNo           = answer{"tidak", "no"}
	answerInIndonesian = answer{"bahasa Indonesia", "Indonesian"}
	answerInEnglish    = answer{"bahasa Inggris", "English"}
	answerSet          = answer{"%s kini %s", "%s is %s now"}
	answerCc           = answer{"%s menjadi peserta", "%s is a participant now"}
	answerUncc         = answer{"%s bukan peserta lagi", "%s is no participant any more"}
	answerNoteToo      = answer{"Teks Anda disimpan secara internal.", "Your text is kept internally."}
	answerCancelled    = answer{"Perintah itu dibatalkan; penyelia diberi tahu bahwa ada yang menulis atas nama Anda.", "Those commands are cancelled; the supervisors are told that somebody writes in your name."}
	answerSentToo      = answer{"Teks Anda dikirim kepada pelapor.", "Your text went to the reporter."}
)

// What a request to confirm says beside the commands.
var (
	confirmText    = answer{"Di bawah perintah ada teks %d huruf dan %d lampiran, yang tidak ditampilkan karena pengirimnya belum terbukti.", "Below the commands is a text of %d characters, and %d attachments; they are not shown because the sender is not proven."}
	confirmHidden  = answer{"[%d huruf tidak ditampilkan]", "[%d characters not shown]"}
	confirmUnknown = answer{"Sebuah baris yang bukan perintah: surel itu akan ditolak", "A line that is no command: the mail would be refused"}
	confirmCame    = answer{"dari %s, Message-ID dari %s", "from %s, Message-ID of %s"}
)

// What supervisors and Front Desk are warned of.
var (
	warningForged = answer{"%s <%s> menyatakan tidak mengirim perintah yang datang atas namanya pada %s (%s). Perintah itu dibatalkan. Mungkin ada orang yang memalsukan alamatnya.", "%s <%s> says that they did not send the commands that came in their name at %s (%s). The commands are cancelled. Somebody may be forging their address."}
	warningFlood  = answer{"Surel dari %s yang tidak terbukti pengirimnya atau ditulis mesin terlalu sering datang (lebih dari %d dalam satu jam). Selama jam ini surel berikutnya hanya disimpan dan tidak ditunjukkan. Mungkin itu mesin penjawab atau serangan; periksa tiketnya.", "Mail from %s that does not prove its sender, or that a machine wrote, comes too often (more than %d in one hour). For this hour what follows is kept on record and shown to nobody. It may be an answering machine or an attack; have a look at the ticket."}
)

// What is said of reports to the response teams.
var (
	answerNoNational   = answer{"Alamat tim tanggap insiden belum diatur. Pengelola sistem mengisinya dalam aduan.toml: [national] sector = [\"…\"] dan copy = [\"…\"].", "The response teams' addresses are not set. The system's operator sets them in aduan.toml: [national] sector = [\"…\"] and copy = [\"…\"]."}
	answerIncomplete   = answer{"Laporan belum lengkap. Kirim sekali lagi /lapor, dan di bawahnya tulis: %s", "The report is not complete. Send /escalate once more, and write below it: %s"}
	answerDraftOver    = answer{"Draf laporan ini sudah selesai: sudah dikirim, dibatalkan, diganti draf yang lebih baru, atau alamat jawabannya sudah dilihat orang lain. Untuk draf baru, kirim /lapor.", "This draft is over: it was sent, dropped, replaced by a newer one, or its reply address was seen by others. For a new one, send /escalate."}
	answerDraftUnclear = answer{"Laporan BELUM dikirim. Jawablah sekali lagi draf itu dengan ya saja pada baris pertama, atau tidak untuk membatalkan. Untuk mengubah isinya, kirim /lapor sekali lagi.", "The report was NOT sent. Answer the draft once more with yes alone on the first line, or no to drop it. To change what it says, send /escalate once more."}
	answerDraftDropped = answer{"Draf laporan dibatalkan; tidak ada yang dikirim.", "The draft is dropped; nothing was sent."}
	answerDraftExpired = answer{"Jawaban ini datang lebih dari 24 jam setelah draf laporan, jadi tidak ada yang dikirim. Kirim /lapor sekali lagi.", "This answer came more than 24 hours after the draft, so nothing was sent. Send /escalate once more."}
	answerNationalSent = answer{"Laporan dikirim kepada %s.", "The report went to %s."}
	answerUnreported   = answer{"Perhatikan: tenggat menurut hukum (%s) masih berjalan dan laporan nasional belum dikirim; tiket ditutup, maka tenggat tidak diawasi lagi.", "Note: a statutory deadline (%s) was still running and no national report was sent; the ticket is closed, so it is watched no more."}

	reportNumber      = answer{"Nomor tiket", "Ticket number"}
	reportFrom        = answer{"Tim pelapor", "Reporting team"}
	reportTo          = answer{"Kepada", "To"}
	reportCopy        = answer{"Tembusan", "Copy to"}
	reportContact     = answer{"Kontak", "Contact"}
	reportType        = answer{"Jenis insiden", "Type of incident"}
	reportSeverity    = answer{"Tingkat", "Severity"}
	reportVital       = answer{"Infrastruktur informasi vital", "Vital information infrastructure"}
	reportState       = answer{"Status", "State"}
	reportDescription = answer{"Deskripsi", "Description"}
	reportChronology  = answer{"Kronologi", "Chronology"}
	reportImpact      = answer{"Dampak", "Impact"}
	reportFound       = answer{"insiden ditemukan", "incident found"}
)

// What a digest says of a ticket, and of the mail.
var (
	digestDue       = answer{"tenggat %s", "due %s"}
	digestLateSince = answer{"TERLAMBAT sejak %s", "OVERDUE since %s"}
	digestMore      = answer{"dan %d tiket lagi", "and %d more tickets"}
	digestHeld      = answer{"%d surel ditahan karena alamatnya menolak (aduan outbox list)", "%d mails are held because their address refused (aduan outbox list)"}
	digestFailed    = answer{"%d surel tidak sampai dalam tujuh hari terakhir (aduan outbox list)", "%d mails did not arrive in the last seven days (aduan outbox list)"}
	digestBadMail   = answer{"%d surel tidak dapat diproses (aduan failed list)", "%d mails could not be taken in (aduan failed list)"}
)

// giverWords names who may give a command.
var giverWords = map[Giver]Words{
	ByFrontDesk: {"Front Desk", "Front Desk"}, ByOwner: {"agen yang menangani tiket", "the ticket's owner"}, ByAgent: {"agen", "agents"},
	BySupervisor: {"supervisor", "supervisors"}, ByStaff: {"anggota tim", "staff"}, ByReporter: {"pelapor", "the reporter"}, ByAnyone: {"siapa pun", "anyone"},
}
