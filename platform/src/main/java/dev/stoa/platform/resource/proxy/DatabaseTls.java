package dev.stoa.platform.resource.proxy;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.CertificateChain;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What all doors show to clients that ask for TLS: one certificate, made when somebody asks first, and anew every day. */
final class DatabaseTls {
    private static final System.Logger LOG = System.getLogger(DatabaseTls.class.getName());
    private static final List<String> VERSIONS = List.of("TLSv1.3", "TLSv1.2");
    private static final Duration FRESH = Duration.ofDays(1);

    /** As clients of PostgreSQL 17 and later say it. */
    private static final String PROTOCOL = "postgresql";

    private final Supplier<CertificateChain> issue;
    private @Nullable CompletableFuture<Optional<SslContext>> made;
    private long madeNanos;

    DatabaseTls(Supplier<CertificateChain> issue) {
        this.issue = issue;
    }

    /** Empty if there is no certificate to show. */
    synchronized CompletableFuture<Optional<SslContext>> context() {
        CompletableFuture<Optional<SslContext>> present = made;
        if (present != null && System.nanoTime() - madeNanos < FRESH.toNanos()) {
            return present;
        }
        CompletableFuture<Optional<SslContext>> next = new CompletableFuture<>();
        made = next;
        madeNanos = System.nanoTime();
        Threads.start("database-tls", () -> next.complete(make()));
        return next;
    }

    private Optional<SslContext> make() {
        try {
            CertificateChain chain = issue.get();
            return Optional.of(SslContextBuilder.forServer(chain.key(), chain.certificates())
                    .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                    .protocols(VERSIONS)
                    .applicationProtocolConfig(new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            SelectorFailureBehavior.NO_ADVERTISE,
                            SelectedListenerFailureBehavior.ACCEPT,
                            PROTOCOL))
                    .build());
        } catch (RuntimeException | SSLException e) {
            LOG.log(Level.WARNING, "databases have no certificate to show, and go on without TLS", e);
            synchronized (this) {
                // The next client is a new chance.
                made = null;
            }
            return Optional.empty();
        }
    }
}
