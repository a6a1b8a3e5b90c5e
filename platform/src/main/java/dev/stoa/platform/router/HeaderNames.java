package dev.stoa.platform.router;

import io.netty.util.AsciiString;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Names of headers that came before, byte for byte, with their hash: one that comes again, as nearly all do, is not made anew.
 * Of two names with the same place the later one stays, so that nobody can fill it. Shared by all event loops without a lock:
 * names do not change, and who reads an older one makes another.
 */
final class HeaderNames {
    private static final int PLACES = 512;
    private static final int LENGTH_MAX = 64;

    private static final @Nullable AsciiString[] KNOWN = new AsciiString[PLACES];

    private HeaderNames() {}

    static AsciiString of(byte[] line, int start, int length) {
        if (length > LENGTH_MAX) {
            return new AsciiString(line, start, length, true);
        }
        int hash = length;
        for (int i = start; i < start + length; i++) {
            hash = 31 * hash + line[i];
        }
        int place = (hash ^ hash >>> 15) & (PLACES - 1);
        AsciiString known = KNOWN[place];
        if (known != null && Arrays.equals(known.array(), 0, known.length(), line, start, start + length)) {
            return known;
        }
        AsciiString name = new AsciiString(line, start, length, true);
        KNOWN[place] = name;
        return name;
    }
}
