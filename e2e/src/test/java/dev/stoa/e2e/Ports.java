package dev.stoa.e2e;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for what a test starts. Each is given once: one that the kernel chooses is free again as soon as it has been looked at, and
 * then goes to the next who asks. They stand below those that the kernel gives to connections.
 */
final class Ports {
    private static final int FIRST = 15_000;
    private static final int COUNT = 15_000;

    /** Begins elsewhere in each JVM, as two of them may test beside each other. */
    private static final AtomicInteger GIVEN =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % COUNT));

    private Ports() {}

    static int free() {
        for (int tried = 0; tried < COUNT; tried++) {
            int port = FIRST + GIVEN.getAndIncrement() % COUNT;
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException("no port from %d to %d is free".formatted(FIRST, FIRST + COUNT - 1));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port)) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }
}
