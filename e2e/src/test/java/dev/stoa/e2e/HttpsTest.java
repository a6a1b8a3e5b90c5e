package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class HttpsTest {
    @TempDir
    static Path folder;

    private static Stoa stoa;
    private static Pebble pebble;

    @BeforeAll
    static void up() throws Exception {
        int http = Ports.free();
        int https = Ports.free();
        pebble = Pebble.forCustomers(http, https);
        Path key = Files.createFile(
                folder.resolve("eab.key"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(key, Pebble.CUSTOMER_KEY);
        stoa = Stoa.upIn(
                Files.createTempDirectory("stoa-https"),
                http,
                https,
                List.of(
                        "--acme-directory",
                        pebble.directory(),
                        "--acme-email",
                        "me@example.com",
                        "--acme-eab",
                        Pebble.CUSTOMER + ":" + key,
                        "--acme-ca",
                        Pebble.authority().toString()));
        Path site = Files.createDirectory(folder.resolve("shop"));
        Files.writeString(site.resolve("index.html"), "hello");
        Files.writeString(
                site.resolve("stoa.toml"),
                "domains = [\"Müller.Example.com\"]\n[edge]\nhttps = \"redirect\"\nhsts = \"1y\"\n");
        stoa.ok("deploy", site.toString());
        stoa.ok("domains", "add", "Shop.EXAMPLE.com.", "-a", "shop");
    }

    @AfterAll
    static void down() {
        if (stoa != null) {
            stoa.close();
        }
        if (pebble != null) {
            pebble.close();
        }
    }

    private static Visit visit(String host) throws IOException {
        return Visit.to(stoa.httpsPort(), host, "/");
    }

    @Test
    void aNameBelowLocalhostIsVouchedForByThePlatformsOwnAuthority() throws Exception {
        Path authority = Path.of(stoa.json("status").path("authority").asString());
        Visit shop = Visit.to(stoa.httpsPort(), "shop.localhost", "/", authority);

        assertThat(shop.answer())
                .startsWith("HTTP/1.1 200")
                .contains("strict-transport-security: max-age=31536000\r\n")
                .endsWith("hello");
        assertThat(stoa.ok("certs", "trust").out()).contains(authority.toString(), "update-ca-certificates");
        assertThat(stoa.json("status").path("https").asString()).isEqualTo("https://*.localhost:" + stoa.httpsPort());
    }

    @Test
    void anAppThatWantsHttpsOnlySendsPlainRequestsThere() {
        var answer = stoa.get("shop", "/a?b=c");
        assertThat(answer.statusCode()).isEqualTo(308);
        assertThat(answer.headers().firstValue("location"))
                .hasValue("https://shop.localhost:%d/a?b=c".formatted(stoa.httpsPort()));
    }

    @Test
    void aDomainGetsItsCertificateAtTheFirstRequestAndKeepsIt() throws Exception {
        assertThat(domain("shop.example.com").path("certificate").path("state").asString())
                .isIn("pending", "valid");
        Awaitility.await()
                .atMost(Duration.ofSeconds(40))
                .untilAsserted(
                        () -> assertThat(visit("shop.example.com").issuer()).contains("Pebble"));
        Visit first = visit("shop.example.com");
        assertThat(first.answer()).startsWith("HTTP/1.1 200").endsWith("hello");

        JsonNode certificate = domain("shop.example.com").path("certificate");
        assertThat(certificate.path("state").asString()).isEqualTo("valid");
        assertThat(certificate.path("source").asString()).isEqualTo("acme");
        assertThat(stoa.ok("certs").out()).contains("shop.example.com", "Pebble", "valid");

        stoa.ok("certs", "renew", "Shop.example.com");
        assertThat(visit("shop.example.com").certificate()).isNotEqualTo(first.certificate());
    }

    @Test
    void aDomainBeyondAsciiIsServedByTheNameThatBrowsersSend() {
        String sent = "xn--mller-kva.example.com";
        Awaitility.await()
                .atMost(Duration.ofSeconds(40))
                .untilAsserted(() -> assertThat(visit(sent).issuer()).contains("Pebble"));
        assertThat(domain(sent).path("certificate").path("state").asString()).isEqualTo("valid");
    }

    @Test
    void nothingIsOrderedForNamesThatLeadToNoApp() {
        assertThatThrownBy(() -> visit("evil.example.org")).isInstanceOf(SSLException.class);
        assertThat(stoa.run("certs", "renew", "evil.example.org").err()).contains("leads to no app");
        assertThat(pebble.log()).doesNotContain("evil.example.org");
    }

    @Test
    void whereTheHttpPortIsOutOfReachTheHttpsPortOfARouterOfItsOwnProvesTheHost() throws Exception {
        int http = Ports.free();
        int https = Ports.free();
        Path state = Files.createTempDirectory("router").resolve("state.json");
        Path out = Files.createTempFile("router", ".out");
        try (Pebble blind = new Pebble(Ports.free(), https);
                Stoa other = Stoa.upIn(
                        Files.createTempDirectory("stoa-alpn"),
                        http,
                        https,
                        List.of("--no-router", "--acme-directory", blind.directory()))) {
            Process router = other.start(
                    Path.of("."),
                    out,
                    out,
                    "router",
                    "--http-port",
                    "" + http,
                    "--https-port",
                    "" + https,
                    "--url",
                    "http://127.0.0.1:" + other.apiPort(),
                    "--state",
                    state.toString());
            try {
                // The router knows the platform's domain as soon as it follows the certificates.
                Awaitility.await()
                        .atMost(Duration.ofSeconds(40))
                        .ignoreExceptions()
                        .until(() -> Visit.to(https, "nobody.localhost", "/")
                                .answer()
                                .startsWith("HTTP/1.1 404"));
                proveByHttps(other, blind, https);
            } finally {
                router.destroyForcibly().onExit().join();
            }
        }
    }

    private static void proveByHttps(Stoa other, Pebble blind, int https) throws Exception {
        other.ok("apps", "create", "shop");
        other.ok("domains", "add", "alpn.example.com", "-a", "shop");
        other.ok("certs", "renew", "alpn.example.com");
        assertThat(blind.log()).contains("set INVALID by").contains("set VALID by");
        assertThat(Visit.to(https, "alpn.example.com", "/").issuer()).contains("Pebble");

        blind.stop();
        other.ok("domains", "add", "late.example.com", "-a", "shop");
        assertThat(other.run("certs", "renew", "late.example.com").err()).contains("cannot be reached");
        assertThat(other.ok("certs").out()).contains("late.example.com", "failed", "next try at");
        assertThat(Visit.to(https, "late.example.com", "/").issuer()).contains("Stoa");
    }

    @Test
    void aCertificateThatSomebodyBringsIsShownUntilItIsRemoved() throws Exception {
        stoa.ok("domains", "add", "own.example.com", "-a", "shop");
        Path key = folder.resolve("own.key");
        Path chain = folder.resolve("own.pem");
        Certificates.make("own.example.com", chain, key);

        Stoa.Result wrong =
                stoa.run("certs", "add", "other.example.com", "--cert", chain.toString(), "--key", key.toString());
        assertThat(wrong.status()).isEqualTo(1);
        assertThat(wrong.err()).contains("not for other.example.com");

        stoa.ok("certs", "add", "own.example.com", "--cert", chain.toString(), "--key", key.toString());
        assertThat(Visit.to(stoa.httpsPort(), "own.example.com", "/", chain).answer())
                .endsWith("hello");
        assertThat(stoa.run("certs", "--json").out()).doesNotContain("PRIVATE");
        stoa.ok("certs", "remove", "own.example.com");
        assertThat(visit("own.example.com").issuer()).doesNotContain("CN=own.example.com");
    }

    private static JsonNode domain(String name) {
        for (JsonNode domain : stoa.json("domains", "-a", "shop")) {
            if (domain.path("name").asString().equals(name)) {
                return domain;
            }
        }
        throw new AssertionError("no domain " + name);
    }
}
