package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.MemorySize;
import dev.stoa.api.StoaException;
import dev.stoa.api.VolumeSnapshot;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.engine.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;

/** Takes snapshots: most is copied while the app goes on, and what has changed meanwhile while it stands still. */
final class VolumeCopy {
    /** With more than this still to copy, it is tried to get it down before the app has to stand still. */
    private static final long CHANGED_BYTES_MAX = 32L << 20;

    private static final int ROUNDS_MAX = 4;

    /** Left on the disk for everybody else. */
    private static final long ROOM_BYTES_MIN = 64L << 20;

    private final Engine engine;
    private final InstantSource clock;

    VolumeCopy(Engine engine, InstantSource clock) {
        this.engine = engine;
        this.clock = clock;
    }

    VolumeSnapshot take(String name, VolumeFolder folder) {
        checkRoom(VolumeSize.of(folder.data()), folder.root());
        try {
            Path draft = folder.draft();
            boolean kept = false;
            try {
                VolumeSnapshot taken = copy(folder.data(), draft);
                VolumeSnapshot snapshot = folder.keep(draft, taken);
                kept = true;
                return snapshot;
            } finally {
                if (!kept) {
                    FileTree.delete(Objects.requireNonNull(draft.getParent()));
                }
            }
        } catch (IOException e) {
            throw failed("cannot take a snapshot of " + name, e);
        }
    }

    private VolumeSnapshot copy(Path data, Path draft) throws IOException {
        TreeCopy copy = new TreeCopy(data, draft);
        boolean used = !engine.users(data).isEmpty();
        for (int round = 0; used && round < ROUNDS_MAX && copy.again() > CHANGED_BYTES_MAX; round++) {
            used = !engine.users(data).isEmpty();
        }
        for (int round = 0; round < ROUNDS_MAX; round++) {
            List<String> users = engine.users(data);
            Instant at;
            long nanos;
            try (Engine.Hold _ = engine.hold(users)) {
                at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
                long startNanos = System.nanoTime();
                long _ = copy.again();
                nanos = System.nanoTime() - startNanos;
            }
            // One that was started meanwhile did not stand still.
            if (users.containsAll(engine.users(data))) {
                String how = users.isEmpty()
                        ? "no instance had it"
                        : "its instances stood still for %d ms"
                                .formatted(Duration.ofNanos(nanos).toMillis());
                return new VolumeSnapshot("", at, how, VolumeSize.of(draft));
            }
        }
        throw new StoaException(
                ErrorCode.RESOURCE_IN_USE,
                "instances were started again and again while a snapshot was taken",
                "try again when the app has come to rest, or with --stop");
    }

    static void checkRoom(long bytes, Path folder) {
        try {
            long room = Files.getFileStore(folder).getUsableSpace();
            if (room < bytes + ROOM_BYTES_MIN) {
                throw new StoaException(
                        ErrorCode.DISK_FULL,
                        "a copy needs %s, and the disk of %s has %s left"
                                .formatted(MemorySize.shown(bytes), folder, MemorySize.shown(room)),
                        "make room, for example by forgetting old snapshots: stoa volume forget NAME SNAPSHOT");
            }
        } catch (IOException e) {
            throw failed("cannot ask for the room on the disk of " + folder, e);
        }
    }

    static StoaException failed(String what, IOException e) {
        return DiskFull.causes(e)
                ? DiskFull.problem(e)
                : new StoaException(ErrorCode.INTERNAL, "%s: %s".formatted(what, e), "nothing was changed", e);
    }
}
