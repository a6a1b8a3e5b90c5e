package dev.stoa.platform;

import dev.stoa.api.Status;
import dev.stoa.platform.base.Threads;
import java.io.Console;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The platform in a terminal or under a service manager: says what runs where, and stops on a signal. In a terminal its apps
 * stop with it; under a service manager they go on, so that the platform can be restarted beneath them.
 *
 * <p>When another process has followed it, this one stays until that has ended, since a terminal or a service manager waits
 * for it, and passes signals on. A process that was itself started to follow another one, or in the background, goes.
 */
final class Foreground {
    /** Says that nobody waits for this process. */
    private static final String DETACHED = "STOA_DETACHED";

    private Foreground() {}

    static void run(List<String> arguments, Map<String, String> environment) throws InterruptedException {
        boolean terminal = Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .isPresent();
        Tenure tenure = Tenure.begin(arguments, environment);
        AtomicReference<Runnable> stop = new AtomicReference<>(() -> tenure.close(terminal));
        Runtime.getRuntime()
                .addShutdownHook(Threads.unstarted(
                        "stop", () -> Objects.requireNonNull(stop.get()).run()));
        print(tenure.status());
        if (terminal) {
            System.out.println("Ctrl-C stops the platform and its apps");
        }
        tenure.awaitOver();
        boolean awaited = !environment.containsKey(DETACHED) && !environment.containsKey(Turn.VARIABLE);
        if (awaited && tenure.heir().isPresent()) {
            Guardian guardian = new Guardian(tenure.home(), tenure.heir().get());
            stop.set(guardian::stop);
            guardian.awaitEnd();
        }
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
