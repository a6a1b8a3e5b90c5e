package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.PlatformRestart;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.router.Router;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The time in which this process is the platform: from its start, or from when another process leaves it its place, until it
 * stops or leaves its place to the next.
 *
 * <p>At any time one process at most holds what only one can have: the lock of the data directory, the store, the engine.
 * They change hands while the router of the old process serves on by its last route table, and connections to the API wait.
 * If the new process does not serve in the end, the old one takes everything back.
 */
final class Tenure implements Succession {
    private static final System.Logger LOG = System.getLogger(Tenure.class.getName());

    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(5);

    private final PlatformOptions options;
    private final List<String> arguments;
    private final Map<String, String> environment;
    private final Entrance entrance;
    private volatile Platform platform;
    private volatile PlatformRestart state = new PlatformRestart(Optional.empty(), PlatformRestart.NONE, "");
    private volatile Optional<ProcessHandle> heir = Optional.empty();

    /** Of the last handing over: whether this process is over with it. */
    private volatile CompletableFuture<Boolean> left = CompletableFuture.completedFuture(false);

    private Tenure(
            PlatformOptions options,
            List<String> arguments,
            Map<String, String> environment,
            Map<String, Integer> sockets,
            Turn turn) {
        this.options = options;
        this.arguments = List.copyOf(arguments);
        this.environment = environment;
        this.entrance = new Entrance(options, sockets);
        this.platform = Platform.start(options, environment, entrance, turn, this);
    }

    /** Returns when this process is the platform. */
    static Tenure begin(List<String> arguments, Map<String, String> environment) {
        Optional<Predecessor> predecessor = Predecessor.meet(environment);
        if (predecessor.isEmpty()) {
            PlatformOptions options = PlatformOptions.parse(arguments, environment);
            return new Tenure(options, arguments, environment, Map.of(), Turn.NONE);
        }
        try (Predecessor before = predecessor.get()) {
            try {
                PlatformOptions options = PlatformOptions.parse(arguments, environment);
                Turn turn = before.awaitTurn();
                Tenure tenure = new Tenure(options, arguments, environment, before.sockets(turn), turn);
                before.serving();
                return tenure;
            } catch (StoaException e) {
                before.failed(e);
                throw e;
            } catch (RuntimeException | Error e) {
                before.failed(new StoaException(ErrorCode.INTERNAL, e.toString(), "", e));
                throw e;
            }
        }
    }

    Status status() {
        return platform.status();
    }

    Path home() {
        return options.home();
    }

    /** Returns when this process is no longer the platform, and its last client has gone. */
    void awaitOver() throws InterruptedException {
        do {
            platform.awaitClosed();
        } while (platform.left() && !left.join());
    }

    /** The process that is the platform now, if it is no longer this one. */
    Optional<ProcessHandle> heir() {
        return heir;
    }

    /** Ends the platform, if it is still this process. */
    void close(boolean withApps) {
        if (heir.isPresent()) {
            return;
        }
        if (withApps) {
            platform.closeWithApps();
        } else {
            platform.close();
        }
    }

    @Override
    public PlatformRestart state() {
        return state;
    }

    @Override
    public synchronized PlatformRestart begin(Optional<Path> folder) {
        if (state.state().equals(PlatformRestart.SWITCHING)) {
            throw new StoaException(
                    ErrorCode.TOO_BUSY, "the platform is being restarted already", "see how it goes: stoa status");
        }
        if (entrance.sockets().isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "this machine cannot hand a listening socket from one process to another: it needs Linux",
                    "stop the service manager's unit and start it again; the apps run on meanwhile");
        }
        Path launcher = launcher(folder);
        Successor next = Successor.start(
                launcher, nextArguments(), Map.of("STOA_HOME", options.home().toString()));
        state = new PlatformRestart(Optional.of(next.pid()), PlatformRestart.SWITCHING, "");
        LOG.log(Level.INFO, "handing over to a new process pid={0}", Long.toString(next.pid()));
        Threads.start("hand-over", () -> handOver(next));
        return state;
    }

    private Path launcher(Optional<Path> folder) {
        Path launcher = folder.map(path -> path.resolve("bin/stoa"))
                .or(() -> Optional.ofNullable(environment.get("STOA_LAUNCHER")).map(Path::of))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "this platform does not know which program it was started by",
                        "start it by the program stoa, or say: stoa restart --platform --package FOLDER"));
        if (!Files.isExecutable(launcher)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "there is no program at %s on the platform's machine".formatted(launcher),
                    "--package names a folder with bin/stoa in it");
        }
        return launcher;
    }

    /** Ports that were free ones once are these from now on. */
    private List<String> nextArguments() {
        List<String> next = new ArrayList<>(arguments);
        next.addAll(List.of("--api-port", Integer.toString(entrance.door().port())));
        next.addAll(List.of("--http-port", Integer.toString(entrance.httpPort())));
        return next;
    }

    private void handOver(Successor next) {
        Map<String, Integer> sockets = entrance.sockets();
        CompletableFuture<Boolean> outcome = new CompletableFuture<>();
        left = outcome;
        String router = "leaving-" + ProcessHandle.current().pid();
        List<String> routers = new ArrayList<>(platform.routers());
        routers.add(router);
        Turn turn = new Turn(List.copyOf(sockets.keySet()), List.copyOf(platform.up()), routers);
        try (next) {
            platform.leave();
            next.takeOver(turn, List.copyOf(sockets.values()));
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "the new process does not serve, so this one goes on", e);
            next.kill();
            resume(turn, next, String.valueOf(e.getMessage()));
            outcome.complete(false);
            return;
        }
        heir = ProcessHandle.of(next.pid());
        LOG.log(
                Level.INFO,
                "another process is the platform now; this one serves its last clients pid={0}",
                "" + next.pid());
        // Instances come and go meanwhile, and must not go before their last request here.
        try (RouterLink _ =
                new RouterLink(entrance.router(), apiOnThisMachine(), this::token, router, true, table -> {}).start()) {
            entrance.retire(Router.DRAIN_TIME);
        } finally {
            outcome.complete(true);
        }
    }

    private URI apiOnThisMachine() {
        String host = options.apiHost().equals("0.0.0.0") ? "127.0.0.1" : options.apiHost();
        return URI.create("http://%s:%d"
                .formatted(
                        host.contains(":") ? "[" + host + "]" : host,
                        entrance.door().port()));
    }

    private String token() {
        try {
            return Files.readString(options.home().resolve("token")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the token of the API", e);
        }
    }

    /** Nobody else is the platform now, so it has to succeed sometime; apps are served on meanwhile. */
    private void resume(Turn turn, Successor failed, String why) {
        entrance.keep(false);
        while (true) {
            try {
                platform = Platform.start(options, environment, entrance, turn, this);
                state = new PlatformRestart(Optional.of(failed.pid()), PlatformRestart.FAILED, why);
                return;
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "cannot take back the platform's place, will try again", e);
            }
            try {
                Thread.sleep(TRY_AGAIN_AFTER);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
