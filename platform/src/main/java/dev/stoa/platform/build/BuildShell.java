package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Runs the commands of a build, sandboxed by whoever implements it. */
public interface BuildShell {
    /** The path at which {@code slug} stands for the commands of the build and, later, for the instances. */
    String slugMount(Path slug);

    /**
     * Runs a shell command to its end and returns its exit status.
     *
     * @param lines gets each line of its output as it comes
     * @throws InterruptedException when the build is cancelled; everything that the command started has ended then
     */
    int run(Command command, Consumer<String> lines) throws InterruptedException;

    /** The platform itself has written into the slug, which the next command or instance must find to be its tenant's. */
    default void written(Path slug) {}

    /**
     * The build has ended, well or not.
     *
     * @param afterwards what only later builds need: it runs beside whatever follows, until {@link #settle}
     */
    default void end(int tenant, Path slug, List<Command> afterwards) throws InterruptedException {
        for (Command command : afterwards) {
            int _ = run(command, line -> {});
        }
    }

    /**
     * Waits until what {@link #end} has left to be done is done. Before, the slug and the cache may be neither deleted nor
     * built in.
     *
     * @throws InterruptedException when the calling thread is interrupted; what was running has ended then
     */
    default void settle(Path slug) throws InterruptedException {}

    /**
     * One command.
     *
     * @param tenant   on whose behalf
     * @param slug     the working directory, writable
     * @param cache    writable, at the same path inside
     * @param readable toolchains outside the system's directories
     */
    record Command(int tenant, Path slug, Path cache, String script, Map<String, String> env, List<Path> readable) {
        public Command {
            env = Map.copyOf(env);
            readable = List.copyOf(readable);
        }
    }
}
