package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** What a buildpack works with: the folder, the toolchains, a shell, and the user who watches. */
final class BuildContext {
    /** Where in the slug Stoa keeps what it adds. */
    static final String OWN_FOLDER = ".stoa";

    private static final String DETAIL_INDENT = "       ";
    private static final int ANSWER_LINES_MAX = 10_000;
    private static final int KILLED_STATUS = 137;
    private static final Pattern TERMINAL_CONTROL =
            Pattern.compile("\u001b\\[[0-9;?]*[ -/]*[@-~]|\u001b\\][^\u0007]*\u0007|[\\p{Cntrl}&&[^\t]]");

    private final BuildShell shell;
    private final Toolchains tools;
    private final BuildRequest request;
    private final SourceFolder source;
    private final Consumer<String> output;

    BuildContext(
            BuildShell shell, Toolchains tools, BuildRequest request, SourceFolder source, Consumer<String> output) {
        this.shell = shell;
        this.tools = tools;
        this.request = request;
        this.source = source;
        this.output = output;
    }

    SourceFolder source() {
        return source;
    }

    Toolchains tools() {
        return tools;
    }

    /** Where the slug stands for commands and instances. */
    String mount() {
        return shell.slugMount(request.source());
    }

    /** A folder of the app's cache, by its name. */
    Path cache(String name) {
        return request.cache().resolve(name);
    }

    void step(String text) {
        output.accept("-----> " + text);
    }

    void detail(String text) {
        output.accept(DETAIL_INDENT + text);
    }

    /** A line as a program printed it, without the colours and cursor movements that would upset other terminals. */
    private void show(String line) {
        String plain = TERMINAL_CONTROL.matcher(line).replaceAll("").stripTrailing();
        if (!plain.isEmpty()) {
            detail(plain);
        }
    }

    /**
     * Runs a command in the folder and shows what it prints.
     *
     * @param what names the step in the error
     * @param env  beyond LANG and the network's settings; with a PATH where the system's is not enough
     * @throws StoaException BUILD_FAILED or DISK_FULL when its exit status is not 0
     */
    void run(String what, String script, Map<String, String> env, List<Path> readable) throws InterruptedException {
        AtomicBoolean diskFull = new AtomicBoolean();
        int status = execute(script, env, readable, line -> {
            if (DiskFull.in(line) || line.contains("ENOSPC")) {
                diskFull.set(true);
            }
            show(line);
        });
        if (status == 0) {
            return;
        }
        if (diskFull.get()) {
            throw new StoaException(
                    ErrorCode.DISK_FULL,
                    "%s failed: the disk of the platform is full".formatted(what),
                    "free some space there, or destroy apps that nobody needs, and deploy again");
        }
        throw new StoaException(
                ErrorCode.BUILD_FAILED,
                "%s failed with exit status %d".formatted(what, status),
                status == KILLED_STATUS
                        ? "it was killed, most likely because it needed more memory than a build may use"
                        : "the last lines of the build's output say why; put it right and deploy again");
    }

    /** Runs a command whose failure does not matter; true when it was well. */
    boolean attempt(String script) throws InterruptedException {
        return execute(script, Map.of(), List.of(), line -> {}) == 0;
    }

    /** What a command prints, line by line; empty when it fails. */
    Optional<List<String>> ask(String script, Map<String, String> env, List<Path> readable)
            throws InterruptedException {
        List<String> lines = new ArrayList<>();
        int status = execute(script, env, readable, line -> {
            if (lines.size() < ANSWER_LINES_MAX) {
                lines.add(line);
            }
        });
        return status == 0 ? Optional.of(List.copyOf(lines)) : Optional.empty();
    }

    private int execute(String script, Map<String, String> env, List<Path> readable, Consumer<String> lines)
            throws InterruptedException {
        Map<String, String> all = new HashMap<>(tools.networkEnvironment());
        all.put("LANG", BuildEnvironment.LANG);
        all.put("PATH", BuildEnvironment.SYSTEM_PATH);
        all.putAll(env);
        return shell.run(
                new BuildShell.Command(request.tenant(), request.source(), request.cache(), script, all, readable),
                lines);
    }

    static StoaException diskError(IOException e) {
        boolean full = DiskFull.causes(e);
        return new StoaException(
                full ? ErrorCode.DISK_FULL : ErrorCode.INTERNAL,
                "the build could not read or write its files: " + e,
                full ? "free some space on the platform's disk and deploy again" : "",
                e);
    }
}
