package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;

/** Hands out TCP ports below the range from which Linux takes the ports of outgoing connections. */
final class Ports {
    static final int FIRST = 20_000;
    static final int LAST = 29_999;

    private final Set<Integer> taken = new HashSet<>();
    private int next;

    /** @param seed spreads the platforms of one machine over the range */
    Ports(int seed) {
        next = FIRST + Math.floorMod(seed, LAST - FIRST + 1);
    }

    /** Goes round the range, so that a port that was just given back is not handed out soon. */
    synchronized int take() {
        for (int tried = 0; tried <= LAST - FIRST; tried++) {
            int port = next;
            next = next == LAST ? FIRST : next + 1;
            if (!taken.contains(port) && free(port)) {
                taken.add(port);
                return port;
            }
        }
        throw new StoaException(
                ErrorCode.TOO_BUSY,
                "no port is free between " + FIRST + " and " + LAST,
                "Stop apps that are not needed, or whatever else listens in that range.");
    }

    synchronized void hold(int port) {
        taken.add(port);
    }

    synchronized void giveBack(int port) {
        taken.remove(port);
    }

    private static boolean free(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1)) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
