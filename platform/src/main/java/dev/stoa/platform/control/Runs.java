package dev.stoa.platform.control;

import dev.stoa.api.DetachedRun;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Instance;
import dev.stoa.api.Requests.Exec;
import dev.stoa.api.Requests.Run;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Shell;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.InstanceStore.InstanceRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RunStore.RunRow;
import dev.stoa.platform.engine.Attached;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceSpec;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Commands in an app's environment: in an instance of their own, with their client or by themselves, or in one that runs. */
public final class Runs {
    private static final Duration LONGEST = Duration.ofHours(24);
    private static final int COMMAND_CHARS_MAX = 100_000;

    /** What a terminal is, where nobody says what it understands. */
    private static final String TERMINAL_TYPE = "xterm";

    private static final Pattern TERMINAL_TYPES = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,63}");

    /** A line of the shell that is one program and its arguments. */
    private static final Pattern PLAIN_LINE = Pattern.compile("[A-Za-z0-9_./+-]+( +[A-Za-z0-9_./:=@%+,-]+)*");

    /** What is a word of the shell and no program. */
    private static final Set<String> BUILT_IN = Set.of(
            (": . alias bg break case cd command continue do done eval exec exit export fc fg for getopts hash if jobs"
                            + " local read readonly return set shift source time times trap type ulimit umask unalias"
                            + " unset until wait while")
                    .split(" ", -1));

    /** Slim systems have no bash. */
    private static final String SHELL = "if command -v bash >/dev/null 2>&1; then exec bash; fi; exec sh";

    private final Stores stores;
    private final Engine engine;
    private final LaunchOrder launchOrder;
    private final View view;
    private final DetachedRuns detached;
    private final Ids ids;
    private final Map<String, Open> open = new ConcurrentHashMap<>();

    Runs(Stores stores, Engine engine, LaunchOrder launchOrder, View view, DetachedRuns detached, Ids ids) {
        this.stores = stores;
        this.engine = engine;
        this.launchOrder = launchOrder;
        this.view = view;
        this.detached = detached;
        this.ids = ids;
    }

    private record Open(int app, Conversation conversation) {}

    /** Runs a command in the slug and environment of the active release, to its end or the client's. */
    void run(String name, Run request, Consumer<RunEvent> client) throws InterruptedException {
        AppRow app = stores.apps().require(name);
        ReleaseRow release = active(app, request.command());
        String id = ids.next();
        InstanceSpec spec =
                launchOrder.run(id, app, release, stores.releases().build(release.build()), line(request.command()));
        InstanceSpec typed = spec.with(environment(spec.env(), request.terminal(), request.terminalType()));
        converse(
                app,
                id,
                release.name(),
                engine.attach(typed, request.terminal()),
                request.terminal().isPresent(),
                request.input().orElse(false),
                client);
    }

    /** Runs a command in an instance that runs. */
    void exec(String name, Exec request, Consumer<RunEvent> client) throws InterruptedException {
        AppRow app = stores.apps().require(name);
        InstanceSpec spec = target(app, request.instance());
        String command = request.command().isEmpty() ? SHELL : line(request.command());
        Attached attached = engine.exec(
                spec.id(),
                command,
                environment(spec.env(), request.terminal(), request.terminalType()),
                request.terminal());
        converse(
                app,
                ids.next(),
                spec.env().getOrDefault("STOA_RELEASE", ""),
                attached,
                request.terminal().isPresent(),
                request.input().orElse(false),
                client);
    }

    private void converse(
            AppRow app,
            String id,
            String release,
            Attached attached,
            boolean terminal,
            boolean input,
            Consumer<RunEvent> client)
            throws InterruptedException {
        Conversation conversation = new Conversation(attached, terminal, client);
        open.put(id, new Open(app.id(), conversation));
        try (attached) {
            client.accept(new RunEvent.Started(id, release));
            Exit exit = conversation.follow(id, input, LONGEST);
            if (exit.cause() == Exit.Cause.OUT_OF_MEMORY) {
                client.accept(new RunEvent.Errors("\nThe command " + exit.describe() + ".\n"));
            }
            client.accept(new RunEvent.Exit(exit.status()));
        } finally {
            open.remove(id);
        }
    }

    /** Hands input on to a command, and perhaps says that it was the last. */
    void input(String name, String id, InputStream bytes, boolean end) throws IOException, InterruptedException {
        conversation(name, id).input(bytes, end);
    }

    void resize(String name, String id, TerminalSize size) {
        conversation(name, id).resize(size);
    }

    private Conversation conversation(String name, String id) {
        AppRow app = stores.apps().require(name);
        return Optional.ofNullable(open.get(id))
                .filter(found -> found.app() == app.id())
                .map(Open::conversation)
                .orElseThrow(() -> notFound(app, id));
    }

    /** Starts a command that goes on without its client. */
    DetachedRun detach(String name, List<String> command) {
        AppRow app = stores.apps().require(name);
        ReleaseRow release = active(app, command);
        return detached.start(app, release, line(command));
    }

    List<DetachedRun> list(String name) {
        return detached.list(stores.apps().require(name));
    }

    /** Ends a command, detached or not. Does nothing for a detached one that has ended. */
    void end(String name, String wanted) {
        AppRow app = stores.apps().require(name);
        String id = wanted.replaceFirst("^run[.-]", "");
        Optional<Open> attached = Optional.ofNullable(open.get(id)).filter(found -> found.app() == app.id());
        if (attached.isPresent()) {
            attached.get().conversation().end();
            return;
        }
        RunRow run = detached.find(app, id).orElseThrow(() -> notFound(app, wanted));
        if (run.exitedAt().isEmpty()) {
            detached.stop(run);
        }
    }

    /** Ends all commands of an app. */
    void endAll(AppRow app) {
        open.values().stream()
                .filter(found -> found.app() == app.id())
                .forEach(found -> found.conversation().end());
        detached.stopAll(detached.running(app));
    }

    /** The detached ones that run, as {@code stoa ps} shows them. */
    List<Instance> instances(AppRow app) {
        return detached.instances(app);
    }

    void resume() {
        detached.resume();
    }

    /** Ends every command there is. */
    void stopEverything() {
        close();
        detached.stopAll(stores.runs().unfinished());
    }

    /** Ends those that have a client, who goes with the platform. The others go on. */
    void close() {
        Threads.together(
                "end-run",
                open.values().stream()
                        .map(found -> (Runnable) () -> found.conversation().end())
                        .toList());
    }

    private ReleaseRow active(AppRow app, List<String> command) {
        if (command.isEmpty() || String.join("", command).isBlank()) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "no command was given", "for example: stoa run -- ls -l");
        }
        return stores.releases().active(app.id()).orElseThrow(() -> Apps.nothingDeployed(app));
    }

    /** What the instance that a user means was started from. */
    private InstanceSpec target(AppRow app, Optional<String> wanted) {
        List<Instance> all = Stream.concat(view.instances(app).stream(), detached.instances(app).stream())
                .toList();
        String name = wanted.orElse(LaunchOrder.WEB);
        List<Instance> named = all.stream()
                .filter(instance ->
                        instance.name().equals(name) || instance.process().equals(name))
                .toList();
        if (named.isEmpty() && wanted.isPresent()) {
            String names = all.stream().map(Instance::name).distinct().collect(Collectors.joining(", "));
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "%s has no instance \"%s\"".formatted(app.name(), name),
                    names.isEmpty() ? "it has none; stoa ps -a " + app.name() : "it has: " + names);
        }
        Instance instance = (named.isEmpty() ? all : named)
                .stream()
                        .filter(found -> found.pid().isPresent())
                        .min(Comparator.comparing(
                                        (Instance found) -> !found.state().equals("up"))
                                .thenComparing(found -> found.state().equals("stopping")))
                        .orElseThrow(() -> notRunning(app, named));
        if (instance.process().equals(LaunchOrder.RUN)) {
            return ofRun(app, instance);
        }
        InstanceRow row = stores.instances().all(app.id()).stream()
                .filter(found -> found.id().equals(instance.id()))
                .findFirst()
                .orElseThrow(() -> notRunning(app, named));
        ReleaseRow release =
                release(app, stores.rollouts().get(row.slot().rollout()).version());
        BuildRow build = stores.releases().build(release.build());
        return launchOrder.instance(row.id(), app, release, build, row.slot());
    }

    private InstanceSpec ofRun(AppRow app, Instance instance) {
        RunRow run = detached.find(app, instance.id().substring(LaunchOrder.RUN.length() + 1))
                .orElseThrow(() -> notRunning(app, List.of(instance)));
        ReleaseRow release = release(app, run.version());
        return launchOrder.run(run.id(), app, release, stores.releases().build(release.build()), run.command());
    }

    private ReleaseRow release(AppRow app, int version) {
        return stores.releases().find(app.id(), version).orElseThrow(() -> Apps.nothingDeployed(app));
    }

    private static StoaException notRunning(AppRow app, List<Instance> named) {
        String which = named.stream()
                .findFirst()
                .map(instance -> "%s of %s does not run: it is %s%s"
                        .formatted(
                                instance.name(),
                                app.name(),
                                instance.state(),
                                instance.detail().map(detail -> ", " + detail).orElse("")))
                .orElse("no instance of %s runs".formatted(app.name()));
        return new StoaException(
                ErrorCode.INSTANCE_NOT_RUNNING,
                which,
                "stoa logs -a %s says why; stoa run -a %s -- CMD starts an instance of its own"
                        .formatted(app.name(), app.name()));
    }

    private static StoaException notFound(AppRow app, String id) {
        return new StoaException(
                ErrorCode.NOT_FOUND,
                "%s has no command \"%s\" that runs".formatted(app.name(), id),
                "stoa runs -a %s lists the detached ones".formatted(app.name()));
    }

    private static Map<String, String> environment(
            Map<String, String> given, Optional<TerminalSize> terminal, Optional<String> type) {
        if (terminal.isEmpty()) {
            return given;
        }
        Map<String, String> env = new HashMap<>(given);
        env.put("TERM", type.filter(TERMINAL_TYPES.asMatchPredicate()).orElse(TERMINAL_TYPE));
        return env;
    }

    /**
     * One word of the shell for each argument; a single argument is a line for the shell already. Where it can, the shell
     * becomes the command: one that stayed would end at a Ctrl-C that the command means to live through.
     */
    static String line(List<String> command) {
        String line = command.size() == 1
                ? command.getFirst()
                : command.stream().map(Shell::quote).collect(Collectors.joining(" "));
        if ((command.size() > 1 || PLAIN_LINE.matcher(line).matches())
                && !BUILT_IN.contains(command.getFirst().strip().split(" ", 2)[0])) {
            line = "exec " + line;
        }
        if (line.length() > COMMAND_CHARS_MAX || line.indexOf('\0') >= 0) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the command has a NUL, or more than %d characters".formatted(COMMAND_CHARS_MAX),
                    "put it into a file of the app, and run that");
        }
        return line;
    }
}
