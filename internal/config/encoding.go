package config

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/slipway-eks/slipway/internal/finding"
)

// sizeLimit is how many bytes a config file has at most: a device or an endless pipe
// is no config file.
const sizeLimit = 4 << 20

// marks by which texts in other encodings than UTF-8 begin; the longer first.
var marks = []struct {
	mark     string
	encoding string
}{
	{"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe\x00\x00", "UTF-32"},
	{"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
}

const asUTF8 = "save it as UTF-8; in PowerShell: Set-Content -Encoding utf8"

// utf8Text is a file's text without a byte order mark, or what is wrong with it.
func utf8Text(name string, b []byte) ([]byte, *finding.Finding) {
	refuse := func(line, column int, remedy, format string, a ...any) ([]byte, *finding.Finding) {
		x := wrong("file-encoding", name, line, column, fmt.Sprintf(format, a...), remedy)
		return nil, &x
	}
	if len(b) > sizeLimit {
		return refuse(0, 0, "", "is longer than %d MiB; that is no ClusterConfig", sizeLimit>>20)
	}
	for _, m := range marks {
		if bytes.HasPrefix(b, []byte(m.mark)) {
			return refuse(0, 0, asUTF8, "is text in %s; expected UTF-8", m.encoding)
		}
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(b, 0); i >= 0 {
		if len(b) > 1 && (b[0] == 0) != (b[1] == 0) {
			return refuse(0, 0, asUTF8, "is text in UTF-16; expected UTF-8")
		}
		line, column := place(b, i)
		return refuse(line, column, "", "holds binary data; expected text")
	}
	if i := invalid(b); i >= 0 {
		line, column := place(b, i)
		return refuse(line, column, asUTF8, "is not UTF-8 text: the byte 0x%02X is no part of a character", b[i])
	}
	return b, nil
}

// invalid is the offset of the first byte that is not UTF-8, or -1.
func invalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// place is the line and column of an offset, from 1.
func place(b []byte, offset int) (line, column int) {
	before := b[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
