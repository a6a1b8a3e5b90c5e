package dev.stoa.platform;

import dev.stoa.platform.control.Home;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is left of the first process of a platform in a terminal or under a service manager, when another process has
 * followed it: it stays until the last of those that follow has ended, and passes on that it is to stop.
 */
final class Guardian {
    private final Path home;
    private volatile ProcessHandle platform;
    private volatile boolean stopping;

    Guardian(Path home, ProcessHandle platform) {
        this.home = home;
        this.platform = platform;
    }

    void awaitEnd() {
        Optional<ProcessHandle> next = Optional.of(platform);
        while (next.isPresent()) {
            platform = next.get();
            if (stopping) {
                boolean _ = platform.destroy();
            }
            platform.onExit().join();
            long ended = platform.pid();
            next = Home.beacon(home)
                    .map(Home.Beacon::pid)
                    .filter(pid ->
                            pid != ended && pid != ProcessHandle.current().pid())
                    .flatMap(ProcessHandle::of);
        }
    }

    /** Stops the platform, and returns when it has ended. */
    void stop() {
        stopping = true;
        boolean _ = platform.destroy();
        platform.onExit().join();
    }
}
