package dev.stoa.platform;

import dev.stoa.api.Status;
import java.io.Console;
import java.util.Optional;

/** The platform in a terminal or under a service manager: says what runs where, and stops on a signal. */
final class Foreground {
    private Foreground() {}

    static void run(PlatformOptions options) throws InterruptedException {
        Platform platform = Platform.start(options, System.getenv());
        Runtime.getRuntime().addShutdownHook(dev.stoa.platform.base.Threads.unstarted("stop", platform::close));
        print(platform.status());
        platform.awaitClosed();
    }

    private static void print(Status status) {
        System.out.printf("Stoa %s is up (pid %d)%n", status.version(), status.pid());
        System.out.printf("  API      %s%n", status.api());
        System.out.printf("  apps     %s%n", status.router());
        System.out.printf("  store    %s, in %s%n", status.database(), status.home());
        System.out.printf("  engine   %s, isolation: %s%n", status.engine(), status.isolation());
        status.missing().forEach(sentence -> System.out.printf("           %s%n", sentence));
        System.out.println("Next: stoa deploy PATH");
        boolean terminal = Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
        if (terminal) {
            System.out.println("Ctrl-C stops the platform and leaves the apps running for the next stoa up; stoa down ends both.");
        }
    }
}
