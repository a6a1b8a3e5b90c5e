package dev.stoa.platform.resource;

import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The write-ahead log of a cluster that was shut down in good order. Its end is the checkpoint of the shutdown, which is all
 * that the next start reads: segments after it were kept to be written over, and of its own segment all that follows is yet
 * to be written. Of a small database that is more than the rest.
 */
final class RestingWal {
    private static final String FOLDER = "pg_wal";
    private static final String STATUS = "archive_status";
    private static final String DRAFT = "resting.new";
    private static final int PAGE_BYTES = 8192;

    /** Files that the new one has to be like, for the cluster's own user. */
    private static final List<String> OWNERSHIP = List.of("unix:uid", "unix:gid", "unix:mode");

    private final Path wal;

    private RestingWal(Path data) {
        this.wal = data.resolve(FOLDER);
    }

    /**
     * Gives the room back that the log does not need. Nothing that waits to be archived goes, nothing is done unless all is as
     * it is after a shutdown in good order, and whatever ends this in the middle leaves a log that is good.
     */
    static void trim(Path data) throws IOException {
        Optional<Checkpoint> last = Checkpoint.read(data);
        if (last.isPresent() && !Postmaster.isKnown(data) && FileTree.isEmpty(data.resolve("pg_replslot"))) {
            new RestingWal(data).trim(last.get());
        }
    }

    /**
     * @param position of its record in the log
     * @param timeline that it is on
     */
    private record Checkpoint(long position, int timeline) {
        private static final int VERSION = 8;
        private static final int STATE = 16;
        private static final int POSITION = 32;
        private static final int REDO = 40;
        private static final int TIMELINE = 48;
        private static final int HEAD_BYTES = 52;
        private static final int SHUT_DOWN = 1;

        /** Of PostgreSQL 13 to 16, 17, and 18; those to come may have these fields elsewhere. */
        private static final Set<Integer> VERSIONS = Set.of(1300, 1700, 1800);

        /** Of the shutdown, from the first fields of pg_control (PostgreSQL: src/include/catalog/pg_control.h). */
        static Optional<Checkpoint> read(Path data) throws IOException {
            Path file = data.resolve(ClusterFiles.CONTROL);
            ByteBuffer control = ByteBuffer.wrap(Files.exists(file) ? Files.readAllBytes(file) : new byte[0])
                    .order(ByteOrder.nativeOrder());
            boolean known = control.limit() >= HEAD_BYTES
                    && VERSIONS.contains(control.getInt(VERSION))
                    && control.getInt(STATE) == SHUT_DOWN
                    && control.getLong(POSITION) == control.getLong(REDO);
            return known
                    ? Optional.of(new Checkpoint(control.getLong(POSITION), control.getInt(TIMELINE)))
                    : Optional.empty();
        }

        /** How much of its segment has to stay: its own page, and the next, as a record may cross into that. */
        int bytesOf(long segmentBytes) {
            return (int) (position % segmentBytes / PAGE_BYTES + 2) * PAGE_BYTES;
        }
    }

    private void trim(Checkpoint last) throws IOException {
        List<Path> segments = segments();
        Set<Long> sizes = new HashSet<>();
        for (Path segment : segments) {
            sizes.add(Files.size(segment));
        }
        if (sizes.size() != 1) {
            return;
        }
        long bytes = sizes.iterator().next();
        Path own = wal.resolve(WalName.at("%08X".formatted(last.timeline()), last.position(), bytes)
                .text());
        if (!segments.contains(own) || last.bytesOf(bytes) >= bytes) {
            return;
        }
        for (Path segment : segments) {
            boolean before = segment.getFileName().compareTo(own.getFileName()) < 0;
            if (!segment.equals(own) && (before ? isArchived(segment) : !waits(segment))) {
                Files.delete(segment);
                Files.deleteIfExists(status(segment, ".done"));
            }
        }
        if (!waits(own)) {
            shorten(own, last.bytesOf(bytes), bytes);
        }
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(wal)) {
            return files.filter(file -> WalName.isOne(file.getFileName().toString()))
                    .toList();
        }
    }

    private boolean isArchived(Path segment) {
        return Files.exists(status(segment, ".done"));
    }

    private boolean waits(Path segment) {
        return Files.exists(status(segment, ".ready"));
    }

    private Path status(Path segment, String suffix) {
        return wal.resolve(STATUS).resolve(segment.getFileName() + suffix);
    }

    /** Puts a file in its place that has the same beginning and length, and takes no room for the rest. */
    private static void shorten(Path segment, int beginning, long length) throws IOException {
        Path draft = segment.resolveSibling(DRAFT);
        Files.deleteIfExists(draft);
        try (FileChannel from = FileChannel.open(segment, StandardOpenOption.READ);
                FileChannel to = FileChannel.open(
                        draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            for (long at = 0; at < beginning; ) {
                at += from.transferTo(at, beginning - at, to);
            }
            int _ = to.write(ByteBuffer.allocate(1), length - 1);
            for (String attribute : OWNERSHIP) {
                Files.setAttribute(draft, attribute, Files.getAttribute(segment, attribute));
            }
            to.force(true);
        }
        Files.move(draft, segment, StandardCopyOption.ATOMIC_MOVE);
        FileTree.sync(segment.resolveSibling(""));
    }
}
