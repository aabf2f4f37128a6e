package tickets

// Giver is a relation to a ticket that entitles a person to a command.
type Giver string

// Who may give commands. Supervisors may give every command of staff.
const (
	ByFrontDesk  Giver = "front desk"
	ByOwner      Giver = "owner"
	ByAgent      Giver = "agent"
	BySupervisor Giver = "supervisor"
	ByStaff      Giver = "staff"
	ByReporter   Giver = "reporter"
	ByAnyone     Giver = "anyone"
)

// TextUse is what happens to the text below a command.
type TextUse string

// Whose the text below a command is. A mail may not mix TextInternal with TextOutgoing or TextReason.
const (
	TextKept     TextUse = ""         // the command makes nothing of it: it goes where a mail without a command would take it
	TextInternal TextUse = "internal" // never leaves staff
	TextOutgoing TextUse = "outgoing" // goes to the reporter
	TextReason   TextUse = "reason"   // goes to the reporter where the argument gives no reason
	TextReport   TextUse = "report"   // becomes a new ticket's report
)

// Command is one row of the table from which mails are read and carried out, and help and documents are written.
type Command struct {
	Name  string   // English
	Alias string   // Indonesian; the same as Name where the languages share the word
	Args  string   // usage after the name; [] is optional
	Keys  []string // English names of the fields that key=value may set
	Who   []Giver
	From  []State // states in which it may be given; nil is any
	To    State   // the state that follows; "" where it stays or depends on the ticket
	Alone bool    // needs no ticket
	Must  bool    // refused without a text below it (or a reason as its argument)
	Text  TextUse
	Says  Words // one line for people
	Shows Words // an example with its arguments
}

var notFinal = []State{Open, Verified, Responding, Monitoring}

// Commands is the one table of mail commands, in the order of the procedure.
var Commands = []Command{
	{Name: "verify", Alias: "verifikasi", Args: "[type=T] [severity=S] [tlp=L] [iiv=yes] [found=WHEN]", Keys: []string{"type", "severity", "tlp", "iiv", "found"},
		Who: []Giver{ByFrontDesk}, From: []State{Open}, To: Verified, Text: TextInternal,
		Says:  Words{"Insiden sudah diidentifikasi; teks di bawahnya menjadi dokumentasi insiden", "the incident is identified; the text below becomes its documentation"},
		Shows: Words{"/verifikasi jenis=defacement tingkat=berbahaya", "/verify type=defacement severity=high"}},
	{Name: "forward", Alias: "teruskan", Args: "ADDRESS|TEAM|front-desk", Who: []Giver{ByFrontDesk, ByOwner}, From: []State{Verified, Responding, Monitoring}, To: Responding, Text: TextInternal,
		Says:  Words{"Teruskan kasus ke seorang agen, sebuah tim, atau kembali ke front-desk; teks di bawahnya adalah catatan internal", "passes the case to an agent, a team, or back to front-desk; the text below is an internal note"},
		Shows: Words{"/teruskan budi@csirt.example", "/forward budi@csirt.example"}},
	{Name: "take", Alias: "ambil", Who: []Giver{ByAgent}, From: []State{Verified}, To: Responding, Text: TextInternal,
		Says:  Words{"Ambil kasus ini untuk Anda tangani sendiri", "takes the case for yourself"},
		Shows: Words{"/ambil", "/take"}},
	{Name: "ask", Alias: "tanya", Who: []Giver{ByFrontDesk, ByOwner}, From: notFinal, Must: true, Text: TextOutgoing,
		Says:  Words{"Kirim teks di bawahnya sebagai pertanyaan kepada pelapor; tenggat berhenti sampai dijawab", "sends the text below to the reporter as a question; deadlines pause until the answer"},
		Shows: Words{"/tanya", "/ask"}},
	{Name: "reply", Alias: "balas", Who: []Giver{ByStaff}, From: notFinal, Must: true, Text: TextOutgoing,
		Says:  Words{"Kirim teks di bawahnya kepada pelapor dan peserta", "sends the text below to the reporter and participants"},
		Shows: Words{"/balas", "/reply"}},
	{Name: "note", Alias: "catatan", Who: []Giver{ByStaff}, Must: true, Text: TextInternal,
		Says:  Words{"Simpan teks di bawahnya sebagai catatan internal", "keeps the text below as an internal note"},
		Shows: Words{"/catatan", "/note"}},
	{Name: "onsite", Alias: "lapangan", Args: "WHEN [PLACE]", Who: []Giver{ByOwner}, From: []State{Responding}, Text: TextOutgoing,
		Says:  Words{"Catat kunjungan; pelapor diberi tahu waktu dan tempatnya beserta undangan", "records a visit; the reporter is told when and where, with an invitation"},
		Shows: Words{"/lapangan besok 10.00 Ruang server Dinas Kesehatan", "/onsite 2026-11-25 10:00 Server room"}},
	{Name: "recommend", Alias: "rekomendasi", Who: []Giver{ByOwner}, From: []State{Responding, Monitoring}, Must: true, Text: TextOutgoing,
		Says:  Words{"Catat teks di bawahnya sebagai rekomendasi dan kirim kepada pelapor", "records the text below as the recommendation and sends it to the reporter"},
		Shows: Words{"/rekomendasi", "/recommend"}},
	{Name: "monitor", Alias: "pantau", Args: "[UNTIL]", Who: []Giver{ByOwner}, From: []State{Responding}, To: Monitoring, Text: TextOutgoing,
		Says:  Words{"Insiden tertangani; pantau, Anda diingatkan pada waktunya", "handled; watches whether it stays solved, you are reminded at the time"},
		Shows: Words{"/pantau senin 09.00", "/monitor 2026-11-30 09:00"}},
	{Name: "close", Alias: "tutup", Who: []Giver{ByOwner, BySupervisor}, From: []State{Responding, Monitoring}, To: Closed, Text: TextOutgoing,
		Says:  Words{"Tutup tiket; memerlukan rekomendasi. Teks di bawahnya menjadi ringkasan penutup", "closes the ticket; needs a recommendation. The text below is the closing summary"},
		Shows: Words{"/tutup", "/close"}},
	{Name: "reject", Alias: "tolak", Args: "REASON", Who: []Giver{ByFrontDesk, ByOwner}, From: []State{Open, Verified, Responding}, To: Rejected, Must: true, Text: TextReason,
		Says:  Words{"Tolak laporan; pelapor menerima alasannya", "rejects the report; the reporter gets the reason"},
		Shows: Words{"/tolak bukan insiden siber", "/reject not a security incident"}},
	{Name: "duplicate", Alias: "duplikat", Args: "NUMBER", Who: []Giver{ByFrontDesk, ByOwner}, From: []State{Open, Verified, Responding}, To: Duplicate,
		Says:  Words{"Kasus ini dilanjutkan pada tiket lain", "another ticket carries this case on"},
		Shows: Words{"/duplikat BALIPROV-CSIRT-2026-0123", "/duplicate BALIPROV-CSIRT-2026-0123"}},
	{Name: "reopen", Alias: "buka", Who: []Giver{ByStaff}, From: []State{Monitoring, Closed, Rejected, Duplicate},
		Says:  Words{"Buka kembali tiket", "reopens the ticket"},
		Shows: Words{"/buka", "/reopen"}},
	{Name: "reporter", Alias: "pelapor", Args: "ADDRESS", Who: []Giver{ByFrontDesk, ByOwner}, From: notFinal,
		Says:  Words{"Pindahkan percakapan ke alamat lain; alamat lama tidak diberi tahu", "moves the conversation to another address; the former one is not told"},
		Shows: Words{"/pelapor ani@dinas.example", "/reporter ani@office.example"}},
	{Name: "new", Alias: "baru", Args: "[for=ADDRESS] SUBJECT", Keys: []string{"for"}, Who: []Giver{ByStaff}, Alone: true, Must: true, Text: TextReport,
		Says:  Words{"Buka tiket untuk laporan lisan: teks dan lampiran adalah laporannya", "opens a ticket for a report by telephone or visit: text and attachments are the report"},
		Shows: Words{"/baru untuk=ani@dinas.example Situs dinas diretas", "/new for=ani@office.example Web site defaced"}},
	{Name: "away", Alias: "cuti", Args: "UNTIL", Who: []Giver{ByStaff}, Alone: true,
		Says:  Words{"Tim melewati Anda sampai waktu itu; kasus Anda yang terbuka disampaikan ke Front Desk", "teams skip you until then; your open cases are named to Front Desk"},
		Shows: Words{"/cuti 30/11/2026", "/away 2026-11-30"}},
	{Name: "evidence", Alias: "bukti", Args: "N", Who: []Giver{ByStaff},
		Says:  Words{"Kirim lampiran bernomor N dari tiket ini kepada Anda; yang berbahaya dalam zip berkata sandi", "sends attachment N of the ticket to you; a dangerous one in a password-protected zip"},
		Shows: Words{"/bukti 2", "/evidence 2"}},
	{Name: "solved", Alias: "selesai", Who: []Giver{ByReporter}, From: []State{Monitoring, Closed},
		Says:  Words{"Insiden sudah teratasi", "the incident is solved"},
		Shows: Words{"/selesai", "/solved"}},
	{Name: "unsolved", Alias: "belum", Who: []Giver{ByReporter}, From: []State{Monitoring, Closed}, To: Responding,
		Says:  Words{"Insiden belum teratasi; tiket dibuka kembali", "the incident is not solved; the ticket is reopened"},
		Shows: Words{"/belum", "/unsolved"}},
	{Name: "set", Alias: "atur", Args: "key=value …", Keys: []string{"type", "severity", "tlp", "subject", "due", "lang", "iiv", "found"}, Who: []Giver{ByFrontDesk, ByOwner}, From: notFinal,
		Says:  Words{"Ubah isian: jenis, tingkat, tlp, perihal, tenggat, bahasa, iiv, ditemukan", "changes a field: type, severity, tlp, subject, due, lang, iiv, found"},
		Shows: Words{"/atur tingkat=sangat-berbahaya tlp=red", "/set severity=critical tlp=red"}},
	{Name: "escalate", Alias: "lapor", Who: []Giver{ByOwner, BySupervisor}, From: []State{Responding, Monitoring}, Text: TextInternal,
		Says:  Words{"Siapkan laporan kepada tim tanggap sektoral dan nasional; dikirim setelah Anda menjawab ya. Dampak ditulis di bawahnya", "prepares the report to the sectoral and national response team; sent after your yes. Write the impact below"},
		Shows: Words{"/lapor", "/escalate"}},
	{Name: "cc", Alias: "cc", Args: "ADDRESS", Who: []Giver{ByFrontDesk, ByOwner}, From: notFinal,
		Says:  Words{"Tambahkan peserta", "adds a participant"},
		Shows: Words{"/cc kepala@dinas.example", "/cc head@office.example"}},
	{Name: "uncc", Alias: "uncc", Args: "ADDRESS", Who: []Giver{ByFrontDesk, ByOwner}, From: notFinal,
		Says:  Words{"Keluarkan peserta", "removes a participant"},
		Shows: Words{"/uncc kepala@dinas.example", "/uncc head@office.example"}},
	{Name: "status", Alias: "status", Who: []Giver{ByAnyone},
		Says:  Words{"Minta ringkasan tiket", "asks for the ticket's summary"},
		Shows: Words{"/status", "/status"}},
	{Name: "history", Alias: "riwayat", Who: []Giver{ByStaff},
		Says:  Words{"Minta seluruh kasus: riwayat, semua pesan, dan berkas kasus", "asks for the whole case: timeline, all messages, and the case file"},
		Shows: Words{"/riwayat", "/history"}},
	{Name: "list", Alias: "daftar", Args: "[open|mine|overdue|all]", Who: []Giver{ByStaff}, Alone: true,
		Says:  Words{"Minta daftar tiket", "asks for a table of tickets"},
		Shows: Words{"/daftar mine", "/list mine"}},
	{Name: "report", Alias: "laporan", Args: "[YYYY-MM]", Who: []Giver{ByStaff}, Alone: true,
		Says:  Words{"Minta angka sebulan dengan grafik; tanpa bulan: bulan ini", "asks for a month's figures with charts; without a month: this one's"},
		Shows: Words{"/laporan 2026-11", "/report 2026-11"}},
	{Name: "help", Alias: "bantuan", Who: []Giver{ByAnyone}, Alone: true,
		Says:  Words{"Minta bantuan ini", "asks for this help"},
		Shows: Words{"/bantuan", "/help"}},
}

// FieldKey is a name that key=value may use.
type FieldKey struct {
	Name  string // English, as stored in CommandLine.Set
	Alias string // Indonesian
}

// FieldKeys is the one table of field names.
var FieldKeys = []FieldKey{
	{"type", "jenis"}, {"severity", "tingkat"}, {"tlp", "tlp"}, {"iiv", "iiv"}, {"found", "ditemukan"},
	{"subject", "perihal"}, {"due", "tenggat"}, {"lang", "bahasa"}, {"for", "untuk"},
}

// FindCommand looks a word up in the table, in either language and any case.
func FindCommand(word string) (Command, bool) {
	w := Key(word)
	for _, c := range Commands {
		if w == c.Name || w == c.Alias {
			return c, true
		}
	}
	return Command{}, false
}

// CommandLine is one command as a mail gives it.
type CommandLine struct {
	// Name is the English name where the word is in the table, else the word as written in lower case.
	Name string `json:"name"`
	// Args are the arguments that set no field, after telephones' spellings are undone.
	Args []string `json:"args"`
	// Set holds the fields by English name; values of type, severity, tlp, iiv and lang are ids where they could be recognised.
	Set map[string]string `json:"set"`
	// Line is the line as it was written, for answers.
	Line string `json:"-"`
}
