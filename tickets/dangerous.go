package tickets

import "strings"

// dangerousExtensions are those of files that run, carry macros or hide what is in them. Such files are evidence and stay
// there; they do not travel on by mail, where a click opens them.
var dangerousExtensions = wordSet(`
	ade adp apk app appx appxbundle bat chm cmd com cpl deb diagcab dll dmg elf exe gadget hlp hta ins iso img inf isp jar
	jnlp js jse lib lnk mde msc msi msix msp mst nsh pif pkg ps1 ps1xml ps2 psc1 psd1 psm1 py rpm reg run scf scr sct settingcontent-ms
	sh so sys url vb vbe vbs vhd vhdx vxd wsc wsf wsh xll
	docm dotm pptm potm ppam ppsm sldm xlsm xltm xlam xlsb one onepkg
	7z ace arj bz2 cab gz lha lz lzh lzma rar tar tbz tgz txz xz z zip zst
	htm html mht mhtml shtml svg svgz xht xhtml php phtml asp aspx jsp cgi pl swf`)

// dangerousTypes are the same by content type, for files whose names say nothing.
var dangerousTypes = wordSet(`
	application/x-msdownload application/x-msdos-program application/x-dosexec application/x-executable application/x-sharedlib
	application/vnd.microsoft.portable-executable application/x-sh application/x-shellscript application/javascript text/javascript
	application/x-javascript application/java-archive application/vnd.android.package-archive application/x-msi application/hta
	application/vnd.ms-word.document.macroenabled.12 application/vnd.ms-excel.sheet.macroenabled.12
	application/vnd.ms-powerpoint.presentation.macroenabled.12 application/vnd.ms-excel.sheet.binary.macroenabled.12
	application/zip application/x-zip-compressed application/x-rar-compressed application/vnd.rar application/x-7z-compressed
	application/gzip application/x-gzip application/x-tar application/x-bzip2 application/x-xz application/x-iso9660-image
	text/html application/xhtml+xml image/svg+xml application/x-php text/x-php`)

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// Dangerous says whether a file must not go along with a mail, by its name and by its content type.
func Dangerous(filename, contentType string) bool {
	name := strings.ToLower(strings.TrimRight(CleanLine(filename), " ."))
	if i := strings.LastIndexByte(name, '.'); i >= 0 && dangerousExtensions[name[i+1:]] {
		return true
	}
	base, _, _ := strings.Cut(contentType, ";")
	return dangerousTypes[strings.ToLower(strings.TrimSpace(base))]
}
