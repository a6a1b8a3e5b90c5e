package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Descriptors;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import tools.jackson.databind.JsonNode;

/** The process that is to follow this one, as this one sees it. */
final class Successor implements AutoCloseable {
    private static final Duration READY_MAX = Duration.ofSeconds(90);

    /** As long as the command line waits for a platform that it starts. */
    private static final Duration SERVING_MAX = Duration.ofMinutes(2);

    private static final Duration DESCRIPTORS_MAX = Duration.ofSeconds(30);

    private final Path meeting;
    private final ServerSocketChannel door;
    private final Descriptors descriptors;
    private final Process process;
    private Optional<SocketChannel> talk = Optional.empty();
    private Optional<BufferedReader> words = Optional.empty();

    private Successor(Path meeting, ServerSocketChannel door, Descriptors descriptors, Process process) {
        this.meeting = meeting;
        this.door = door;
        this.descriptors = descriptors;
        this.process = process;
    }

    /**
     * Starts it, and returns when it is ready to take over.
     *
     * @throws StoaException if it ends, or does not get ready in time
     */
    static Successor start(Path launcher, List<String> arguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(launcher.toString(), "up"));
        command.addAll(arguments);
        Successor successor;
        try {
            // Not in the data directory: the path of a Unix socket may have no more than 107 bytes.
            Path meeting = Files.createTempDirectory("stoa-handover");
            ServerSocketChannel door = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            door.bind(UnixDomainSocketAddress.of(meeting.resolve(Turn.WORDS)));
            Descriptors descriptors = Descriptors.offer(meeting.resolve(Turn.DESCRIPTORS));
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            builder.environment().putAll(environment);
            builder.environment().put(Turn.VARIABLE, meeting.toString());
            successor = new Successor(meeting, door, descriptors, builder.start());
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot start the new process: " + e.getMessage(),
                    "%s must be a program of Stoa that can be run".formatted(launcher),
                    e);
        }
        try {
            Turn.Ready _ = successor.awaitReady();
            return successor;
        } catch (RuntimeException e) {
            successor.process.destroyForcibly();
            successor.close();
            throw e;
        }
    }

    private Turn.Ready awaitReady() {
        // Whoever waits for one that has ended would wait forever.
        CompletableFuture<Void> _ = process.onExit().thenRun(this::hangUp);
        ScheduledFuture<?> timeout = Threads.after(READY_MAX, "successor-timeout", this::hangUp);
        try {
            SocketChannel accepted = door.accept();
            talk = Optional.of(accepted);
            BufferedReader reader =
                    new BufferedReader(Channels.newReader(accepted, StandardCharsets.UTF_8.newDecoder(), -1));
            words = Optional.of(reader);
            return heard(reader, Turn.Ready.class);
        } catch (IOException e) {
            throw failed("got ready to take over", READY_MAX, e);
        } finally {
            timeout.cancel(false);
        }
    }

    long pid() {
        return process.pid();
    }

    /**
     * Gives it the sockets and everything behind them, and returns when it serves. This process must hold nothing any more
     * that only one can have.
     *
     * @throws StoaException if it does not serve in the end
     */
    void takeOver(Turn turn, List<Integer> sockets) {
        ScheduledFuture<?> timeout = Threads.after(SERVING_MAX, "successor-timeout", this::hangUp);
        try {
            ByteBuffer line = StandardCharsets.UTF_8.encode(Json.write(turn) + "\n");
            while (line.hasRemaining()) {
                talk.orElseThrow().write(line);
            }
            descriptors.give(sockets, DESCRIPTORS_MAX, process::isAlive);
            Turn.Serving _ = heard(words.orElseThrow(), Turn.Serving.class);
        } catch (IOException e) {
            throw failed("served", SERVING_MAX, e);
        } finally {
            timeout.cancel(false);
        }
    }

    private static <T> T heard(BufferedReader words, Class<T> type) throws IOException {
        String line = words.readLine();
        if (line == null) {
            throw new IOException("it hung up");
        }
        JsonNode word = Json.MAPPER.readTree(line);
        if (word.has("error")) {
            Turn.Failed failed = Json.MAPPER.treeToValue(word, Turn.Failed.class);
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the new process cannot be the platform, so the old one goes on: " + failed.error(),
                    failed.hint());
        }
        return Json.MAPPER.treeToValue(word, type);
    }

    private StoaException failed(String before, Duration longest, IOException cause) {
        try {
            // One that hung up is about to end, and how says more.
            boolean _ = process.waitFor(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        String how = process.isAlive()
                ? "had not %s within %d s".formatted(before, longest.toSeconds())
                : "ended with status %d before it %s".formatted(process.exitValue(), before);
        return new StoaException(
                ErrorCode.INTERNAL,
                "the new process (pid %d) %s; the old one goes on".formatted(process.pid(), how),
                "what it said stands in the platform's own log",
                cause);
    }

    private void hangUp() {
        try {
            door.close();
            if (talk.isPresent()) {
                talk.get().close();
            }
        } catch (IOException e) {
            System.getLogger(Successor.class.getName()).log(System.Logger.Level.DEBUG, "hanging up failed", e);
        }
    }

    /** Makes sure that it is gone. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        hangUp();
        try {
            descriptors.close();
        } catch (IOException e) {
            System.getLogger(Successor.class.getName()).log(System.Logger.Level.DEBUG, "hanging up failed", e);
        }
        FileTree.delete(meeting);
    }
}
