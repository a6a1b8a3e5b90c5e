package dev.stoa.platform.control;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Runs an instance to its end and tells its output as it comes: a build step, a release command. */
final class OneOff {
    /** How long output may wait before somebody who watches sees it. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(25);

    private final Engine engine;

    OneOff(Engine engine) {
        this.engine = engine;
    }

    /** @param late whether it was killed because it took too long */
    record End(Exit exit, boolean late) {}

    /**
     * Runs it, and leaves nothing of it behind.
     *
     * @param longest after this it is killed
     * @param output  gets text as the instance writes it; what it throws ends the instance
     * @throws InterruptedException when the calling thread is interrupted; the instance has ended then
     */
    End run(InstanceSpec spec, Duration longest, Consumer<String> output) throws InterruptedException {
        InstanceStatus status = engine.start(spec);
        AtomicBoolean late = new AtomicBoolean();
        ScheduledFuture<?> deadline = Threads.after(longest, "deadline-" + spec.id(), () -> {
            late.set(true);
            engine.kill(spec.id());
        });
        try (Output file = new Output(status, output)) {
            while (engine.instance(spec.id()).map(InstanceStatus::running).orElse(false)) {
                file.tell(false);
                Thread.sleep(LOOK_EVERY);
            }
            file.tell(true);
            return new End(engine.await(spec.id()), late.get());
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the output of " + spec.id(), e);
        } finally {
            deadline.cancel(false);
            removeThoughInterrupted(spec.id());
        }
    }

    private static InterruptedException interrupted() {
        boolean _ = Thread.interrupted();
        return new InterruptedException();
    }

    private void removeThoughInterrupted(String id) {
        boolean interrupted = Thread.interrupted();
        try {
            engine.remove(id);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What was written to the output file, as text that is never cut within a character. */
    static final class Output implements AutoCloseable {
        private static final int BUFFER_BYTES = 64 * 1024;

        private final FileChannel channel;
        private final Consumer<String> consumer;
        private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES);
        private final CharBuffer chars = CharBuffer.allocate(BUFFER_BYTES);
        private final CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);

        Output(InstanceStatus status, Consumer<String> consumer) throws IOException {
            this.channel = FileChannel.open(status.output());
            this.consumer = consumer;
        }

        void tell(boolean last) throws IOException {
            int read;
            do {
                read = channel.read(bytes);
                bytes.flip();
                decoder.decode(bytes, chars, last && read < 0);
                bytes.compact();
                chars.flip();
                if (chars.hasRemaining()) {
                    consumer.accept(chars.toString());
                }
                chars.clear();
            } while (read > 0);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
