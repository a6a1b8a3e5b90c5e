package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.AppName;
import dev.stoa.api.Certificate;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Requests.AddCertificate;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.certificate.AcmeIssuer;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.Issuer;
import dev.stoa.platform.certificate.LocalAuthority;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.CertificateStore.OrderRow;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificatesTest {
    private static final String HOST = "shop.example.com";

    @TempDir
    static Path temp;

    private static PostgresCluster cluster;
    private static Sql sql;

    private Instant now = Instant.parse("2026-01-01T10:00:00Z");
    private final List<String> ordered = new CopyOnWriteArrayList<>();
    private final List<String> changed = new CopyOnWriteArrayList<>();
    private volatile boolean refuses;
    private volatile Runnable meanwhile = () -> {};
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private LocalAuthority local;
    private Stores stores;
    private AppRow app;
    private Certificates certificates;

    @BeforeAll
    static void open() {
        cluster = PostgresCluster.open(
                temp.resolve("pg"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
        sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
    }

    @AfterAll
    static void close() {
        sql.close();
        cluster.close();
    }

    @BeforeEach
    void starts() {
        sql.jdbi()
                .useHandle(handle -> handle.execute(
                        "truncate apps, certificates, certificate_orders, acme_accounts restart identity cascade"));
        stores = Stores.of(sql.jdbi(), Secrets.open(temp.resolve("secret.key")));
        app = stores.apps().create(new AppName("shop"), now).orElseThrow();
        stores.apps().addDomain(app.id(), HOST);
        local = LocalAuthority.open(temp.resolve("ca"), () -> now);
        certificates = certificates(Optional.of(this::issue));
    }

    private Certificates certificates(Optional<Issuer> issuer) {
        return new Certificates(
                stores,
                "localhost",
                () -> local,
                issuer,
                hosts -> {
                    if (hosts.test(HOST)) {
                        changed.add(HOST);
                    }
                },
                () -> now);
    }

    /** Somebody that the world believes. */
    private CertificateChain issue(String host) throws InterruptedException {
        ordered.add(host);
        gate.await();
        if (refuses) {
            throw new StoaException(ErrorCode.CERTIFICATE_NOT_ISSUED, "the name leads elsewhere", "");
        }
        return LocalAuthority.open(temp.resolve("world"), () -> now).issue(List.of(host));
    }

    private boolean isLocal(String host) {
        X509Certificate shown = certificates.find(host).orElseThrow().chain().getFirst();
        try {
            shown.verify(CertificateChain.parse(local.certificatePem(), keyOfLocal())
                    .leaf()
                    .getPublicKey());
            return true;
        } catch (Exception e) {
            return false;
        }
    }

    private static String keyOfLocal() throws Exception {
        return Files.readString(temp.resolve("ca/ca.key"));
    }

    @Test
    void aDomainIsOrderedForAtItsFirstHandshakeAndOnlyOnce() {
        assertThat(certificates.of(HOST).state()).isEqualTo("pending");
        assertThat(isLocal(HOST)).isFalse();
        assertThat(isLocal(HOST)).isFalse();
        assertThat(ordered).containsExactly(HOST);
        assertThat(changed).isNotEmpty();
        assertThat(certificates.of(HOST))
                .satisfies(shown ->
                        assertThat(shown.source() + " " + shown.state()).isEqualTo("acme valid"));
    }

    @Test
    void nothingIsOrderedForNamesOfNobodyOrOfThisMachine() {
        assertThat(isLocal("other.example.com")).isTrue();
        assertThat(isLocal("shop.localhost")).isTrue();
        assertThat(isLocal("")).isTrue();
        assertThat(ordered).isEmpty();
        assertThatThrownBy(() -> certificates.renew("other.example.com")).hasMessageContaining("leads to no app");
        assertThat(certificates.greets("anything.localhost")).isTrue();
        assertThat(certificates.greets("other.example.com")).isFalse();
    }

    @Test
    void oneOrderAtATimeForAHost() throws Exception {
        gate = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> certificates.find(HOST));
        Awaitility.await().until(() -> ordered.contains(HOST));
        Thread second = Thread.ofVirtual().start(() -> certificates.find(HOST));
        assertThat(certificates.of(HOST).state()).isEqualTo("ordering");
        gate.countDown();
        second.join();
        assertThat(isLocal(HOST)).isFalse();
        assertThat(ordered).containsExactly(HOST);
    }

    @Test
    void afterAFailureItWaitsLongerEachTimeAlsoOverARestart() {
        refuses = true;
        assertThat(isLocal(HOST)).isTrue();
        assertThat(isLocal(HOST)).isTrue();
        assertThat(ordered).hasSize(1);
        Certificate failed = certificates.of(HOST);
        assertThat(failed.state()).isEqualTo("failed");
        assertThat(failed.detail()).contains("the name leads elsewhere").contains("2026-01-01T10:01:00Z");

        certificates = certificates(Optional.of(this::issue));
        now = now.plusSeconds(59);
        certificates.lookNow();
        assertThat(ordered).hasSize(1);
        now = now.plusSeconds(1);
        certificates.lookNow();
        Awaitility.await()
                .until(() -> stores.certificates().order(HOST).orElseThrow().failures() == 2);
        assertThat(stores.certificates().order(HOST).orElseThrow().nextAt()).isEqualTo(now.plusSeconds(240));

        refuses = false;
        now = now.plusSeconds(240);
        lookUntil(() -> certificates.of(HOST).state().equals("valid"));
        assertThat(stores.certificates().orders()).isEmpty();
    }

    @Test
    void theWaitGrowsFromAMinuteToADay() {
        assertThat(List.of(1, 2, 3, 6, 7, 100).stream()
                        .map(CertificateOrders::retryAfter)
                        .map(Duration::toMinutes))
                .containsExactly(1L, 4L, 16L, 1024L, 1440L, 1440L);
    }

    @Test
    void aCertificateIsRenewedAtTwoThirdsOfItsLifeAndTheOldOneServesUntilThen() {
        assertThat(isLocal(HOST)).isFalse();
        now = now.plus(Duration.ofDays(59));
        certificates.lookNow();
        assertThat(ordered).hasSize(1);

        now = now.plus(Duration.ofDays(2));
        refuses = true;
        lookUntil(() -> !stores.certificates().orders().isEmpty());
        assertThat(ordered).hasSize(2);
        assertThat(certificates.of(HOST).detail()).contains("cannot be renewed");
        assertThat(isLocal(HOST)).as("the old one is good still").isFalse();

        refuses = false;
        now = now.plus(Duration.ofMinutes(1));
        changed.clear();
        lookUntil(() -> !changed.isEmpty());
        assertThat(ordered).hasSize(3);
        assertThat(certificates.of(HOST).expiresAt().orElseThrow()).isAfter(now.plus(Duration.ofDays(89)));
    }

    /** As the platform does once a minute, but all the time. */
    private void lookUntil(Callable<Boolean> end) {
        Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> {
            certificates.lookNow();
            return end.call();
        });
    }

    @Test
    void whoLookedBeforeAnOrderEndedDoesNotOrderOnceMore() {
        stores.certificates().failed(new OrderRow(HOST, 1, "the name leads elsewhere", now));
        CertificateOrders orders = orders(
                host -> {
                    meanwhile.run();
                    return true;
                },
                () -> now);
        // All that is due has been looked up by then, and nothing of it has been ordered.
        meanwhile = () -> assertThat(orders.order(HOST).join()).isEmpty();
        orders.orderDue();
        assertThat(orders.isGoing(HOST)).isFalse();
        assertThat(ordered).containsExactly(HOST);
    }

    @Test
    void anOrderThatFailedIsOverWhenItsFailureIsWrittenDown() {
        refuses = true;
        List<Boolean> going = new CopyOnWriteArrayList<>();
        CertificateOrders orders = orders(host -> true, () -> {
            meanwhile.run();
            return now;
        });
        meanwhile = () -> {
            if (!ordered.isEmpty() && stores.certificates().order(HOST).isEmpty()) {
                going.add(orders.isGoing(HOST));
            }
        };
        assertThat(orders.orderInTime(HOST).join()).isPresent();
        assertThat(going).isNotEmpty().doesNotContain(false);
        assertThat(orders.isGoing(HOST)).isFalse();
        assertThat(orders.orderInTime(HOST).join()).as("not yet").isEmpty();
        assertThat(ordered).containsExactly(HOST);
    }

    private CertificateOrders orders(Predicate<String> known, InstantSource clock) {
        return new CertificateOrders(stores.certificates(), this::issue, known, host -> {}, clock);
    }

    @Test
    void aDomainThatIsGoneIsNotRenewed() {
        assertThat(isLocal(HOST)).isFalse();
        stores.apps().removeDomain(app.id(), HOST);
        now = now.plus(Duration.ofDays(70));
        certificates.lookNow();
        now = now.plus(Duration.ofDays(30));
        certificates.lookNow();
        assertThat(ordered).hasSize(1);
        assertThat(certificates.list()).isEmpty();
    }

    @Test
    void theOneThatSomebodyBringsWinsAndItsKeyIsSealed() throws Exception {
        assertThat(isLocal(HOST)).isFalse();
        CertificateChain own = local.issue(List.of("*.example.com"));
        Certificate added = certificates.add(new AddCertificate("*.EXAMPLE.com", own.chainPem(), own.keyPem()));
        assertThat(added.host()).isEqualTo("*.example.com");
        assertThat(isLocal(HOST)).isTrue();
        assertThat(certificates.of(HOST).source()).isEqualTo("own");
        byte[] stored = sql.jdbi()
                .withHandle(handle -> handle.createQuery("select key from certificates where source = 'own'")
                        .mapTo(byte[].class)
                        .one());
        assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("PRIVATE");

        now = now.plus(Duration.ofDays(80));
        assertThat(certificates.of(HOST).state()).isEqualTo("expiring");
        certificates.remove("*.example.com");
        assertThat(isLocal(HOST)).isFalse();
        assertThatThrownBy(() -> certificates.remove("*.example.com")).hasMessageContaining("no certificate");
    }

    @Test
    void withoutAnAuthorityThePlatformsOwnVouchesForAll() {
        certificates = certificates(Optional.empty());
        assertThat(isLocal(HOST)).isTrue();
        assertThat(certificates.list()).singleElement().satisfies(shown -> {
            assertThat(shown.state()).isEqualTo("local");
            assertThat(shown.detail()).contains("--acme-email");
        });
        assertThatThrownBy(() -> certificates.renew(HOST)).hasMessageContaining("asks no authority");
    }

    @Test
    void anAccountKeepsItsKey() {
        var first = stores.certificates().accountKey("https://a/dir", AcmeIssuer::newAccountKey);
        var again = stores.certificates().accountKey("https://a/dir", AcmeIssuer::newAccountKey);
        assertThat(again.getPublic()).isEqualTo(first.getPublic());
        assertThat(stores.certificates()
                        .accountKey("https://b/dir", AcmeIssuer::newAccountKey)
                        .getPublic())
                .isNotEqualTo(first.getPublic());
    }
}
