package dev.stoa.cli;

import java.util.concurrent.TimeUnit;

/** What has to happen when the user presses Ctrl-C while something is under way. Close it when that is over. */
final class OnInterrupt implements AutoCloseable {
    private static final long ACTION_SECONDS_MAX = 30;

    private final Thread hook;

    OnInterrupt(Runnable action) {
        hook = Threads.atEnd("interrupt", action);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** When the interrupt has come already, this does not return: the action speaks, and then the process ends. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            try {
                hook.join(TimeUnit.SECONDS.toMillis(ACTION_SECONDS_MAX));
                Thread.sleep(TimeUnit.SECONDS.toMillis(ACTION_SECONDS_MAX));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
