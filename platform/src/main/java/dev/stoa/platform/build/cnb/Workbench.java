package dev.stoa.platform.build.cnb;

import java.nio.file.Path;
import java.util.Map;

/** What Cloud Native Buildpacks need of the build that they work in. */
public interface Workbench {
    /** The app's folder on disk. */
    Path app();

    /** Where the app's folder stands for commands and instances. */
    String mount();

    /** A folder of the app's cache, at the same path for commands; it need not exist yet. */
    Path cache();

    /** The PATH of commands that set none. */
    String path();

    /** The config vars that the build may see. */
    Map<String, String> config();

    /**
     * Runs a shell command in the app's folder, shows what it prints, and returns its exit status.
     *
     * @param env beyond LANG, PATH and the network's settings; the config vars are not in it by themselves
     */
    int status(String script, Map<String, String> env) throws InterruptedException;

    /**
     * As {@link #status}, for a command that must succeed.
     *
     * @param what names it in the error
     * @throws dev.stoa.api.StoaException when its exit status is not 0
     */
    void run(String what, String script, Map<String, String> env) throws InterruptedException;

    /** Runs a command of the platform's own and shows nothing; true when it was well. */
    boolean attempt(String script) throws InterruptedException;

    void step(String text);

    void detail(String text);
}
