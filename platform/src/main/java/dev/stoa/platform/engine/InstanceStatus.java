package dev.stoa.platform.engine;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * An instance as it is now.
 *
 * @param pid     of the app's own process, as the machine sees it; empty before it is known and after the exit
 * @param address where it was told to listen
 * @param output  the file with everything it wrote to stdout and stderr, in order; grows while it runs and survives the
 *     platform
 * @param exit    empty while it runs
 */
public record InstanceStatus(
        String id,
        Optional<Long> pid,
        Optional<InetSocketAddress> address,
        Path output,
        Instant startedAt,
        Optional<Exit> exit) {
    public boolean running() {
        return exit.isEmpty();
    }
}
