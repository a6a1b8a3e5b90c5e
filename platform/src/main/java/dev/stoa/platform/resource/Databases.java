package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.resource.proxy.Behind;
import dev.stoa.platform.resource.proxy.DatabaseDoor;
import dev.stoa.platform.resource.proxy.DatabaseProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * PostgreSQL databases: each a cluster of its own, or one somewhere else that a URL leads to.
 *
 * <p>What is remembered of a database as its secrets: {@code port}, {@code user} and {@code password}; {@code retired}, the
 * logins of before that some instance may still use; or, of one somewhere else, its {@code url}.
 */
public final class Databases implements ResourceKind {
    public static final String NAME = "database";

    static final String PLAN = "plan";
    static final String VERSION = "version";
    static final String PORT = "port";
    static final String USER = "user";
    static final String PASSWORD = "password";
    public static final String RETIRED = "retired";
    public static final String URL = "url";

    /** The setting that says that it is somewhere else. */
    private static final String HOST = "host";

    /** As instances call the machine that the platform runs on, where they have a network of their own. */
    private static final String MACHINE = "host.stoa.internal";

    private static final String LOCAL = "127.0.0.1";

    /** Below those that the system gives to clients, which might otherwise have one when its database starts. */
    private static final int PORT_FIRST = 20_000;

    private static final int PORTS = 12_000;
    private static final int PORTS_TRIED_MAX = 200;
    /** Where backups go unless told, beside the folder of the databases. */
    private static final String BACKUPS = "backups";

    private static final Duration DOOR_RETRY = Duration.ofSeconds(3);
    private static final Duration SLEEP_LOOK = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger(Databases.class.getName());

    /** One that is looked after; its door is empty until its port could be listened on. */
    private final class Held implements Behind {
        final DatabaseCluster cluster;
        volatile Set<Integer> tenants = Set.of();
        volatile Optional<DatabaseDoor> door = Optional.empty();
        volatile boolean gone;

        Held(DatabaseCluster cluster) {
            this.cluster = cluster;
        }

        /** On the loopback address there are only users of this machine, who need the password as everybody does. */
        @Override
        public Optional<String> refusal(InetAddress client) {
            if (client.isLoopbackAddress()
                    || tenantAt.apply(client).filter(tenants::contains).isPresent()) {
                return Optional.empty();
            }
            return Optional.of("this app does not have the database %s"
                    .formatted(cluster.spec().name()));
        }

        @Override
        public Place start() {
            return place(cluster.start());
        }

        @Override
        public Optional<Place> running() {
            return cluster.running().map(server -> place(server.port()));
        }

        @Override
        public OptionalInt pooled() {
            Map<String, String> settings = cluster.spec().settings();
            return DatabaseAccess.of(settings).pool()
                    ? OptionalInt.of(DatabasePlan.named(settings.getOrDefault(PLAN, DatabasePlan.SMALL.word()))
                            .pooledSessions())
                    : OptionalInt.empty();
        }

        @Override
        public Optional<String> verifier(String user) {
            try (RoleStore roles = superuser(cluster)) {
                return roles.verifier(user);
            }
        }

        private Place place(int port) {
            return new Place(port, cluster.socket(port));
        }

        void sleepIfUnused() {
            Optional<Duration> idle =
                    DatabaseAccess.of(cluster.spec().settings()).sleep();
            if (idle.isPresent()
                    && !gone
                    && cluster.sleepAfter(
                            idle.get(),
                            () -> door.filter(open -> !open.isQuietFor(idle.get()))
                                    .isEmpty(),
                            () -> door.ifPresent(DatabaseDoor::letGo))) {
                LOG.log(
                        Level.INFO,
                        "a database sleeps database={0}",
                        cluster.spec().name());
            }
        }
    }

    private final DatabaseFolder folder;
    private final PostgresVersions versions;
    private final Supplier<Optional<InetAddress>> gateway;
    private final Function<InetAddress, Optional<Integer>> tenantAt;
    private final DatabaseBackups backups;
    private final DatabaseSeeds seeds;
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, Held> held = new ConcurrentHashMap<>();
    private final DatabaseProxy proxy;
    private boolean looking;
    private volatile boolean closed;

    /**
     * @param root     where their files stand
     * @param binaries where the embedded PostgreSQL is unpacked
     * @param gateway  the address by which instances reach this machine, where they have a network of their own
     * @param tenantAt whose the instance is that has an address
     * @param certificate for names of hosts, and addresses
     */
    public Databases(
            Path root,
            Path binaries,
            Supplier<Optional<InetAddress>> gateway,
            Function<InetAddress, Optional<Integer>> tenantAt,
            Function<List<String>, CertificateChain> certificate) {
        this.folder = new DatabaseFolder(root.toAbsolutePath());
        this.versions = new PostgresVersions(binaries);
        this.backups = new DatabaseBackups(folder, folder.root().resolveSibling(BACKUPS), InstantSource.system());
        this.seeds = new DatabaseSeeds(
                new DatabaseTemplate(folder, random),
                backups,
                id -> Optional.ofNullable(held.get(id)).map(there -> there.cluster),
                this::settle,
                random,
                InstantSource.system());
        this.gateway = gateway;
        this.tenantAt = tenantAt;
        this.proxy = new DatabaseProxy(() -> {
            List<String> names = new ArrayList<>(List.of("localhost", LOCAL, MACHINE));
            gateway.get().map(InetAddress::getHostAddress).ifPresent(names::add);
            return certificate.apply(names);
        });
    }

    /** Puts to sleep what nobody uses, from the first of them on. */
    private synchronized void lookAfterSleep() {
        if (looking) {
            return;
        }
        looking = true;
        Threads.start("database-sleep", () -> {
            while (!closed) {
                held.values().forEach(this::sleepIfUnused);
                LockSupport.parkNanos(SLEEP_LOOK.toNanos());
            }
        });
    }

    private void sleepIfUnused(Held each) {
        try {
            each.sleepIfUnused();
        } catch (StoaException e) {
            LOG.log(
                    Level.WARNING,
                    "a database does not go to sleep database="
                            + each.cluster.spec().name(),
                    e);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> settle(Map<String, String> asked) {
        List<String> keys = List.of(
                PLAN, VERSION, DatabaseAccess.SLEEP, DatabaseAccess.POOL, BackupSchedule.SCHEDULE, BackupSchedule.KEEP);
        if (asked.containsKey(HOST)) {
            if (asked.size() > 1) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "a database that is somewhere else has neither a plan nor a version",
                        "");
            }
            return asked;
        }
        for (String key : asked.keySet()) {
            if (!keys.contains(key)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not a setting of databases".formatted(key),
                        Nearest.of(key, keys)
                                .map("did you mean \"%s\"?"::formatted)
                                .orElse("there are: " + String.join(", ", keys)));
            }
        }
        DatabasePlan plan = DatabasePlan.named(asked.getOrDefault(PLAN, DatabasePlan.SMALL.word()));
        PostgresBinaries binaries =
                asked.containsKey(VERSION) ? versions.named(asked.get(VERSION)) : versions.embedded();
        BackupSchedule _ = BackupSchedule.of(asked);
        DatabaseAccess _ = DatabaseAccess.of(asked);
        Map<String, String> settled = new HashMap<>(asked);
        settled.put(PLAN, plan.word());
        settled.put(VERSION, Integer.toString(binaries.major()));
        return settled;
    }

    @Override
    public void checkChange(ResourceSpec present, Map<String, String> wanted) {
        if (isExternal(present)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s is at %s, which has its own plan and version"
                            .formatted(present.name(), present.setting(HOST)),
                    "leave both out");
        }
        if (!present.setting(VERSION).equals(wanted.get(VERSION))) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s has PostgreSQL %s, and its data is not moved to PostgreSQL %s by the way"
                            .formatted(present.name(), present.setting(VERSION), wanted.get(VERSION)),
                    "leave version out, or say: version = \"%s\"".formatted(present.setting(VERSION)));
        }
    }

    static boolean isExternal(ResourceSpec spec) {
        return spec.settings().containsKey(HOST);
    }

    /** The settings of a database that is somewhere else; its URL is a secret. */
    public static Map<String, String> external(DatabaseUrl url) {
        return Map.of(HOST, "%s:%d".formatted(url.host(), url.port()));
    }

    @Override
    public Map<String, String> provision(ResourceSpec spec) {
        if (isExternal(spec)) {
            try (InsightStore _ = insight(spec)) {
                return spec.secrets();
            }
        }
        if (spec.secrets().containsKey(PORT)) {
            Held known = held(spec);
            known.cluster.change(spec);
            backups.watch(spec, known.cluster);
            return spec.secrets();
        }
        try {
            Map<String, String> secrets = new HashMap<>(spec.secrets());
            secrets.remove(DatabaseOrigin.SECRET);
            secrets.put(BackupPlace.SECRET, backups.freshPlace(spec.name()).json());
            secrets.put(USER, DatabaseCluster.newLogin());
            secrets.put(PASSWORD, DatabaseCluster.newPassword());
            Held made = held(spec);
            seeds.fill(spec, made.cluster, secrets.get(USER), secrets.get(PASSWORD));
            secrets.put(PORT, Integer.toString(openDoor(made)));
            backups.watch(new ResourceSpec(spec.id(), spec.name(), spec.settings(), secrets), made.cluster);
            return secrets;
        } catch (IOException e) {
            throw PostgresCluster.unusable(folder.cluster(spec), e);
        }
    }

    /** Backs it up as its secrets say now. */
    public void watch(ResourceSpec spec) {
        backups.watch(spec, held(spec).cluster);
    }

    public DatabaseBackups backups() {
        return backups;
    }

    public DatabaseSeeds seeds() {
        return seeds;
    }

    private Held held(ResourceSpec spec) {
        lookAfterSleep();
        return held.computeIfAbsent(spec.id(), id -> new Held(new DatabaseCluster(folder, versions, spec)));
    }

    @Override
    public void resume(ResourceSpec spec) {
        if (isExternal(spec)) {
            return;
        }
        Held resumed = held(spec);
        dropFormer(spec);
        backups.watch(spec, resumed.cluster);
        if (!opened(resumed, Integer.parseInt(spec.secret(PORT)))) {
            LOG.log(
                    Level.WARNING,
                    "the port of a database is in use database={0} port={1}",
                    spec.name(),
                    spec.secret(PORT));
            retry(resumed, Integer.parseInt(spec.secret(PORT)));
        }
    }

    /** What upgrades have left that a platform was killed in the middle of. */
    private void dropFormer(ResourceSpec spec) {
        try {
            for (Path former : folder.others(spec)) {
                BackupProof.clear(former);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.WARNING, "files of a former version stay database=" + spec.name(), e);
        }
    }

    private void retry(Held waiting, int port) {
        ScheduledFuture<?> _ = Threads.after(DOOR_RETRY, "database-door", () -> {
            if (!closed && !waiting.gone && waiting.door.isEmpty() && !opened(waiting, port)) {
                retry(waiting, port);
            }
        });
    }

    /** On a port that is free now. */
    private int openDoor(Held behind) throws IOException {
        for (int tried = 0; tried < PORTS_TRIED_MAX; tried++) {
            int port = PORT_FIRST + random.nextInt(PORTS);
            if (isFree(port) && opened(behind, port)) {
                return port;
            }
        }
        throw new IOException("no port from %d to %d is free".formatted(PORT_FIRST, PORT_FIRST + PORTS - 1));
    }

    /** Also on all addresses together, for what listens there takes the port on every one. */
    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(false);
            socket.bind(new InetSocketAddress(port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private boolean opened(Held behind, int port) {
        DatabaseDoor door = new DatabaseDoor(proxy, behind.cluster.spec().name(), behind);
        List<InetAddress> addresses = new ArrayList<>(List.of(InetAddress.ofLiteral(LOCAL)));
        gateway.get().ifPresent(addresses::add);
        try {
            door.listen(addresses, port);
            behind.door = Optional.of(door);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Moves a database to a newer PostgreSQL. It has the same address and logins afterwards; who connects meanwhile waits.
     * Whatever goes wrong, it stays as it was.
     *
     * @param wish     empty for the version that Stoa brings
     * @param remember what the database is from then on; the moment from which there is no way back but a restore
     */
    public void upgrade(ResourceSpec spec, Optional<String> wish, Consumer<ResourceSpec> remember) {
        if (isExternal(spec)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s is at %s, which has a version of its own"
                            .formatted(spec.name(), spec.setting(HOST)),
                    "upgrade it there");
        }
        PostgresBinaries target = wish.map(versions::named).orElseGet(versions::embedded);
        Held of = held(spec);
        int present = of.cluster.binaries().major();
        if (target.major() <= present) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s has PostgreSQL %d, and %s"
                            .formatted(
                                    spec.name(),
                                    present,
                                    target.major() == present
                                            ? "that is what was asked for"
                                            : "there is no way back to " + target.major()),
                    "there are: "
                            + String.join(
                                    ", ",
                                    versions.all().values().stream()
                                            .map(PostgresBinaries::version)
                                            .toList()));
        }
        DumpTools tools = versions.dumpTools(spec.name(), present, target.major());
        try {
            Path former = of.cluster.home();
            seeds.checkRoom(of.cluster);
            ResourceSpec _ = backups.during(spec, (place, finish) -> {
                of.cluster.replace(old -> {
                    ResourceSpec next = spec.withSetting(VERSION, Integer.toString(target.major()))
                            .withSecret(DatabaseFolder.SECRET, DatabaseFolder.successor(spec, target.major()))
                            .withSecret(BackupPlace.SECRET, place.json());
                    seeds.succeed(spec, old, new DatabaseCluster(folder, versions, next), target, tools, finish);
                    remember.accept(next);
                    return next;
                });
                return of.cluster.spec();
            });
            FileTree.delete(former);
            int _ = of.cluster.start();
        } catch (IOException e) {
            throw PostgresCluster.unusable(folder.cluster(spec), e);
        }
    }

    /** Where a client finds the database: the one place that decides it. */
    private DatabaseUrl address(ResourceSpec spec, boolean instance) {
        if (isExternal(spec)) {
            return DatabaseUrl.parse(spec.secret(URL));
        }
        return new DatabaseUrl(
                instance && gateway.get().isPresent() ? MACHINE : LOCAL,
                Integer.parseInt(spec.secret(PORT)),
                RoleStore.DATABASE,
                spec.secret(USER),
                spec.secret(PASSWORD),
                Map.of());
    }

    /** As it is reached from the platform's machine. */
    public DatabaseUrl address(ResourceSpec spec) {
        return address(spec, false);
    }

    @Override
    public Optional<String> url(ResourceSpec spec) {
        return Optional.of(address(spec).text());
    }

    @Override
    public List<Kept> kept() {
        return backups.kept().stream()
                .map(archive -> new Kept(archive.name(), archive.destroyedAt(), archive.until()))
                .toList();
    }

    /** A session with the rights of an app that has it. */
    PromptStore prompt(ResourceSpec spec) {
        DatabaseUrl url = address(spec);
        if (isExternal(spec)) {
            return new PromptStore(RoleStore.connect(spec.name(), url));
        }
        // Past the pool: whoever types wants a session of his own.
        int port = held(spec).cluster.start();
        return new PromptStore(RoleStore.connect(
                spec.name(), new DatabaseUrl(LOCAL, port, url.database(), url.user(), url.password(), Map.of())));
    }

    @Override
    public Set<String> vars(Binding binding) {
        Set<String> names = new TreeSet<>(Set.of("DATABASE_URL_" + binding.suffix()));
        if (binding.chief()) {
            names.add("DATABASE_URL");
        }
        return names;
    }

    @Override
    public Map<String, String> bind(ResourceSpec spec, Binding binding) {
        String url = address(spec, true).text();
        Map<String, String> vars = new HashMap<>();
        vars(binding).forEach(name -> vars.put(name, url));
        return vars;
    }

    @Override
    public void admit(ResourceSpec spec, Set<Integer> tenants) {
        if (!isExternal(spec)) {
            held(spec).tenants = Set.copyOf(tenants);
        }
    }

    /** The same with another login; that of before works until {@link #revoke}. */
    public ResourceSpec rotate(ResourceSpec spec) {
        if (isExternal(spec)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s is at %s, where its password was made".formatted(spec.name(), spec.setting(HOST)),
                    "change it there");
        }
        String user = DatabaseCluster.newLogin();
        String password = DatabaseCluster.newPassword();
        try (RoleStore roles = superuser(spec)) {
            roles.login(user, password);
        }
        String retired = spec.secrets().getOrDefault(RETIRED, "");
        return spec.withSecret(RETIRED, (retired + " " + spec.secret(USER)).strip())
                .withSecret(USER, user)
                .withSecret(PASSWORD, password);
    }

    /** The same without the logins of before, which let nobody in any more. */
    public ResourceSpec revoke(ResourceSpec spec) {
        try (RoleStore roles = superuser(spec)) {
            for (String user : spec.secrets().getOrDefault(RETIRED, "").split(" ", -1)) {
                if (!user.isEmpty()) {
                    roles.revoke(user);
                }
            }
        }
        return spec.withSecret(RETIRED, "");
    }

    private RoleStore superuser(ResourceSpec spec) {
        return superuser(held(spec).cluster);
    }

    private static RoleStore superuser(DatabaseCluster cluster) {
        try {
            return RoleStore.open(cluster.start(), cluster.superuserPassword(), RoleStore.DATABASE);
        } catch (IOException e) {
            throw PostgresCluster.unusable(cluster.home(), e);
        }
    }

    /** What goes on in it; wakes it if it sleeps. */
    public InsightStore insight(ResourceSpec spec) {
        if (isExternal(spec)) {
            return new InsightStore(RoleStore.connect(spec.name(), address(spec)));
        }
        DatabaseCluster cluster = held(spec).cluster;
        try {
            return InsightStore.open(cluster.start(), cluster.superuserPassword());
        } catch (IOException e) {
            throw PostgresCluster.unusable(cluster.home(), e);
        }
    }

    @Override
    public Inspection glance(ResourceSpec spec) {
        if (isExternal(spec)) {
            return new Inspection("external", Optional.empty(), Map.of());
        }
        Held seen = held(spec);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("address", LOCAL + ":" + spec.secret(PORT));
        facts.put("size", megabytes(FileTree.sizeBytes(seen.cluster.home())));
        if (!spec.secrets().getOrDefault(RETIRED, "").isEmpty()) {
            facts.put("password", "the one before works still: not every app has taken the new one");
        }
        if (seen.cluster.isReplaced()) {
            return new Inspection("upgrading", Optional.empty(), facts);
        }
        boolean running = seen.cluster.running().isPresent();
        List<String> problems = new ArrayList<>(backups.problems(spec));
        if (seen.door.isEmpty()) {
            problems.addFirst("its port %s is in use".formatted(spec.secret(PORT)));
        }
        Optional<String> reason = problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
        String state = running ? "running" : Postmaster.isKnown(seen.cluster.data()) ? "stopped" : "asleep";
        return new Inspection(state, reason, facts);
    }

    private static String megabytes(long bytes) {
        return "%d MB".formatted(bytes >> 20);
    }

    @Override
    public Inspection inspect(ResourceSpec spec) {
        Inspection glance = glance(spec);
        Map<String, String> facts = new LinkedHashMap<>(glance.facts());
        backups.summary(spec).ifPresent(summary -> facts.put("backups", summary));
        if (!glance.state().equals("running")) {
            return new Inspection(glance.state(), glance.reason(), facts);
        }
        try (InsightStore insight = insight(spec)) {
            facts.putAll(insight.facts());
        }
        return new Inspection(glance.state(), glance.reason(), facts);
    }

    /** The data directory of one that is no external one. */
    Path data(ResourceSpec spec) {
        return held(spec).cluster.data();
    }

    @Override
    public Optional<String> backup(ResourceSpec spec) {
        return isExternal(spec) ? Optional.empty() : backups.keepLast(spec);
    }

    @Override
    public void destroy(ResourceSpec spec) {
        if (isExternal(spec)) {
            return;
        }
        Held last = held(spec);
        last.gone = true;
        backups.forget(spec);
        last.door.ifPresent(DatabaseDoor::close);
        last.cluster.destroy();
        held.remove(spec.id());
    }

    @Override
    public void rest(List<ResourceSpec> specs) {
        Threads.together(
                "database-stop",
                held.values().stream()
                        .map(each -> (Runnable) each.cluster::stop)
                        .toList());
    }

    /** The servers go on, and the next platform finds them. */
    @Override
    public void close() {
        closed = true;
        backups.close();
        held.values().forEach(each -> each.door.ifPresent(DatabaseDoor::close));
        proxy.close();
    }
}
