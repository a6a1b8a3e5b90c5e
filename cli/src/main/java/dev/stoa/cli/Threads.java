package dev.stoa.cli;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** The one place of the command line that makes threads. */
final class Threads {
    private Threads() {}

    static Thread start(String name, Runnable task) {
        return Thread.ofVirtual().name(name).start(task);
    }

    /** For what blocks in the operating system, where a virtual thread would hold its carrier; ends with the JVM. */
    static Thread startBlocking(String name, Runnable task) {
        return Thread.ofPlatform().name(name).daemon().start(task);
    }

    static Executor virtual() {
        return Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("stoa-", 0).factory());
    }

    /** One for the JVM to start when it is told to end; it takes no virtual ones for that. */
    static Thread atEnd(String name, Runnable task) {
        return Thread.ofPlatform().name(name).unstarted(task);
    }
}
