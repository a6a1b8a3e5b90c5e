package dev.stoa.platform.resource;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;

/** The ports that the doors of resources get: below those that the system gives to clients, which might otherwise have one later. */
final class DoorPorts {
    private static final int FIRST = 20_000;
    private static final int COUNT = 12_000;
    private static final int TRIED_MAX = 200;

    private DoorPorts() {}

    /**
     * Returns a port that was free and could be opened.
     *
     * @throws IOException if none was found
     */
    static int open(RandomGenerator random, IntPredicate opens) throws IOException {
        for (int tried = 0; tried < TRIED_MAX; tried++) {
            int port = FIRST + random.nextInt(COUNT);
            if (isFree(port) && opens.test(port)) {
                return port;
            }
        }
        throw new IOException("no port from %d to %d is free".formatted(FIRST, FIRST + COUNT - 1));
    }

    /** Also on all addresses together, for what listens there takes the port on every one. */
    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(false);
            socket.bind(new InetSocketAddress(port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
