package dev.stoa.staticserver;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A part of a file, from the first to the last byte, both included; empty where the file has no such part. */
record ByteRange(long first, long last) {
    /** 18 digits always fit in a long. */
    private static final Pattern ONE_RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

    /**
     * The range that a {@code Range} header asks for. Absent where the whole file is the answer: no header, a malformed
     * one, or several ranges, which a server may ignore (RFC 9110, section 14.2).
     */
    static Optional<ByteRange> parse(@Nullable String header, long sizeBytes) {
        if (header == null) {
            return Optional.empty();
        }
        Matcher matcher = ONE_RANGE.matcher(header.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String from = matcher.group(1);
        String to = matcher.group(2);
        if (from.isEmpty() && to.isEmpty()) {
            return Optional.empty();
        }
        if (from.isEmpty()) {
            long length = Math.min(Long.parseLong(to), sizeBytes);
            return Optional.of(new ByteRange(sizeBytes - length, sizeBytes - 1));
        }
        long first = Long.parseLong(from);
        long last = to.isEmpty() ? Long.MAX_VALUE : Long.parseLong(to);
        if (last < first) {
            return Optional.empty();
        }
        return Optional.of(new ByteRange(first, Math.min(last, sizeBytes - 1)));
    }

    boolean isEmpty() {
        return last < first;
    }

    long length() {
        return last - first + 1;
    }
}
