package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
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
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Caches: each a Valkey or Redis of its own, as this machine has it installed.
 *
 * <p>What is remembered of one as its secrets: {@code port} and {@code password}, and {@code keeper}, the password of the
 * platform's own login.
 */
public final class Caches implements ResourceKind {
    public static final String NAME = "cache";

    static final String PORT = "port";

    /** So long what a persistent one held is kept when it is destroyed. */
    static final Duration KEPT = Duration.ofDays(30);

    /** The secret of one that is made of what is kept: the folder's name. */
    private static final String FROM = "from";

    private static final String FLUSH = "flush";

    /** As instances call the machine that the platform runs on, where they have a network of their own. */
    private static final String MACHINE = "host.stoa.internal";

    private static final String LOCAL = "127.0.0.1";

    /** One that is looked after. */
    private static final class Held implements TenantDoor.Behind {
        final CacheServer server;
        final TenantDoor door;
        private final Function<InetAddress, Optional<Integer>> tenantAt;
        volatile Set<Integer> tenants = Set.of();

        Held(CacheServer server, Function<InetAddress, Optional<Integer>> tenantAt) {
            this.server = server;
            this.tenantAt = tenantAt;
            this.door =
                    new TenantDoor("the cache " + server.spec().name(), CacheSettings.Plan.XLARGE.connectionsMax, this);
        }

        /** On the loopback address there are only users of this machine, who need the password as everybody does. */
        @Override
        public Optional<String> refusal(InetAddress client) {
            if (client.isLoopbackAddress()
                    || tenantAt.apply(client).filter(tenants::contains).isPresent()) {
                return Optional.empty();
            }
            return Optional.of("this app does not have the cache %s"
                    .formatted(server.spec().name()));
        }

        @Override
        public SocketChannel connect() throws IOException {
            server.start();
            try {
                return server.connect();
            } catch (IOException e) {
                // It has just ended.
                server.start();
                return server.connect();
            }
        }

        @Override
        public byte[] error(String words) {
            return "-ERR %s\r\n".formatted(words.lines().findFirst().orElse("")).getBytes(StandardCharsets.UTF_8);
        }
    }

    private final Path root;
    private final CacheKeep keep;
    private final Supplier<Optional<InetAddress>> gateway;
    private final Function<InetAddress, Optional<Integer>> tenantAt;
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, Held> held = new ConcurrentHashMap<>();

    /**
     * @param root     where their files stand
     * @param gateway  the address by which instances reach this machine, where they have a network of their own
     * @param tenantAt whose the instance is that has an address
     */
    public Caches(
            Path root,
            Supplier<Optional<InetAddress>> gateway,
            Function<InetAddress, Optional<Integer>> tenantAt,
            InstantSource clock) {
        this.root = root.toAbsolutePath();
        this.keep = new CacheKeep(this.root.resolve("kept"), KEPT, clock);
        this.gateway = gateway;
        this.tenantAt = tenantAt;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> settle(Map<String, String> asked) {
        return CacheSettings.of(asked).settled();
    }

    @Override
    public void checkChange(ResourceSpec present, Map<String, String> wanted) {
        String engine = present.setting(CacheSettings.ENGINE);
        if (!engine.equals(wanted.get(CacheSettings.ENGINE))) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the cache %s is a %s, and does not become another server by the way"
                            .formatted(present.name(), engine),
                    "leave engine out, or say: engine = \"%s\"".formatted(engine));
        }
    }

    @Override
    public Map<String, String> provision(ResourceSpec spec) {
        if (spec.secrets().containsKey(PORT)) {
            held(spec).server.change(spec);
            return spec.secrets();
        }
        Map<String, String> secrets = new HashMap<>(spec.secrets());
        secrets.remove(FROM);
        secrets.put(CacheServer.PASSWORD, DatabaseCluster.newPassword());
        secrets.put(CacheServer.KEEPER_PASSWORD, DatabaseCluster.newPassword());
        Optional.ofNullable(held.remove(spec.id())).ifPresent(Caches::end);
        Held made = held(new ResourceSpec(spec.id(), spec.name(), spec.settings(), secrets));
        try {
            fill(made, spec);
            made.server.start();
            secrets.put(PORT, Integer.toString(made.door.listen(addresses(), random)));
            return secrets;
        } catch (IOException e) {
            throw CacheServer.unusable(home(spec), e);
        }
    }

    /** With what is kept of another, or with nothing. */
    private void fill(Held made, ResourceSpec spec) throws IOException {
        String from = spec.secrets().get(FROM);
        if (from == null) {
            // Whatever an attempt before has left.
            made.server.destroy();
        } else if (keep.has(from)) {
            made.server.destroy();
            keep.give(from, home(spec));
        }
    }

    private static void end(Held failed) {
        failed.door.close();
        failed.server.stop();
    }

    private Path home(ResourceSpec spec) {
        return root.resolve(Long.toString(spec.id()));
    }

    private Held held(ResourceSpec spec) {
        return held.computeIfAbsent(spec.id(), id -> new Held(new CacheServer(home(spec), spec), tenantAt));
    }

    private List<InetAddress> addresses() {
        List<InetAddress> addresses = new ArrayList<>(List.of(InetAddress.ofLiteral(LOCAL)));
        gateway.get().ifPresent(addresses::add);
        return addresses;
    }

    @Override
    public void resume(ResourceSpec spec) {
        held(spec).door.reopen(addresses(), Integer.parseInt(spec.secret(PORT)));
    }

    @Override
    public Inspection inspect(ResourceSpec spec) {
        return seen(spec, true);
    }

    @Override
    public Inspection glance(ResourceSpec spec) {
        return seen(spec, false);
    }

    private Inspection seen(ResourceSpec spec, boolean closely) {
        Held seen = held(spec);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("address", LOCAL + ":" + spec.secret(PORT));
        facts.put("memory", "of %d MB".formatted(seen.server.settings().plan().megabytes));
        boolean running = seen.server.running().isPresent();
        Optional<String> reason = seen.door.port().isEmpty()
                ? Optional.of("its port %s is in use".formatted(spec.secret(PORT)))
                : Optional.empty();
        if (running) {
            try (RespConnection keeper = seen.server.keeper()) {
                CacheFacts told = CacheFacts.of(keeper.ask("INFO"));
                facts.putAll(told.brief(seen.server.settings()));
                if (closely) {
                    facts.putAll(told.close());
                }
            } catch (IOException e) {
                return new Inspection("running", Optional.of("it does not answer: " + e.getMessage()), facts);
            }
        }
        return new Inspection(running ? "running" : "stopped", reason, facts);
    }

    @Override
    public Set<String> vars(Binding binding) {
        Set<String> names = new TreeSet<>(Set.of("REDIS_URL_" + binding.suffix()));
        if (binding.chief()) {
            names.add("REDIS_URL");
        }
        return names;
    }

    @Override
    public Map<String, String> bind(ResourceSpec spec, Binding binding) {
        String url = url(spec, gateway.get().isPresent() ? MACHINE : LOCAL);
        Map<String, String> vars = new HashMap<>();
        vars(binding).forEach(name -> vars.put(name, url));
        return vars;
    }

    private static String url(ResourceSpec spec, String host) {
        return "redis://%s:%s@%s:%s"
                .formatted(CacheServer.USER, spec.secret(CacheServer.PASSWORD), host, spec.secret(PORT));
    }

    @Override
    public Optional<String> url(ResourceSpec spec) {
        return Optional.of(url(spec, LOCAL));
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(FLUSH, this::flush);
    }

    /** Forgets everything that it holds. */
    private void flush(ResourceSpec spec) {
        Held flushed = held(spec);
        flushed.server.start();
        try (RespConnection keeper = flushed.server.keeper()) {
            String _ = keeper.ask("FLUSHALL", "ASYNC");
        } catch (IOException e) {
            throw CacheServer.unusable(home(spec), e);
        }
    }

    @Override
    public void admit(ResourceSpec spec, Set<Integer> tenants) {
        Held admitted = held(spec);
        admitted.tenants = Set.copyOf(tenants);
        admitted.door.recheck();
    }

    @Override
    public Optional<String> backup(ResourceSpec spec) {
        return isKept(spec) ? Optional.of("what it holds, for %d days".formatted(KEPT.toDays())) : Optional.empty();
    }

    /** What is not persistent was never meant to stay. */
    private static boolean isKept(ResourceSpec spec) {
        return Boolean.parseBoolean(spec.setting(CacheSettings.PERSISTENT))
                && (spec.secrets().containsKey(PORT) || spec.secrets().containsKey(FROM));
    }

    @Override
    public List<Kept> kept() {
        return keep.all().stream()
                .map(kept -> new Kept(
                        kept.name(), kept.at(), kept.at().plus(KEPT), kept.settings(), Map.of(FROM, kept.folder())))
                .toList();
    }

    @Override
    public void collect() {
        keep.collect();
    }

    @Override
    public void destroy(ResourceSpec spec) {
        Held last = held(spec);
        last.door.close();
        if (isKept(spec)) {
            last.server.stop();
            try {
                keep.take(spec, home(spec));
            } catch (IOException e) {
                throw CacheServer.unusable(home(spec), e);
            }
        }
        last.server.destroy();
        held.remove(spec.id());
    }

    @Override
    public void rest(List<ResourceSpec> specs) {
        Threads.together(
                "cache-stop",
                held.values().stream().map(each -> (Runnable) each.server::stop).toList());
    }

    /** The servers go on, and the next platform finds them. */
    @Override
    public void close() {
        held.values().forEach(each -> each.door.close());
    }
}
