package dev.stoa.platform.base;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Open files that go from one process to another over a Unix socket (SCM_RIGHTS); Linux alone. */
public final class Descriptors implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(2);

    private final Socket server;

    private Descriptors(Socket server) {
        this.server = server;
    }

    /** Makes a socket from which one process will take the descriptors. */
    public static Descriptors offer(Path socket) throws IOException {
        Epoll.ensureAvailability();
        Socket server = Socket.newSocketDomain();
        try {
            server.bind(new DomainSocketAddress(socket.toString()));
            server.listen(1);
            return new Descriptors(server);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /**
     * Waits for the other process, and gives it the descriptors, which stay open here.
     *
     * @param alive whether it makes sense to wait on
     */
    public void give(List<Integer> descriptors, Duration longest, BooleanSupplier alive) throws IOException {
        Socket taker = new Socket(awaited(longest, () -> server.accept(new byte[Byte.MAX_VALUE]), -1, alive));
        try {
            for (int descriptor : descriptors) {
                int result = taker.sendFd(descriptor);
                if (result < 0) {
                    throw new IOException("a descriptor could not be sent: errno " + -result);
                }
            }
        } finally {
            taker.close();
        }
    }

    /** Takes so many descriptors from the process that offers them. */
    public static List<Integer> take(Path socket, int count, Duration longest) throws IOException {
        // Loads the library that all of this stands in.
        Epoll.ensureAvailability();
        Socket giver = Socket.newSocketDomain();
        try {
            giver.connect(new DomainSocketAddress(socket.toString()));
            List<Integer> taken = new ArrayList<>();
            while (taken.size() < count) {
                int descriptor = awaited(longest, giver::recvFd, 0, () -> true);
                if (descriptor < 0) {
                    throw new IOException("the other process gave %d of %d descriptors".formatted(taken.size(), count));
                }
                taken.add(descriptor);
            }
            return taken;
        } finally {
            giver.close();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private interface Attempt {
        int now() throws IOException;
    }

    private static int awaited(Duration longest, Attempt attempt, int notYet, BooleanSupplier alive)
            throws IOException {
        long deadline = System.nanoTime() + longest.toNanos();
        try {
            for (int result = attempt.now(); ; result = attempt.now()) {
                if (result != notYet) {
                    return result;
                }
                if (!alive.getAsBoolean()) {
                    throw new IOException("the other process has ended");
                }
                if (System.nanoTime() > deadline) {
                    throw new IOException("the other process did not answer within " + longest.toSeconds() + " s");
                }
                Thread.sleep(LOOK_EVERY);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
