package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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
    private final Set<String> afterwards;

    BuildContext(
            BuildShell shell, Toolchains tools, BuildRequest request, SourceFolder source, Consumer<String> output) {
        this(shell, tools, request, source, output, new LinkedHashSet<>());
    }

    private BuildContext(
            BuildShell shell,
            Toolchains tools,
            BuildRequest request,
            SourceFolder source,
            Consumer<String> output,
            Set<String> afterwards) {
        this.shell = shell;
        this.tools = tools;
        this.request = request;
        this.source = source;
        this.output = output;
        this.afterwards = afterwards;
    }

    SourceFolder source() {
        return source;
    }

    Manifest manifest() {
        return request.manifest();
    }

    Toolchains tools() {
        return tools;
    }

    /** Where the slug stands for commands and instances. */
    String mount() {
        return shell.slugMount(request.source());
    }

    /** The config vars that the build may see. Its commands have them in their environment. */
    Map<String, String> config() {
        return request.config();
    }

    /** The same, but commands see the config vars only where they are given them. */
    BuildContext withoutConfig() {
        return new BuildContext(shell, tools, request.withoutConfig(), source, output, afterwards);
    }

    /** The app's own secrets, which its instances get as config vars. */
    SecretVars secrets() {
        return request.secrets();
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
    void show(String line) {
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
        run(what, script, env, readable, List.of());
    }

    /**
     * A failure that is better explained than by "the last lines say why".
     *
     * @param printed what the program then prints, somewhere in a line
     */
    record KnownFailure(Pattern printed, String message, String hint) {}

    /** As the other, and a failure that is known is explained. */
    void run(String what, String script, Map<String, String> env, List<Path> readable, List<KnownFailure> known)
            throws InterruptedException {
        AtomicBoolean diskFull = new AtomicBoolean();
        AtomicReference<@Nullable KnownFailure> seen = new AtomicReference<>();
        int status = execute(script, env, readable, line -> {
            if (DiskFull.in(line) || line.contains("ENOSPC")) {
                diskFull.set(true);
            }
            known.stream()
                    .filter(failure -> failure.printed().matcher(line).find())
                    .findFirst()
                    .ifPresent(failure -> seen.compareAndSet(null, failure));
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
        KnownFailure failure = seen.get();
        if (failure != null) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED, "%s failed: %s".formatted(what, failure.message()), failure.hint());
        }
        throw new StoaException(
                ErrorCode.BUILD_FAILED,
                "%s failed with exit status %d".formatted(what, status),
                status == KILLED_STATUS
                        ? "it was killed, most likely because it needed more memory than a build may use"
                        : "the last lines of the build's output say why; put it right and deploy again");
    }

    /** Runs a command, shows what it prints, and returns its exit status. */
    int status(String script, Map<String, String> env) throws InterruptedException {
        return execute(script, env, List.of(), this::show);
    }

    /** Runs a command whose failure does not matter; true when it was well. */
    boolean attempt(String script) throws InterruptedException {
        return attempt(script, List.of());
    }

    boolean attempt(String script, List<Path> readable) throws InterruptedException {
        return execute(script, Map.of(), readable, line -> {}) == 0;
    }

    /**
     * Leaves to the end of the build what only later builds need. Nobody waits for it, and its failure does not matter.
     *
     * @param script that finds the slug as the build leaves it; the same one again is run once
     */
    void afterwards(String script) {
        afterwards.add(script);
    }

    /** Tells the shell that the build has ended. */
    void end() throws InterruptedException {
        // One command for all, as each has its price; -e of one must not end the next.
        String all = afterwards.stream()
                .map(script -> "(\n%s\n); [ $? = 0 ] || failed=1\n".formatted(script))
                .collect(Collectors.joining());
        shell.end(
                request.tenant(),
                request.source(),
                all.isEmpty() ? List.of() : List.of(command(all + "exit ${failed-0}", Map.of(), List.of())));
    }

    /** The platform itself has written into the slug. */
    void written() {
        shell.written(request.source());
    }

    /** Runs a command quietly; its exit status, and what it printed where that is not too much. */
    Outcome outcome(String script, Map<String, String> env, List<Path> readable) throws InterruptedException {
        List<String> printed = Collections.synchronizedList(new ArrayList<>());
        int status = execute(script, env, readable, line -> {
            if (printed.size() < ANSWER_LINES_MAX) {
                printed.add(line);
            }
        });
        return new Outcome(status, List.copyOf(printed));
    }

    /** How a quiet command ended. */
    record Outcome(int status, List<String> printed) {
        boolean says(String text) {
            return printed.stream().anyMatch(line -> line.contains(text));
        }
    }

    /** What a command prints, line by line; empty when it fails. */
    Optional<List<String>> ask(String script, Map<String, String> env, List<Path> readable)
            throws InterruptedException {
        Outcome outcome = outcome(script, env, readable);
        return outcome.status() == 0 ? Optional.of(outcome.printed()) : Optional.empty();
    }

    private int execute(String script, Map<String, String> env, List<Path> readable, Consumer<String> lines)
            throws InterruptedException {
        return shell.run(command(script, env, readable), lines);
    }

    private BuildShell.Command command(String script, Map<String, String> env, List<Path> readable) {
        Map<String, String> all = new HashMap<>(tools.networkEnvironment());
        all.put("LANG", BuildEnvironment.LANG);
        all.put("PATH", BuildEnvironment.SYSTEM_PATH);
        all.putAll(request.config());
        all.putAll(env);
        return new BuildShell.Command(request.tenant(), request.source(), request.cache(), script, all, readable);
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
