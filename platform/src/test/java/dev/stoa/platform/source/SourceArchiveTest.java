package dev.stoa.platform.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SourceArchiveTest {
    @TempDir
    Path dir;

    @Test
    void aFolderComesOutAsItWentIn() {
        byte[] archive = tar(tar -> {
            folder(tar, "./");
            file(tar, "./app.py", "print()");
            folder(tar, "./bin");
            file(tar, "./bin/run", "#!/bin/sh", 0755);
            file(tar, "deep/er/\u00fcber.txt", "x");
            link(tar, "bin/app", "../app.py");
            hardLink(tar, "copy.py", "./app.py");
        });

        SourceArchive.Stats stats = unpack(archive, ArchiveLimits.DEFAULT);

        assertThat(stats).isEqualTo(new SourceArchive.Stats(5, 17));
        assertThat(out("app.py")).hasContent("print()").isRegularFile();
        assertThat(Files.isExecutable(out("app.py"))).isFalse();
        assertThat(Files.isExecutable(out("bin/run"))).isTrue();
        assertThat(out("deep/er/\u00fcber.txt")).hasContent("x");
        assertThat(out("bin/app")).isSymbolicLink().hasContent("print()");
        assertThat(out("copy.py")).hasContent("print()");
    }

    @Test
    void theTimeOfAFileStaysAndSpecialModeBitsDoNot() throws IOException {
        unpack(
                tar(tar -> {
                    TarArchiveEntry entry = new TarArchiveEntry("run");
                    entry.setMode(0107777);
                    entry.setModTime(1_000_000_000_000L);
                    tar.putArchiveEntry(entry);
                    tar.closeArchiveEntry();
                }),
                ArchiveLimits.DEFAULT);

        assertThat(Files.getLastModifiedTime(out("run")).toMillis()).isEqualTo(1_000_000_000_000L);
        assertThat((int) attribute("run") & 07777).isEqualTo(0755);
    }

    @Test
    void theLastEntryOfANameWinsAndDoesNotWriteThroughAHardLink() {
        unpack(
                tar(tar -> {
                    file(tar, "a", "first");
                    hardLink(tar, "b", "a");
                    file(tar, "b", "second");
                }),
                ArchiveLimits.DEFAULT);

        assertThat(out("a")).hasContent("first");
        assertThat(out("b")).hasContent("second");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "a/../../evil", "a/..", "/etc/evil", "a\nb", "a\u0007b", "a\u001b[2Jb"})
    void aNameThatLeavesTheFolderOrHasControlCharactersIsRefused(String name) {
        StoaException error = refused(tar(tar -> {
            file(tar, "ok", "x");
            file(tar, name, "evil");
        }));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_ARCHIVE);
        assertThat(error.message())
                .contains("its entry \"")
                .doesNotContain("\n")
                .doesNotContain("\u001b");
    }

    @ParameterizedTest
    @CsvSource({
        "link, /etc/passwd",
        "link, ..",
        "link, ../outside",
        "a/link, ../../outside",
        "link, a/../../outside",
        "a/b/link, ../../../outside"
    })
    void aLinkThatLeavesTheFolderIsRefusedByName(String name, String target) {
        StoaException error = refused(tar(tar -> {
            file(tar, "ok", "x");
            link(tar, name, target);
        }));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_ARCHIVE);
        assertThat(error.message())
                .isEqualTo(
                        "the source is refused: its entry \"%s\" is a link that leaves the folder: it leads to \"%s\""
                                .formatted(name, target));
    }

    @Test
    void aChainOfLinksThatLeavesTheFolderIsRefused() {
        StoaException error = refused(tar(tar -> {
            folder(tar, "a/b");
            link(tar, "deep", "a/b");
            link(tar, "up", "deep/../..");
            link(tar, "out", "up/../etc/passwd");
        }));

        assertThat(error.message()).contains("\"out\" is a link that leaves the folder");
    }

    @Test
    void linksThatLeadRoundInCirclesAreRefused() {
        StoaException error = refused(tar(tar -> {
            link(tar, "a", "b");
            link(tar, "b", "a");
        }));

        assertThat(error.message()).contains("circles");
    }

    @Test
    void aFileIsNeverWrittenThroughALink() throws IOException {
        Path outside = Files.createDirectory(dir.resolve("outside"));
        StoaException error = refused(tar(tar -> {
            link(tar, "door", outside.toString());
            file(tar, "door/evil", "evil");
        }));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_ARCHIVE);
        assertThat(outside).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../outside", "/etc/passwd", "later", "link"})
    void aHardLinkToAnythingButAFileBeforeItIsRefused(String target) throws IOException {
        Files.writeString(dir.resolve("outside"), "secret");

        StoaException error = refused(tar(tar -> {
            file(tar, "ok", "x");
            link(tar, "link", "ok");
            hardLink(tar, "hard", target);
            file(tar, "later", "x");
        }));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_ARCHIVE);
    }

    @ParameterizedTest
    @ValueSource(bytes = {TarConstants.LF_CHR, TarConstants.LF_BLK, TarConstants.LF_FIFO, (byte) 'V'})
    void devicesPipesAndUnknownThingsAreRefused(byte type) {
        StoaException error = refused(tar(tar -> {
            TarArchiveEntry entry = new TarArchiveEntry("thing", type);
            tar.putArchiveEntry(entry);
            tar.closeArchiveEntry();
        }));

        assertThat(error.message()).contains("\"thing\" is neither a file, a folder nor a link");
    }

    @Test
    void aFileWhereAFolderIsNeededIsRefused() {
        assertThat(refused(tar(tar -> {
                            file(tar, "a", "x");
                            file(tar, "a/b", "x");
                        }))
                        .message())
                .contains("needs a folder");
        assertThat(refused(tar(tar -> {
                            file(tar, "a/b", "x");
                            file(tar, "a", "x");
                        }))
                        .message())
                .contains("both a folder and a file");
    }

    @Test
    void tooManyEntriesStopEarly() {
        StoaException error = catchThrowableOfType(
                StoaException.class,
                () -> unpack(
                        endless(tar -> {
                            for (int i = 0; ; i++) {
                                file(tar, "f" + i, "");
                            }
                        }),
                        new ArchiveLimits(1000, 1 << 20)));

        assertThat(error.code()).isEqualTo(ErrorCode.TOO_LARGE);
        assertThat(error.message()).contains("more than 1,000 entries");
        assertThat(out("")).doesNotExist();
    }

    @Test
    void aGzipBombStopsEarly() {
        StoaException error = catchThrowableOfType(
                StoaException.class,
                () -> unpack(
                        endless(tar -> {
                            TarArchiveEntry entry = new TarArchiveEntry("zeros.bin");
                            entry.setSize(1L << 40);
                            tar.putArchiveEntry(entry);
                            byte[] zeros = new byte[1 << 20];
                            while (true) {
                                tar.write(zeros);
                            }
                        }),
                        new ArchiveLimits(1000, 10 << 20)));

        assertThat(error.code()).isEqualTo(ErrorCode.TOO_LARGE);
        assertThat(error.message()).contains("more than 10,485,760 bytes").contains("zeros.bin");
        assertThat(out("")).doesNotExist();
    }

    @Test
    void aNameOfManyMegabytesIsNotHeldInMemory() {
        StoaException error = refused(tar(tar -> {
            TarArchiveEntry entry = new TarArchiveEntry("././@LongLink", TarConstants.LF_GNUTYPE_LONGNAME);
            entry.setSize(8 << 20);
            tar.putArchiveEntry(entry);
            tar.write(new byte[8 << 20]);
            tar.closeArchiveEntry();
            file(tar, "a", "x");
        }));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_ARCHIVE);
        assertThat(error.message()).contains("between two entries");
    }

    @Test
    void aNameLongerThanTheDiskAllowsIsRefused() {
        assertThat(refused(tar(tar -> file(tar, "a".repeat(300), "x"))).message())
                .contains("too long");
    }

    @Test
    void everyCutOfAnArchiveIsRefused() throws IOException {
        byte[] archive = tar(tar -> {
            file(tar, "one.txt", "1".repeat(5000));
            file(tar, "two.txt", "2".repeat(5000));
        });
        for (int length = 0; length < archive.length; length += 7) {
            byte[] cut = Arrays.copyOf(archive, length);

            StoaException error = refused(cut);

            assertThat(error.code()).as("cut at %d", length).isEqualTo(ErrorCode.BAD_ARCHIVE);
        }
    }

    @Test
    void aFlippedByteIsRefused() {
        byte[] archive = tar(tar -> file(tar, "one.txt", "hello"));
        archive[archive.length - 6] ^= 1;

        assertThat(refused(archive).message()).contains("cut off or damaged");
    }

    @Test
    void whatIsNoGzipStreamIsRefused() {
        StoaException error = refused("PK\u0003\u0004 a zip file".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(error.message()).isEqualTo("the source is not a gzip stream");
        assertThat(error.hint()).hasValue("send a .tar.gz of the folder");
    }

    @Test
    void anEmptyFolderIsRefused() {
        StoaException error = refused(tar(tar -> folder(tar, "empty")));

        assertThat(error.code()).isEqualTo(ErrorCode.EMPTY_SOURCE);
    }

    @Test
    void aFullDiskIsSaidSo() {
        Path full = Path.of("/dev/full");
        Assumptions.assumeTrue(Files.exists(full), "needs /dev/full, which Linux has");
        IOException noSpace = catchThrowableOfType(IOException.class, () -> Files.write(full, new byte[1]));

        StoaException error = SourceArchive.notWritten(dir, noSpace);

        assertThat(error.code()).isEqualTo(ErrorCode.DISK_FULL);
        assertThat(error.message()).contains(dir.toString());
    }

    private interface Content {
        void write(TarArchiveOutputStream tar) throws IOException;
    }

    private static byte[] tar(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            write(bytes, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** An archive that is written while it is read, until the reader closes it. */
    private static InputStream endless(Content content) throws IOException {
        PipedInputStream in = new PipedInputStream(1 << 20);
        PipedOutputStream out = new PipedOutputStream(in);
        Thread.ofVirtual().start(() -> {
            try {
                write(out, content);
            } catch (IOException e) {
                // The reader has seen enough.
            }
        });
        return in;
    }

    private static void write(OutputStream out, Content content) throws IOException {
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(out))) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            content.write(tar);
        }
    }

    private static void folder(TarArchiveOutputStream tar, String name) throws IOException {
        tar.putArchiveEntry(new TarArchiveEntry(name.endsWith("/") ? name : name + "/"));
        tar.closeArchiveEntry();
    }

    private static void file(TarArchiveOutputStream tar, String name, String text) throws IOException {
        file(tar, name, text, 0644);
    }

    private static void file(TarArchiveOutputStream tar, String name, String text, int mode) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name, true);
        entry.setMode(mode);
        entry.setSize(text.length());
        tar.putArchiveEntry(entry);
        tar.write(text.getBytes(StandardCharsets.US_ASCII));
        tar.closeArchiveEntry();
    }

    private static void link(TarArchiveOutputStream tar, String name, String target) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
        entry.setLinkName(target);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
    }

    private static void hardLink(TarArchiveOutputStream tar, String name, String target) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_LINK);
        entry.setLinkName(target);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
    }

    private Path out(String name) {
        return dir.resolve("out").resolve(name);
    }

    private Object attribute(String name) throws IOException {
        return Files.getAttribute(out(name), "unix:mode");
    }

    private SourceArchive.Stats unpack(byte[] archive, ArchiveLimits limits) {
        return unpack(new ByteArrayInputStream(archive), limits);
    }

    private SourceArchive.Stats unpack(InputStream archive, ArchiveLimits limits) {
        return SourceArchive.unpack(archive, out(""), limits);
    }

    /** The error; and nothing is left behind, here or beside. */
    private StoaException refused(byte[] archive) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> unpack(archive, ArchiveLimits.DEFAULT));
        assertThat(error).isNotNull();
        assertThat(dir.resolve("out")).doesNotExist();
        assertThat(dir.resolve("evil")).doesNotExist();
        return error;
    }
}
