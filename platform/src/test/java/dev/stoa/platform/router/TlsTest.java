package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ManifestFile;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.LocalAuthority;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
    private static final String SHOP = "shop.localhost";

    @TempDir
    static Path folder;

    private static LocalAuthority authority;

    private final FakeInstance instance = new FakeInstance("web.1", TlsTest::tellHead);
    private final Identities identities = new Identities();
    private TestRouter router = new TestRouter();
    private TlsClient client;

    /** Gives each host a certificate of its own, and remembers who was asked for. */
    private static final class Identities implements IdentitySource {
        private final Queue<String> asked = new ConcurrentLinkedQueue<>();

        private volatile Duration takes = Duration.ZERO;
        private volatile CompletableFuture<?> gate = CompletableFuture.completedFuture(null);

        @Override
        public Optional<ServerIdentity> find(String host) {
            asked.add(host);
            LockSupport.parkNanos(takes.toNanos());
            gate.join();
            return host.startsWith("broken.") ? Optional.empty() : Optional.of(identity(host));
        }

        @Override
        public boolean greets(String host) {
            return host.endsWith(".localhost");
        }
    }

    @BeforeAll
    static void opensTheAuthority() {
        authority = LocalAuthority.open(folder, InstantSource.system());
    }

    private static ServerIdentity identity(String host) {
        CertificateChain chain = authority.issue(List.of(host.isEmpty() ? "default.localhost" : host));
        return new ServerIdentity(chain.certificates(), chain.key());
    }

    /** Answers every request with its own head as the body. */
    private static void tellHead(Conversation client) {
        for (String head = client.readHead(); !head.isEmpty(); head = client.readHead()) {
            client.write("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s".formatted(head.length(), head));
        }
    }

    @BeforeEach
    void listens() {
        listen(TestRouter.CONFIG);
    }

    private void listen(RouterConfig config) {
        router.close();
        router = new TestRouter(config);
        router.route(instance);
        router.router.startSecure(0, identities);
        client = new TlsClient(router.router.securePort());
    }

    @AfterEach
    void closes() {
        router.close();
        instance.close();
    }

    private void route(EdgePolicy edge) {
        router.router.update(new RouteTable(
                Map.of(SHOP, new Route("shop", List.of(instance.upstream()), "", edge, BalancePolicy.DEFAULT))));
    }

    @Test
    void anAppHearsThatTheRequestCameByHttps() throws Exception {
        try (TlsClient.Shaken shop = client.shake(SHOP)) {
            assertThat(shop.names()).containsExactly(SHOP);
            assertThat(shop.conversation().get(SHOP, "/a").readMessage())
                    .contains("200 OK")
                    .contains("x-forwarded-proto: https")
                    .contains("x-forwarded-port: " + router.router.securePort());
            assertThat(shop.conversation().get(SHOP, "/b").readMessage()).contains("GET /b");
        }
        assertThat(router.get("/")).contains("x-forwarded-proto: http\r\n");
    }

    @Test
    void bothVersionsOfTlsAreSpokenAndNoOlderOne() throws Exception {
        try (TlsClient.Shaken shop = client.speaking("TLSv1.2").shake(SHOP)) {
            assertThat(shop.session().getProtocol()).isEqualTo("TLSv1.2");
            assertThat(shop.session().getCipherSuite()).contains("ECDHE").contains("GCM");
        }
        try (TlsClient.Shaken shop =
                client.speaking("TLSv1.3").offering("h3", "http/1.1").shake(SHOP)) {
            assertThat(shop.session().getProtocol()).isEqualTo("TLSv1.3");
            assertThat(shop.socket().getApplicationProtocol()).isEqualTo("http/1.1");
        }
        assertThat(raw(clientHello(0x0302))).as("an alert").startsWith(21, 3);
    }

    /** A client hello of an old client: version, and the one cipher AES128-SHA without forward secrecy. */
    private static byte[] clientHello(int version) {
        java.io.ByteArrayOutputStream body = new java.io.ByteArrayOutputStream();
        body.write(version >> 8);
        body.write(version);
        body.writeBytes(new byte[32]);
        body.writeBytes(new byte[] {0, 0, 2, 0, 0x2f, 1, 0});
        int length = body.size();
        java.io.ByteArrayOutputStream record = new java.io.ByteArrayOutputStream();
        record.writeBytes(new byte[] {22, 3, 1, 0, (byte) (length + 4), 1, 0, 0, (byte) length});
        record.writeBytes(body.toByteArray());
        return record.toByteArray();
    }

    private byte[] raw(byte[] bytes) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), router.router.securePort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(bytes);
            return socket.getInputStream().readAllBytes();
        }
    }

    @Test
    void aClientOfHttp2GetsIt() throws Exception {
        router.router.update(new RouteTable(Map.of("localhost", new Route("shop", List.of(instance.upstream()), ""))));
        URI uri = URI.create("https://localhost:" + router.router.securePort() + "/two");
        try (HttpClient two = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(client.context())
                .build()) {
            HttpResponse<String> answer = two.send(
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(answer.body()).contains("GET /two").contains("x-forwarded-proto: https");
        }
    }

    @Test
    void aHostIsAskedForOnceUntilItsIdentityChanges() throws Exception {
        try (TlsClient.Shaken before = client.shake(SHOP)) {
            new TlsClient(router.router.securePort()).shake(SHOP).close();
            assertThat(identities.asked).containsOnlyOnce(SHOP);

            router.router.identityChanged(SHOP::equals);
            try (TlsClient.Shaken after = new TlsClient(router.router.securePort()).shake(SHOP)) {
                assertThat(after.certificate()).isNotEqualTo(before.certificate());
            }
            assertThat(before.conversation().get(SHOP, "/still").readMessage()).contains("GET /still");
        }
    }

    @Test
    void unknownHostsAreTurnedAwayByNameAndNobodyIsAskedForThem() {
        assertThatThrownBy(() -> client.shake("evil.example.com"))
                .isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("unrecognized_name");
        assertThat(identities.asked).doesNotContain("evil.example.com");
    }

    @Test
    void aNameBelowThePlatformsOwnThatNoAppHasIsToldSo() throws Exception {
        try (TlsClient.Shaken nobody = client.shake("shpo.localhost")) {
            assertThat(nobody.names()).containsExactly("default.localhost");
            assertThat(nobody.conversation().get("shpo.localhost", "/").readMessage())
                    .contains("404")
                    .contains("no_app");
        }
        try (TlsClient.Shaken silent = client.shake("")) {
            assertThat(silent.names()).containsExactly("default.localhost");
        }
        assertThat(identities.asked).doesNotContain("shpo.localhost");
    }

    @Test
    void aHostWithoutACertificateIsAskedForAgain() throws Exception {
        router.router.update(
                new RouteTable(Map.of("broken.example.com", new Route("shop", List.of(instance.upstream()), ""))));
        assertThatThrownBy(() -> client.shake("broken.example.com")).isInstanceOf(SSLException.class);
        assertThatThrownBy(() -> client.shake("broken.example.com")).isInstanceOf(SSLException.class);
        assertThat(identities.asked.stream().filter("broken.example.com"::equals))
                .hasSize(2);
    }

    @Test
    void aHandshakeThatNeverEndsCostsItsConnectionOnly() throws Exception {
        listen(TestRouter.CONFIG.withTimes(TestRouter.CONFIG.times().withHandshake(Duration.ofMillis(300))));
        byte[] hello = clientHello(0x0303);
        try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), router.router.securePort());
                Socket slow = new Socket(InetAddress.getLoopbackAddress(), router.router.securePort());
                TlsClient.Shaken shop = client.shake(SHOP)) {
            slow.getOutputStream().write(hello, 0, 20);
            assertThat(endsWithin(silent)).isTrue();
            assertThat(endsWithin(slow)).isTrue();
            assertThat(shop.conversation().get(SHOP, "/").readMessage()).contains("200 OK");
        }
    }

    @Test
    void theTimeThatACertificateTakesIsNotTheClients() throws Exception {
        listen(TestRouter.CONFIG.withTimes(TestRouter.CONFIG.times().withHandshake(Duration.ofMillis(500))));
        identities.takes = Duration.ofMillis(700);
        try (TlsClient.Shaken shop = client.shake(SHOP)) {
            assertThat(shop.conversation().get(SHOP, "/").readMessage()).contains("200 OK");
        }
    }

    private static boolean endsWithin(Socket socket) throws Exception {
        socket.setSoTimeout(5000);
        InputStream in = socket.getInputStream();
        return in.read() < 0;
    }

    @Test
    void plainHttpIsToldThatThisIsNoPlaceForIt() throws Exception {
        byte[] answer = raw("GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(new String(answer, StandardCharsets.US_ASCII))
                .startsWith("HTTP/1.1 400 Bad Request")
                .endsWith("https://...");
        assertThat(raw(new byte[] {22, 3, 1, 0, 5, 1, 0, 0, 1, 0})).isNotNull();
    }

    @Test
    void aClientThatComesBackSkipsHalfOfTheHandshake() throws Exception {
        for (String version : List.of("TLSv1.3", "TLSv1.2")) {
            TlsClient again = new TlsClient(router.router.securePort()).speaking(version);
            try (TlsClient.Shaken first = again.shake(SHOP)) {
                first.session().putValue("mark", version);
                first.conversation().get(SHOP, "/").readMessage();
            }
            try (TlsClient.Shaken second = again.shake(SHOP)) {
                assertThat(second.session().getValue("mark")).as(version).isEqualTo(version);
                second.conversation().get(SHOP, "/").readMessage();
            }
            router.router.identityChanged(SHOP::equals);
            try (TlsClient.Shaken third = again.shake(SHOP)) {
                assertThat(third.session().getValue("mark")).as(version).isEqualTo(version);
            }
        }
    }

    @Test
    void anAnswerThatEndsWithItsConnectionEndsProperly() throws Exception {
        try (TlsClient.Shaken shop = client.shake(SHOP)) {
            shop.conversation().write("GET / HTTP/1.0\r\nHost: shop.localhost\r\n\r\n");
            byte[] all = shop.socket().getInputStream().readAllBytes();
            assertThat(new String(all, StandardCharsets.ISO_8859_1)).contains("200 OK");
        }
        try (TlsClient.Shaken shop = client.shake(SHOP)) {
            // Refused while the body still comes: the router says its last word and reads on.
            shop.conversation().write("POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 9\r\n\r\n123");
            byte[] all = shop.socket().getInputStream().readAllBytes();
            assertThat(new String(all, StandardCharsets.ISO_8859_1)).contains("400 Bad Request");
        }
    }

    @Test
    void anAuthorityFindsItsProofs() throws Exception {
        router.router.answerProof("token-1", "token-1.thumb");
        try (Conversation plain = router.connect()) {
            String answer =
                    plain.get(SHOP, "/.well-known/acme-challenge/token-1").readMessage();
            assertThat(answer).contains("200 OK").endsWith("token-1.thumb");
            assertThat(plain.get(SHOP, "/.well-known/acme-challenge/other").readMessage())
                    .as("an app may have its own")
                    .contains("GET /.well-known/acme-challenge/other");
            assertThat(plain.get("unknown.example.com", "/.well-known/acme-challenge/token-1")
                            .readMessage())
                    .endsWith("token-1.thumb");
        }
        router.router.showProof(SHOP, identity("proof.example.com"));
        try (TlsClient.Shaken looking = client.offering("acme-tls/1").shake(SHOP)) {
            assertThat(looking.names()).containsExactly("proof.example.com");
            assertThat(looking.socket().getApplicationProtocol()).isEqualTo("acme-tls/1");
            assertThat(looking.conversation().readByte())
                    .as("nothing more to say")
                    .isNegative();
        }
        try (TlsClient.Shaken visitor =
                new TlsClient(router.router.securePort()).offering("http/1.1").shake(SHOP)) {
            assertThat(visitor.names()).containsExactly(SHOP);
        }
        router.router.withdrawProof("token-1", SHOP);
        assertThat(router.get("/.well-known/acme-challenge/token-1")).contains("GET /.well-known");
        assertThatThrownBy(() -> client.offering("acme-tls/1").shake(SHOP)).isInstanceOf(SSLException.class);
    }

    @Test
    void anAppThatWantsHttpsOnlyGetsNoOtherRequests() throws Exception {
        route(httpsOnly());
        int port = router.router.securePort();
        try (Conversation plain = router.connect()) {
            assertThat(plain.get(SHOP, "/a?b=%20c").readMessage())
                    .startsWith("HTTP/1.1 308")
                    // Without a port it came by 80, which is forwarded here; and so is 443.
                    .contains("location: https://shop.localhost/a?b=%20c\r\n")
                    .doesNotContain("strict-transport-security");
            plain.write("POST /x HTTP/1.1\r\nHost: shop.localhost:8080\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(plain.readMessage()).contains("location: https://shop.localhost:%d/x\r\n".formatted(port));
        }
        try (Conversation plain = router.connect()) {
            plain.write("GET //evil.example.com/ HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
            assertThat(plain.readMessage()).contains("location: https://shop.localhost//evil.");
        }
        router.router.publicSecurePort(9443);
        try (Conversation plain = router.connect()) {
            assertThat(plain.get(SHOP, "/").readMessage()).contains("location: https://shop.localhost:9443/\r\n");
        }
        assertThat(router.router.inFlight(instance.address())).isZero();
        try (TlsClient.Shaken shop = client.shake(SHOP)) {
            assertThat(shop.conversation().get(SHOP, "/").readMessage())
                    .contains("200 OK")
                    .contains("strict-transport-security: max-age=31536000\r\n");
        }
    }

    private static EdgePolicy httpsOnly() {
        return new EdgePolicy(
                ManifestFile.parse("[edge]\nhttps = \"redirect\"\nhsts = \"1y\"\n", "stoa.toml")
                        .edge(),
                Optional.empty(),
                false,
                Map.of(),
                "v1");
    }

    @Test
    void aRouterThatClosesDoesNotWaitForHandshakes() throws Exception {
        TestRouter closing = new TestRouter(TestRouter.closingFor(Duration.ofDays(1)));
        closing.router.startSecure(0, identities);
        identities.gate = new CompletableFuture<>();
        try (Socket waiting = new Socket(InetAddress.getLoopbackAddress(), closing.router.securePort())) {
            waiting.getOutputStream().write(clientHello(0x0303));
            Awaitility.await().until(() -> identities.asked.contains(IdentitySource.NO_HOST));
            assertThat(CompletableFuture.runAsync(closing::close)).succeedsWithin(Duration.ofSeconds(30));
            assertThat(endsWithin(waiting)).isTrue();
        } finally {
            identities.gate.complete(null);
        }
    }
}
