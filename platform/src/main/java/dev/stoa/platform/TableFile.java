package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.RouteTableEvent;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import tools.jackson.core.JacksonException;

/** The file in which a router keeps its id and the last route table that it was told. */
final class TableFile implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TableFile.class.getName());

    /** Of many changes in a row the last one counts. */
    private static final Duration WRITE_EVERY = Duration.ofMillis(500);

    private final Path file;
    private final FileChannel lock;
    private final String id;
    private final Optional<RouteTableEvent> last;
    private Optional<RouteTableEvent> unwritten = Optional.empty();

    private record Content(String id, RouteTableEvent table) {}

    /**
     * Reads the file, if there is one, and keeps other routers from it.
     *
     * @param newId for a router that had none
     */
    TableFile(Path file, String newId) {
        this.file = file;
        try {
            Files.createDirectories(file.getParent());
            lock = FileChannel.open(
                    file.resolveSibling(file.getFileName() + ".lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            if (lock.tryLock() == null) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "another router keeps its route table in " + file,
                        "--state names another file");
            }
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot keep the route table in %s: %s".formatted(file, e),
                    "--state names another file",
                    e);
        }
        Optional<Content> content = read();
        id = content.map(Content::id).orElse(newId);
        last = content.map(Content::table);
    }

    String id() {
        return id;
    }

    /** What was in force when the router ended. */
    Optional<RouteTableEvent> last() {
        return last;
    }

    private Optional<Content> read() {
        try {
            return Files.exists(file)
                    ? Optional.of(Json.read(Files.readString(file), Content.class))
                    : Optional.empty();
        } catch (IOException | JacksonException e) {
            LOG.log(Level.WARNING, "the last route table cannot be read and is not used file=" + file, e);
            return Optional.empty();
        }
    }

    /** Writes the table soon. */
    synchronized void keep(RouteTableEvent table) {
        if (unwritten.isEmpty()) {
            ScheduledFuture<?> _ = Threads.after(WRITE_EVERY, "route-table-write", this::write);
        }
        unwritten = Optional.of(table);
    }

    private synchronized void write() {
        if (unwritten.isEmpty()) {
            return;
        }
        try {
            Path draft =
                    Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new");
            Files.writeString(draft, Json.write(new Content(id, unwritten.get())));
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot keep the route table file=" + file, e);
        }
        unwritten = Optional.empty();
    }

    @Override
    public void close() {
        write();
        try {
            lock.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "cannot give back the lock", e);
        }
    }
}
