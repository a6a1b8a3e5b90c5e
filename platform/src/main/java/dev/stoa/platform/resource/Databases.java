package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.engine.PortForwarding;
import dev.stoa.platform.resource.proxy.DatabaseProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
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
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
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

    /** Where backups go unless told, beside the folder of the databases. */
    private static final String BACKUPS = "backups";

    private static final Duration SLEEP_LOOK = Duration.ofSeconds(1);

    /** Whoever connects is refused until it is seen that a server was killed. */
    private static final Duration CRASH_LOOK = Duration.ofMillis(50);

    private static final System.Logger LOG = System.getLogger(Databases.class.getName());

    private final DatabaseFolder folder;
    private final PostgresVersions versions;
    private final Supplier<Optional<InetAddress>> gateway;
    private final Function<InetAddress, Optional<Integer>> tenantAt;
    private final DatabaseBackups backups;
    private final DatabaseSeeds seeds;
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, DatabaseGate> gates = new ConcurrentHashMap<>();
    private final DatabaseProxy proxy;
    private final DatabaseReach reach;
    private boolean looking;
    private volatile boolean closed;

    /**
     * @param root     where their files stand
     * @param binaries where the embedded PostgreSQL is unpacked
     * @param gateway  the address by which instances reach this machine, where they have a network of their own
     * @param tenantAt whose the instance is that has an address
     * @param forwarding  of the instances' network, which leads clients past the platform
     * @param certificate for names of hosts, and addresses
     */
    public Databases(
            Path root,
            Path binaries,
            Supplier<Optional<InetAddress>> gateway,
            Function<InetAddress, Optional<Integer>> tenantAt,
            Supplier<Optional<PortForwarding>> forwarding,
            Function<List<String>, CertificateChain> certificate) {
        this.folder = new DatabaseFolder(root.toAbsolutePath());
        this.versions = new PostgresVersions(binaries);
        this.backups = new DatabaseBackups(folder, folder.root().resolveSibling(BACKUPS), InstantSource.system());
        this.seeds = new DatabaseSeeds(
                new DatabaseTemplate(folder, random),
                backups,
                id -> Optional.ofNullable(gates.get(id)).map(DatabaseGate::cluster),
                this::settle,
                random,
                InstantSource.system());
        this.gateway = gateway;
        this.tenantAt = tenantAt;
        Supplier<CertificateChain> own = () -> {
            List<String> names = new ArrayList<>(List.of("localhost", LOCAL, MACHINE));
            gateway.get().map(InetAddress::getHostAddress).ifPresent(names::add);
            return certificate.apply(names);
        };
        this.proxy = new DatabaseProxy(own);
        this.reach = new DatabaseReach(forwarding, own, InstantSource.system());
    }

    /** Puts to sleep what nobody uses, and notices what was killed, from the first of them on. */
    private synchronized void lookAfter() {
        if (looking) {
            return;
        }
        looking = true;
        every(SLEEP_LOOK, "database-sleep", DatabaseGate::sleepIfUnused);
        every(CRASH_LOOK, "database-look", gate -> gate.cluster().look());
    }

    private void every(Duration pause, String thread, Consumer<DatabaseGate> look) {
        Threads.start(thread, () -> {
            while (!closed) {
                gates.values().forEach(look);
                LockSupport.parkNanos(pause.toNanos());
            }
        });
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
            DatabaseGate known = gate(spec);
            known.change(spec);
            backups.watch(spec, known.cluster());
            return spec.secrets();
        }
        try {
            Map<String, String> secrets = new HashMap<>(spec.secrets());
            secrets.remove(DatabaseOrigin.SECRET);
            secrets.put(BackupPlace.SECRET, backups.freshPlace(spec.name()).json());
            secrets.put(USER, DatabaseCluster.newLogin());
            secrets.put(PASSWORD, DatabaseCluster.newPassword());
            DatabaseGate made = gate(spec);
            seeds.fill(spec, made.cluster(), secrets.get(USER), secrets.get(PASSWORD));
            secrets.put(PORT, Integer.toString(made.open(addresses(), random)));
            backups.watch(new ResourceSpec(spec.id(), spec.name(), spec.settings(), secrets), made.cluster());
            return secrets;
        } catch (IOException e) {
            throw PostgresCluster.unusable(folder.cluster(spec), e);
        }
    }

    /** Backs it up as its secrets say now. */
    public void watch(ResourceSpec spec) {
        backups.watch(spec, cluster(spec));
    }

    public DatabaseBackups backups() {
        return backups;
    }

    public DatabaseSeeds seeds() {
        return seeds;
    }

    private DatabaseGate gate(ResourceSpec spec) {
        lookAfter();
        return gates.computeIfAbsent(spec.id(), id -> {
            DatabaseWay way = new DatabaseWay(reach);
            return new DatabaseGate(new DatabaseCluster(folder, versions, way, spec), way, proxy, tenantAt);
        });
    }

    private DatabaseCluster cluster(ResourceSpec spec) {
        return gate(spec).cluster();
    }

    @Override
    public void resume(ResourceSpec spec) {
        if (isExternal(spec)) {
            return;
        }
        DatabaseGate resumed = gate(spec);
        dropFormer(spec);
        backups.watch(spec, resumed.cluster());
        resumed.reopen(addresses(), Integer.parseInt(spec.secret(PORT)));
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

    private List<InetAddress> addresses() {
        List<InetAddress> addresses = new ArrayList<>(List.of(InetAddress.ofLiteral(LOCAL)));
        gateway.get().ifPresent(addresses::add);
        return addresses;
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
        DatabaseCluster of = cluster(spec);
        int present = of.binaries().major();
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
            Path former = of.home();
            seeds.checkRoom(of);
            ResourceSpec _ = backups.during(spec, (place, finish) -> {
                of.replace(old -> {
                    ResourceSpec next = spec.withSetting(VERSION, Integer.toString(target.major()))
                            .withSecret(DatabaseFolder.SECRET, DatabaseFolder.successor(spec, target.major()))
                            .withSecret(BackupPlace.SECRET, place.json());
                    seeds.succeed(
                            spec,
                            old,
                            new DatabaseCluster(folder, versions, new DatabaseWay(reach), next),
                            target,
                            tools,
                            finish);
                    remember.accept(next);
                    return next;
                });
                return of.spec();
            });
            FileTree.delete(former);
            int _ = of.start();
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
        int port = cluster(spec).start();
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
            gate(spec).admit(tenants);
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
        return cluster(spec).superuser();
    }

    /** What goes on in it; wakes it if it sleeps. */
    public InsightStore insight(ResourceSpec spec) {
        if (isExternal(spec)) {
            return new InsightStore(RoleStore.connect(spec.name(), address(spec)));
        }
        DatabaseCluster cluster = cluster(spec);
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
        DatabaseGate seen = gate(spec);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("address", LOCAL + ":" + spec.secret(PORT));
        facts.put("size", megabytes(FileTree.sizeBytes(seen.cluster().home())));
        if (!spec.secrets().getOrDefault(RETIRED, "").isEmpty()) {
            facts.put("password", "the one before works still: not every app has taken the new one");
        }
        if (seen.cluster().isReplaced()) {
            return new Inspection("upgrading", Optional.empty(), facts);
        }
        boolean running = seen.cluster().running().isPresent();
        List<String> problems = new ArrayList<>(backups.problems(spec));
        if (!seen.isOpen()) {
            problems.addFirst("its port %s is in use".formatted(spec.secret(PORT)));
        }
        Optional<String> reason = problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
        String state = running ? "running" : Postmaster.isKnown(seen.cluster().data()) ? "stopped" : "asleep";
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
        return cluster(spec).data();
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
        DatabaseGate last = gate(spec);
        backups.forget(spec);
        last.close();
        last.cluster().destroy();
        gates.remove(spec.id());
    }

    @Override
    public void rest(List<ResourceSpec> specs) {
        Threads.together(
                "database-stop",
                gates.values().stream()
                        .map(each -> (Runnable) each.cluster()::rest)
                        .toList());
    }

    /** The servers go on, and the next platform finds them. */
    @Override
    public void close() {
        closed = true;
        backups.close();
        gates.values().forEach(gate -> gate.cluster().leave());
        gates.values().forEach(DatabaseGate::close);
        proxy.close();
    }
}
