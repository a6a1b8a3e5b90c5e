package dev.stoa.cli;

import dev.stoa.api.StoaException;
import dev.stoa.cli.SourceFolder.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;

/** Writes a folder as tar.gz: the same folder gives the same bytes, whoever owns it. */
final class SourceArchive {
    /** Level 1: source goes over the loopback or a fast network, where a tighter one costs more than it saves. */
    private static final int GZIP_LEVEL = 1;

    private static final int FILE_MODE = 0100644;
    private static final int EXECUTABLE_MODE = 0100755;
    private static final int LINK_MODE = 0120777;
    private static final int COPY_BYTES = 64 * 1024;

    private SourceArchive() {}

    static void write(SourceFolder source, OutputStream sink) throws IOException {
        GzipParameters gzip = new GzipParameters();
        gzip.setCompressionLevel(GZIP_LEVEL);
        gzip.setBufferSize(COPY_BYTES);
        try (TarArchiveOutputStream tar =
                new TarArchiveOutputStream(new GzipCompressorOutputStream(sink, gzip), "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            byte[] buffer = new byte[COPY_BYTES];
            for (Entry entry : source.entries()) {
                switch (entry) {
                    case Entry.Directory directory -> put(tar, new TarArchiveEntry(directory.name() + "/"), entry);
                    case Entry.Link link -> {
                        TarArchiveEntry header = new TarArchiveEntry(link.name(), TarConstants.LF_SYMLINK);
                        header.setLinkName(link.target());
                        header.setMode(LINK_MODE);
                        put(tar, header, entry);
                    }
                    case Entry.Plain plain -> {
                        TarArchiveEntry header = new TarArchiveEntry(plain.name());
                        header.setMode(plain.executable() ? EXECUTABLE_MODE : FILE_MODE);
                        header.setSize(plain.bytes());
                        put(tar, header, entry);
                        copy(plain, tar, buffer);
                    }
                }
                tar.closeArchiveEntry();
            }
        }
    }

    private static void put(TarArchiveOutputStream tar, TarArchiveEntry header, Entry entry) throws IOException {
        header.setIds(0, 0);
        header.setNames("", "");
        // Whole seconds: a fraction would take a header of its own for every file.
        header.setModTime(entry.modifiedMillis() / 1000 * 1000);
        tar.putArchiveEntry(header);
    }

    /** Copies as many bytes as the header says; what is added to a file meanwhile is not part of this deploy. */
    private static void copy(Entry.Plain file, OutputStream sink, byte[] buffer) throws IOException {
        long left = file.bytes();
        try (InputStream in = open(file)) {
            while (left > 0) {
                int count = read(file, in, buffer, (int) Math.min(left, buffer.length));
                if (count < 0) {
                    throw SourceFolder.unreadable(file.path(), "it became shorter while it was read");
                }
                sink.write(buffer, 0, count);
                left -= count;
            }
        }
    }

    private static InputStream open(Entry.Plain file) throws StoaException {
        try {
            return Files.newInputStream(file.path());
        } catch (IOException e) {
            throw SourceFolder.unreadable(file.path(), Reason.of(e));
        }
    }

    private static int read(Entry.Plain file, InputStream in, byte[] buffer, int most) {
        try {
            return in.read(buffer, 0, most);
        } catch (IOException e) {
            throw SourceFolder.unreadable(file.path(), Reason.of(e));
        }
    }
}
