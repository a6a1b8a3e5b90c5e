package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Knows one kind of app: how to recognise it, how to prepare it, and how it is started when nobody says so.
 *
 * <p>To add one, write a class, put it into the list in {@link Builder#standard}, and write its test.
 */
interface Buildpack {
    /** As {@code [build] buildpack} names it, such as {@code python}. */
    String name();

    /** For people, such as {@code requirements.txt}. */
    String looksFor();

    boolean detects(SourceFolder source);

    /**
     * Prepares the app in its folder.
     *
     * @throws dev.stoa.api.StoaException TOOL_MISSING, BUILD_FAILED and others, which all name the step
     * @throws InterruptedException when the build is cancelled
     */
    Built build(BuildContext context) throws InterruptedException;

    /** Such a command as apps of this kind are started by, for people. */
    default String startExample() {
        return "./server --port $PORT";
    }

    /** How a command of the Procfile or of the manifest is started; what {@link #build} guesses is that already. */
    default String started(String type, String command) {
        return command;
    }

    /**
     * What a buildpack adds to the source.
     *
     * @param guesses  commands by process type, for what neither the manifest nor the Procfile names
     * @param env      for the instances, beyond LANG; with a whole PATH where the system's is not enough
     * @param readable toolchains outside the system's directories
     */
    record Built(Map<String, String> guesses, Map<String, String> env, List<Path> readable) {
        static final Built NOTHING = new Built(Map.of(), Map.of(), List.of());

        public Built {
            guesses = Map.copyOf(guesses);
            env = Map.copyOf(env);
            readable = List.copyOf(readable);
        }
    }
}
