package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Attached;
import dev.stoa.platform.engine.Exit;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A command and its client: what it writes goes to the client at once, and what the client sends to the command. */
final class Conversation {
    private static final int OUTPUT_BYTES_MAX = 32 * 1024;

    /** So many blocks of input may wait for a command that does not read. */
    private static final int INPUT_BLOCKS_MAX = 16;

    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    /** What a command leaves behind may hold its streams open. */
    private static final Duration REST_MAX = Duration.ofSeconds(1);

    private static final byte[] END = new byte[0];

    /** Ctrl-D: what ends the input of a terminal. */
    private static final byte[] END_OF_TYPING = {4};

    private final Attached attached;
    private final boolean terminal;
    private final Consumer<RunEvent> client;
    private final BlockingQueue<byte[]> input = new ArrayBlockingQueue<>(INPUT_BLOCKS_MAX);
    private volatile boolean over;

    /**
     * @param terminal whether the command has one
     * @param client   what it throws ends the command
     */
    Conversation(Attached attached, boolean terminal, Consumer<RunEvent> client) {
        this.attached = attached;
        this.terminal = terminal;
        this.client = client;
    }

    /**
     * Goes on until the command has ended, and leaves nothing of it behind.
     *
     * @param hasInput whether the client will send some
     * @param longest  after this it is ended, which its output says
     * @throws InterruptedException when the calling thread is interrupted; the command has ended then
     */
    Exit follow(String name, boolean hasInput, Duration longest) throws InterruptedException {
        ScheduledFuture<?> deadline = Threads.after(longest, "deadline-" + name, () -> {
            try {
                client.accept(new RunEvent.Errors(
                        "\nended after %d h, the longest that it may take\n".formatted(longest.toHours())));
            } finally {
                attached.close();
            }
        });
        Thread writer = Threads.startBlocking("input-" + name, this::passInput);
        if (!hasInput) {
            put(END);
        }
        try {
            List<Thread> pumps = List.of(
                    Threads.startBlocking("output-" + name, () -> passOutput(attached.output(), false)),
                    Threads.startBlocking("errors-" + name, () -> passOutput(attached.errors(), true)));
            Exit exit = attached.await();
            for (Thread pump : pumps) {
                pump.join(REST_MAX);
            }
            return exit;
        } finally {
            over = true;
            deadline.cancel(false);
            writer.interrupt();
            endThoughInterrupted();
        }
    }

    private void endThoughInterrupted() {
        boolean interrupted = Thread.interrupted();
        try {
            attached.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void passOutput(InputStream stream, boolean errors) {
        byte[] buffer = new byte[OUTPUT_BYTES_MAX];
        try {
            for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                client.accept(event(buffer, read, errors));
            }
        } catch (IOException e) {
            // The stream was closed with the command.
            return;
        } catch (RuntimeException e) {
            attached.close();
        }
    }

    private static RunEvent event(byte[] bytes, int length, boolean errors) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
            return errors ? new RunEvent.Errors(text) : new RunEvent.Output(text);
        } catch (CharacterCodingException e) {
            return new RunEvent.Bytes(Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, length)), errors);
        }
    }

    private void passInput() {
        try (OutputStream out = attached.input()) {
            while (!over) {
                byte[] block = input.take();
                boolean end = block.length == END.length;
                if (end && !terminal) {
                    return;
                }
                out.write(end ? END_OF_TYPING : block);
                out.flush();
            }
        } catch (IOException e) {
            // A command may well end before it has read everything; what comes now has no reader.
            discard();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void discard() {
        try {
            while (!over) {
                input.take();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Hands on all of the stream, in blocks, and returns when the command has room for the last. */
    void input(InputStream stream, boolean end) throws IOException, InterruptedException {
        byte[] buffer = new byte[OUTPUT_BYTES_MAX];
        for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
            if (read > 0) {
                put(Arrays.copyOf(buffer, read));
            }
        }
        if (end) {
            put(END);
        }
    }

    private void put(byte[] block) throws InterruptedException {
        while (!input.offer(block, LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
            if (over) {
                throw new StoaException(ErrorCode.NOT_FOUND, "the command has ended", "");
            }
        }
    }

    void resize(TerminalSize size) {
        attached.resize(size);
    }

    void end() {
        attached.close();
    }
}
