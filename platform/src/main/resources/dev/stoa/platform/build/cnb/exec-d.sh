# Runs a program of exec.d and takes the variables that it prints on descriptor 3, as TOML: NAME = "value".
exec_d() {
    { exec_d_output=$("$1" 3>&1 >&5 5>&-); } 5>&1 || {
        exec_d_status=$?
        echo "$1 ended with exit status $exec_d_status; the process is not started" >&2
        exit 81
    }
    exec_d_script=$(printf '%s\n' "$exec_d_output" | LC_ALL=C awk '
        function fail(why) {
            printf "line %d of what it printed on descriptor 3 %s\n", line, why > "/dev/stderr"
            failed = 1
            exit 1
        }
        # The bytes of a character, since in this locale characters are bytes.
        function utf8(n) {
            if (n < 128) return sprintf("%c", n)
            if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
            if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
            return sprintf("%c%c%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64, 128 + int(n / 64) % 64, 128 + n % 64)
        }
        function hex(digits,    n, i, d) {
            n = 0
            for (i = 1; i <= length(digits); i++) {
                d = index("0123456789abcdef", tolower(substr(digits, i, 1)))
                if (d == 0) fail("has a wrong escape")
                n = n * 16 + d - 1
            }
            if (n == 0) fail("has a NUL character")
            return n
        }
        function escape(    c, n) {
            c = substr(text, at, 1); at++
            if (c == "n") return "\n"
            if (c == "t") return "\t"
            if (c == "r") return "\r"
            if (c == "b") return "\b"
            if (c == "f") return "\f"
            if (c == "e") return sprintf("%c", 27)
            if (c == "\"" || c == "\\") return c
            if (c == "u" || c == "U") {
                n = c == "u" ? 4 : 8
                if (at + n > length(text)) fail("has a wrong escape")
                at += n
                return utf8(hex(substr(text, at - n, n)))
            }
            fail("has a wrong escape")
        }
        # A string of any of the four forms; at stands on its first quote.
        function string(    q, long, c, value) {
            q = substr(text, at, 1)
            if (q != "\"" && q != SQ) fail("has a value that is no string")
            long = substr(text, at, 3) == q q q
            at += long ? 3 : 1
            if (long && substr(text, at, 1) == "\n") { at++; line++ }
            value = ""
            while (at <= length(text)) {
                c = substr(text, at, 1)
                if (c == q && !long) { at++; return value }
                if (long && substr(text, at, 3) == q q q) {
                    at += 3
                    while (substr(text, at, 1) == q) { value = value q; at++ }
                    return value
                }
                if (c == "\n") {
                    if (!long) fail("has a string without an end")
                    line++
                }
                at++
                if (c == "\\" && q == "\"") {
                    if (long && match(substr(text, at), /^[ \t]*\n[ \t\n]*/)) {
                        length_skipped = RLENGTH
                        skipped = substr(text, at, RLENGTH)
                        line += gsub(/\n/, "", skipped)
                        at += length_skipped
                    } else {
                        value = value escape()
                    }
                } else {
                    value = value c
                }
            }
            fail("has a string without an end")
        }
        function blanks() { while (substr(text, at, 1) ~ /^[ \t\r]$/) at++ }
        function quoted(value) { gsub(SQ, SQ "\\" SQ SQ, value); return SQ value SQ }
        { text = text $0 "\n" }
        END {
            if (failed) exit 1
            SQ = sprintf("%c", 39); at = 1; line = 1; script = ""
            while (at <= length(text)) {
                blanks()
                c = substr(text, at, 1)
                if (c == "\n") { at++; line++; continue }
                if (c == "#") { while (substr(text, at, 1) != "\n") at++; continue }
                if (c == "") break
                if (c == "\"" || c == SQ) {
                    name = string()
                } else if (match(substr(text, at), /^[A-Za-z0-9_-]+/)) {
                    name = substr(text, at, RLENGTH); at += RLENGTH
                } else {
                    fail("is not of the form NAME = \"value\"")
                }
                if (name !~ /^[A-Za-z_][A-Za-z0-9_]*$/) fail("does not name a variable")
                blanks()
                if (substr(text, at, 1) != "=") fail("is not of the form NAME = \"value\"")
                at++
                blanks()
                value = string()
                blanks()
                if (substr(text, at, 1) == "#") while (substr(text, at, 1) != "\n") at++
                if (substr(text, at, 1) != "\n") fail("has more after its value")
                script = script "export " name "=" quoted(value) "\n"
            }
            printf "%s", script
        }
    ') || {
        echo "$1 did not print what exec.d asks for; the process is not started" >&2
        exit 81
    }
    eval "$exec_d_script"
}
