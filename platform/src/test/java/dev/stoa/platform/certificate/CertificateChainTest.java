package dev.stoa.platform.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateChainTest {
    private static final Instant NOW = Instant.parse("2026-01-01T10:00:00Z");

    @TempDir
    Path folder;

    private LocalAuthority authority;
    private CertificateChain shop;

    @BeforeEach
    void issues() {
        authority = LocalAuthority.open(folder, InstantSource.fixed(NOW));
        shop = authority.issue(List.of("shop.example.com", "*.example.com", "127.0.0.1"));
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        CertificateChain read = CertificateChain.parse("a comment\r\n" + shop.chainPem() + "\r\n", shop.keyPem());
        assertThat(read.certificates()).isEqualTo(shop.certificates());
        assertThat(read.names()).containsExactly("shop.example.com", "*.example.com");
        assertThatCode(() -> read.requireGood("shop.example.com", NOW)).doesNotThrowAnyException();
        assertThat(read.toString()).doesNotContain("PRIVATE");
    }

    @Test
    void aWildcardCoversOneLabel() {
        assertThat(shop.covers("a.example.com")).isTrue();
        assertThat(shop.covers("*.example.com")).isTrue();
        assertThat(shop.covers("a.b.example.com")).isFalse();
        assertThat(shop.covers("example.com")).isFalse();
        assertThat(shop.covers("badexample.com")).isFalse();
    }

    @Test
    void aChainIsInOrderAndTheKeyIsThatOfTheFirst() {
        String root = authority.certificatePem();
        assertThatCode(() -> CertificateChain.parse(shop.chainPem() + root, shop.keyPem()))
                .doesNotThrowAnyException();
        refused(root + shop.chainPem(), shop.keyPem(), "not in order: the key is that of shop.example.com");
        refused(shop.chainPem() + shop.chainPem(), shop.keyPem(), "is followed by shop.example.com");
        CertificateChain other = authority.issue(List.of("other.example.com"));
        refused(shop.chainPem(), other.keyPem(), "not the one of the certificate of shop.example.com");
    }

    @Test
    void whatCannotBeReadIsSaidInWords() throws Exception {
        refused("", shop.keyPem(), "holds no certificate");
        refused(shop.keyPem(), shop.chainPem(), "holds no certificate");
        refused(shop.chainPem().substring(0, 100), shop.keyPem(), "damaged or cut short");
        refused(shop.chainPem().replaceFirst("MII", "AAA"), shop.keyPem(), "damaged or cut short");
        refused(shop.chainPem(), "", "no private key");
        refused(shop.chainPem(), shop.keyPem().substring(0, 60), "key cannot be read", "no private key");
        refused(shop.chainPem(), shop.keyPem().replace("PRIVATE", "ENCRYPTED PRIVATE"), "encrypted", "cannot be read");
        String edwards = Pem.written(
                KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate());
        refused(shop.chainPem(), edwards, "neither an RSA nor an EC key");
        refused("x".repeat(300_000), shop.keyPem(), "larger than 256 KB");
    }

    private static void refused(String chain, String key, String... anyOf) {
        assertThatThrownBy(() -> CertificateChain.parse(chain, key)).isInstanceOfSatisfying(StoaException.class, e -> {
            assertThat(e.code().code()).isEqualTo("bad_certificate");
            assertThat(e.hint()).isPresent();
            assertThat(anyOf).anySatisfy(text -> assertThat(e.message()).contains(text));
        });
    }

    @Test
    void aCertificateIsForItsHostsAndItsTime() {
        assertThatThrownBy(() -> shop.requireGood("other.org", NOW)).hasMessageContaining("not for other.org");
        assertThatThrownBy(() -> shop.requireGood("shop.example.com", NOW.plus(Duration.ofDays(91))))
                .hasMessageContaining("expired at");
        assertThatThrownBy(() -> shop.requireGood("shop.example.com", NOW.minus(Duration.ofDays(1))))
                .hasMessageContaining("not valid before");
        CertificateFacts facts = CertificateFacts.of(shop.chainPem());
        assertThat(facts.issuer()).startsWith("Stoa local authority");
        assertThat(facts.renewAt()).isBetween(NOW.plus(Duration.ofDays(59)), NOW.plus(Duration.ofDays(61)));
    }

    @Test
    void theAuthorityIsTheSameNextTimeAndItsKeyIsNobodyElses() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("ca.key"))))
                .isEqualTo("rw-------");
        LocalAuthority again = LocalAuthority.open(folder, InstantSource.fixed(NOW));
        assertThat(again.fingerprint()).isEqualTo(authority.fingerprint());
        LocalAuthority decadesLater = LocalAuthority.open(folder, InstantSource.fixed(NOW.plus(Duration.ofDays(3640))));
        assertThat(decadesLater.fingerprint()).isNotEqualTo(authority.fingerprint());

        Files.setPosixFilePermissions(folder.resolve("ca.key"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> LocalAuthority.open(folder, InstantSource.fixed(NOW)))
                .hasMessageContaining("can be read by others");
        Files.delete(folder.resolve("ca.key"));
        assertThatThrownBy(() -> LocalAuthority.open(folder, InstantSource.fixed(NOW)))
                .hasMessageContaining("has lost its key");
    }
}
