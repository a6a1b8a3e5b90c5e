package dev.stoa.platform.resource;

import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.engine.PortForwarding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the server of a database is told so that clients can be led to it past the door: an address to listen on, who comes from
 * there, and a certificate, as it does TLS itself then.
 */
final class DatabaseReach {
    private static final System.Logger LOG = System.getLogger(DatabaseReach.class.getName());

    private static final String CERTIFICATE = "server.crt";
    private static final String KEY = "server.key";

    /** A certificate holds for much longer. */
    private static final Duration FRESH = Duration.ofDays(1);

    private final Supplier<Optional<PortForwarding>> forwarding;
    private final Supplier<CertificateChain> certificate;
    private final InstantSource clock;

    /** @param certificate that the doors show, too */
    DatabaseReach(
            Supplier<Optional<PortForwarding>> forwarding,
            Supplier<CertificateChain> certificate,
            InstantSource clock) {
        this.forwarding = forwarding;
        this.certificate = certificate;
        this.clock = clock;
    }

    Optional<PortForwarding> forwarding() {
        return forwarding.get();
    }

    /** Whether clients can be led to a server: it may be one that an earlier platform started otherwise. */
    boolean includes(Postmaster server) {
        return forwarding()
                .filter(there -> there.address().getHostAddress().equals(server.address()))
                .isPresent();
    }

    /** Puts what it takes into a cluster whose server is about to start, and returns what that is to be told. */
    Map<String, String> prepare(Path home) {
        Optional<PortForwarding> there = forwarding();
        if (there.isEmpty()) {
            return Map.of();
        }
        // Who vanished without a word would keep the server awake for hours.
        Map<String, String> settings =
                new HashMap<>(Map.of("tcp_keepalives_idle", "60", "tcp_keepalives_interval", "10"));
        try {
            Path data = home.resolve(PostgresCluster.DATA);
            PostgresCluster.writePrivately(
                    data.resolve("pg_hba.conf"), hosts(there.get().clients()), data);
        } catch (IOException e) {
            throw PostgresCluster.unusable(home, e);
        }
        // The first address is the one that the server says of itself.
        settings.put("listen_addresses", there.get().address().getHostAddress() + ",127.0.0.1");
        if (isFresh(home) || certify(home)) {
            // Seen from the data directory, in which the server works.
            settings.putAll(Map.of("ssl", "on", "ssl_cert_file", "../" + CERTIFICATE, "ssl_key_file", "../" + KEY));
        }
        return settings;
    }

    /** Renews the certificate of a server once a day. */
    void renew(Path home, Postmaster server) {
        if (!isFresh(home) && certify(home)) {
            try {
                PostgresCluster.signal(server, "HUP");
            } catch (IOException e) {
                LOG.log(Level.WARNING, "a database does not take its certificate path=" + home, e);
            }
        }
    }

    private static String hosts(String clients) {
        return """
                # Written by Stoa at every start.
                local all,replication all scram-sha-256
                host all,replication all 127.0.0.1/32 scram-sha-256
                host all all %s scram-sha-256
                """.formatted(clients);
    }

    private boolean isFresh(Path home) {
        try {
            Instant made = Files.getLastModifiedTime(home.resolve(KEY)).toInstant();
            return made.plus(FRESH).isAfter(clock.instant());
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw PostgresCluster.unusable(home, e);
        }
    }

    /** One at a time, as certificate and key belong together. */
    private synchronized boolean certify(Path home) {
        try {
            CertificateChain chain = certificate.get();
            Path data = home.resolve(PostgresCluster.DATA);
            PostgresCluster.writePrivately(home.resolve(CERTIFICATE), chain.chainPem(), data);
            // The last one, whose age is that of both.
            PostgresCluster.writePrivately(home.resolve(KEY), chain.keyPem(), data);
            return true;
        } catch (IOException | UncheckedIOException | IllegalStateException e) {
            LOG.log(Level.WARNING, "a database has no certificate to show, and goes on without TLS path=" + home, e);
            return false;
        }
    }
}
