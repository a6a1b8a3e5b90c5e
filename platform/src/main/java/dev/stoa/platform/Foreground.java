package dev.stoa.platform;

import dev.stoa.api.Status;
import dev.stoa.platform.base.Threads;
import java.io.Console;
import java.util.Optional;

/**
 * The platform in a terminal or under a service manager: says what runs where, and stops on a signal. In a terminal its apps
 * stop with it; under a service manager they go on, so that the platform can be restarted beneath them.
 */
final class Foreground {
    private Foreground() {}

    static void run(PlatformOptions options) throws InterruptedException {
        boolean terminal = Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .isPresent();
        Platform platform = Platform.start(options, System.getenv());
        Runtime.getRuntime()
                .addShutdownHook(Threads.unstarted("stop", terminal ? platform::closeWithApps : platform::close));
        print(platform.status());
        if (terminal) {
            System.out.println("Ctrl-C stops the platform and its apps");
        }
        platform.awaitClosed();
    }

    private static void print(Status status) {
        System.out.printf("Stoa %s is up (pid %d)%n", status.version(), status.pid());
        System.out.printf("  API      %s%n", status.api());
        System.out.printf("  apps     %s%n", status.router());
        System.out.printf("           %s%n", status.https());
        System.out.printf("  store    %s, in %s%n", status.database(), status.home());
        System.out.printf("  engine   %s, isolation: %s%n", status.engine(), status.isolation());
        status.missing().forEach(sentence -> System.out.printf("           %s%n", sentence));
        System.out.println("Next: stoa deploy PATH");
    }
}
