package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.api.VolumeSnapshot;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What there is of one volume on disk.
 *
 * <pre>
 * data/                          what instances see, or
 * image                          a file system with it, for a volume that may not grow
 * mnt/data/                      where that is mounted
 * restoring                      the snapshot that is being put into the image
 * next/                          what is about to become data; only while a snapshot is restored
 * owner                          the tenant to which all of it was given
 * snapshots/NAME/snapshot.json
 * snapshots/NAME/data/           complete if it is there
 * destroyed.json                 since when nobody has it any more
 * </pre>
 *
 * <p>What is being made has a name that begins with a point, and is deleted by {@link #mend} if nobody finished it.
 */
record VolumeFolder(Path root) {
    static final String DRAFT = ".draft-";
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    private static final int SAME_SECOND_MAX = 100;
    private static final int NO_OWNER = -1;

    /** A volume that was destroyed. */
    record Destroyed(String name, Map<String, String> settings, Instant at) {}

    Path data() {
        return image().isThere() ? image().data() : plain();
    }

    private Path plain() {
        return root.resolve("data");
    }

    VolumeImage image() {
        return new VolumeImage(root.resolve("image"), root.resolve("mnt"));
    }

    private Path restoring() {
        return root.resolve("restoring");
    }

    private Path next() {
        return root.resolve("next");
    }

    private Path snapshots() {
        return root.resolve("snapshots");
    }

    private Path destroyedFile() {
        return root.resolve("destroyed.json");
    }

    /** Makes what is missing. Ends what was under way in a platform that was killed, or undoes it. */
    void mend(boolean make) {
        try {
            if (image().isThere()) {
                image().open();
                restoreIntoImage();
            } else if (!Files.exists(plain(), LinkOption.NOFOLLOW_LINKS)) {
                if (Files.isDirectory(next(), LinkOption.NOFOLLOW_LINKS)) {
                    Files.move(next(), plain(), StandardCopyOption.ATOMIC_MOVE);
                } else if (make) {
                    makePrivately(root);
                    makePrivately(plain());
                    Files.setPosixFilePermissions(plain(), PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
            FileTree.delete(next());
            if (Files.isDirectory(root)) {
                dropDrafts(root);
            }
            if (Files.isDirectory(snapshots())) {
                dropDrafts(snapshots());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot prepare the volume's folder " + root, e);
        }
    }

    /**
     * Sees to it that no more than that can be written. Does nothing for a folder with files in it: they would have to be
     * moved while somebody writes to them.
     *
     * @return whether it is so now
     */
    boolean limit(long bytes) throws IOException {
        if (!image().isThere()) {
            try (Stream<Path> files = Files.list(plain())) {
                if (!VolumeImage.isPossible() || files.findAny().isPresent()) {
                    return false;
                }
            }
            image().make(bytes);
            Files.deleteIfExists(root.resolve("owner"));
            Files.deleteIfExists(plain());
        } else {
            image().resize(bytes);
        }
        return true;
    }

    private void restoreIntoImage() throws IOException {
        if (Files.exists(restoring())) {
            Path files =
                    snapshots().resolve(Files.readString(restoring()).strip()).resolve("data");
            if (Files.isDirectory(files)) {
                long _ = new TreeCopy(files, image().data()).again();
            }
            Files.delete(restoring());
        }
    }

    /** Deletes all of it. */
    void delete() {
        close();
        FileTree.delete(root);
    }

    /** Nobody uses it from now on, until it is mended. */
    void close() {
        try {
            image().close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + image().file(), e);
        }
    }

    private static void makePrivately(Path directory) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private static void dropDrafts(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> file.getFileName().toString().startsWith(DRAFT))
                    .forEach(FileTree::delete);
        }
    }

    boolean isThere() {
        return Files.isDirectory(data(), LinkOption.NOFOLLOW_LINKS);
    }

    /** The tenant that all of it was given to. */
    int owner() {
        try {
            return Integer.parseInt(Files.readString(root.resolve("owner")).strip());
        } catch (IOException | NumberFormatException e) {
            return NO_OWNER;
        }
    }

    void rememberOwner(int tenant) {
        write(root.resolve("owner"), tenant + "\n");
    }

    private void write(Path file, String text) {
        try {
            Path draft = root.resolve(DRAFT + file.getFileName());
            Files.writeString(draft, text);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    /** Newest first. */
    List<VolumeSnapshot> list() {
        if (!Files.isDirectory(snapshots())) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(snapshots())) {
            return folders.filter(folder -> !folder.getFileName().toString().startsWith(DRAFT))
                    .filter(folder -> Files.isDirectory(folder.resolve("data")))
                    .flatMap(folder -> read(folder.resolve("snapshot.json"), VolumeSnapshot.class).stream())
                    .sorted(Comparator.comparing(VolumeSnapshot::takenAt)
                            .thenComparing(VolumeSnapshot::name)
                            .reversed())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + snapshots(), e);
        }
    }

    private static <T> Optional<T> read(Path file, Class<T> type) {
        try {
            return Optional.of(Json.read(Files.readString(file), type));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** Where the files of that snapshot are. */
    Path snapshot(String volume, String name) {
        List<VolumeSnapshot> all = list();
        if (all.stream().noneMatch(snapshot -> snapshot.name().equals(name))) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "the volume %s has no snapshot \"%s\"".formatted(volume, name.replaceAll("\\p{Cntrl}", "?")),
                    all.isEmpty()
                            ? "it has none at all; to take one: stoa volume snapshot " + volume
                            : "stoa volume snapshots %s lists them; the newest is %s"
                                    .formatted(volume, all.getFirst().name()));
        }
        return snapshots().resolve(name).resolve("data");
    }

    /** A snapshot that is being made: {@link #keep} makes it one. */
    Path draft() throws IOException {
        makePrivately(snapshots());
        Path draft = Files.createTempDirectory(snapshots(), DRAFT);
        return draft.resolve("data");
    }

    /** @param data of {@link #draft} */
    VolumeSnapshot keep(Path data, VolumeSnapshot described) throws IOException {
        Path draft = data.resolveSibling("snapshot.json");
        VolumeSnapshot named = described.called(freeName(described.takenAt()));
        Files.writeString(draft, Json.writePretty(named) + "\n");
        Files.move(draft.getParent(), snapshots().resolve(named.name()), StandardCopyOption.ATOMIC_MOVE);
        return named;
    }

    private String freeName(Instant at) {
        String name = NAME.format(at);
        for (int number = 2;
                number < SAME_SECOND_MAX && Files.exists(snapshots().resolve(name));
                number++) {
            name = NAME.format(at) + "-" + number;
        }
        return name;
    }

    /** Puts files aside that are to become the data. An image takes them later, for lack of room for both. */
    void prepare(Path files) throws IOException {
        if (image().isThere()) {
            return;
        }
        Path draft = root.resolve(DRAFT + "next");
        FileTree.delete(draft);
        boolean prepared = false;
        try {
            long _ = new TreeCopy(files, draft).again();
            Files.move(draft, next(), StandardCopyOption.ATOMIC_MOVE);
            prepared = true;
        } finally {
            if (!prepared) {
                FileTree.delete(draft);
            }
        }
    }

    /**
     * What was prepared is the data from now on. Killed at any line and mended, it is that, or what it was.
     *
     * @param before what it was, which becomes a snapshot
     * @param name   of the snapshot that was prepared
     */
    VolumeSnapshot swap(VolumeSnapshot before, String name) throws IOException {
        makePrivately(snapshots());
        if (image().isThere()) {
            Path draft = draft();
            long _ = new TreeCopy(data(), draft).again();
            VolumeSnapshot kept = keep(draft, before);
            write(restoring(), name + "\n");
            restoreIntoImage();
            return kept;
        }
        VolumeSnapshot named = before.called(freeName(before.takenAt()));
        Path kept = snapshots().resolve(named.name());
        makePrivately(kept);
        Files.writeString(kept.resolve("snapshot.json"), Json.writePretty(named) + "\n");
        Files.move(data(), kept.resolve("data"), StandardCopyOption.ATOMIC_MOVE);
        Files.move(next(), data(), StandardCopyOption.ATOMIC_MOVE);
        return named;
    }

    void drop(String volume, String name) {
        try {
            Path folder = snapshot(volume, name).getParent();
            Path draft = Files.createTempDirectory(snapshots(), DRAFT);
            Files.move(folder, draft.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            FileTree.delete(draft);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete a snapshot of " + volume, e);
        }
    }

    Optional<Destroyed> destroyed() {
        return read(destroyedFile(), Destroyed.class);
    }

    void destroy(Destroyed destroyed) {
        write(destroyedFile(), Json.writePretty(destroyed) + "\n");
    }

    boolean isEmpty() {
        if (image().isThere() && !isThere()) {
            return false;
        }
        try (Stream<Path> files = Files.list(data())) {
            return files.findAny().isEmpty() && list().isEmpty();
        } catch (IOException e) {
            return list().isEmpty();
        }
    }
}
