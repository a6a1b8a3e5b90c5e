package dev.stoa.platform.resource.proxy;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.resource.proxy.Greeting.Cancel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of one database that clients share: each has one from the first message of a transaction to its end.
 *
 * <p>All of it belongs to one event loop, so that nothing here needs a lock; only the verifiers are read by others.
 */
final class Pool {
    /** How long a client waits for a session. */
    static final Duration WAIT_MAX = Duration.ofSeconds(30);

    /** A session that nobody has wanted for so long ends. */
    private static final Duration IDLE_MAX = Duration.ofSeconds(60);

    private static final Duration LOOK = Duration.ofSeconds(10);
    private static final int STATEMENTS_MAX = 5000;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final DatabaseProxy proxy;
    private final String name;
    private final Behind behind;
    private final EventLoop loop;
    private final Map<String, Scram.Verifier> verifiers = new ConcurrentHashMap<>();
    private final Map<String, byte[]> keys = new HashMap<>();
    private final Map<PoolKey, Map<String, String>> facts = new HashMap<>();
    private final Map<Integer, PooledClient> clients = new HashMap<>();
    private final Set<PooledServer> servers = new HashSet<>();
    private final Deque<PooledServer> idle = new ArrayDeque<>();
    private final Deque<PooledClient> waiting = new ArrayDeque<>();
    private final Map<Statement, Statement> statements = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Statement, Statement> eldest) {
            return size() > STATEMENTS_MAX;
        }
    };
    private @Nullable Future<?> look;
    private long statementsMade;
    private int size = 1;
    private final AtomicInteger busy = new AtomicInteger();
    private volatile long quietNanos = System.nanoTime();

    Pool(DatabaseProxy proxy, String name, Behind behind, EventLoop loop) {
        this.proxy = proxy;
        this.name = name;
        this.behind = behind;
        this.loop = loop;
    }

    String name() {
        return name;
    }

    /** By any thread but the loop's; empty if there is no such login. */
    Optional<Scram.Verifier> verifier(String user) {
        Optional<Scram.Verifier> known = Optional.ofNullable(verifiers.get(user));
        if (known.isPresent()) {
            return known;
        }
        Optional<Scram.Verifier> found = behind.verifier(user).flatMap(Scram.Verifier::parse);
        found.ifPresent(verifier -> verifiers.put(user, verifier));
        return found;
    }

    /** It may have changed. */
    void forgetVerifier(String user) {
        verifiers.remove(user);
    }

    /** How many sessions there may be from now on. */
    void resize(int sessions) {
        size = Math.max(1, sessions);
    }

    /** A number for cancel requests that no other client has. */
    int enter(PooledClient client) {
        int process = RANDOM.nextInt(1, Integer.MAX_VALUE);
        while (clients.putIfAbsent(process, client) != null) {
            process = RANDOM.nextInt(1, Integer.MAX_VALUE);
        }
        return process;
    }

    void proven(String user, byte[] key) {
        keys.put(user, key);
    }

    Optional<Map<String, String>> facts(PoolKey key) {
        return Optional.ofNullable(facts.get(key));
    }

    /** A session at once; or none, and then {@link PooledClient#attach} is called later. */
    Optional<PooledServer> acquire(PooledClient client) {
        int _ = busy.incrementAndGet();
        Optional<PooledServer> free = takeIdle(client.key());
        if (free.isEmpty()) {
            waiting.add(client);
            client.waitAtMost(loop.schedule(() -> tired(client), WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS));
            serve();
        }
        return free;
    }

    private void tired(PooledClient client) {
        if (waiting.remove(client)) {
            calmer();
            client.refuse(Refusal.fatal(
                    "53300",
                    "no session of the pool of the database %s got free in %d s: all %d are in transactions"
                            .formatted(name, WAIT_MAX.toSeconds(), size),
                    "make transactions shorter, or choose a larger plan"));
        }
    }

    private void calmer() {
        quietNanos = System.nanoTime();
        int _ = busy.decrementAndGet();
    }

    private Optional<PooledServer> takeIdle(PoolKey key) {
        // The one that was used last is the warmest.
        for (PooledServer server : idle) {
            if (server.key().equals(key)) {
                idle.remove(server);
                return Optional.of(server);
            }
        }
        return Optional.empty();
    }

    private void serve() {
        boolean given;
        do {
            given = false;
            for (PooledClient client : waiting) {
                Optional<PooledServer> free = takeIdle(client.key());
                if (free.isPresent()) {
                    waiting.remove(client);
                    client.attach(free.get());
                    given = true;
                    break;
                }
            }
        } while (given);
        Map<PoolKey, Integer> wanted = new LinkedHashMap<>();
        waiting.forEach(client -> wanted.merge(client.key(), 1, Integer::sum));
        servers.stream()
                .filter(PooledServer::isStarting)
                .forEach(server -> wanted.merge(server.key(), -1, Integer::sum));
        wanted.forEach((key, count) -> {
            for (int i = 0; i < count && (servers.size() < size || evict()); i++) {
                open(key);
            }
        });
    }

    /** Makes place for a session of another kind. */
    private boolean evict() {
        PooledServer oldest = idle.pollLast();
        if (oldest == null) {
            return false;
        }
        servers.remove(oldest);
        oldest.end();
        return true;
    }

    private void open(PoolKey key) {
        PooledServer server = new PooledServer(this, key, keys.getOrDefault(key.user(), new byte[0]));
        servers.add(server);
        Threads.start("database-pool-" + name, () -> {
            try {
                Behind.Place place = behind.start();
                loop.execute(() -> connect(server, place));
            } catch (StoaException e) {
                loop.execute(() -> lost(server, Optional.of(Reception.notStarted(e))));
            }
        });
    }

    private void connect(PooledServer server, Behind.Place place) {
        ChannelFuture connecting = proxy.towards(place, loop, server).connect();
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                lost(server, Optional.of(Refusal.fatal("57P03", "the database cannot be reached: " + done.cause())));
            }
        });
    }

    /** It has told what every client is told of sessions like it. */
    void told(PooledServer server, Map<String, String> parameters) {
        facts.put(server.key(), Map.copyOf(parameters));
    }

    /** Nobody has it any more. */
    void free(PooledServer server) {
        if (servers.contains(server)) {
            idle.addFirst(server);
            serve();
            lookLater();
        }
    }

    void detached() {
        calmer();
    }

    /** @param why for those who wait for it, if it never got ready */
    void lost(PooledServer server, Optional<Refusal> why) {
        if (!servers.remove(server)) {
            return;
        }
        idle.remove(server);
        boolean others = servers.stream().anyMatch(other -> other.key().equals(server.key()));
        if (why.isPresent() && !others) {
            List<PooledClient> failed = waiting.stream()
                    .filter(client -> client.key().equals(server.key()))
                    .toList();
            waiting.removeAll(failed);
            failed.forEach(client -> {
                calmer();
                client.refuse(why.get());
            });
        }
        serve();
    }

    void left(PooledClient client, int process) {
        clients.remove(process, client);
        if (waiting.remove(client)) {
            calmer();
        }
    }

    /** The same text has the same name on all servers. */
    Statement shared(byte[] rest) {
        return statements.computeIfAbsent(
                new Statement("", rest), absent -> new Statement("stoa_" + ++statementsMade, rest));
    }

    /** Whether the request is about a client of the pool, and then what the server is to be told, if anything. */
    Optional<Optional<byte[]>> cancel(Cancel cancel) {
        PooledClient client = clients.get(cancel.process());
        if (client == null) {
            return Optional.empty();
        }
        return Optional.of(
                MessageDigest.isEqual(client.secret(), cancel.key()) ? client.cancelPacket() : Optional.empty());
    }

    private void lookLater() {
        if (look == null) {
            look = loop.schedule(this::endIdle, LOOK.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void endIdle() {
        look = null;
        new ArrayList<>(idle)
                .stream().filter(server -> server.isIdleFor(IDLE_MAX)).forEach(this::drop);
        if (!idle.isEmpty()) {
            lookLater();
        }
    }

    private void drop(PooledServer server) {
        idle.remove(server);
        servers.remove(server);
        server.end();
    }

    boolean isQuietFor(Duration time) {
        return busy.get() == 0 && System.nanoTime() - quietNanos >= time.toNanos();
    }

    /** Ends the sessions that nobody has; returns when the server has seen to it. Not to be called by the loop. */
    void letGo() {
        List<ChannelFuture> ends = new ArrayList<>();
        boolean _ = loop.submit(() -> {
                    for (PooledServer server : new ArrayList<>(idle)) {
                        drop(server);
                        server.ended().ifPresent(ends::add);
                    }
                })
                .awaitUninterruptibly(LOOK.toMillis());
        ends.forEach(end -> {
            boolean _ = end.awaitUninterruptibly(LOOK.toMillis());
        });
    }
}
