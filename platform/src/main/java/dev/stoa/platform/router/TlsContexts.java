package dev.stoa.platform.router;

import dev.stoa.platform.base.Threads;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * By host, what a handshake needs. A context is made when a host is first asked for, and kept; connections that have one go
 * on with it when it is forgotten here.
 *
 * <p>By OpenSSL where its library loads (a third of the JDK's CPU time for a handshake), else by the JDK.
 */
final class TlsContexts implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TlsContexts.class.getName());

    /** What clients may choose from by ALPN, the preferred first; {@link ClientProtocol} knows what to do with each. */
    private static final List<String> PROTOCOLS = List.of("h2", "http/1.1");

    /** RFC 8737: an authority looks whether the host is ours. */
    static final String ACME = "acme-tls/1";

    private static final List<String> VERSIONS = List.of("TLSv1.3", "TLSv1.2");

    /** Mozilla's "intermediate" list without the ciphers of finite fields: forward secret and authenticated, all of them. */
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private static final Duration SESSION = Duration.ofHours(12);

    /** Sessions that are kept here, for clients of TLS 1.2 that take no tickets. */
    private static final int SESSIONS_MAX = 2048;

    /** Beyond that, a host's context is made anew for each handshake. */
    private static final int CONTEXTS_MAX = 20_000;

    private volatile IdentitySource source;
    private final Supplier<SslProvider> provider;
    private final TicketKeys tickets = new TicketKeys();
    private final Map<String, CompletableFuture<Optional<SslContext>>> contexts = new ConcurrentHashMap<>();
    private final Map<String, SslContext> proofs = new ConcurrentHashMap<>();
    private volatile ScheduledFuture<?> rotation;
    private volatile boolean closed;

    TlsContexts(IdentitySource source) {
        this(source, TlsContexts::best);
    }

    TlsContexts(IdentitySource source, Supplier<SslProvider> provider) {
        this.source = source;
        this.provider = provider;
        this.rotation = rotateLater();
    }

    /** Looks for the library when it is needed first: it takes a moment, and some memory. */
    private static SslProvider best() {
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }

    /** Loads beforehand what the first handshake needs; for when many are about to come at once. */
    void warm() {
        Threads.start("tls-warm", () -> {
            SslProvider _ = provider.get();
        });
    }

    /** Who is asked from now on. */
    void source(IdentitySource source) {
        this.source = source;
        contexts.clear();
    }

    IdentitySource source() {
        return source;
    }

    /** For a host that an app has, or for {@link IdentitySource#NO_HOST}; empty: the client is to be turned away. */
    CompletableFuture<Optional<SslContext>> of(String host) {
        CompletableFuture<Optional<SslContext>> present = contexts.get(host);
        if (present != null) {
            return present;
        }
        CompletableFuture<Optional<SslContext>> made = new CompletableFuture<>();
        CompletableFuture<Optional<SslContext>> other = contexts.putIfAbsent(host, made);
        if (other != null) {
            return other;
        }
        Threads.start("tls-" + host, () -> make(host, made));
        return made;
    }

    private void make(String host, CompletableFuture<Optional<SslContext>> made) {
        try {
            Optional<ServerIdentity> identity = source.find(host);
            Optional<SslContext> context = Optional.empty();
            if (identity.isPresent()) {
                SslContext usable = context(identity.get(), PROTOCOLS);
                seal(host, usable);
                context = Optional.of(usable);
            }
            if (context.isEmpty() || contexts.size() > CONTEXTS_MAX) {
                contexts.remove(host, made);
            }
            made.complete(context);
        } catch (RuntimeException | SSLException e) {
            // The next client is a new chance.
            contexts.remove(host, made);
            LOG.log(System.Logger.Level.WARNING, "no certificate to show host=" + host, e);
            made.complete(Optional.empty());
        }
    }

    /** What an authority that looks for a proof is shown. */
    Optional<SslContext> proof(String host) {
        return Optional.ofNullable(proofs.get(host));
    }

    void show(String host, ServerIdentity proof) {
        try {
            proofs.put(host, context(proof, List.of(ACME)));
        } catch (SSLException e) {
            throw new IllegalArgumentException("a proof that cannot be shown for " + host, e);
        }
    }

    void withdraw(String host) {
        proofs.remove(host);
    }

    /** The next clients that ask for such a host see what the source then says. */
    void forget(Predicate<String> hosts) {
        contexts.keySet().removeIf(hosts);
    }

    private SslContext context(ServerIdentity identity, List<String> protocols) throws SSLException {
        return SslContextBuilder.forServer(identity.key(), identity.chain())
                .sslProvider(provider.get())
                .protocols(VERSIONS)
                .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                .sessionTimeout(SESSION.toSeconds())
                .sessionCacheSize(SESSIONS_MAX)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        protocols))
                .build();
    }

    private void seal(String host, SslContext context) {
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setTicketKeys(tickets.of(host));
        }
    }

    private ScheduledFuture<?> rotateLater() {
        return Threads.after(SESSION, "tls-tickets", () -> {
            rotate();
            if (!closed) {
                rotation = rotateLater();
            }
        });
    }

    void rotate() {
        tickets.rotate();
        // One that is being made now takes the new keys by itself.
        contexts.forEach((host, made) -> made.getNow(Optional.empty()).ifPresent(present -> seal(host, present)));
    }

    @Override
    public void close() {
        closed = true;
        rotation.cancel(false);
    }
}
