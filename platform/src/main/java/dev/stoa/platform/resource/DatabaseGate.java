package dev.stoa.platform.resource;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.resource.proxy.Behind;
import dev.stoa.platform.resource.proxy.DatabaseDoor;
import dev.stoa.platform.resource.proxy.DatabaseProxy;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Where clients get into a database: its door, which listens as long as the platform looks after the database, and the way past
 * it while the server runs.
 */
final class DatabaseGate implements Behind, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DatabaseGate.class.getName());

    private static final Duration DOOR_RETRY = Duration.ofSeconds(3);

    private final DatabaseCluster cluster;
    private final DatabaseWay way;
    private final DatabaseProxy proxy;
    private final Function<InetAddress, Optional<Integer>> tenantAt;
    private volatile Set<Integer> tenants = Set.of();
    private volatile Optional<DatabaseDoor> door = Optional.empty();
    private volatile boolean closed;

    /** @param tenantAt whose the instance is that has an address */
    DatabaseGate(
            DatabaseCluster cluster,
            DatabaseWay way,
            DatabaseProxy proxy,
            Function<InetAddress, Optional<Integer>> tenantAt) {
        this.cluster = cluster;
        this.way = way;
        this.proxy = proxy;
        this.tenantAt = tenantAt;
        way.share(access().pool());
    }

    DatabaseCluster cluster() {
        return cluster;
    }

    private DatabaseAccess access() {
        return DatabaseAccess.of(cluster.spec().settings());
    }

    /** From now on with these settings. */
    void change(ResourceSpec changed) {
        cluster.change(changed);
        way.share(access().pool());
    }

    /** From now on instances of these tenants get in, and no others. */
    void admit(Set<Integer> whose) {
        tenants = Set.copyOf(whose);
        way.admit(tenants);
    }

    /** Opens the door on a port that is free now, and returns it. */
    int open(List<InetAddress> addresses, RandomGenerator random) throws IOException {
        return DoorPorts.open(random, port -> opened(addresses, port));
    }

    /** Opens the door on this port as soon as that is free, and lets clients come to a server that runs already. */
    void reopen(List<InetAddress> addresses, int port) {
        cluster.adopt();
        if (!opened(addresses, port)) {
            LOG.log(
                    Level.WARNING,
                    "the port of a database is in use database={0} port={1}",
                    cluster.spec().name(),
                    Integer.toString(port));
            retry(addresses, port);
        }
    }

    private void retry(List<InetAddress> addresses, int port) {
        ScheduledFuture<?> _ = Threads.after(DOOR_RETRY, "database-door", () -> {
            if (!closed && door.isEmpty() && !opened(addresses, port)) {
                retry(addresses, port);
            }
        });
    }

    private boolean opened(List<InetAddress> addresses, int port) {
        DatabaseDoor opening = new DatabaseDoor(proxy, cluster.spec().name(), this);
        try {
            opening.listen(addresses, port);
            door = Optional.of(opening);
            way.doorAt(port);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    boolean isOpen() {
        return door.isPresent();
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

    private Place place(int port) {
        return new Place(port, cluster.socket(port));
    }

    @Override
    public OptionalInt pooled() {
        Map<String, String> settings = cluster.spec().settings();
        return access().pool()
                ? OptionalInt.of(DatabasePlan.named(settings.getOrDefault(Databases.PLAN, DatabasePlan.SMALL.word()))
                        .pooledSessions())
                : OptionalInt.empty();
    }

    @Override
    public Optional<String> verifier(String user) {
        try (RoleStore roles = cluster.superuser()) {
            return roles.verifier(user);
        }
    }

    /** Stops the server if nobody uses it; to be called now and then. */
    void sleepIfUnused() {
        try {
            cluster.renewCertificate();
            Optional<Duration> idle = access().sleep();
            if (idle.isPresent()
                    && !closed
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
        } catch (StoaException e) {
            LOG.log(
                    Level.WARNING,
                    "a database does not go to sleep database=" + cluster.spec().name(),
                    e);
        }
    }

    /** Nobody is let in any more by the door. The way stays as it is, as long as the server runs. */
    @Override
    public void close() {
        closed = true;
        door.ifPresent(DatabaseDoor::close);
    }
}
