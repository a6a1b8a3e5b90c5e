package dev.stoa.platform.control;

import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.certificate.CertificateChain;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/** Certificates with their keys, sealed at rest, and how orders of them went. */
final class CertificateStore {
    private final Jdbi jdbi;
    private final Secrets secrets;

    CertificateStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    /** Where a certificate came from. */
    enum Source {
        OWN,
        ACME;

        String written() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param chain in PEM form */
    record CertificateRow(String host, String source, String chain) {}

    /** @param failures in a row */
    record OrderRow(String host, int failures, String reason, Instant nextAt) {}

    /** With a certificate an order for the host has come to its end, whatever befell it before. */
    void put(String host, Source source, CertificateChain chain, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        with over as (delete from certificate_orders where host = :host)
                        insert into certificates (host, source, chain, key, added_at)
                        values (:host, :source, :chain, :key, :now)
                        on conflict (host, source)
                        do update set chain = excluded.chain, key = excluded.key, added_at = excluded.added_at
                        """)
                .bind("host", host)
                .bind("source", source.written())
                .bind("chain", chain.chainPem())
                .bind("key", secrets.seal(chain.keyPem().getBytes(StandardCharsets.UTF_8)))
                .bind("now", now)
                .execute());
    }

    /** With its key. */
    Optional<CertificateChain> find(String host, Source source) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select chain, key from certificates where host = :host and source = :source")
                .bind("host", host)
                .bind("source", source.written())
                .map((row, context) -> CertificateChain.parse(
                        row.getString(1), new String(secrets.open(row.getBytes(2)), StandardCharsets.UTF_8)))
                .findOne());
    }

    /** Without keys; by host, those that were brought first. */
    List<CertificateRow> all() {
        return jdbi.withHandle(
                handle -> handle.createQuery("select host, source, chain from certificates order by host, source desc")
                        .map(ConstructorMapper.of(CertificateRow.class))
                        .list());
    }

    boolean remove(String host, Source source) {
        return jdbi.withHandle(
                handle -> handle.createUpdate("delete from certificates where host = :host and source = :source")
                                .bind("host", host)
                                .bind("source", source.written())
                                .execute()
                        > 0);
    }

    List<OrderRow> orders() {
        return jdbi.withHandle(
                handle -> handle.createQuery("select host, failures, reason, next_at from certificate_orders")
                        .map(ConstructorMapper.of(OrderRow.class))
                        .list());
    }

    Optional<OrderRow> order(String host) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select host, failures, reason, next_at from certificate_orders where host = :host")
                .bind("host", host)
                .map(ConstructorMapper.of(OrderRow.class))
                .findOne());
    }

    void failed(OrderRow order) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into certificate_orders (host, failures, reason, next_at)
                        values (:host, :failures, :reason, :nextAt)
                        on conflict (host) do update
                        set failures = excluded.failures, reason = excluded.reason, next_at = excluded.next_at
                        """)
                .bind("host", order.host())
                .bind("failures", order.failures())
                .bind("reason", order.reason())
                .bind("nextAt", order.nextAt())
                .execute());
    }

    void forgetOrder(String host) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from certificate_orders where host = :host")
                .bind("host", host)
                .execute());
    }

    /** The key of the account with an authority; the given one becomes it if there is none. */
    KeyPair accountKey(String directory, Supplier<KeyPair> made) {
        return account(directory).orElseGet(() -> {
            KeyPair pair = made.get();
            jdbi.useHandle(handle -> handle.createUpdate("""
                            insert into acme_accounts (directory, public_key, key) values (:directory, :public, :key)
                            on conflict (directory) do nothing
                            """)
                    .bind("directory", directory)
                    .bind("public", pair.getPublic().getEncoded())
                    .bind("key", secrets.seal(pair.getPrivate().getEncoded()))
                    .execute());
            return account(directory).orElseThrow();
        });
    }

    private Optional<KeyPair> account(String directory) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select public_key, key from acme_accounts where directory = :directory")
                .bind("directory", directory)
                .map((row, context) -> pair(row.getBytes(1), secrets.open(row.getBytes(2))))
                .findOne());
    }

    private static KeyPair pair(byte[] publicKey, byte[] privateKey) {
        try {
            KeyFactory keys = KeyFactory.getInstance("EC");
            return new KeyPair(
                    keys.generatePublic(new X509EncodedKeySpec(publicKey)),
                    keys.generatePrivate(new PKCS8EncodedKeySpec(privateKey)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key of the account cannot be read", e);
        }
    }
}
