package dev.stoa.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What stands before the first object of an app in the text of a dump. A database of Stoa takes two things of it from
 * nobody: the extension that it has from its first minute, which belongs to its superuser, and a setting that servers before
 * PostgreSQL 17 do not know and that is so by default.
 */
final class DumpHead {
    private static final Pattern REFUSED = Pattern.compile("CREATE EXTENSION IF NOT EXISTS pg_stat_statements\\b.*;"
            + "|COMMENT ON EXTENSION pg_stat_statements IS '[^']*';"
            + "|SET transaction_timeout = 0;");

    /** Extensions and what they may need come first; behind anything else a line may as well be data. */
    private static final Pattern END = Pattern.compile(
            "(COPY|INSERT|CREATE (?!SCHEMA|EXTENSION|COLLATION|TRANSFORM|(OR REPLACE |TRUSTED )*(PROCEDURAL )?LANGUAGE)).*");

    /** A longer line is none of the head. */
    private static final int LINE_BYTES_MAX = 16 << 10;

    private DumpHead() {}

    /** Copies a dump without what its database would refuse of it. */
    static void pass(InputStream dump, OutputStream out) throws IOException {
        boolean head = true;
        while (head) {
            byte[] bytes = line(dump);
            String line = new String(bytes, StandardCharsets.UTF_8).stripTrailing();
            if (!REFUSED.matcher(line).matches()) {
                out.write(bytes);
            }
            head = bytes.length > 0
                    && bytes.length < LINE_BYTES_MAX
                    && !END.matcher(line).matches();
        }
        dump.transferTo(out);
    }

    /** Up to its end, that of the dump, or the most that a line has. */
    private static byte[] line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = 0; next != '\n' && line.size() < LINE_BYTES_MAX; ) {
            next = in.read();
            if (next < 0) {
                break;
            }
            line.write(next);
        }
        return line.toByteArray();
    }
}
