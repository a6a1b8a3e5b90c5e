package dev.stoa.staticserver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One state of a file, as the validators of RFC 9110 (sections 8.8 and 13) name it. */
record FileVersion(long sizeBytes, Instant modified) {
    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT);

    static FileVersion of(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new FileVersion(attributes.size(), attributes.lastModifiedTime().toInstant());
    }

    String tag() {
        return "\"" + name() + "\"";
    }

    /** Other bytes need another tag. */
    String gzipTag() {
        return "\"" + name() + "-gzip\"";
    }

    String lastModified() {
        return HTTP_DATE.format(modified.atZone(ZoneOffset.UTC));
    }

    /** Whether the client already has this version. */
    boolean isFresh(@Nullable String ifNoneMatch, @Nullable String ifModifiedSince) {
        if (ifNoneMatch != null) {
            for (String tag : ifNoneMatch.split(",", -1)) {
                String strong = tag.strip().replaceFirst("^W/", "");
                if (strong.equals("*") || strong.equals(tag()) || strong.equals(gzipTag())) {
                    return true;
                }
            }
            return false;
        }
        return ifModifiedSince != null && !isAfter(ifModifiedSince);
    }

    /** Whether a Range counts: an {@code If-Range} that names another version asks for the whole file. */
    boolean rangeApplies(@Nullable String ifRange) {
        return ifRange == null || ifRange.equals(tag()) || ifRange.equals(lastModified());
    }

    private boolean isAfter(String httpDate) {
        try {
            Instant since = ZonedDateTime.parse(httpDate, HTTP_DATE.withZone(ZoneOffset.UTC))
                    .toInstant();
            return modified.truncatedTo(ChronoUnit.SECONDS).isAfter(since);
        } catch (DateTimeException e) {
            return true;
        }
    }

    private String name() {
        return Long.toHexString(sizeBytes) + "-" + Long.toHexString(modified.toEpochMilli());
    }
}
