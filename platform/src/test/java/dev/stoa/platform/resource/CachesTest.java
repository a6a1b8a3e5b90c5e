package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CachesTest {
    private static volatile Instant now = Instant.parse("2026-01-31T12:00:00Z");
    private static Path root;
    private static Caches caches;
    private static ResourceSpec spec;

    @BeforeAll
    static void make(@TempDir Path temp) {
        assumeInstalled();
        root = temp.resolve("caches");
        caches = open();
        spec = made(caches, 1, Map.of());
    }

    private static Caches open() {
        return new Caches(root, Optional::empty, client -> Optional.empty(), () -> now);
    }

    private static void assumeInstalled() {
        boolean installed;
        try {
            CacheProgram _ = CacheProgram.any();
            installed = true;
        } catch (StoaException e) {
            installed = false;
        }
        assumeTrue(installed, "needs a server for caches: apt-get install redis-server");
    }

    @AfterAll
    static void end() {
        if (caches != null) {
            caches.rest(List.of());
            caches.close();
        }
    }

    private static ResourceSpec made(Caches kind, long id, Map<String, String> asked) {
        ResourceSpec wanted = new ResourceSpec(id, "shop-" + id, kind.settle(asked), Map.of());
        return new ResourceSpec(id, wanted.name(), wanted.settings(), kind.provision(wanted));
    }

    /** As an app's client would. */
    private static RespConnection connect(Caches kind, ResourceSpec of) throws IOException {
        URI url = URI.create(kind.url(of).orElseThrow());
        RespConnection connection =
                new RespConnection(SocketChannel.open(new InetSocketAddress(url.getHost(), url.getPort())));
        String[] login = url.getUserInfo().split(":", -1);
        String _ = connection.ask("AUTH", login[0], login[1]);
        return connection;
    }

    private static String ask(ResourceSpec of, String... words) throws IOException {
        try (RespConnection connection = connect(caches, of)) {
            return connection.ask(words);
        }
    }

    private static void kill(Path home) throws IOException {
        long pid = Long.parseLong(Files.readString(home.resolve("pid")).strip());
        ProcessHandle server = ProcessHandle.of(pid).orElseThrow();
        assertThat(server.destroyForcibly()).isTrue();
        server.onExit().join();
    }

    @Test
    void anAppSetsAndGetsAndNobodyDoesWithoutThePassword() throws Exception {
        assertThat(ask(spec, "SET", "greeting", "hello")).isEqualTo("OK");
        assertThat(ask(spec, "GET", "greeting")).isEqualTo("hello");

        int port = Integer.parseInt(spec.secret(Caches.PORT));
        try (RespConnection stranger =
                new RespConnection(SocketChannel.open(new InetSocketAddress("127.0.0.1", port)))) {
            assertThatThrownBy(() -> stranger.ask("GET", "greeting")).hasMessageStartingWith("NOAUTH");
        }
    }

    @Test
    void anAppSeesHowItsCacheDoesAndCannotChangeHowItRuns() throws Exception {
        assertThat(ask(spec, "INFO", "memory")).contains("maxmemory:%d".formatted(64L << 20), "allkeys-lru");
        for (String[] forbidden : new String[][] {
            {"CONFIG", "SET", "dir", "/tmp"},
            {"SHUTDOWN"},
            {"REPLICAOF", "127.0.0.1", "1"},
            {"ACL", "LIST"},
            {"BGSAVE"}
        }) {
            assertThatThrownBy(() -> ask(spec, forbidden)).hasMessageStartingWith("NOPERM");
        }
    }

    @Test
    void aServerThatIsKilledIsThereForTheNextConnectionAndHasForgotten() throws Exception {
        ResourceSpec killed = made(caches, 2, Map.of());
        ask(killed, "SET", "n", "1");
        kill(root.resolve("2"));

        assertThat(ask(killed, "GET", "n")).isEmpty();
        assertThat(caches.glance(killed).state()).isEqualTo("running");
        caches.destroy(killed);
        assertThat(root.resolve("2")).doesNotExist();
    }

    @Test
    void aPersistentOneRemembersWhenItIsStoppedAndTheNextPlatformFindsIt() throws Exception {
        ResourceSpec kept = made(caches, 3, Map.of("persistent", "true"));
        assertThat(kept.setting("eviction")).isEqualTo("noeviction");
        ask(kept, "SET", "n", "1");
        caches.rest(List.of(kept));
        assertThat(caches.glance(kept).state()).isEqualTo("stopped");
        assertThat(ask(kept, "GET", "n")).isEqualTo("1");
        caches.close();

        // A platform that ends leaves the server to the next one.
        caches = open();
        caches.resume(spec);
        caches.resume(kept);
        await().until(() -> Stream.of(spec, kept)
                .allMatch(one -> caches.glance(one).reason().isEmpty()));
        assertThat(caches.glance(kept).state()).isEqualTo("running");
        assertThat(ask(kept, "GET", "n")).isEqualTo("1");
        caches.destroy(kept);
        now = now.plus(Caches.KEPT).plusSeconds(1);
        caches.collect();
    }

    @Test
    void aPersistentOneThatIsDestroyedCanBeHadBackForAWhile() throws Exception {
        ResourceSpec gone = made(caches, 5, Map.of("persistent", "true", "plan", "medium"));
        ask(gone, "SET", "n", "1");
        assertThat(caches.backup(gone)).contains("what it holds, for 30 days");
        assertThat(caches.backup(spec)).isEmpty();
        caches.destroy(gone);

        ResourceKind.Kept kept = caches.kept().getFirst();
        assertThat(kept.name()).isEqualTo("shop-5");
        ResourceSpec wanted = new ResourceSpec(6, "again", caches.settle(kept.settings()), kept.secrets());
        ResourceSpec back = new ResourceSpec(6, "again", wanted.settings(), caches.provision(wanted));
        assertThat(ask(back, "GET", "n")).isEqualTo("1");
        assertThat(back.setting("plan")).isEqualTo("medium");
        assertThat(caches.kept()).isEmpty();

        caches.destroy(back);
        now = now.plus(Caches.KEPT).minusSeconds(1);
        caches.collect();
        assertThat(caches.kept()).hasSize(1);
        now = now.plusSeconds(2);
        caches.collect();
        assertThat(caches.kept()).isEmpty();
    }

    @Test
    void otherSettingsTakeForceAndNothingIsForgotten() throws Exception {
        ResourceSpec grown = made(caches, 4, Map.of());
        ask(grown, "SET", "n", "1");
        ResourceSpec wanted = new ResourceSpec(
                4,
                grown.name(),
                caches.settle(Map.of("plan", "medium", "eviction", "volatile-ttl", "persistent", "true")),
                grown.secrets());

        assertThat(caches.provision(wanted)).isEqualTo(grown.secrets());
        assertThat(ask(wanted, "INFO", "memory")).contains("maxmemory:%d".formatted(256L << 20), "volatile-ttl");
        assertThat(ask(wanted, "GET", "n")).isEqualTo("1");
        assertThat(caches.inspect(wanted).facts()).containsEntry("keys", "1").containsKeys("memory", "hits", "server");

        Objects.requireNonNull(caches.actions().get("flush")).run(wanted);
        assertThat(ask(wanted, "DBSIZE")).isEqualTo("0");
    }

    @Test
    void onlyTheAppsThatHaveItAreLetInAndWhoLosesItIsSentAway() throws Exception {
        InetAddress instance = InetAddress.ofLiteral("127.0.0.1");
        // The door sees an instance where a client of this machine is, by the address that it comes to.
        try (TenantDoor door = new TenantDoor("the cache x", 10, new TenantDoor.Behind() {
            private boolean open = true;

            @Override
            public Optional<String> refusal(InetAddress client) {
                return client.equals(instance) && open ? Optional.empty() : Optional.of("this app does not have it");
            }

            @Override
            public SocketChannel connect() throws IOException {
                open = false;
                return SocketChannel.open(
                        new InetSocketAddress("127.0.0.1", Integer.parseInt(spec.secret(Caches.PORT))));
            }

            @Override
            public byte[] error(String words) {
                return ("-ERR " + words + "\r\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
            }
        })) {
            int port = door.listen(List.of(instance), new java.util.Random(1));
            try (RespConnection inside =
                    new RespConnection(SocketChannel.open(new InetSocketAddress("127.0.0.1", port)))) {
                assertThat(inside.ask("AUTH", "default", spec.secret("password")))
                        .isEqualTo("OK");
                try (RespConnection late =
                        new RespConnection(SocketChannel.open(new InetSocketAddress("127.0.0.1", port)))) {
                    assertThatThrownBy(() -> late.ask("PING")).hasMessage("ERR this app does not have it");
                }
                door.recheck();
                assertThatThrownBy(() -> inside.ask("PING")).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void instancesGetTheGatewaysNameAndTheChiefOneTheShortVar() throws Exception {
        assertThat(caches.bind(spec, new Binding("sessions", true, Map.of())))
                .containsOnlyKeys("REDIS_URL", "REDIS_URL_SESSIONS")
                .allSatisfy((name, url) -> assertThat(url).startsWith("redis://default:"));
        assertThat(caches.vars(new Binding("job-queue", false, Map.of()))).isEqualTo(Set.of("REDIS_URL_JOB_QUEUE"));
    }

    @Test
    void whatItDoesNotKnowIsRefusedWithWhatThereIs() {
        assertThatThrownBy(() -> caches.settle(Map.of("plan", "medum"))).satisfies(e -> {
            assertThat(((StoaException) e).code()).isEqualTo(ErrorCode.BAD_REQUEST);
            assertThat(((StoaException) e).hint()).contains("did you mean \"medium\"?");
        });
        assertThatThrownBy(() -> caches.settle(Map.of("evictoin", "noeviction")))
                .hasMessageContaining("\"evictoin\" is not a setting of caches");
        assertThatThrownBy(() -> caches.settle(Map.of("persistent", "maybe"))).hasMessageContaining("true");
        assertThatThrownBy(() -> caches.settle(Map.of("engine", "memcached"))).hasMessageContaining("no server");
        String other = spec.setting("engine").equals("redis") ? "valkey" : "redis";
        assertThatThrownBy(() -> caches.checkChange(spec, Map.of("engine", other)))
                .hasMessageContaining("does not become another server");
    }
}
