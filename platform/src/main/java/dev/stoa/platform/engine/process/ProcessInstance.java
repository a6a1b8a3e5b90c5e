package dev.stoa.platform.engine.process;

import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceStatus;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * An instance that the engine knows of.
 *
 * @param tenant  whose it is
 * @param port    0 if it was not told to listen
 * @param address its own; the machine's where it shares that
 * @param tree empty if its shim was gone when the engine found it
 * @param mounts the folders that it was given
 * @param exit completed when it has ended
 */
record ProcessInstance(
        InstanceFiles files,
        int tenant,
        int port,
        Optional<InetAddress> address,
        Instant startedAt,
        Optional<ProcessTree> tree,
        List<Path> mounts,
        CompletableFuture<Exit> exit) {
    String id() {
        return files.id();
    }

    boolean running() {
        return !exit.isDone();
    }

    InstanceStatus status() {
        Optional<Exit> ended = running() ? Optional.empty() : Optional.of(exit.join());
        return new InstanceStatus(
                id(),
                ended.isPresent()
                        ? Optional.empty()
                        : tree.flatMap(ProcessTree::app).map(ProcessHandle::pid),
                port == 0
                        ? Optional.empty()
                        : Optional.of(new InetSocketAddress(address.orElse(InetAddress.getLoopbackAddress()), port)),
                files.output(),
                startedAt,
                ended);
    }
}
