package mailin

import (
	"strings"
	"unicode"
)

// A bare thank-you is short; who writes more says something.
const (
	mostThanksWords = 12
	longestThanks   = 1000 // bytes, with blanks and pictures
)

// thanksWords say thank you by themselves; phrases are written with a blank.
var thanksWords = wordSet(`terimakasih trimakasih makasih makasi mksh mkasih trims trim trimss tks thx thanx thks thanks thank tq ty tengkyu suksma suksme suwun
	matursuksma matursuwun nuhun kamsia appreciated`)

// thanksPairs say it in two words.
var thanksPairs = map[string]bool{"terima kasih": true, "trima kasih": true, "trimakasih banyak": true, "terima kasi": true, "tarima kasih": true, "tampi asih": true}

// thanksFillers may stand around a thank-you and say nothing of their own.
var thanksFillers = wordSet(`ok oke okey okay okee baik baiklah siap sip noted nggih inggih dumogi rahajeng mantap ya iya yes
	pak bapak bu ibu mas mbak kak kakak bli mbok gus gek pakde admin tim team csirt rekan rekan-rekan bapak/ibu semua semuanya sir madam all everyone folks
	kami saya kita ucapkan sampaikan haturkan sekali lagi banyak banget sangat sebelumnya kembali
	atas untuk bantuan bantuannya info infonya informasi informasinya respon responnya respons responsnya tanggapan tanggapannya kerja sama kerjasama kerjasamanya
	kerjasamanya perhatian perhatiannya penjelasan penjelasannya penanganan penanganannya dukungan dukungannya rekomendasi rekomendasinya arahan arahannya update updatenya
	cepat cepatnya baiknya yang dan serta matur hatur
	you so much very many a lot again for your the with and all of kind quick fast great prompt help support response reply assistance information update advice really it we i is
	salam hormat regards best cheers om shanti santi santih swastiastu swastyastu suastiastu`)

// thanksTitles stand before a name, thanksClosings before the sender's own.
var (
	thanksTitles   = wordSet(`pak bapak bu ibu mas mbak kak kakak bli mbok gus gek sir madam mr mrs ms dear tim team`)
	thanksClosings = wordSet(`salam hormat regards cheers`)
)

// isThanks says whether a mail's new text is a bare thank-you, in Indonesian, Balinese or English, and nothing else: such a mail
// is passed on and reopens nothing. In doubt it is not, so that no word of trouble is taken for politeness.
func isThanks(newText string) bool {
	if len(newText) > longestThanks || strings.ContainsAny(newText, "?0123456789@") {
		return false
	}
	written := strings.FieldsFunc(strings.Map(plainRune, newText), func(r rune) bool {
		return !unicode.IsLetter(r) && r != '-' && r != '/' && r != '\''
	})
	if len(written) == 0 {
		return strings.Contains(newText, "🙏")
	}
	if len(written) > mostThanksWords {
		return false
	}
	thanks, names := false, 0 // how many of the next words may be a name
	for i, w := range written {
		word := strings.ToLower(strings.Trim(w, "-/'"))
		switch pair := word + " " + next(written, i); {
		case thanksWords[word], thanksPairs[pair]:
			thanks = true
		case word == "kasih" || word == "kasi" || word == "asih":
			if i == 0 || !thanksPairs[strings.ToLower(written[i-1])+" "+word] {
				return false
			}
		case thanksFillers[word] || word == "":
		case names > 0 && unicode.IsUpper([]rune(w)[0]) && idWords[word]+enWords[word] == 0:
			names--
			continue
		default:
			return false
		}
		names = namesAfter(word)
	}
	return thanks
}

// namesAfter is how many words of a name may follow: one after a title, a whole name after the closing of a letter.
func namesAfter(word string) int {
	switch {
	case thanksClosings[word]:
		return 4
	case thanksTitles[word]:
		return 1
	}
	return 0
}

func next(words []string, i int) string {
	if i+1 < len(words) {
		return strings.ToLower(words[i+1])
	}
	return ""
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
