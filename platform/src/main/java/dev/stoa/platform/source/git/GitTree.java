package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.source.ArchiveLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * Writes what a commit holds as tar.gz, as a stream: no file is ever in memory as a whole. Submodules are fetched. What
 * {@code .stoaignore} files name is left out. Nothing of the names is checked here: whoever unpacks it trusts nothing.
 */
public final class GitTree {
    private static final int GZIP_LEVEL = 1;
    private static final int COPY_BYTES = 64 * 1024;
    private static final int FILE_MODE = 0100644;
    private static final int EXECUTABLE_MODE = 0100755;
    private static final int LINK_MODE = 0120777;

    /** As long as a path may be on Linux. */
    private static final int LINK_BYTES_MAX = 4096;

    /** Submodules in submodules in submodules. */
    private static final int NESTING_MAX = 8;

    private final TarArchiveOutputStream tar;
    private final Consumer<String> notes;
    private final LfsPointers pointers;
    private final ArchiveLimits limits;
    private final byte[] buffer = new byte[COPY_BYTES];
    private int entries;
    private long bytes;

    private GitTree(TarArchiveOutputStream tar, Consumer<String> notes, ArchiveLimits limits) {
        this.tar = tar;
        this.notes = notes;
        this.pointers = new LfsPointers(notes);
        this.limits = limits;
    }

    /**
     * Writes the tree of a commit.
     *
     * @param tarGz stays open
     * @param notes gets lines that the user should see, such as that a submodule is fetched
     * @throws StoaException if the commit is damaged or too large, or a submodule cannot be had
     * @throws IOException   if the repository cannot be read or {@code tarGz} not be written
     */
    public static void pack(Repository repository, ObjectId commit, OutputStream tarGz, Consumer<String> notes)
            throws IOException {
        pack(repository, commit, tarGz, notes, ArchiveLimits.DEFAULT);
    }

    static void pack(
            Repository repository, ObjectId commit, OutputStream tarGz, Consumer<String> notes, ArchiveLimits limits)
            throws IOException {
        GzipParameters parameters = new GzipParameters();
        parameters.setCompressionLevel(GZIP_LEVEL);
        parameters.setBufferSize(COPY_BYTES);
        GzipCompressorOutputStream gzip = new GzipCompressorOutputStream(tarGz, parameters);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(gzip, StandardCharsets.UTF_8.name());
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
        GitTree tree = new GitTree(tar, notes, limits);
        tree.add(repository, commit, "", 0);
        tree.pointers.end();
        tar.finish();
        gzip.finish();
    }

    private void add(Repository repository, ObjectId id, String prefix, int nesting) throws IOException {
        try (RevWalk commits = new RevWalk(repository);
                TreeWalk walk = new TreeWalk(repository, commits.getObjectReader())) {
            RevCommit commit = commits.parseCommit(id);
            Submodules submodules = new Submodules(repository, commit.getTree(), prefix);
            long seconds = commit.getCommitTime();
            walk.addTree(commit.getTree());
            Deque<IgnoreFile> ignores = new ArrayDeque<>();
            ignores.push(IgnoreFile.in(repository, commit.getTree(), ""));
            while (walk.next()) {
                while (ignores.size() > walk.getDepth() + 1) {
                    ignores.pop();
                }
                FileMode mode = walk.getFileMode();
                boolean folder = mode.equals(FileMode.TREE) || mode.equals(FileMode.GITLINK);
                if (IgnoreFile.leaveOut(ignores, walk.getPathString(), folder)) {
                    continue;
                }
                String name = prefix + walk.getPathString();
                if (mode.equals(FileMode.TREE)) {
                    put(new TarArchiveEntry(name + "/"), seconds);
                    tar.closeArchiveEntry();
                    ignores.push(IgnoreFile.in(repository, walk.getObjectId(0), walk.getPathString() + "/"));
                    walk.enterSubtree();
                } else if (mode.equals(FileMode.GITLINK)) {
                    put(new TarArchiveEntry(name + "/"), seconds);
                    tar.closeArchiveEntry();
                    module(submodules, walk.getPathString(), walk.getObjectId(0), name, nesting);
                } else {
                    blob(walk, mode, name, seconds);
                }
            }
        } catch (MissingObjectException e) {
            throw damaged(id, e);
        } catch (ArrayIndexOutOfBoundsException | org.eclipse.jgit.errors.CorruptObjectException e) {
            throw damaged(id, e);
        }
    }

    private void module(Submodules submodules, String path, ObjectId commit, String name, int nesting)
            throws IOException {
        if (nesting == NESTING_MAX) {
            throw new StoaException(
                    ErrorCode.TOO_LARGE,
                    "the submodule %s is nested more than %d deep".formatted(name, NESTING_MAX),
                    "does a repository have itself as its submodule?");
        }
        notes.accept("-----> Fetching the submodule %s at %s"
                .formatted(name, commit.abbreviate(7).name()));
        try (Submodules.Fetched fetched = submodules.fetch(path, commit)) {
            add(fetched.repository(), commit, name + "/", nesting + 1);
        }
    }

    private void blob(TreeWalk walk, FileMode mode, String name, long seconds) throws IOException {
        ObjectLoader blob = walk.getObjectReader().open(walk.getObjectId(0), Constants.OBJ_BLOB);
        if (mode.equals(FileMode.SYMLINK)) {
            if (blob.getSize() > LINK_BYTES_MAX) {
                throw new StoaException(
                        ErrorCode.BAD_ARCHIVE,
                        "the symbolic link %s has a target of %d bytes".formatted(name, blob.getSize()),
                        "a path has at most %d".formatted(LINK_BYTES_MAX));
            }
            TarArchiveEntry link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
            link.setLinkName(new String(blob.getBytes(), StandardCharsets.UTF_8));
            link.setMode(LINK_MODE);
            put(link, seconds);
        } else {
            bytes += blob.getSize();
            if (bytes > limits.bytesMax()) {
                throw tooLarge("it has more than %,d bytes; the limit was passed in \"%s\""
                        .formatted(limits.bytesMax(), name));
            }
            pointers.look(name, blob);
            TarArchiveEntry file = new TarArchiveEntry(name);
            file.setMode(mode.equals(FileMode.EXECUTABLE_FILE) ? EXECUTABLE_MODE : FILE_MODE);
            file.setSize(blob.getSize());
            put(file, seconds);
            copy(blob);
        }
        tar.closeArchiveEntry();
    }

    private void put(TarArchiveEntry entry, long seconds) throws IOException {
        entries++;
        if (entries > limits.entriesMax()) {
            throw tooLarge("it has more than %,d files and folders".formatted(limits.entriesMax()));
        }
        entry.setIds(0, 0);
        entry.setNames("", "");
        entry.setModTime(seconds * 1000);
        tar.putArchiveEntry(entry);
    }

    private void copy(ObjectLoader blob) throws IOException {
        try (InputStream in = blob.openStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                tar.write(buffer, 0, read);
            }
        }
    }

    private static StoaException tooLarge(String what) {
        return new StoaException(
                ErrorCode.TOO_LARGE,
                "the source is too large: " + what,
                "name what the app does not need in .stoaignore, or take it out of the commit: git rm --cached FILE");
    }

    private static StoaException damaged(ObjectId commit, Exception e) {
        return new StoaException(
                ErrorCode.BAD_ARCHIVE,
                "the commit %s is damaged or not whole: %s"
                        .formatted(commit.abbreviate(7).name(), e.getMessage()),
                "git fsck says what is wrong; a clone with a full history may be whole",
                e);
    }
}
