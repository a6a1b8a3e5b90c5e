package dev.stoa.platform.source;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks an uploaded tar.gz, as a stream and with suspicion: whatever the archive says, nothing is written outside the
 * target folder, and nothing in it points outside.
 *
 * <p>How that is ensured: the target folder starts empty; symbolic links are only noted while files are written, so that
 * no file can be written through one; at the end {@link LinkTable} follows every link through every other, and only then
 * are they made. Owners and special mode bits are dropped; what stays is whether a file is executable, and its time.
 */
public final class SourceArchive {
    /** What one entry's headers (long names, extended attributes) may take; they are held in memory. */
    private static final long HEADER_BYTES_MAX = 1L << 20;

    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int OWNER_EXECUTES = 0100;
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwxr-xr-x");
    private static final Set<PosixFilePermission> PROGRAM = PosixFilePermissions.fromString("rwxr-xr-x");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-r--r--");

    private final Path root;
    private final ArchiveLimits limits;
    private final LinkTable links;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private long entries;
    private long files;
    private long bytes;

    private SourceArchive(Path root, ArchiveLimits limits) {
        this.root = root;
        this.limits = limits;
        this.links = new LinkTable(root);
    }

    /** What was unpacked: {@code files} counts links too. */
    public record Stats(long files, long bytes) {}

    /**
     * Unpacks into a new folder.
     *
     * @param into must not exist, or be an empty folder; gone again after a failure
     * @throws StoaException BAD_ARCHIVE, TOO_LARGE, EMPTY_SOURCE or DISK_FULL
     */
    public static Stats unpack(InputStream gzipTar, Path into, ArchiveLimits limits) {
        boolean done = false;
        try {
            Stats stats = new SourceArchive(into, limits).unpack(gzipTar);
            done = true;
            return stats;
        } catch (IOException e) {
            throw notWritten(into, e);
        } finally {
            if (!done) {
                discard(into);
            }
        }
    }

    private Stats unpack(InputStream gzipTar) throws IOException {
        Files.createDirectories(root);
        Files.setPosixFilePermissions(root, FOLDER);
        try (BoundedInput unzipped = new BoundedInput(unzip(gzipTar));
                TarArchiveInputStream tar = new TarArchiveInputStream(unzipped, StandardCharsets.UTF_8.name())) {
            TarArchiveEntry entry;
            while ((entry = next(tar, unzipped)) != null) {
                entries++;
                if (entries > limits.entriesMax()) {
                    throw tooLarge("it has more than %,d entries".formatted(limits.entriesMax()));
                }
                EntryName name = EntryName.parse(entry.getName());
                if (!name.isRoot()) {
                    unpack(tar, entry, name);
                }
            }
            drain(unzipped);
        }
        if (files == 0) {
            throw new StoaException(
                    ErrorCode.EMPTY_SOURCE,
                    "the source has no files",
                    "deploy a folder with code in it; what .gitignore and .stoaignore name is left out");
        }
        links.createAll();
        return new Stats(files, bytes);
    }

    private void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, EntryName name) throws IOException {
        Path target = name.in(root);
        if (entry.isDirectory()) {
            makeFolder(target, name);
            return;
        }
        makeFolder(target.getParent(), name);
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw bad(name, "is both a folder and a file");
        }
        files++;
        // As tar does: the last entry of a name wins. Deleted, not overwritten, since a hard link may share its bytes.
        Files.deleteIfExists(target);
        links.forget(target);
        if (entry.isSymbolicLink()) {
            links.add(name, target, entry.getLinkName());
        } else if (entry.isLink()) {
            linkHard(entry, name, target);
        } else if (entry.isFile() && !isSpecial(entry)) {
            writeFile(tar, entry, name, target);
        } else {
            throw bad(name, "is neither a file, a folder nor a link, but a device, a pipe or something unknown");
        }
    }

    /** {@link TarArchiveEntry#isFile} takes every type that it does not know for a file. */
    private static boolean isSpecial(TarArchiveEntry entry) {
        return entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO() || isUnknown(entry.getLinkFlag());
    }

    private static boolean isUnknown(byte type) {
        boolean known = type == TarArchiveEntry.LF_NORMAL
                || type == TarArchiveEntry.LF_OLDNORM
                || type == TarArchiveEntry.LF_CONTIG
                || type == TarArchiveEntry.LF_GNUTYPE_SPARSE;
        return !known;
    }

    private void makeFolder(@Nullable Path folder, EntryName name) throws IOException {
        if (folder == null || Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw bad(name, "needs a folder where the archive has a file");
        }
        makeFolder(folder.getParent(), name);
        Files.createDirectory(folder);
        Files.setPosixFilePermissions(folder, FOLDER);
    }

    private void linkHard(TarArchiveEntry entry, EntryName name, Path target) throws IOException {
        Path existing = EntryName.parse(entry.getLinkName()).in(root);
        if (!Files.isRegularFile(existing, LinkOption.NOFOLLOW_LINKS)) {
            throw bad(name, "is a hard link to \"%s\", which is no file before it".formatted(entry.getLinkName()));
        }
        Files.createLink(target, existing);
    }

    private void writeFile(TarArchiveInputStream tar, TarArchiveEntry entry, EntryName name, Path target)
            throws IOException {
        try (OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(target, StandardOpenOption.CREATE_NEW), BUFFER_BYTES)) {
            int read;
            while ((read = read(tar, name)) >= 0) {
                bytes += read;
                if (bytes > limits.bytesMax()) {
                    throw tooLarge("unpacked it has more than %,d bytes; the limit was passed in \"%s\""
                            .formatted(limits.bytesMax(), name));
                }
                out.write(buffer, 0, read);
            }
        }
        Files.setPosixFilePermissions(target, (entry.getMode() & OWNER_EXECUTES) != 0 ? PROGRAM : FILE);
        Files.setLastModifiedTime(
                target,
                FileTime.fromMillis(Math.max(0, entry.getLastModifiedTime().toMillis())));
    }

    private static InputStream unzip(InputStream in) {
        try {
            return new GZIPInputStream(in, BUFFER_BYTES);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_ARCHIVE, "the source is not a gzip stream", "send a .tar.gz of the folder", e);
        }
    }

    private @Nullable TarArchiveEntry next(TarArchiveInputStream tar, BoundedInput unzipped) {
        unzipped.allow(HEADER_BYTES_MAX);
        try {
            return tar.getNextEntry();
        } catch (IOException | IllegalArgumentException e) {
            throw broken("after %,d entries".formatted(entries), e);
        } finally {
            unzipped.allowAll();
        }
    }

    private int read(TarArchiveInputStream tar, EntryName name) {
        try {
            return tar.read(buffer);
        } catch (IOException e) {
            throw broken("in \"%s\"".formatted(name), e);
        }
    }

    /** Reads the padding at the end, so that the checksum behind it is looked at: a cut upload ends here. */
    private void drain(BoundedInput unzipped) {
        unzipped.allow(HEADER_BYTES_MAX);
        try {
            while (unzipped.read(buffer, 0, buffer.length) >= 0) {}
        } catch (IOException e) {
            throw broken("after %,d entries".formatted(entries), e);
        }
    }

    private static StoaException broken(String where, Exception cause) {
        return new StoaException(
                ErrorCode.BAD_ARCHIVE,
                "the source archive is cut off or damaged %s: %s".formatted(where, cause.getMessage()),
                "deploy again; nothing of it was kept",
                cause);
    }

    private static StoaException bad(EntryName name, String what) {
        return EntryName.bad(name.toString(), what);
    }

    private static StoaException tooLarge(String what) {
        return new StoaException(
                ErrorCode.TOO_LARGE,
                "the source is too large: " + what,
                "name what the app does not need in .gitignore or .stoaignore");
    }

    static StoaException notWritten(Path into, IOException e) {
        String reason = String.valueOf(e.getMessage());
        if (DiskFull.causes(e)) {
            return new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk of the platform is full: the source could not be unpacked into " + into,
                    "free some space there, or destroy apps that nobody needs, and deploy again",
                    e);
        }
        if (reason.contains("File name too long")) {
            return new StoaException(
                    ErrorCode.BAD_ARCHIVE, "the source has a file name that is too long: " + reason, "rename it", e);
        }
        return new StoaException(
                ErrorCode.INTERNAL, "the source could not be unpacked into %s: %s".formatted(into, e), "", e);
    }

    private static void discard(Path into) {
        try {
            FileTree.delete(into);
        } catch (UncheckedIOException e) {
            System.getLogger(SourceArchive.class.getName())
                    .log(System.Logger.Level.WARNING, "a refused source was not deleted folder=" + into, e);
        }
    }
}
