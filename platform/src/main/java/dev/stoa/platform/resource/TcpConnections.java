package dev.stoa.platform.resource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The connections of this machine, as Linux shows them in /proc/net/tcp. */
final class TcpConnections {
    private static final Path TABLE = Path.of("/proc/net/tcp");
    private static final int LOCAL = 1;
    private static final int STATE = 3;

    /** ESTABLISHED and SYN_RECV (include/net/tcp_states.h): those that nobody has accepted yet among them. */
    private static final Set<String> OPEN = Set.of("01", "03");

    private TcpConnections() {}

    /** How many there are to a port of any address; 0 where there is no such table. */
    static long to(int port) {
        String end = ":%04X".formatted(port);
        try {
            return Files.readAllLines(TABLE, StandardCharsets.US_ASCII).stream()
                    .map(line -> List.of(line.strip().split(" +", -1)))
                    .filter(fields -> fields.get(LOCAL).endsWith(end) && OPEN.contains(fields.get(STATE)))
                    .count();
        } catch (IOException e) {
            return 0;
        }
    }
}
