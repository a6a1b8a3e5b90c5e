package dev.stoa.platform;

import dev.stoa.api.Status;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.bucket.BucketStore;
import dev.stoa.platform.bucket.ObjectServer;
import dev.stoa.platform.build.Builder;
import dev.stoa.platform.certificate.LocalAuthority;
import dev.stoa.platform.control.AccessLog;
import dev.stoa.platform.control.Api;
import dev.stoa.platform.control.Certificates;
import dev.stoa.platform.control.CertificatesApi;
import dev.stoa.platform.control.Control;
import dev.stoa.platform.control.EngineBuildShell;
import dev.stoa.platform.control.GitApi;
import dev.stoa.platform.control.GitSourceApi;
import dev.stoa.platform.control.Home;
import dev.stoa.platform.control.HookApi;
import dev.stoa.platform.control.IdentityApi;
import dev.stoa.platform.control.IdentityDesk;
import dev.stoa.platform.control.ResourceApi;
import dev.stoa.platform.control.RouterApi;
import dev.stoa.platform.control.RunsApi;
import dev.stoa.platform.control.Stores;
import dev.stoa.platform.control.Urls;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Limits;
import dev.stoa.platform.engine.process.ProcessEngine;
import dev.stoa.platform.http.ApiServer;
import dev.stoa.platform.http.Door;
import dev.stoa.platform.http.Endpoint;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.resource.Buckets;
import dev.stoa.platform.resource.Caches;
import dev.stoa.platform.resource.Databases;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import dev.stoa.platform.resource.ResourceKind;
import dev.stoa.platform.resource.Volumes;
import dev.stoa.platform.router.Router;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The whole server: constructs everything, in this one place, so that one can read what it is made of. */
public final class Platform implements AutoCloseable {
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    /** Half as many at once as there are cores. */
    private static final int BUILDS_AT_ONCE = Math.max(1, CORES / 2);

    /** A build may have every core that nobody else wants: beside an app it counts for a tenth. */
    private static final Limits BUILD_LIMITS = new Limits(2L << 30, CORES, 2048, Limits.NORMAL_WEIGHT / 10);

    /** What an instance may use where its manifest does not say. */
    private static final Limits INSTANCE_LIMITS = new Limits(512L << 20, CORES, 1024);

    private final PlatformOptions options;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** Another process goes on with the store and the clients. */
    private volatile boolean leaving;

    private final Home home;
    private final Engine engine;
    private final String database;
    private final LogStore logs;
    private final Entrance entrance;
    private final Router router;
    private final Stores stores;
    private final Certificates certificates;
    private final IdentityDesk desk;
    private final Control control;

    private Platform(
            PlatformOptions options,
            Map<String, String> environment,
            Entrance entrance,
            Turn turn,
            Succession succession) {
        this.options = options;
        this.entrance = entrance;
        try {
            InstantSource clock = InstantSource.system();
            Ids ids = new Ids(new SecureRandom());
            home = opened(Home.open(options.home()));
            Supplier<?> authority = beside("authority", () -> Certificates.prepare(home, clock));
            Supplier<Engine> opening =
                    beside("engine-opens", () -> ProcessEngine.open(home.instances(), List.of(home.root()), clock));
            Sql sql = opened(openStore());
            database = options.databaseUrl().isPresent() ? "external" : "embedded PostgreSQL";
            engine = opening.get();
            logs = new LogStore(home.logs());
            LogCollector collector = opened(new LogCollector(logs, clock));
            router = opened(entrance).router();
            entrance.tell(opened(new AccessLog(logs, clock)));
            // Of the requests that are served on while another process has the logs, nobody is told.
            opened.push(() -> entrance.tell(request -> {}));
            Door door = entrance.door();
            stores = Stores.of(sql.jdbi(), Secrets.open(home.secretKey()));
            desk = new IdentityDesk(options.domain(), ids.next());
            certificates = opened(Certificates.of(home, stores, router, desk, options.domain(), options.acme(), clock));
            entrance.secure(certificates);
            ObjectServer objects = opened(new ObjectServer(
                    home.buckets(),
                    new BucketStore(sql.jdbi(), Secrets.open(home.secretKey())),
                    options.domain(),
                    clock));
            objects.start();
            control = new Control(
                    home,
                    stores,
                    engine,
                    new Databases(
                            home.databases(),
                            home.root().resolve("bin"),
                            engine::gateway,
                            engine::tenantAt,
                            engine::forwarding,
                            names ->
                                    LocalAuthority.open(home.authority(), clock).issue(names)),
                    new Buckets(objects, bucketEndpoint()),
                    new Volumes(home.volumes(), List.of(home.root()), engine, clock),
                    otherKinds(),
                    router,
                    Builder.standard(
                            new EngineBuildShell(engine, ids, BUILD_LIMITS),
                            environment,
                            jarOf(dev.stoa.staticserver.Main.class),
                            Path.of(System.getProperty("java.home")),
                            home.toolchains()),
                    BUILDS_AT_ONCE,
                    INSTANCE_LIMITS,
                    logs,
                    collector,
                    new Urls(options.domain(), entrance.httpPort()),
                    ids,
                    clock);
            opened.push(control::close);
            control.follow(Set.copyOf(turn.up()), Set.copyOf(turn.routers()));
            control.start();
            router.accept();
            certificates.start();
            var _ = authority.get();
            ApiServer api = opened(
                    ApiServer.behind(door, options.apiHost(), home.token(), endpoints(succession), Version.CURRENT));
            api.start();
            opened.push(door::shut);
            door.open(api.port());
            home.light(new Home.Beacon(ProcessHandle.current().pid(), apiUrl()));
        } catch (RuntimeException | Error e) {
            closeOpened();
            throw e;
        }
    }

    /** Starts everything, and returns when the API answers and every app that was there has been seen to. */
    static Platform start(PlatformOptions options, Map<String, String> environment) {
        return new Platform(options, environment, new Entrance(options, Map.of()), Turn.NONE, Succession.NONE);
    }

    /**
     * As the other, behind an entrance that may have been there before.
     *
     * @param turn what the platform before this one said of itself
     */
    static Platform start(
            PlatformOptions options,
            Map<String, String> environment,
            Entrance entrance,
            Turn turn,
            Succession succession) {
        return new Platform(options, environment, entrance, turn, succession);
    }

    private List<Endpoint> endpoints(Succession succession) {
        return Stream.of(
                        new SuccessionApi(succession).endpoints(),
                        new Api(control.apps(), this::status, this::stopWithApps).endpoints(),
                        new GitApi(home, control.apps()).endpoints(),
                        new GitSourceApi(control.git()).endpoints(),
                        control.manifest().endpoints(),
                        control.plans().endpoints(),
                        new HookApi(control.hooks()).endpoints(),
                        control.cronApi().endpoints(),
                        new RouterApi(control.fleet(), logs).endpoints(),
                        new IdentityApi(desk, certificates, control.fleet()::routes).endpoints(),
                        control.canaryApi().endpoints(),
                        control.edgeApi().endpoints(),
                        new RunsApi(control.runs()).endpoints(),
                        new ResourceApi(control.resources()).endpoints(),
                        control.backupApi().endpoints(),
                        control.databaseApi().endpoints(),
                        control.bucketApi().endpoints(),
                        control.volumeApi().endpoints(),
                        new CertificatesApi(stores, certificates, options.domain()).endpoints())
                .flatMap(List::stream)
                .toList();
    }

    /** What apps are given that nothing else has to know. */
    private List<ResourceKind> otherKinds() {
        return List.of(new Caches(home.caches(), engine::gateway, engine::tenantAt, InstantSource.system()));
    }

    /**
     * One address for instances and browsers, so that a URL that is signed in an app works outside. Where instances have no
     * names of their own, one below localhost leads nowhere for most programs.
     */
    private String bucketEndpoint() {
        boolean nameless =
                options.domain().equals("localhost") && engine.gateway().isEmpty();
        String host = nameless ? "127.0.0.1" : ObjectServer.NAME + "." + options.domain();
        return "http://" + host + (entrance.httpPort() == 80 ? "" : ":" + entrance.httpPort());
    }

    private Sql openStore() {
        return options.databaseUrl().map(Sql::open).orElseGet(() -> {
            PostgresCluster cluster = PostgresCluster.open(
                    home.postgres(), PostgresBinaries.unpacked(home.root().resolve("bin")));
            opened.push(() -> {
                if (!leaving) {
                    cluster.close();
                }
            });
            return Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
        });
    }

    Status status() {
        return new Status(
                ProcessHandle.current().pid(),
                Version.CURRENT,
                engine.name(),
                engine.isolation().summary(),
                engine.isolation().missing(),
                apiUrl(),
                "http://*." + options.domain() + ":" + entrance.httpPort(),
                options.domain(),
                database,
                home.root().toString(),
                control.appCount(),
                control.instanceCount(),
                control.resources().counts(),
                "https://*." + options.domain() + ":" + entrance.httpsPort(),
                home.authorityCertificate().toString(),
                options.acme().map(acme -> acme.directory().toString()),
                control.backupDesk().problems());
    }

    /** Returns when the platform has stopped. */
    void awaitClosed() throws InterruptedException {
        closed.await();
    }

    /** Ends all apps, then the platform. Returns at once. */
    private void stopWithApps() {
        Threads.start("shutdown", this::closeWithApps);
    }

    /** Ends all apps, then the platform. */
    void closeWithApps() {
        try {
            if (closed.getCount() > 0) {
                control.stopEverything();
            }
        } finally {
            close();
        }
    }

    /** Stops the platform. The instances go on, and the next platform on the same data directory finds them. */
    @Override
    public void close() {
        closeOpened();
        closed.countDown();
    }

    /** The instances that are up. */
    Set<String> up() {
        return control.up();
    }

    /** The routers in other processes that follow it. */
    Set<String> routers() {
        return control.fleet().connected();
    }

    /** Closes, but leaves the entrance to serve by the last route table, and clients to wait for the platform that follows. */
    void leave() {
        leaving = true;
        home.keepBeacon();
        entrance.keep(true);
        close();
    }

    /** Whether it was closed for another one to follow. */
    boolean left() {
        return leaving;
    }

    private synchronized void closeOpened() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                System.getLogger(Platform.class.getName()).log(System.Logger.Level.WARNING, "closing failed", e);
            }
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }

    /** Opens a part while the caller does something else; it is closed with the others even if nobody asks for it. */
    private <T extends AutoCloseable> Supplier<T> beside(String name, Supplier<T> open) {
        CompletableFuture<T> part = new CompletableFuture<>();
        Thread _ = Threads.start(name, () -> {
            try {
                part.complete(open.get());
            } catch (RuntimeException | Error e) {
                part.completeExceptionally(e);
            }
        });
        Supplier<T> opened = () -> {
            try {
                return part.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : e;
            }
        };
        this.opened.push(() -> opened.get().close());
        return opened;
    }

    private static Path jarOf(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private String apiUrl() {
        return "http://%s:%d".formatted(options.apiHost(), entrance.door().port());
    }
}
